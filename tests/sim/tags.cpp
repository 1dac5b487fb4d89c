#include "tests/sim/tags.h"

#include <algorithm>
#include <sstream>

#include "controller/catalog/tag_expression.h"

namespace datamesh::sim {
namespace {

using Tags = std::map<std::string, std::string>;

constexpr std::string_view kOnTables = "TABLE:";

/// The tags of `object`, and of what it lies in where it has none of a key.
Tags with_inherited(const Json& object, const Tags& above) {
  Tags out = above;
  for (const auto& [key, value] : member(object, "tags").items()) out[key] = value.get<std::string>();
  return out;
}

Tags tags_of_list(const Json& list) {
  Tags out;
  for (const Json& pair : list) out[string_at(pair, "TagKey")] = pair["TagValues"][0].get<std::string>();
  return out;
}

std::set<std::string> split(const std::string& text, char by) {
  std::set<std::string> out;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, by);) out.insert(part);
  return out;
}

bool matches(const catalog::TagExpression& expression, const Tags& tags) {
  return std::all_of(expression.terms.begin(), expression.terms.end(), [&](const auto& term) {
    const auto found = tags.find(term.first);
    return found != tags.end() && (term.second.contains("*") || term.second.contains(found->second));
  });
}

}  // namespace

TagMap declared_tags(const Declared& declared) {
  TagMap out;
  for (const auto& [key, object] : declared) {
    if (key.kind != "DataProduct") continue;
    const std::string owner = governor_of(declared, key);
    if (owner.empty()) continue;
    const Json& spec = member(object, "spec");
    const std::string base = owner + ":" + string_at(spec, "database");
    Tags consent;
    if (spec.contains("tagGrants")) consent["datamesh-tag-grants"] = string_at(spec, "tagGrants") == "Allow" ? "allow" : "deny";
    const Tags& on_database = out[base] = with_inherited(spec, consent);
    for (const Json& table : member(spec, "tables")) {
      const std::string place = base + "/" + string_at(table, "name");
      const Tags& on_table = out[place] = with_inherited(table, on_database);
      for (const char* list : {"columns", "partitionKeys"}) {
        for (const Json& column : member(table, list)) out[place + "/" + string_at(column, "name")] = with_inherited(column, on_table);
      }
    }
  }
  return out;
}

std::set<std::string> assigned_tags(const Declared& declared) {
  std::set<std::string> out;
  const auto note = [&](const std::string& place, const Json& object) {
    for (const auto& [key, value] : member(object, "tags").items()) out.insert(place + "#" + key);
  };
  for (const auto& [key, object] : declared) {
    if (key.kind != "DataProduct") continue;
    const Json& spec = member(object, "spec");
    const std::string base = governor_of(declared, key) + ":" + string_at(spec, "database");
    note(base, spec);
    for (const Json& table : member(spec, "tables")) {
      const std::string place = base + "/" + string_at(table, "name");
      note(place, table);
      for (const Json& column : member(table, "columns")) note(place + "/" + string_at(column, "name"), column);
    }
  }
  return out;
}

TagMap tags_in(testing::World& world, const CatalogRef& catalog) {
  TagMap out;
  for (const auto& [name, object] : objects_in(world, catalog)) {
    if (object.contains("TargetDatabase") || object.contains("TargetTable")) continue;
    const std::size_t slash = name.find('/');
    const Json resource = slash == std::string::npos
                              ? Json{{"Database", {{"Name", name}}}}
                              : Json{{"Table", {{"DatabaseName", name.substr(0, slash)}, {"Name", name.substr(slash + 1)}}}};
    const auto answer = world.call_as(role(catalog.account, kAuditor), aws::Service::LakeFormation, "GetResourceLFTags",
                                      {{"Resource", resource}}, catalog.region);
    if (!answer) throw std::runtime_error("the auditor cannot read tags: " + to_string(answer.error()));
    const std::string place = catalog.account + ":" + name;
    out[place] = tags_of_list(member(*answer, slash == std::string::npos ? "LFTagOnDatabase" : "LFTagsOnTable"));
    for (const Json* columns : {&at_path(object, {"StorageDescriptor", "Columns"}), &member(object, "PartitionKeys")}) {
      for (const Json& column : *columns) out[place + "/" + string_at(column, "Name")] = {};  // those without tags are not listed
    }
    for (const Json& column : member(*answer, "LFTagsOnColumns")) {
      out[place + "/" + string_at(column, "Name")] = tags_of_list(member(column, "LFTags"));
    }
  }
  return out;
}

Rights reads_by_tags(const Rights& rights, const TagMap& tags) {
  Rights out;
  for (const Right& right : rights) {
    const std::string policy = place_of(right);
    if (kind_of(right) != "policy" || right.permission != "SELECT" || !policy.starts_with(kOnTables)) continue;
    const auto expression = catalog::expression_of(policy.substr(kOnTables.size()));
    const std::string prefix = owner_of(right) + ":";
    for (auto at = tags.lower_bound(prefix); at != tags.end() && at->first.starts_with(prefix); ++at) {
      const bool is_column = std::count(at->first.begin(), at->first.end(), '/') == 2;
      if (is_column && matches(expression, at->second)) out.insert({right.catalog, right.principal, "column " + at->first, "SELECT"});
    }
  }
  return out;
}

Rights reads_of(const Rights& rights, const TagMap& tags) {
  Rights given = reads_by_tags(rights, tags);
  for (const Right& right : rights) {
    if (right.permission != "SELECT") continue;
    const std::string kind = kind_of(right), at = right.resource.substr(right.resource.find(' ') + 1);
    if (kind == "column") given.insert(right);
    if (kind != "table" && kind != "tables" && kind != "except") continue;
    const std::string table = kind == "except" ? at.substr(0, at.rfind('/')) : at;
    const auto excluded = split(kind == "except" ? at.substr(table.size() + 1) : "", ',');
    for (auto each = tags.lower_bound(table + "/"); each != tags.end() && each->first.starts_with(table + "/"); ++each) {
      const bool is_column = std::count(each->first.begin(), each->first.end(), '/') == 2;
      const std::string name = each->first.substr(each->first.rfind('/') + 1);
      if (is_column && !excluded.contains(name)) given.insert({right.catalog, right.principal, "column " + each->first, "SELECT"});
    }
  }
  Rights out;
  for (const Right& read : given) {
    const std::string owner = owner_of(read);
    const bool is_passed_on = read.catalog.account != owner;
    if (!is_passed_on || given.contains({{owner, read.catalog.region}, read.catalog.account, read.resource, "SELECT"})) out.insert(read);
  }
  return out;
}

}  // namespace datamesh::sim
