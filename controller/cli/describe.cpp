// `datamesh describe`: everything about one object on one page: what is declared, what is in force, where it is
// stuck, and what was done last.
#include <CLI/CLI.hpp>
#include <ostream>
#include <sstream>

#include "controller/base/yaml.h"
#include "controller/catalog/diff.h"
#include "controller/cli/api_client.h"
#include "controller/cli/commands.h"
#include "controller/cli/object_names.h"
#include "controller/cli/options.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::vector<std::string> object;
  std::string ns;
  std::string output;
};

std::vector<std::string> words(const Json& list) {
  std::vector<std::string> out;
  for (const Json& word : list.is_array() ? list : Json::array()) {
    if (word.is_string()) out.push_back(word.get<std::string>());
  }
  return out;
}

std::string age_of(const Json& time, Time now) {
  const auto since = time.is_string() ? parse_rfc3339(time.get<std::string>()) : std::nullopt;
  return since ? human_age(now - *since) : "<unknown>";
}

class Description {
 public:
  Description(const api::KindFacts& kind, const Json& object, Session& session)
      : kind_(kind), object_(object), session_(session), now_(session.environment.clock->now()) {}

  void print(const Json& audit) {
    head();
    section("Spec");
    indented(to_yaml(member(object_, "spec")));
    conditions();
    hops();
    entries();
    held_plan();
    undeclared();
    quotas();
    recreated_tables();
    last_changes(audit);
  }

 private:
  void section(const std::string& title) {
    session_.out() << "\n" << session_.style(Tone::Bold, title + ":") << "\n";
  }

  void indented(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) session_.out() << "  " << line << "\n";
  }

  void fact(Table& table, const std::string& name, const std::string& value) {
    if (!value.empty()) table.add({{name + ":"}, {value}});
  }

  std::string pairs(const Json& map) const {
    std::vector<std::string> out;
    if (!map.is_object()) return "";
    for (const auto& [name, value] : map.items()) {
      out.push_back(name + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
    }
    return out.empty() ? "" : joined(out);
  }

  void head() {
    const Json& metadata = member(object_, "metadata");
    const Json& observed = at_path(object_, {"status", "observedGeneration"});
    Table table;
    fact(table, "Name", string_at(metadata, "name"));
    fact(table, "Namespace", string_at(metadata, "namespace"));
    fact(table, "Kind", kind_.kind + " (" + kind_.group + "/" + kind_.version + ")");
    fact(table, "Labels", pairs(member(metadata, "labels")));
    fact(table, "Annotations", pairs(member(metadata, "annotations")));
    fact(table, "Age", age_of(member(metadata, "creationTimestamp"), now_));
    if (member(metadata, "deletionTimestamp").is_string()) {
      fact(table, "Deleting", "for " + age_of(member(metadata, "deletionTimestamp"), now_));
    }
    fact(table, "Generation", member(metadata, "generation").dump() + ", observed " +
                                  (observed.is_null() ? "none" : observed.dump()));
    session_.out() << table.take(session_.style);
  }

  void conditions() {
    section("Conditions");
    Table table({"TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"}, "  ");
    const Json& list = at_path(object_, {"status", "conditions"});
    if (!list.is_array() || list.empty()) return indented("<none>");
    for (const Json& one : list) {
      // Only some conditions are good news when they are true.
      const std::string type = string_at(one, "type");
      const bool good_when_false = type == "Stalled" || type == "Reconciling" || type == "Conflict";
      const std::string status = string_at(one, "status");
      const Tone tone = good_when_false ? (status == "False" ? Tone::Good : Tone::Warning) : tone_of(status);
      table.add({{type}, {status, tone}, {string_at(one, "reason")},
                 {age_of(member(one, "lastTransitionTime"), now_)}, {string_at(one, "message")}});
    }
    session_.out() << table.take(session_.style);
  }

  void hops() {
    const Json& list = at_path(object_, {"status", "hops"});
    if (!list.is_array() || list.empty()) return;
    section("Hops");
    Table table({}, "  ");
    for (const Json& hop : list) {
      const std::string state = string_at(hop, "state");
      std::string detail = string_at(hop, "message");
      if (const std::string waits = string_at(hop, "waitsFor"); !waits.empty()) {
        detail = "waits for " + waits + (detail.empty() ? "" : ": " + detail);
      }
      table.add({{std::string(mark_of(state)) + " " + string_at(hop, "step"), tone_of(state)},
                 {string_at(hop, "catalog")}, {state, tone_of(state)}, {detail}});
    }
    session_.out() << table.take(session_.style);
  }

  /// A permission is named by what it is on and whom it is for.
  static std::string entry_name(const Json& entry) {
    const std::string name = string_at(entry, "name");
    const auto permission = catalog::parse_permission_id(name);
    const bool is_permission = string_at(entry, "kind") == "Permission" && permission;
    return is_permission ? catalog::describe(permission->resource) + " for " + permission->principal : name;
  }

  static std::string permissions_of(const Json& entry) {
    const auto permissions = words(member(entry, "permissions"));
    const auto columns = words(member(entry, "columns"));
    std::string text = permissions.empty() ? "" : joined(permissions);
    if (!columns.empty()) text += " (" + joined(columns) + ")";
    return text;
  }

  void entries() {
    const Json& list = at_path(object_, {"status", "entries"});
    if (!list.is_array() || list.empty()) return;
    section("Entries");
    Table table({"CATALOG", "KIND", "NAME", "STATE", "PERMISSIONS"}, "  ");
    for (const Json& entry : list) {
      const std::string state = string_at(entry, "state");
      table.add({{string_at(entry, "catalog")}, {string_at(entry, "kind")}, {entry_name(entry)},
                 {state, tone_of(state)}, {permissions_of(entry)}});
    }
    session_.out() << table.take(session_.style);
  }

  void held_plan() {
    const Json& plan = at_path(object_, {"status", "plan"});
    if (member(plan, "held") != true) return;
    section("Held plan");
    indented(string_at(plan, "hash") + ", " + member(plan, "actions").dump() + " actions; approve it with the annotation " +
             "datamesh.dev/approve-plan=" + string_at(plan, "hash"));
  }

  void undeclared() {
    const Json& found = at_path(object_, {"status", "undeclared"});
    if (!found.is_object()) return;
    section("Undeclared, " + member(found, "count").dump() + " in all, the oldest");
    Table table({}, "  ");
    for (const Json& item : member(found, "items")) {
      table.add({{string_at(item, "entry")}, {"for " + age_of(member(item, "firstSeen"), now_), Tone::Dim}});
    }
    session_.out() << table.take(session_.style);
  }

  void quotas() {
    const Json& list = at_path(object_, {"status", "quotas"});
    if (!list.is_array() || list.empty()) return;
    section("Quotas that are nearly used up");
    Table table({"CATALOG", "QUOTA", "WHAT", "USED", "LIMIT"}, "  ");
    for (const Json& each : list) {
      table.add({{string_at(each, "catalog")}, {string_at(each, "quota")}, {string_at(each, "what")},
                 {member(each, "used").dump()}, {member(each, "limit").dump()}});
    }
    session_.out() << table.take(session_.style);
  }

  void recreated_tables() {
    const Json& again = at_path(object_, {"status", "recreatedTables"});
    if (!again.is_object()) return;
    section("Tables made again");
    for (const Json& item : member(again, "items")) indented(string_at(item, "table") + " in " + string_at(item, "catalog"));
    indented("approve them one by one, as they are named here, or all " + member(again, "count").dump() + " with the annotation " +
             "datamesh.dev/approve-tables=" + string_at(again, "hash"));
  }

  void last_changes(const Json& audit) {
    const Json& lines = member(audit, "lines");
    if (!lines.is_array() || lines.empty()) return;
    section("Last changes");
    Table table({}, "  ");
    for (const Json& line : lines) {
      const std::string outcome = string_at(line, "outcome");
      const std::string error = string_at(line, "error");
      table.add({{string_at(line, "time"), Tone::Dim}, {string_at(line, "catalog")}, {string_at(line, "action")},
                 {outcome + (error.empty() ? "" : ": " + error), tone_of(outcome)}});
    }
    session_.out() << table.take(session_.style);
  }

  const api::KindFacts& kind_;
  const Json& object_;
  Session& session_;
  Time now_;
};

Result<int> run(const Options& options, Session& session) {
  TRY_VALUE(const std::vector<ObjectName> names, parse_object_names(options.object, session.schema()));
  if (names.size() != 1 || names[0].name.empty()) {
    return fail(ErrorKind::Invalid, "name one object: KIND NAME, or KIND/NAME");
  }
  TRY_VALUE(const auto connection, session.connect());
  ApiClient client(*connection);
  const api::KindFacts& kind = *names[0].kind;
  TRY_VALUE(const Json object, client.get(kind, options.ns, names[0].name));
  TRY_VALUE(const Json audit, client.audit(to_string(api::key_of(object))));
  if (options.output == "json") {
    session.out() << pretty({{"object", object}, {"audit", member(audit, "lines")}});
  } else {
    Description(kind, object, session).print(audit);
  }
  return exit_status::kOk;
}

}  // namespace

void add_describe(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("describe", "Show all about one object");
  command->add_option("KIND", options->object, "A kind and a name, or KIND/NAME")->required();
  add_namespace_option(*command, options->ns);
  add_output_option(*command, options->output, {"text", "json"});
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
