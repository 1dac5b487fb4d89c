#include "controller/embedded/lake_resource.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "controller/base/text.h"
#include "controller/embedded/lake_shelf.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::array<std::string_view, 16> kNames = {
    "ALL",           "ALTER",
    "ASSOCIATE",     "CREATE_CATALOG",
    "CREATE_DATABASE", "CREATE_LF_TAG",
    "CREATE_LF_TAG_EXPRESSION", "CREATE_TABLE",
    "DATA_LOCATION_ACCESS", "DELETE",
    "DESCRIBE",      "DROP",
    "GRANT_WITH_LF_TAG_EXPRESSION", "INSERT",
    "SELECT",        "SUPER_USER"};

constexpr PermissionSet kOnDatabase = {Permission::All, Permission::Alter, Permission::CreateTable,
                                       Permission::Describe, Permission::Drop};
constexpr PermissionSet kOnTable = {Permission::All,      Permission::Alter, Permission::Delete,
                                    Permission::Describe, Permission::Drop,  Permission::Insert,
                                    Permission::Select};

/// Separates names within a part: column names, tag values.
constexpr char kItemEnd = '\x1e';

std::string join_items(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += kItemEnd;
    out += item;
  }
  return out;
}

std::vector<std::string> split_items(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find(kItemEnd);
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

std::vector<std::string> lower_names(const Json& names) {
  std::set<std::string> out;
  for (const Json& name : names) out.insert(lower(name.get<std::string>()));
  return {out.begin(), out.end()};
}

std::string catalog_in(const Json& object, std::string_view member_name, const std::string& fallback) {
  std::string id = string_at(object, member_name);
  return id.empty() ? fallback : id;
}

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorKind::Invalid, std::move(message), {}, "InvalidInputException");
}

Result<Resource> read_table(const Json& table, Resource out) {
  out.kind = ResourceKind::Table;
  const bool is_wildcard = table.contains("TableWildcard");
  std::string name = lower(string_at(table, "Name"));
  // T24: tools send the listed name ALL_TABLES back beside the wildcard.
  if (is_wildcard && !name.empty() && name != "all_tables") {
    return invalid("Table name and table wildcard cannot exist together.");
  }
  if (!is_wildcard && name.empty()) return invalid("Table name cannot be empty");
  out.table = is_wildcard ? std::string(kAllTables) : std::move(name);
  return out;
}

Result<Resource> read_columns(const Json& table, Resource out) {
  out.kind = ResourceKind::Table;
  out.table = lower(string_at(table, "Name"));
  if (out.table == "all_tables") out.table = std::string(kAllTables);
  const bool has_names = table.contains("ColumnNames") && !table["ColumnNames"].empty();
  const bool has_wildcard = table.contains("ColumnWildcard");
  if (has_names == has_wildcard) {
    return invalid("Exactly one of column names and column wildcard must be given.");
  }
  if (has_names) {
    out.columns = Columns::Only;
    out.column_names = lower_names(table["ColumnNames"]);
    return out;
  }
  out.has_column_wildcard = true;
  out.column_names = lower_names(table["ColumnWildcard"].value("ExcludedColumnNames", Json::array()));
  if (!out.column_names.empty()) out.columns = Columns::Except;
  return out;
}

Result<Resource> read_policy(const Json& policy, Resource out) {
  out.kind = string_at(policy, "ResourceType") == "DATABASE" ? ResourceKind::DatabasePolicy
                                                             : ResourceKind::TablePolicy;
  out.name = lower(string_at(policy, "ExpressionName"));
  out.expression = read_expression(member(policy, "Expression"));
  if (out.name.empty() == out.expression.empty()) {
    return invalid("An LF-Tag policy needs exactly one of Expression and ExpressionName.");
  }
  if (out.name.empty() && to_json(out.expression).dump().size() > 900) {
    return invalid("LF-Tag expression is longer than 900 bytes; save it and use its name.");
  }
  return out;
}

Resource read_filter(const Json& filter, Resource out) {
  out.kind = ResourceKind::Filter;
  out.catalog = catalog_in(filter, "TableCatalogId", out.catalog);
  out.table = lower(string_at(filter, "TableName"));
  out.name = lower(string_at(filter, "Name"));
  return out;
}

Json table_json(const Resource& resource, bool as_columns) {
  const bool is_wildcard = resource.table == kAllTables;
  const bool has_columns = as_columns || resource.columns != Columns::All;
  Json wire = Json::object();
  Json& out = wire[has_columns ? "TableWithColumns" : "Table"];
  out["CatalogId"] = resource.catalog;
  out["DatabaseName"] = resource.database;
  out["Name"] = is_wildcard ? "ALL_TABLES" : resource.table;
  if (resource.columns == Columns::Only) {
    out["ColumnNames"] = resource.column_names;
  } else if (has_columns) {
    out["ColumnWildcard"] = Json::object();
    if (!resource.column_names.empty()) {
      out["ColumnWildcard"]["ExcludedColumnNames"] = resource.column_names;
    }
  } else if (is_wildcard) {
    out["TableWildcard"] = Json::object();
  }
  return wire;
}

Json policy_json(const Resource& resource) {
  const bool is_database = resource.kind == ResourceKind::DatabasePolicy;
  Json out = {{"CatalogId", resource.catalog}, {"ResourceType", is_database ? "DATABASE" : "TABLE"}};
  if (resource.name.empty()) {
    out["Expression"] = to_json(resource.expression);
  } else {
    out["ExpressionName"] = resource.name;
  }
  return {{"LFTagPolicy", std::move(out)}};
}

}  // namespace

Json to_json(PermissionSet permissions) {
  Json out = Json::array();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (permissions.has(static_cast<Permission>(i))) out.push_back(kNames[i]);
  }
  return out;
}

PermissionSet permissions_of(const Json& names) {
  PermissionSet out;
  for (const Json& name : names) {
    const auto found = std::find(kNames.begin(), kNames.end(), name.get_ref<const std::string&>());
    if (found != kNames.end()) out |= {static_cast<Permission>(found - kNames.begin())};
  }
  return out;
}

Result<Resource> read_resource(const Json& resource, const std::string& default_catalog) {
  if (!resource.is_object() || resource.size() != 1) {
    return invalid("Resource must have exactly one of the resource types.");
  }
  const std::string& type = resource.begin().key();
  const Json& body = resource.begin().value();
  Resource out;
  out.catalog = catalog_in(body, type == "Catalog" ? "Id" : "CatalogId", default_catalog);
  out.database = lower(string_at(body, "DatabaseName"));
  if (type == "Table") return read_table(body, std::move(out));
  if (type == "TableWithColumns") return read_columns(body, std::move(out));
  if (type == "LFTagPolicy") return read_policy(body, std::move(out));
  if (type == "DataCellsFilter") return read_filter(body, std::move(out));
  if (type == "Database") {
    out.kind = ResourceKind::Database;
    out.database = lower(string_at(body, "Name"));
  } else if (type == "DataLocation") {
    out.kind = ResourceKind::Location;
    out.name = string_at(body, "ResourceArn");
    while (out.name.ends_with('/')) out.name.pop_back();
  } else if (type == "LFTag") {
    out.kind = ResourceKind::Tag;
    out.name = lower(string_at(body, "TagKey"));
    out.values = lower_names(member(body, "TagValues"));
  } else if (type == "LFTagExpression") {
    out.kind = ResourceKind::TagExpression;
    out.name = lower(string_at(body, "Name"));
  }
  return out;
}

std::string table_resource_key(std::string_view catalog, std::string_view database, std::string_view table) {
  return join_parts({"T", catalog, database, table, ""});
}

std::string database_resource_key(std::string_view catalog, std::string_view database) {
  return join_parts({"D", catalog, database, ""});
}

std::string key_of(const Resource& r) {
  const std::string letter(1, static_cast<char>(r.kind));
  switch (r.kind) {
    case ResourceKind::Catalog: return join_parts({letter, r.catalog});
    case ResourceKind::Database: return database_resource_key(r.catalog, r.database);
    case ResourceKind::TagExpression:
    case ResourceKind::Location: return join_parts({letter, r.catalog, r.name});
    case ResourceKind::Filter: return join_parts({letter, r.catalog, r.database, r.table, r.name});
    case ResourceKind::Tag: return join_parts({letter, r.catalog, r.name, join_items(r.values)});
    case ResourceKind::DatabasePolicy:
    case ResourceKind::TablePolicy:
      return join_parts({letter, r.catalog, r.name,
                         r.expression.empty() ? std::string() : to_json(r.expression).dump()});
    case ResourceKind::Table: break;
  }
  if (r.columns == Columns::All) return table_resource_key(r.catalog, r.database, r.table);
  const std::string mode(1, static_cast<char>(r.columns));
  if (r.columns == Columns::Only) return join_parts({letter, r.catalog, r.database, r.table, mode});
  return join_parts({letter, r.catalog, r.database, r.table, mode, join_items(r.column_names)});
}

Resource resource_of_key(std::string_view key) {
  Resource out;
  out.kind = static_cast<ResourceKind>(key.front());
  out.catalog = std::string(part_of(key, 1));
  const std::string second(part_of(key, 2));
  switch (out.kind) {
    case ResourceKind::Catalog: break;
    case ResourceKind::Database: out.database = second; break;
    case ResourceKind::TagExpression:
    case ResourceKind::Location: out.name = second; break;
    case ResourceKind::Tag:
      out.name = second;
      out.values = split_items(part_of(key, 3));
      break;
    case ResourceKind::DatabasePolicy:
    case ResourceKind::TablePolicy:
      out.name = second;
      if (out.name.empty()) out.expression = read_expression(Json::parse(part_of(key, 3)));
      break;
    case ResourceKind::Filter:
      out.database = second;
      out.table = std::string(part_of(key, 3));
      out.name = std::string(part_of(key, 4));
      break;
    case ResourceKind::Table:
      out.database = second;
      out.table = std::string(part_of(key, 3));
      if (const std::string_view mode = part_of(key, 4); !mode.empty()) {
        out.columns = static_cast<Columns>(mode.front());
        out.column_names = split_items(part_of(key, 5));
      }
      break;
  }
  return out;
}

Json to_json(const Resource& r) {
  switch (r.kind) {
    case ResourceKind::Catalog: return {{"Catalog", {{"Id", r.catalog}}}};
    case ResourceKind::Database: return {{"Database", {{"CatalogId", r.catalog}, {"Name", r.database}}}};
    case ResourceKind::TagExpression:
      return {{"LFTagExpression", {{"CatalogId", r.catalog}, {"Name", r.name}}}};
    case ResourceKind::Filter:
      return {{"DataCellsFilter",
               {{"TableCatalogId", r.catalog},
                {"DatabaseName", r.database},
                {"TableName", r.table},
                {"Name", r.name}}}};
    case ResourceKind::Tag:
      return {{"LFTag", {{"CatalogId", r.catalog}, {"TagKey", r.name}, {"TagValues", r.values}}}};
    case ResourceKind::Location:
      return {{"DataLocation", {{"CatalogId", r.catalog}, {"ResourceArn", r.name}}}};
    case ResourceKind::DatabasePolicy:
    case ResourceKind::TablePolicy: return policy_json(r);
    case ResourceKind::Table: break;
  }
  return table_json(r, false);
}

Json to_select_json(const Resource& resource) {
  return resource.kind == ResourceKind::Table ? table_json(resource, true) : to_json(resource);
}

TagExpression read_expression(const Json& expression) {
  std::map<std::string, std::set<std::string>> keys;
  if (expression.is_array()) {
    for (const Json& term : expression) {
      auto& values = keys[lower(string_at(term, "TagKey"))];
      for (const Json& value : member(term, "TagValues")) values.insert(lower(value.get<std::string>()));
    }
  }
  TagExpression out;
  for (const auto& [key, values] : keys) {
    out.emplace_back(key, std::vector<std::string>(values.begin(), values.end()));
  }
  return out;
}

Json to_json(const TagExpression& expression) {
  Json out = Json::array();
  for (const auto& [key, values] : expression) {
    out.push_back({{"TagKey", key}, {"TagValues", values}});
  }
  return out;
}

PermissionSet grantable_on_link() { return {Permission::Describe, Permission::Drop}; }

PermissionSet grantable_on(const Resource& resource) {
  switch (resource.kind) {
    case ResourceKind::Catalog:
      return {Permission::CreateDatabase, Permission::CreateLfTag, Permission::CreateLfTagExpression,
              Permission::CreateCatalog};
    case ResourceKind::Database:
    case ResourceKind::DatabasePolicy: return kOnDatabase;
    case ResourceKind::TablePolicy: return kOnTable;
    case ResourceKind::Table:
      return resource.is_partial() ? PermissionSet{Permission::Select} : kOnTable;
    case ResourceKind::Filter: return {Permission::Describe, Permission::Drop, Permission::Select};
    case ResourceKind::Location: return {Permission::DataLocationAccess};
    case ResourceKind::Tag:
      return {Permission::Alter, Permission::Drop, Permission::Associate, Permission::Describe,
              Permission::GrantWithLfTagExpression};
    case ResourceKind::TagExpression:
      return {Permission::Alter, Permission::Drop, Permission::Describe,
              Permission::GrantWithLfTagExpression};
  }
  return {};
}

PermissionSet expanded(PermissionSet permissions, const Resource& resource) {
  return permissions.has(Permission::All) ? permissions | grantable_on(resource) : permissions;
}

}  // namespace datamesh::embedded::lake
