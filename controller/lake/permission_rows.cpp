#include "controller/lake/permission_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "controller/base/text.h"

namespace datamesh::lake {
namespace {

using catalog::Permission;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;

constexpr const char* kAllTables = "ALL_TABLES";

std::vector<std::string> names_at(const Json& object, const char* key) {
  std::vector<std::string> out;
  for (const Json& name : member(object, key)) {
    if (name.is_string()) out.push_back(name.get<std::string>());
  }
  return out;
}

std::vector<std::string> sorted_names(const Json& object, const char* key) {
  auto names = names_at(object, key);
  for (std::string& name : names) name = lower(name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& names, char separator) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += separator;
    out += name;
  }
  return out;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= text.size() && !text.empty()) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string owner_of(const Json& resource, const CatalogRef& catalog, const char* key = "CatalogId") {
  const std::string owner = string_at(resource, key);
  return owner.empty() ? catalog.account : owner;
}

ResourceId table_resource(const Json& table, const CatalogRef& catalog) {
  const std::string owner = owner_of(table, catalog);
  const std::string database = lower(string_at(table, "DatabaseName"));
  const std::string name = string_at(table, "Name");
  if (table.contains("TableWildcard") || name == kAllTables) {
    return ResourceId::of_all_tables(owner, database);
  }
  return ResourceId::of_table(owner, database, lower(name));
}

/// A column row: the whole table, an include list, or an exclude list.
void decode_columns(const Json& columns, const CatalogRef& catalog, PermissionRow& row) {
  ResourceId& resource = row.id.resource;
  resource = table_resource(columns, catalog);
  const auto excluded = sorted_names(member(columns, "ColumnWildcard"), "ExcludedColumnNames");
  if (!excluded.empty()) {
    resource.type = ResourceType::ColumnsExcept;
    resource.detail = joined(excluded, ',');
    return;
  }
  if (columns.contains("ColumnWildcard")) return;
  resource.type = ResourceType::Columns;
  row.value.columns = sorted_names(columns, "ColumnNames");
  if (row.value.grantable.has(Permission::Select)) row.value.grantable_columns = row.value.columns;
}

bool decode_resource(const Json& resource, const CatalogRef& catalog, PermissionRow& row) {
  ResourceId& id = row.id.resource;
  if (resource.contains("Table")) {
    id = table_resource(resource["Table"], catalog);
  } else if (resource.contains("TableWithColumns")) {
    decode_columns(resource["TableWithColumns"], catalog, row);
  } else if (resource.contains("Database")) {
    const Json& database = resource["Database"];
    id = ResourceId::of_database(owner_of(database, catalog), lower(string_at(database, "Name")));
  } else if (resource.contains("DataLocation")) {
    const Json& location = resource["DataLocation"];
    id = ResourceId::of_location(owner_of(location, catalog), string_at(location, "ResourceArn"));
  } else if (resource.contains("DataCellsFilter")) {
    const Json& filter = resource["DataCellsFilter"];
    id = {ResourceType::DataFilter, owner_of(filter, catalog, "TableCatalogId"),
          lower(string_at(filter, "DatabaseName")), lower(string_at(filter, "TableName")),
          string_at(filter, "Name")};
  } else if (resource.contains("LFTag")) {
    const Json& tag = resource["LFTag"];
    id = {ResourceType::Tag, owner_of(tag, catalog), "", "",
          string_at(tag, "TagKey") + "=" + joined(sorted_names(tag, "TagValues"), ',')};
  } else if (resource.contains("LFTagPolicy")) {
    const Json& policy = resource["LFTagPolicy"];
    const bool tables = string_at(policy, "ResourceType") == "TABLE";
    id = {tables ? ResourceType::TablePolicy : ResourceType::DatabasePolicy, owner_of(policy, catalog), "",
          "", encode_expression(member(policy, "Expression"))};
  } else if (resource.contains("LFTagExpression")) {
    const Json& expression = resource["LFTagExpression"];
    id = {ResourceType::TagExpression, owner_of(expression, catalog), "", "", string_at(expression, "Name")};
  } else if (resource.contains("Catalog")) {
    id = {ResourceType::Catalog, owner_of(resource["Catalog"], catalog, "Id"), "", "", ""};
  } else {
    return false;
  }
  return true;
}

Json table_json(const ResourceId& id) {
  Json table = {{"CatalogId", id.owner}, {"DatabaseName", id.database}};
  if (id.type == ResourceType::AllTables) {
    table["TableWildcard"] = Json::object();
  } else {
    table["Name"] = id.table;
  }
  return table;
}

}  // namespace

std::string encode_expression(const Json& expression) {
  std::map<std::string, std::string> keys;
  for (const Json& tag : expression) keys[string_at(tag, "TagKey")] = joined(sorted_names(tag, "TagValues"), ',');
  std::string out;
  for (const auto& [key, values] : keys) out += (out.empty() ? "" : ";") + key + "=" + values;
  return out;
}

Json decode_expression(const std::string& text) {
  Json out = Json::array();
  for (const std::string& part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) continue;
    out.push_back({{"TagKey", part.substr(0, equals)}, {"TagValues", split(part.substr(equals + 1), ',')}});
  }
  return out;
}

std::optional<PermissionRow> decode_row(const Json& row, const CatalogRef& catalog) {
  PermissionRow out;
  out.id.principal = string_at(member(row, "Principal"), "DataLakePrincipalIdentifier");
  if (catalog::is_iam_allowed_principals(out.id.principal)) out.id.principal = "IAM_ALLOWED_PRINCIPALS";
  out.value.permissions = PermissionSet::of_names(names_at(row, "Permissions"));
  out.value.grantable = PermissionSet::of_names(names_at(row, "PermissionsWithGrantOption"));
  if (!decode_resource(member(row, "Resource"), catalog, out)) return std::nullopt;
  return out;
}

std::vector<Json> single_rows(const Json& row) {
  const Json& values = member(member(member(row, "Resource"), "LFTag"), "TagValues");
  if (!values.is_array() || values.size() < 2) return {row};
  std::vector<Json> out;
  for (const Json& value : values) {
    out.push_back(row);
    out.back()["Resource"]["LFTag"]["TagValues"] = {value};
  }
  return out;
}

Json encode_resource(const ResourceId& id, const PermissionValue& value) {
  switch (id.type) {
    case ResourceType::Catalog: return {{"Catalog", Json::object()}};
    case ResourceType::Database: return {{"Database", {{"CatalogId", id.owner}, {"Name", id.database}}}};
    case ResourceType::Table:
    case ResourceType::AllTables: return {{"Table", table_json(id)}};
    case ResourceType::Columns: {
      Json table = table_json(id);
      table["ColumnNames"] = value.columns;
      return {{"TableWithColumns", table}};
    }
    case ResourceType::ColumnsExcept: {
      Json table = table_json(id);
      table["ColumnWildcard"] = {{"ExcludedColumnNames", split(id.detail, ',')}};
      return {{"TableWithColumns", table}};
    }
    case ResourceType::DataLocation:
      return {{"DataLocation", {{"CatalogId", id.owner}, {"ResourceArn", id.detail}}}};
    case ResourceType::DataFilter:
      return {{"DataCellsFilter",
               {{"TableCatalogId", id.owner},
                {"DatabaseName", id.database},
                {"TableName", id.table},
                {"Name", id.detail}}}};
    case ResourceType::Tag: {
      const Json tag = decode_expression(id.detail);
      if (tag.empty()) return Json::object();
      return {{"LFTag",
               {{"CatalogId", id.owner}, {"TagKey", tag[0]["TagKey"]}, {"TagValues", tag[0]["TagValues"]}}}};
    }
    case ResourceType::DatabasePolicy:
    case ResourceType::TablePolicy:
      return {{"LFTagPolicy",
               {{"CatalogId", id.owner},
                {"ResourceType", id.type == ResourceType::TablePolicy ? "TABLE" : "DATABASE"},
                {"Expression", decode_expression(id.detail)}}}};
    case ResourceType::TagExpression:
      return {{"LFTagExpression", {{"CatalogId", id.owner}, {"Name", id.detail}}}};
  }
  return Json::object();
}

Json encode_entry(const catalog::PermissionId& id, const PermissionValue& value) {
  return {{"Principal", {{"DataLakePrincipalIdentifier", id.principal}}},
          {"Resource", encode_resource(id.resource, value)},
          {"Permissions", value.permissions.names()},
          {"PermissionsWithGrantOption", value.grantable.names()}};
}

void fold_row(std::map<catalog::LocalKey, catalog::EntryValue>& entries, const PermissionRow& row) {
  auto [at, fresh] = entries.try_emplace(catalog::permission_key(row.id), row.value);
  if (fresh) return;
  PermissionValue both = united(std::get<PermissionValue>(at->second), row.value);
  both.share_broken = std::get<PermissionValue>(at->second).share_broken || row.value.share_broken;
  at->second = std::move(both);
}

}  // namespace datamesh::lake
