#include "tests/sim/lake_view.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "controller/catalog/tag_expression.h"

namespace datamesh::sim {
namespace {

/// Where the operator and the hands act from: what they hold, they hold as administrators or creators.
bool is_implicit(const std::string& principal) {
  return principal.ends_with(":role/datamesh-operator") || principal.ends_with(":role/Admin") ||
         principal.ends_with(std::string(":role/") + kAuditor);
}

std::string owner_in(const Json& resource, const CatalogRef& catalog, const char* key = "CatalogId") {
  const std::string owner = string_at(resource, key);
  return owner.empty() ? catalog.account : owner;
}

/// The resources that a row names: one, or one a column.
std::vector<std::string> resources_of(const Json& resource, const CatalogRef& catalog) {
  for (const char* form : {"Table", "TableWithColumns"}) {
    if (!resource.contains(form)) continue;
    const Json& table = resource[form];
    const std::string base = owner_in(table, catalog) + ":" + string_at(table, "DatabaseName");
    const std::string name = string_at(table, "Name");
    if (table.contains("TableWildcard") || name == "ALL_TABLES") return {"tables " + base};
    std::string excluded;
    for (const Json& column : member(member(table, "ColumnWildcard"), "ExcludedColumnNames")) {
      excluded += (excluded.empty() ? "" : ",") + column.get<std::string>();
    }
    if (!excluded.empty()) return {"except " + base + "/" + name + "/" + excluded};
    if (!table.contains("ColumnNames")) return {"table " + base + "/" + name};
    std::vector<std::string> out;
    for (const Json& column : table["ColumnNames"]) {
      out.push_back("column " + base + "/" + name + "/" + column.get<std::string>());
    }
    return out;
  }
  if (resource.contains("Database")) {
    return {"database " + owner_in(resource["Database"], catalog) + ":" + string_at(resource["Database"], "Name")};
  }
  if (resource.contains("DataLocation")) {
    const Json& location = resource["DataLocation"];
    return {"location " + owner_in(location, catalog) + ":" + string_at(location, "ResourceArn")};
  }
  if (resource.contains("DataCellsFilter")) {
    const Json& filter = resource["DataCellsFilter"];
    return {"filter " + owner_in(filter, catalog, "TableCatalogId") + ":" + string_at(filter, "DatabaseName") + "/" +
            string_at(filter, "TableName") + "/" + string_at(filter, "Name")};
  }
  if (resource.contains("LFTag")) {
    const Json& tag = resource["LFTag"];
    std::vector<std::string> out;
    for (const Json& value : tag["TagValues"]) {
      out.push_back("tag " + owner_in(tag, catalog) + ":" + string_at(tag, "TagKey") + "=" + value.get<std::string>());
    }
    return out;
  }
  if (resource.contains("LFTagPolicy")) {
    const Json& policy = resource["LFTagPolicy"];
    catalog::TagExpression expression;
    for (const Json& term : policy["Expression"]) {
      for (const Json& value : term["TagValues"]) expression.terms[string_at(term, "TagKey")].insert(value.get<std::string>());
    }
    return {"policy " + owner_in(policy, catalog) + ":" + string_at(policy, "ResourceType") + ":" + to_string(expression)};
  }
  return {"other " + catalog.account + ":" + resource.dump()};
}

/// Source: lake-formation.md 2.2 (what ALL stands for)
std::vector<std::string> spelled_out(const Json& names, const std::string& kind) {
  std::vector<std::string> out;
  for (const Json& name : names) {
    if (name != "ALL") {
      out.push_back(name.get<std::string>());
    } else if (kind == "database") {
      out.insert(out.end(), {"ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"});
    } else {
      out.insert(out.end(), {"ALTER", "DELETE", "DESCRIBE", "DROP", "INSERT", "SELECT"});
    }
  }
  return out;
}

}  // namespace

std::string role(const std::string& account, const std::string& name) {
  return "arn:aws:iam::" + account + ":role/" + name;
}

Rights rights_of_row(const Json& row, const CatalogRef& catalog) {
  Rights out;
  const std::string principal = string_at(member(row, "Principal"), "DataLakePrincipalIdentifier");
  if (is_implicit(principal)) return out;
  for (const std::string& resource : resources_of(member(row, "Resource"), catalog)) {
    const std::string kind = resource.substr(0, resource.find(' '));
    for (const std::string& name : spelled_out(member(row, "Permissions"), kind)) {
      out.insert({catalog, principal, resource, name});
    }
    for (const std::string& name : spelled_out(member(row, "PermissionsWithGrantOption"), kind)) {
      out.insert({catalog, principal, resource, name + "+"});
    }
  }
  return out;
}

Json listing(testing::World& world, const CatalogRef& catalog, const aws::Call& call, const char* items) {
  Json out = Json::array();
  Json input = call.input;
  const char* token = call.service == aws::Service::Ram ? "nextToken" : "NextToken";
  for (;;) {
    const auto page =
        world.call_as(role(catalog.account, kAuditor), call.service, call.operation, input, catalog.region);
    if (!page) throw std::runtime_error("the auditor cannot read: " + to_string(page.error()));
    for (const Json& item : member(*page, items)) out.push_back(item);
    const std::string next = string_at(*page, token);
    if (next.empty()) return out;
    input[token] = next;
  }
}

Rights rights_in(testing::World& world, const CatalogRef& catalog) {
  Rights out;
  const aws::Call call{catalog, aws::Service::LakeFormation, "ListPermissions", {{"MaxResults", 1000}}};
  for (const Json& row : listing(world, catalog, call, "PrincipalResourcePermissions")) {
    out.merge(rights_of_row(row, catalog));
  }
  return out;
}

std::map<std::string, Json> objects_in(testing::World& world, const CatalogRef& catalog) {
  std::map<std::string, Json> out;
  for (const Json& database : listing(world, catalog, {catalog, aws::Service::Glue, "GetDatabases"}, "DatabaseList")) {
    const std::string name = string_at(database, "Name");
    out[name] = database;
    if (database.contains("TargetDatabase")) continue;
    const aws::Call tables{catalog, aws::Service::Glue, "GetTables", {{"DatabaseName", name}}};
    for (const Json& table : listing(world, catalog, tables, "TableList")) {
      out[name + "/" + string_at(table, "Name")] = table;
    }
  }
  return out;
}

}  // namespace datamesh::sim
