// Tables and table links: create, read, update, delete.
// Source: lake-formation.md 1.3, 2.6
#include <algorithm>
#include <set>

#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::int64_t kKeptVersions = 100;

Result<void> check_columns(const Session& session, const Json& input) {
  std::set<std::string> seen;
  for (const Json* list : {&at_path(input, {"StorageDescriptor", "Columns"}), &member(input, "PartitionKeys")}) {
    for (const Json& column : *list) {
      const std::string name = lower(string_at(column, "Name"));
      if (!seen.insert(name).second) return session.invalid("Column " + name + " exists twice.");
    }
  }
  return {};
}

Result<void> check_table_input(const Session& session, const Json& input) {
  const std::string name = lower(string_at(input, "Name"));
  // NOTE: AWS allows more; "*" and all_tables would be taken for the wildcard here.
  if (name == kAllTables || name == "all_tables") return session.invalid("Table name " + name + " is reserved.");
  if (!input.contains("TargetTable")) return check_columns(session, input);
  const Json& target = input["TargetTable"];
  for (const char* needed : {"CatalogId", "DatabaseName", "Name"}) {
    if (string_at(target, needed).empty()) return session.invalid("TargetTable needs " + std::string(needed) + ".");
  }
  for (const char* unwanted : {"StorageDescriptor", "TableType", "PartitionKeys"}) {
    if (input.contains(unwanted)) return session.invalid("A resource link has no " + std::string(unwanted) + ".");
  }
  if (!string_at(input, "Description").empty()) {
    return session.invalid("Description and resource link cannot exist together in a table!");
  }
  return {};
}

Json normalised(Json input) {
  input["Name"] = lower(string_at(input, "Name"));
  if (input.contains("TargetTable")) {
    Json& target = input["TargetTable"];
    for (const char* name : {"DatabaseName", "Name"}) target[name] = lower(string_at(target, name));
  }
  return input;
}

std::string location_of(const Json& table_input) {
  return string_at(member(table_input, "StorageDescriptor"), "Location");
}

Result<Json> create_table(Session& session, const Json& input) {
  if (!input.contains("TableInput")) return session.invalid("TableInput is missing");
  const Json& declared = input["TableInput"];
  const bool is_link = declared.contains("TargetTable");
  TRY(check_table_input(session, declared));
  TRY_VALUE(const DatabasePlace place,
            follow_database(session, session.catalog_id(input), string_at(input, "DatabaseName")));
  if (is_link && place.is_via_link) {
    return session.invalid("A table link cannot be made in a database that is a resource link.");
  }
  TRY(require(session, place.subject(), Permission::CreateTable));
  Table table{normalised(declared), session.caller.arn, session.now_millis(), session.now_millis(), 0};
  const std::string name = string_at(table.input, "Name");
  Catalog& catalog = *place.catalog;
  const std::string key = table_key(place.name, name);
  if (catalog.tables.find(key) != nullptr) return session.exists("Table " + name + " already exists.");
  const Database& database = place.database();
  TRY(require_location(session, catalog, location_of(declared), string_at(database.input, "LocationUri")));
  catalog.tables.put(key, std::move(table));
  const std::string resource = table_resource_key(catalog.ref.account, place.name, name);
  add_creator_rights(session, catalog, resource, is_link ? grantable_on_link() : PermissionSet{Permission::All});
  // The database's value counts, not that of the settings of today.
  add_default_rights(session, catalog, resource, member(database.input, "CreateTableDefaultPermissions"));
  return Json::object();
}

Result<Json> get_table(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace place, find_table(session, input, string_at(input, "Name")));
  const Access access = access_of(session, session.caller, place.subject());
  if (!access.is_visible()) return session.insufficient("Describe", place.name);
  const Table& table = place.table();
  const bool follows = table.is_link() && !place.is_via_database_link;
  Json out = follows ? link_json(session, place) : table_json(*place.catalog, place.database, table, access);
  const std::string location = location_of(out);
  const std::optional<TablePlace> target = follows ? target_of(session, place) : std::nullopt;
  out["IsRegisteredWithLakeFormation"] =
      !registered_location(target ? *target->catalog : *place.catalog, location).empty();
  return Json{{"Table", std::move(out)}};
}

std::string version_key(const TablePlace& place, std::int64_t version) {
  const std::string number = std::to_string(version);
  return join_parts({place.database, place.name, std::string(20 - number.size(), '0') + number});
}

void archive(const TablePlace& place, const Table& table) {
  Catalog& catalog = *place.catalog;
  catalog.versions.put(version_key(place, table.version), table);
  // NOTE: AWS keeps 100,000 versions of a table; the lake keeps the last hundred.
  if (table.version >= kKeptVersions) catalog.versions.erase(version_key(place, table.version - kKeptVersions));
}

/// The whole table is replaced. The version advances even when none is archived (unconfirmed for AWS).
Result<Json> update_table(Session& session, const Json& input) {
  if (!input.contains("TableInput")) return session.invalid("TableInput is missing");
  Json declared = input["TableInput"];
  TRY_VALUE(const TablePlace place, find_table_to_change(session, input, string_at(declared, "Name")));
  if (!place.link.empty()) {
    declared.erase("TargetTable");
    declared["Name"] = place.name;
  } else if (declared.contains("TargetTable")) {
    return session.invalid("A table cannot become a resource link.");
  }
  TRY(check_table_input(session, declared));
  TRY(require(session, place.subject(), Permission::Alter));
  Table table = place.table();
  const std::string expected = string_at(input, "VersionId");
  if (!expected.empty() && expected != std::to_string(table.version)) {
    return session.error("ConcurrentModificationException",
                         "Update table failed due to concurrent modifications: version " + expected + " is not " +
                             std::to_string(table.version) + ".");
  }
  const std::string location = location_of(declared);
  if (location != location_of(table.input)) {
    const Database& database = *place.catalog->databases.find(place.database);
    TRY(require_location(session, *place.catalog, location, string_at(database.input, "LocationUri")));
  }
  if (!input.value("SkipArchive", false)) archive(place, table);
  table.input = normalised(std::move(declared));
  table.updated = session.now_millis();
  ++table.version;
  place.catalog->tables.put(place.key(), std::move(table));
  return Json::object();
}

/// T15: what was shared of the table stays in its RAM share, where nobody can use it.
void erase_table(const TablePlace& place) {
  Catalog& catalog = *place.catalog;
  const std::string prefix = prefix_of({place.database, place.name});
  catalog.tables.erase(place.key());
  erase_under(catalog.versions, prefix);
  erase_under(catalog.partitions, prefix);
  erase_under(catalog.filters, prefix);
  erase_under(catalog.tagged, prefix);
  catalog.tagged.erase(place.key());
  drop_rights(catalog, table_resource_key(catalog.ref.account, place.database, place.name));
  drop_rights(catalog, prefix_of({"F", catalog.ref.account, place.database, place.name}));
}

/// A table link is deleted itself; behind a database link it is the target's table that goes (trap T5).
Result<void> delete_one(Session& session, const Json& input, const std::string& name) {
  TRY_VALUE(const TablePlace place, find_table(session, input, name));
  TRY(require(session, place.subject(), Permission::Drop));
  erase_table(place);
  return {};
}

Result<Json> delete_table(Session& session, const Json& input) {
  TRY(delete_one(session, input, string_at(input, "Name")));
  return Json::object();
}

Result<Json> batch_delete_table(Session& session, const Json& input) {
  TRY(follow_database(session, session.catalog_id(input), string_at(input, "DatabaseName")));
  Json errors = Json::array();
  for (const Json& name : input["TablesToDelete"]) {
    const Result<void> done = delete_one(session, input, name);
    if (done) continue;
    errors.push_back({{"TableName", name},
                      {"ErrorDetail", {{"ErrorCode", done.error().code}, {"ErrorMessage", done.error().message}}}});
  }
  return Json{{"Errors", std::move(errors)}};
}

}  // namespace

void add_table_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Glue, name, effect, IamRight::Anyone, shape, run});
  };
  add("CreateTable", Effect::Write,
      "CatalogId:s1-255 DatabaseName*:s1-255 TableInput:@TableInput PartitionIndexes:j", create_table);
  add("GetTable", Effect::Read,
      "CatalogId:s1-255 DatabaseName*:s1-255 Name*:s1-255 IncludeStatusDetails:b AttributesToGet:[s]", get_table);
  add("UpdateTable", Effect::Write,
      "CatalogId:s1-255 DatabaseName*:s1-255 Name:s1-255 TableInput:@TableInput SkipArchive:b VersionId:s1-255 "
      "Force:b ViewUpdateAction:e(ADD|REPLACE|ADD_OR_REPLACE|DROP)",
      update_table);
  add("DeleteTable", Effect::Write, "CatalogId:s1-255 DatabaseName*:s1-255 Name*:s1-255", delete_table);
  add("BatchDeleteTable", Effect::Write,
      "CatalogId:s1-255 DatabaseName*:s1-255 TablesToDelete*:[s1-255]0-100", batch_delete_table);
}

}  // namespace datamesh::embedded::lake
