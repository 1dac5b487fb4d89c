// `datamesh who-can`: everybody who may do that, and because of what.
#include <CLI/CLI.hpp>
#include <ostream>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/declaration_places.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::string action;
  AccessOptions access;
};

std::string remark(const Json& reach) {
  const std::string is = string_at(reach, "is");
  if (is == "Account") return " as a whole: its administrators may pass it on";
  if (is == "Organization") return ": every account of the organization";
  if (is == "AllOfAccount") return ": every principal of the account";
  if (is != "Everybody") return "";
  std::vector<std::string> except;
  for (const Json& each : member(reach, "except")) except.push_back(each.get<std::string>());
  return ": everybody in the account whom IAM allows it" + (except.empty() ? "" : ", but for " + joined(except));
}

void print_one(const Json& reach, const DeclarationPlaces& places, Session& session) {
  const std::string cells = text_of_cells(member(reach, "cells"));
  session.out() << session.style(Tone::Bold, string_at(reach, "principal")) << remark(reach)
                << (cells.empty() ? "" : "  " + cells) << "\n";
  Table table({}, "  ");
  for (const Json& step : member(reach, "steps")) {
    const bool ok = member(step, "ok") == true;
    const std::string because = because_of(step, places);
    table.add({{ok ? "✓" : "!", ok ? Tone::Good : Tone::Warning},
               {string_at(step, "catalog")},
               {string_at(step, "what")},
               {because, because == "undeclared" ? Tone::Warning : Tone::Dim}});
  }
  session.out() << table.take(session.style);
}

void print(const Json& answer, const DeclarationPlaces& places, Session& session) {
  const Json& principals = member(answer, "principals");
  const std::string row = string_at(answer, "row");
  const std::string what = string_at(answer, "action") + " " + string_at(answer, "object") + (row.empty() ? "" : " where " + row);
  if (principals.empty()) session.out() << "nobody may " << what << "\n";
  for (const Json& reach : principals) print_one(reach, places, session);
  std::vector<std::string> administrators, unread;
  for (const Json& each : member(answer, "administrators")) administrators.push_back(each.get<std::string>());
  for (const Json& each : member(answer, "unread")) unread.push_back(each.get<std::string>());
  if (!administrators.empty()) {
    session.out() << "Data lake administrators may grant it to themselves: " << joined(administrators) << "\n";
  }
  if (!unread.empty()) {
    session.out() << session.style(Tone::Warning, "! ") << "not read, so whoever has it there is not shown: " << joined(unread) << "\n";
  }
}

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const DeclarationPlaces places, places_in(options.access, session));
  TRY_VALUE(const auto connection, session.connect());
  Json question = {{"action", options.action}, {"object", options.access.object}};
  if (!options.access.row.empty()) question["row"] = options.access.row;
  TRY_VALUE(const Json answer, ApiClient(*connection).who_can(question));
  if (options.access.output == "json") {
    session.out() << pretty(with_places(answer, places));
  } else {
    print(answer, places, session);
  }
  return exit_status::kOk;
}

}  // namespace

void add_who_can(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("who-can", "List everybody who has access, and because of what");
  command->add_option("ACTION", options->action, "A permission of Lake Formation: SELECT, DESCRIBE, …")->required();
  add_access_options(*command, options->access);
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
