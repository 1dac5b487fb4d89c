// `datamesh status`: how the whole mesh is, and the wait until it is as declared.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/options.h"
#include "controller/cli/progress.h"

namespace datamesh::cli {
namespace {

struct Options {
  bool wait_converged = false;
  std::string timeout = "120s";
  std::string output;
};

std::string number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_number() ? value.dump() : "0";
}

/// "3 of 7 catalogs as declared, 12 actions to do"
std::string summary(const Json& status) {
  std::size_t catalogs = 0;
  std::size_t quiet = 0;
  std::int64_t pending = 0;
  for (const Json& catalog : member(status, "catalogs")) {
    const Json& waits = member(catalog, "pending");
    const std::int64_t count = waits.is_number_integer() ? waits.get<std::int64_t>() : 0;
    pending += count;
    quiet += count == 0 && member(catalog, "observed") == true ? 1 : 0;
    ++catalogs;
  }
  return std::to_string(quiet) + " of " + counted(catalogs, "catalog") + " as declared, " +
         counted(static_cast<std::size_t>(pending), "change") + " to make";
}

void print(const Json& status, Session& session) {
  const bool converged = member(status, "converged") == true;
  session.out() << session.style(Tone::Bold, "Converged:") << " "
                << session.style(converged ? Tone::Good : Tone::Warning, converged ? "yes" : "no") << " ("
                << summary(status) << ")\n\n";
  Table kinds({"KIND", "TOTAL", "READY"});
  for (const auto& [kind, counts] : member(status, "resources").items()) {
    const bool all = member(counts, "total") == member(counts, "ready");
    kinds.add({{kind}, {number(counts, "total")}, {number(counts, "ready"), all ? Tone::Good : Tone::Warning}});
  }
  if (!kinds.empty()) session.out() << kinds.take(session.style) << "\n";
  Table catalogs({"CATALOG", "OBSERVED", "ENTRIES", "PENDING", "WAITING", "FAILED", "HELD", "LAST SWEEP", "ERROR"});
  const Time now = session.environment.clock->now();
  for (const Json& catalog : member(status, "catalogs")) {
    const auto swept = parse_rfc3339(string_at(catalog, "lastSweep"));
    const std::string held = string_at(catalog, "held");
    catalogs.add({{string_at(catalog, "catalog")},
                  {member(catalog, "observed") == true ? "yes" : "no"},
                  {number(catalog, "entries")},
                  {number(catalog, "pending")},
                  {number(catalog, "waiting")},
                  {number(catalog, "failed")},
                  {held, Tone::Warning},
                  {swept ? human_age(now - *swept) + " ago" : ""},
                  {string_at(catalog, "error"), Tone::Bad}});
  }
  if (!catalogs.empty()) session.out() << catalogs.take(session.style) << "\n";
  session.out() << "Undeclared permissions: " << number(status, "undeclared") << "\n";
}

/// Asks until the mesh has converged. Errors: Transient when time is up.
Result<Json> await_converged(ApiClient& client, Millis timeout, Session& session) {
  const Time deadline = session.environment.clock->now() + timeout;
  Progress progress(session);
  // Twice in a row: an edit that the operator has not seen yet leaves it converged for a moment.
  for (int confirmed = 0;;) {
    TRY_VALUE(Json status, client.status());
    confirmed = member(status, "converged") == true ? confirmed + 1 : 0;
    if (confirmed == 2) return status;
    if (confirmed == 0 && session.environment.clock->now() >= deadline) {
      return fail(ErrorKind::Transient, "the mesh has not converged in time: " + summary(status) +
                                            "; datamesh status and datamesh get all -A show what is open");
    }
    if (confirmed == 0) progress.show("converging: " + summary(status));
    session.environment.sleep(Millis(confirmed == 0 ? 200 : 50));
  }
}

Result<int> run(const Options& options, Session& session) {
  const auto timeout = parse_duration(options.timeout);
  if (!timeout) return fail(ErrorKind::Invalid, "\"" + options.timeout + "\" is no duration; write 90s or 5m");
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  TRY_VALUE(const Json status,
            options.wait_converged ? await_converged(client, *timeout, session) : client.status());
  if (options.output == "json") {
    session.out() << pretty(status);
  } else {
    print(status, session);
  }
  return exit_status::kOk;
}

}  // namespace

void add_status(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("status", "Show how the whole mesh is");
  CLI::Option* const wait =
      command->add_flag("--wait-converged", options->wait_converged, "Wait until everything is as declared");
  command->add_option("--timeout", options->timeout, "How long to wait")
      ->type_name("DURATION")
      ->capture_default_str()
      ->needs(wait);
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
