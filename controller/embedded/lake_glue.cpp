#include "controller/embedded/lake_glue.h"

#include <algorithm>

#include "controller/embedded/lake_grants.h"

namespace datamesh::embedded::lake {
namespace {

tl::unexpected<Error> hidden_database(const Session& session, const std::string& name) {
  return session.insufficient("Describe", name);
}

/// Columns that the caller may not read disappear from the schema; partition keys always stay.
Json visible_columns(const Json& columns, const Access& access) {
  if (access.sees_all_columns || access.readable.is_all) return columns;
  Json out = Json::array();
  for (const Json& column : columns) {
    if (access.readable.names.contains(lower(string_at(column, "Name")))) out.push_back(column);
  }
  return out;
}

/// Whether one of the location's parents, or itself, was granted to the caller.
bool has_location_grant(Session& session, const Catalog& owner, std::string arn) {
  while (!arn.empty()) {
    const Held held = held_on(session, session.caller, owner, join_parts({"L", owner.ref.account, arn}));
    if (held.permissions.has(Permission::DataLocationAccess)) return true;
    const std::size_t slash = arn.rfind('/');
    if (slash == std::string::npos) return false;
    arn.resize(slash);
  }
  return false;
}

std::string_view word_of(Permission permission) {
  switch (permission) {
    case Permission::Alter: return "Alter";
    case Permission::CreateTable: return "Create Table";
    case Permission::Drop: return "Drop";
    case Permission::Insert: return "Insert";
    case Permission::Select: return "Select";
    default: return "Describe";
  }
}

}  // namespace

Result<DatabasePlace> find_database(Session& session, const std::string& catalog_id, const std::string& name) {
  Catalog* catalog = session.catalog_of(catalog_id);
  const std::string folded = lower(name);
  const bool exists = catalog != nullptr && catalog->databases.find(folded) != nullptr;
  if (exists) return DatabasePlace{catalog, folded, false};
  // What another account has not shared cannot be told from what it does not have.
  if (catalog_id != session.account()) return hidden_database(session, folded);
  return session.not_found("Database " + folded + " not found.");
}

std::optional<DatabasePlace> target_of(Session& session, const Database& link) {
  const Json& target = member(link.input, "TargetDatabase");
  Catalog* catalog = session.catalog_of(string_at(target, "CatalogId"), string_at(target, "Region"));
  if (catalog == nullptr) return std::nullopt;
  DatabasePlace place{catalog, lower(string_at(target, "DatabaseName")), true};
  const Database* database = catalog->databases.find(place.name);
  if (database == nullptr || database->is_link()) return std::nullopt;
  return place;
}

Result<DatabasePlace> follow_database(Session& session, const std::string& catalog_id, const std::string& name) {
  TRY_VALUE(const DatabasePlace place, find_database(session, catalog_id, name));
  if (!place.database().is_link()) return place;
  if (!access_of(session, session.caller, place.subject()).is_visible()) return hidden_database(session, place.name);
  const std::optional<DatabasePlace> target = target_of(session, place.database());
  if (!target) return session.not_found("The target database of resource link " + place.name + " not found.");
  return *target;
}

Result<TablePlace> find_table(Session& session, const Json& input, const std::string& table_name) {
  TRY_VALUE(const DatabasePlace database,
            follow_database(session, session.catalog_id(input), string_at(input, "DatabaseName")));
  const bool is_foreign = database.catalog->ref.account != session.account();
  TablePlace place{database.catalog, database.name, lower(table_name), database.is_via_link, {}, {}};
  if (place.catalog->tables.find(place.key()) != nullptr) return place;
  if (is_foreign) return session.insufficient("Describe", place.name);
  return session.not_found("Table " + place.name + " not found.");
}

std::optional<TablePlace> target_of(Session& session, const TablePlace& link) {
  const Json& target = member(link.table().input, "TargetTable");
  Catalog* catalog = session.catalog_of(string_at(target, "CatalogId"), string_at(target, "Region"));
  if (catalog == nullptr) return std::nullopt;
  TablePlace place{catalog, lower(string_at(target, "DatabaseName")), lower(string_at(target, "Name")),
                   link.is_via_database_link, link.name, link.database};
  const Table* table = catalog->tables.find(place.key());
  if (table == nullptr || table->is_link()) return std::nullopt;
  return place;
}

Result<TablePlace> find_table_to_change(Session& session, const Json& input, const std::string& table_name) {
  TRY_VALUE(const TablePlace place, find_table(session, input, table_name));
  if (!place.table().is_link()) return place;
  if (place.is_via_database_link) {
    return session.invalid("A table link in a database that is reached through a link is not supported.");
  }
  if (!access_of(session, session.caller, place.subject()).is_visible()) {
    return session.insufficient("Describe", place.name);
  }
  const std::optional<TablePlace> target = target_of(session, place);
  if (!target) return session.not_found("The target table of resource link " + place.name + " not found.");
  return *target;
}

Result<void> require(Session& session, const Subject& subject, Permission permission) {
  const Access access = access_of(session, session.caller, subject);
  if (access.permissions.has(permission)) return {};
  return session.insufficient(word_of(permission), subject.table.empty() ? subject.database : subject.table);
}

Result<void> require_location(Session& session, const Catalog& owner, const std::string& location,
                              const std::string& database_location) {
  if (registered_location(owner, location).empty()) return {};
  const std::string arn = arn_of_path(location, owner.ref.region);
  const std::string within = arn_of_path(database_location, owner.ref.region);
  const bool is_covered = !within.empty() && !registered_location(owner, within).empty() &&
                          (arn + "/").starts_with(within + "/");
  const bool is_admin = owner.ref.account == session.account() && session.is_lake_admin(session.caller);
  if (is_covered || is_admin || has_location_grant(session, owner, arn)) return {};
  return session.insufficient("Data Location Access", location);
}

Json database_json(const Catalog& catalog, const Database& database) {
  Json out = database.input;
  out["CatalogId"] = catalog.ref.account;
  out["CreateTime"] = seconds_of(database.created);
  return out;
}

Json table_json(const Catalog& catalog, const std::string& database, const Table& table, const Access& access) {
  Json out = table.input;
  out["DatabaseName"] = database;
  out["CatalogId"] = catalog.ref.account;
  out["CreateTime"] = seconds_of(table.created);
  out["UpdateTime"] = seconds_of(table.updated);
  out["CreatedBy"] = table.created_by;
  out["VersionId"] = std::to_string(table.version);
  // Only GetTable knows better: AWS says false everywhere else.
  out["IsRegisteredWithLakeFormation"] = false;
  if (const auto storage = out.find("StorageDescriptor"); storage != out.end() && storage->contains("Columns")) {
    (*storage)["Columns"] = visible_columns((*storage)["Columns"], access);
  }
  return out;
}

Json link_json(Session& session, const TablePlace& link) {
  const Table& own = link.table();
  const Access of_link{{Permission::Describe}, {}, {}, {}, true};
  Json bare = table_json(*link.catalog, link.database, own, of_link);
  const std::optional<TablePlace> target = target_of(session, link);
  if (!target) return bare;
  const Access access = access_of(session, session.caller, target->subject());
  if (!access.is_visible()) return bare;
  Json out = table_json(*target->catalog, link.database, target->table(), access);
  for (const char* name : {"Name", "TargetTable", "CatalogId", "CreateTime", "CreatedBy"}) out[name] = bare[name];
  return out;
}

}  // namespace datamesh::embedded::lake
