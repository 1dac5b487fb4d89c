// `datamesh explain`: may this principal do that, because of what, or what is missing.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/base/text.h"
#include "controller/base/yaml.h"
#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/declaration_places.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::string principal;
  std::string action;
  AccessOptions access;
};

/// A text within single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

/// The change that mends what is missing, as manifests and as commands.
void print_change(const Json& missing, Session& session) {
  for (const Json& manifest : member(missing, "manifest")) session.out() << "---\n" << to_yaml(manifest);
  for (const Json& patch : member(missing, "patches")) {
    const std::string kind = lower(string_at(patch, "kind"));
    session.out() << "  kubectl -n " << string_at(patch, "namespace") << " patch " << kind << " " << string_at(patch, "name")
                  << " --type json -p " << quoted(member(patch, "patch").dump()) << "\n";
  }
}

void print(const Json& answer, const DeclarationPlaces& places, Session& session) {
  const bool allowed = member(answer, "allowed") == true;
  const std::string row = string_at(answer, "row");
  session.out() << (allowed ? session.style(Tone::Good, "yes") : session.style(Tone::Bad, "no")) << ": "
                << string_at(answer, "principal") << (allowed ? " may " : " may not ") << string_at(answer, "action")
                << " " << string_at(answer, "object") << (row.empty() ? "" : " where " + row) << "\n";
  Table table({}, "  ");
  for (const Json& step : member(answer, "steps")) {
    const bool ok = member(step, "ok") == true;
    const bool advice = member(step, "decides") == false;
    table.add({{ok ? "✓" : advice ? "!" : "✗", ok ? Tone::Good : advice ? Tone::Warning : Tone::Bad},
               {string_at(step, "catalog")},
               {string_at(step, "what")},
               {because_of(step, places), Tone::Dim}});
  }
  session.out() << table.take(session.style);
  const std::string cells = text_of_cells(member(answer, "cells"));
  if (!cells.empty()) session.out() << session.style(Tone::Bold, "reads") << ":   " << cells << "\n";
  const Json& missing = member(answer, "missing");
  if (!missing.is_object()) return;
  session.out() << session.style(Tone::Bold, "missing") << ": " << string_at(missing, "hop")
                << (string_at(missing, "reason").empty() ? "" : " (" + string_at(missing, "reason") + ")")
                << (member(missing, "decides") == true ? "" : ", without which some engines cannot use the access") << "\n"
                << session.style(Tone::Bold, "remedy") << ":  " << string_at(missing, "remedy") << "\n";
  print_change(missing, session);
}

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const DeclarationPlaces places, places_in(options.access, session));
  TRY_VALUE(const auto connection, session.connect());
  Json question = {{"principal", options.principal}, {"action", options.action}, {"object", options.access.object}};
  if (!options.access.row.empty()) question["row"] = options.access.row;
  TRY_VALUE(const Json answer, ApiClient(*connection).explain(question));
  if (options.access.output == "json") {
    session.out() << pretty(with_places(answer, places));
  } else {
    print(answer, places, session);
  }
  return member(answer, "allowed") == true ? exit_status::kOk : exit_status::kNo;
}

}  // namespace

void add_explain(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("explain", "Say whether a principal has access, and why or why not");
  command->add_option("PRINCIPAL", options->principal, "An ARN: arn:aws:iam::111122223333:role/Analyst, or an account's id")->required();
  command->add_option("ACTION", options->action, "A permission of Lake Formation: SELECT, DESCRIBE, …")->required();
  add_access_options(*command, options->access);
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
