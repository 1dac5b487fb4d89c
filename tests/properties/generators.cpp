#include "tests/properties/generators.h"

#include <algorithm>

namespace datamesh::properties {

using catalog::Permission;
using catalog::PermissionId;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;

namespace {

constexpr const char* kAccount = "100000000001";

std::vector<Permission> members_of(PermissionSet set) {
  std::vector<Permission> out;
  for (const std::string& name : set.names()) out.push_back(*catalog::parse_permission(name));
  return out;
}

Json table_json(sim::Random& random, const ResourceId& id) {
  Json table = {{"DatabaseName", id.database}};
  if (random.chance(70)) table["CatalogId"] = id.owner;  // AWS leaves it out now and then for the own catalog
  if (id.type != ResourceType::AllTables) {
    table["Name"] = id.table;
    return table;
  }
  const int form = random.between(1, 3);
  if (form != 1) table["Name"] = "ALL_TABLES";
  if (form != 2) table["TableWildcard"] = Json::object();
  return table;
}

Json row(const PermissionId& id, Json resource, PermissionSet permissions, PermissionSet grantable) {
  return {{"Principal", {{"DataLakePrincipalIdentifier", id.principal}}},
          {"Resource", std::move(resource)},
          {"Permissions", permissions.names()},
          {"PermissionsWithGrantOption", grantable.names()}};
}

/// Table permissions: what is not SELECT on a row of the table, SELECT on a row of its columns; or all as ALL.
void table_rows(sim::Random& random, const PermissionId& id, const PermissionValue& value, std::vector<Json>& out) {
  const PermissionSet all = catalog::all_of(id.resource.type);
  const PermissionSet select{Permission::Select};
  if (value.permissions == all && random.chance(60)) {
    const PermissionSet grantable = value.grantable == all ? PermissionSet{Permission::All} : value.grantable;
    out.push_back(row(id, {{"Table", table_json(random, id.resource)}}, {Permission::All}, grantable));
    return;
  }
  const PermissionSet rest = value.permissions - select;
  if (!rest.empty()) {
    out.push_back(row(id, {{"Table", table_json(random, id.resource)}}, rest, value.grantable - select));
  }
  if (!value.permissions.has(Permission::Select)) return;
  Json columns = table_json(random, id.resource);
  columns["ColumnWildcard"] = Json::object();
  out.push_back(row(id, {{"TableWithColumns", columns}}, select, value.grantable & select));
}

/// Columns with the option and columns without it are listed on rows of their own.
void column_rows(sim::Random& random, const PermissionId& id, const PermissionValue& value, std::vector<Json>& out) {
  for (const bool option : {true, false}) {
    Json table = table_json(random, id.resource);
    table["ColumnNames"] = Json::array();
    for (const std::string& column : value.columns) {
      const bool has_option = std::binary_search(value.grantable_columns.begin(), value.grantable_columns.end(), column);
      if (has_option == option) table["ColumnNames"].push_back(column);
    }
    if (table["ColumnNames"].empty()) continue;
    const PermissionSet select{Permission::Select};
    out.push_back(row(id, {{"TableWithColumns", table}}, select, option ? select : PermissionSet{}));
  }
}

void rows_of(sim::Random& random, const PermissionId& id, const PermissionValue& value, std::vector<Json>& out) {
  const ResourceId& resource = id.resource;
  switch (resource.type) {
    case ResourceType::Table:
    case ResourceType::AllTables: return table_rows(random, id, value, out);
    case ResourceType::Columns: return column_rows(random, id, value, out);
    case ResourceType::ColumnsExcept: {
      Json table = table_json(random, resource);
      table["ColumnWildcard"] = {{"ExcludedColumnNames", Json::array({resource.detail})}};
      out.push_back(row(id, {{"TableWithColumns", table}}, value.permissions, value.grantable));
      return;
    }
    case ResourceType::DataLocation:
      out.push_back(row(id, {{"DataLocation", {{"ResourceArn", resource.detail}}}}, value.permissions, value.grantable));
      return;
    default: {
      const PermissionSet all = catalog::all_of(ResourceType::Database);
      const bool short_form = value.permissions == all && value.grantable.empty() && random.chance(50);
      out.push_back(row(id, {{"Database", {{"CatalogId", resource.owner}, {"Name", resource.database}}}},
                        short_form ? PermissionSet{Permission::All} : value.permissions, value.grantable));
    }
  }
}

}  // namespace

PermissionId permission_id(sim::Random& random) {
  const std::string database = random.pick<std::string>({"sales", "stock"});
  const std::string table = random.pick<std::string>({"orders", "items"});
  const std::string principal = random.pick<std::string>(
      {"arn:aws:iam::100000000001:role/a", "arn:aws:iam::100000000001:role/b", "100000000002"});
  switch (random.between(1, 6)) {
    case 1: return {ResourceId::of_database(kAccount, database), principal};
    case 2: return {ResourceId::of_all_tables(kAccount, database), principal};
    case 3: return {ResourceId::of_columns(kAccount, database, table), principal};
    case 4: return {ResourceId::of_location(kAccount, "arn:aws:s3:::lake/" + database), principal};
    case 5: {
      ResourceId except = ResourceId::of_table(kAccount, database, table);
      except.type = ResourceType::ColumnsExcept;
      except.detail = random.pick<std::string>({"a", "b"});
      return {except, principal};
    }
    default: return {ResourceId::of_table(kAccount, database, table), principal};
  }
}

PermissionValue permission_value(sim::Random& random, ResourceType type) {
  PermissionValue out;
  if (type == ResourceType::Columns) {
    out.columns = random.some<std::string>({"a", "b", "c", "d"}, 1, 4);
    if (random.chance(40)) out.grantable_columns = random.some(out.columns, 1, out.columns.size());
    out.permissions = {Permission::Select};
    if (!out.grantable_columns.empty()) out.grantable = {Permission::Select};
    return out;
  }
  const auto all = members_of(catalog::all_of(type));
  const auto chosen = random.chance(25) ? all : random.some(all, 1, all.size());
  for (const Permission each : chosen) out.permissions.insert(each);
  if (random.chance(50)) return out;
  const auto passed_on = random.chance(50) ? chosen : random.some(chosen, 1, chosen.size());
  for (const Permission each : passed_on) out.grantable.insert(each);
  return out;
}

Entries permissions(sim::Random& random) {
  Entries out;
  for (int n = 0, most = random.between(0, 12); n < most; ++n) {
    const PermissionId id = permission_id(random);
    out.insert_or_assign(catalog::permission_key(id), permission_value(random, id.resource.type));
  }
  return out;
}

std::vector<Json> listed_rows(sim::Random& random, const Entries& entries) {
  std::vector<Json> out;
  for (const auto& [key, value] : entries) {
    rows_of(random, *catalog::parse_permission_id(key.name), std::get<PermissionValue>(value), out);
  }
  for (std::size_t n = out.size(); n > 1; --n) std::swap(out[n - 1], out[random.below(n)]);
  return out;
}

}  // namespace datamesh::properties
