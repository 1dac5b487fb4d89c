// `datamesh plan`: what the operator would do, and who would gain or lose which access, without doing it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/manifest_files.h"
#include "controller/cli/object_names.h"
#include "controller/cli/options.h"
#include "controller/cli/what_if.h"

namespace datamesh::cli {
namespace {

struct Options {
  FileSelection files;
  std::vector<std::string> removed;
  std::vector<std::string> with;
  bool recursive = false;
  bool exit_code = false;
  std::string output;
};

Result<Json> request_of(const Options& options, Session& session) {
  Json request = {{"apply", Json::array()}, {"remove", Json::array()}};
  if (!options.files.files.empty()) {
    FileSelection files = options.files;
    files.depth = options.recursive ? Depth::AllFolders : Depth::OneFolder;
    TRY_VALUE(const std::vector<api::Manifest> manifests, read_valid_manifests(files, session));
    for (const api::Manifest& manifest : manifests) request["apply"].push_back(manifest.object);
  }
  TRY_VALUE(const std::vector<ObjectName> names, parse_object_names(options.removed, session.schema()));
  for (const ObjectName& name : names) {
    if (name.name.empty()) return fail(ErrorKind::Invalid, "--remove takes KIND/NAME");
    const bool namespaced = name.kind->scope == api::Scope::Namespaced;
    request["remove"].push_back(
        {{"kind", name.kind->kind}, {"namespace", namespaced ? options.files.ns : ""}, {"name", name.name}});
  }
  return request;
}

/// Puts the object that `what_if` changes, as it would be then, among those to apply. One from a file is changed there.
Result<void> add_what_if(const WhatIf& what_if, const Options& options, Session& session, ApiClient& client, Json& apply) {
  const bool namespaced = what_if.kind->scope == api::Scope::Namespaced;
  const std::string ns = !namespaced ? "" : what_if.ns.empty() ? options.files.ns : what_if.ns;
  const api::ObjectKey key{what_if.kind->kind, ns, what_if.name};
  const auto given = std::find_if(apply.begin(), apply.end(), [&](const Json& object) { return api::key_of(object) == key; });
  if (given != apply.end()) {
    TRY_VALUE(*given, changed(std::move(*given), what_if, session.schema()));
    return {};
  }
  TRY_VALUE(Json object, client.get(*what_if.kind, ns, what_if.name));
  object.erase("status");
  TRY_VALUE(Json wanted, changed(std::move(object), what_if, session.schema()));
  apply.push_back(std::move(wanted));
  return {};
}

std::vector<std::string> words(const Json& list) {
  std::vector<std::string> out;
  for (const Json& word : list.is_array() ? list : Json::array()) {
    if (word.is_string()) out.push_back(word.get<std::string>());
  }
  return out;
}

/// The sign and the tone of an action: what comes, what goes, what changes.
std::pair<std::string_view, Tone> sign_of(std::string_view verb) {
  if (verb == "Revoke" || verb == "Delete") return {"-", Tone::Bad};
  if (verb == "Update") return {"~", Tone::Warning};
  return {"+", Tone::Good};
}

constexpr std::size_t kShownValue = 60;  // bytes
constexpr std::size_t kShownBefore = 10;  // bytes before the first difference of two long values

/// At most kShownValue bytes from `begin` on, no character cut in two.
std::string cut(const std::string& value, std::size_t begin) {
  const auto is_within = [&](std::size_t at) { return at < value.size() && (static_cast<unsigned char>(value[at]) & 0xC0U) == 0x80; };
  while (is_within(begin)) ++begin;
  std::size_t end = std::min(value.size(), begin + kShownValue);
  while (is_within(end)) --end;
  std::string out = (begin > 0 ? "…" : "") + value.substr(begin, end - begin) + (end < value.size() ? "…" : "");
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

/// "columns.total: int → bigint", "+ columns.note: string", "- columns.note: string".
Cell line_of(const Json& change) {
  const std::string field = string_at(change, "field"), from = string_at(change, "from"), to = string_at(change, "to");
  if (!member(change, "from").is_string()) return {"    + " + field + ": " + cut(to, 0), Tone::Good};
  if (!member(change, "to").is_string()) return {"    - " + field + ": " + cut(from, 0), Tone::Bad};
  const std::size_t same = std::mismatch(from.begin(), from.end(), to.begin(), to.end()).first - from.begin();
  const bool is_long = std::max(from.size(), to.size()) > kShownValue;
  const std::size_t begin = is_long && same > kShownBefore ? same - kShownBefore : 0;
  return {"    ~ " + field + ": " + cut(from, begin) + " → " + cut(to, begin), Tone::Warning};
}

void print_catalog(const Json& catalog, Session& session) {
  const Json& actions = member(catalog, "actions");
  session.out() << session.style(Tone::Bold, string_at(catalog, "catalog")) << "\n";
  Table table({}, "  ");
  for (const Json& action : actions) {
    const auto [sign, tone] = sign_of(string_at(action, "verb"));
    const std::string waits = string_at(action, "waitsFor");
    const auto because = words(member(action, "because"));
    std::string why = because.empty() ? string_at(action, "reason") : "for " + joined(because);
    if (!waits.empty()) why += "; waits for " + waits;
    table.add({{std::string(sign) + " " + string_at(action, "summary"), tone}, {why, Tone::Dim}});
    for (const Json& change : member(action, "changes")) table.add({line_of(change)});
  }
  session.out() << table.take(session.style);
  if (member(catalog, "held") == true) {
    session.out() << "  " << session.style(Tone::Warning, "! held: ")
                  << "approve with the annotation datamesh.dev/approve-plan=" << string_at(catalog, "hash")
                  << " on the Account\n";
  }
  session.out() << "\n";
}

void print_access(const Json& access, Session& session) {
  if (!access.is_array() || access.empty()) return;
  session.out() << session.style(Tone::Bold, "Access") << "\n";
  std::string principal;
  for (const Json& change : access) {
    if (string_at(change, "principal") != principal) {
      principal = string_at(change, "principal");
      session.out() << "  " << principal << "\n";
    }
    const auto line = [&](const char* field, const char* verb, Tone tone) {
      const auto permissions = words(member(change, field));
      if (permissions.empty()) return;
      session.out() << "    " << session.style(tone, verb + joined(permissions)) << " on "
                    << string_at(change, "object") << "\n";
    };
    line("gains", "+ gains ", Tone::Good);
    line("loses", "- loses ", Tone::Bad);
  }
  session.out() << "\n";
}

/// Tables that were made again: what comes when somebody approves them, and how that is done.
void print_awaiting(const Json& awaiting, Session& session) {
  if (!awaiting.is_array() || awaiting.empty()) return;
  session.out() << session.style(Tone::Bold, "Awaiting approval") << "\n";
  for (const Json& one : awaiting) {
    session.out() << "  table " << string_at(one, "table") << " in " << string_at(one, "catalog") << ", made again at "
                  << string_at(one, "madeAt") << ", of " << string_at(one, "product") << "\n";
    Table table({}, "    ");
    for (const Json& action : member(one, "actions")) {
      table.add({{"+ " + string_at(action, "summary")}, {"for " + joined(words(member(action, "because"))), Tone::Dim}});
    }
    session.out() << table.take(session.style);
    if (const auto reached_by = words(member(one, "reachedBy")); !reached_by.empty()) {
      session.out() << "    " << session.style(Tone::Warning, "! reached all the same") << " by permissions on all tables: "
                    << joined(reached_by) << "\n";
    }
    session.out() << "    " << session.style(Tone::Warning, "! waits: ") << "approve with the annotation "
                  << string_at(one, "annotation") << "=" << string_at(one, "approval") << " on the DataProduct\n";
  }
  session.out() << "\n";
}

/// What there is to say of a plan without actions.
std::string nothing_to_do(const Json& plan) {
  if (!member(plan, "problems").empty() || !member(plan, "awaiting").empty()) {
    return "No changes can be made; what is named above remains.\n";
  }
  const auto others = member(plan, "others").is_number() ? member(plan, "others").get<std::size_t>() : 0;
  if (others == 0) return "No changes: every catalog is as declared.\n";
  return "No changes; " + counted(others, "other object") + (others == 1 ? " is" : " are") + " not Ready: see datamesh plan.\n";
}

std::size_t count_actions(const Json& plan) {
  std::size_t count = 0;
  for (const Json& catalog : member(plan, "catalogs")) count += member(catalog, "actions").size();
  return count;
}

void print_plan(const Json& plan, Session& session) {
  const auto problems = words(member(plan, "problems"));
  for (const std::string& problem : problems) {
    session.out() << session.style(Tone::Warning, "! ") << problem << "\n";
  }
  const std::size_t actions = count_actions(plan);
  if (actions == 0) {
    print_awaiting(member(plan, "awaiting"), session);
    session.out() << nothing_to_do(plan);
    return;
  }
  std::size_t catalogs = 0;
  for (const Json& catalog : member(plan, "catalogs")) {
    if (member(catalog, "actions").empty()) continue;
    print_catalog(catalog, session);
    ++catalogs;
  }
  print_access(member(plan, "access"), session);
  print_awaiting(member(plan, "awaiting"), session);
  std::vector<std::string> counts;
  for (const auto& [verb, count] : member(plan, "summary").items()) counts.push_back(count.dump() + " " + verb);
  session.out() << counted(actions, "action") << " in " << counted(catalogs, "catalog")
                << (counts.empty() ? "" : ": " + joined(counts)) << ".\n";
}

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(Json request, request_of(options, session));
  std::vector<WhatIf> what_ifs;
  for (const std::string& text : options.with) {
    TRY_VALUE(WhatIf what_if, parse_what_if(text, session.schema()));
    what_ifs.push_back(std::move(what_if));
  }
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  for (const WhatIf& what_if : what_ifs) TRY(add_what_if(what_if, options, session, client, request["apply"]));
  TRY_VALUE(const Json plan, client.plan(request));
  if (options.output == "json") {
    session.out() << pretty(plan);
  } else {
    print_plan(plan, session);
  }
  return options.exit_code && count_actions(plan) > 0 ? exit_status::kNo : exit_status::kOk;
}

}  // namespace

void add_plan(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("plan", "Show what would be done, now or after applying manifests, and whose access changes");
  add_file_option(*command, options->files.files);
  add_namespace_option(*command, options->files.ns);
  command->add_flag("-R,--recursive", options->recursive, "Look into the folders of folders too");
  command->add_option("--remove", options->removed, "As if KIND/NAME were deleted; repeatable")
      ->type_name("KIND/NAME")
      ->allow_extra_args(false);
  command
      ->add_option("--with", options->with,
                   "As if fields were otherwise: 'DataProduct/NAMESPACE/NAME tags.classification=confidential'; repeatable")
      ->type_name("'KIND/NAMESPACE/NAME PATH=VALUE'")
      ->allow_extra_args(false);
  command->add_flag("--exit-code", options->exit_code, "End with status 2 when there are changes");
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
