// `datamesh explain`: may this principal do that, and why or why not.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::string principal;
  std::string action;
  std::string object;
  std::string output;
};

void print(const Json& answer, Session& session) {
  const bool allowed = member(answer, "allowed") == true;
  session.out() << (allowed ? session.style(Tone::Good, "yes") : session.style(Tone::Bad, "no")) << ": "
                << string_at(answer, "principal") << (allowed ? " may " : " may not ") << string_at(answer, "action")
                << " " << string_at(answer, "object") << "\n";
  Table table({}, "  ");
  for (const Json& step : member(answer, "steps")) {
    const bool ok = member(step, "ok") == true;
    std::vector<std::string> because;
    for (const Json& one : member(step, "because")) {
      if (one.is_string()) because.push_back(one.get<std::string>());
    }
    table.add({{ok ? "✓" : "✗", ok ? Tone::Good : Tone::Bad},
               {string_at(step, "catalog")},
               {string_at(step, "what")},
               {because.empty() ? "" : "for " + joined(because), Tone::Dim}});
  }
  session.out() << table.take(session.style);
  const Json& missing = member(answer, "missing");
  if (!missing.is_object()) return;
  session.out() << session.style(Tone::Bold, "missing") << ": " << string_at(missing, "hop") << "\n"
                << session.style(Tone::Bold, "remedy") << ":  " << string_at(missing, "remedy") << "\n";
}

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const auto connection, session.connect());
  TRY_VALUE(const Json answer,
            ApiClient(*connection)
                .explain({{"principal", options.principal}, {"action", options.action}, {"object", options.object}}));
  if (options.output == "json") {
    session.out() << pretty(answer);
  } else {
    print(answer, session);
  }
  return member(answer, "allowed") == true ? exit_status::kOk : exit_status::kNo;
}

}  // namespace

void add_explain(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("explain", "Say whether a principal has access, and why or why not");
  command->add_option("PRINCIPAL", options->principal, "An ARN: arn:aws:iam::111122223333:role/Analyst")->required();
  command->add_option("ACTION", options->action, "A permission of Lake Formation: SELECT, DESCRIBE, …")->required();
  command
      ->add_option("OBJECT", options->object,
                   "NAMESPACE/PRODUCT, NAMESPACE/PRODUCT/TABLE or NAMESPACE/PRODUCT/TABLE/COLUMN")
      ->required();
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
