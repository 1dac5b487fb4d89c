// What the Glue operations have in common: finding the database or table that a name means, following resource
// links, and showing databases and tables as far as the caller may see them.
//
//   GetTable("sales_rl", "orders")      a database link leads to the tables of its target
//   GetTable("local", "orders_rl")      a table link leads to one table
//   GetTable("sales_rl", "orders_rl")   a link behind a link is not followed
//
// Source: lake-formation.md 2.6
#pragma once

#include <optional>
#include <string>

#include "controller/embedded/lake_access.h"
#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

/// A database that exists.
struct DatabasePlace {
  Catalog* catalog = nullptr;  ///< of its owner
  std::string name;
  bool is_via_link = false;

  const Database& database() const { return *catalog->databases.find(name); }
  Subject subject() const { return {catalog, name, {}}; }
  Subject subject(const std::string& table) const { return {catalog, name, table}; }
};

/// A table that exists, and how it was reached.
struct TablePlace {
  Catalog* catalog = nullptr;
  std::string database;
  std::string name;
  bool is_via_database_link = false;
  std::string link;           ///< the table link's own name; empty when none was followed
  std::string link_database;  ///< and its database

  const Table& table() const { return *catalog->tables.find(key()); }
  std::string key() const { return table_key(database, name); }
  Subject subject() const { return {catalog, database, name}; }
};

/// The database itself, not following a link.
/// Errors: EntityNotFoundException; AccessDeniedException for another account's that is not known here.
Result<DatabasePlace> find_database(Session& session, const std::string& catalog_id, const std::string& name);
/// The database, or the target of the link of that name. The caller must see the link.
Result<DatabasePlace> follow_database(Session& session, const std::string& catalog_id, const std::string& name);
/// The target of a link; nullopt when there is none, or it is a link itself.
std::optional<DatabasePlace> target_of(Session& session, const Database& link);

/// The table in a database or behind a database link, not following a table link.
Result<TablePlace> find_table(Session& session, const Json& input, const std::string& table_name);
/// The target of a table link; nullopt when it is dangling, or a link itself.
std::optional<TablePlace> target_of(Session& session, const TablePlace& link);
/// The table on which a write acts: links of either kind are followed.
/// Errors: InvalidInputException for a table link behind a database link.
Result<TablePlace> find_table_to_change(Session& session, const Json& input, const std::string& table_name);

/// AccessDeniedException "Required Alter on orders" unless the caller has it.
Result<void> require(Session& session, const Subject& subject, Permission permission);
/// DATA_LOCATION_ACCESS, when `location` is registered and not within that of the database.
Result<void> require_location(Session& session, const Catalog& owner, const std::string& location,
                              const std::string& database_location);

/// A Database of the wire.
Json database_json(const Catalog& catalog, const Database& database);
/// A Table of the wire, with the columns that `access` shows.
Json table_json(const Catalog& catalog, const std::string& database, const Table& table, const Access& access);
/// The same for a table link: the target's properties where the caller may see them, else the bare link.
Json link_json(Session& session, const TablePlace& link);

}  // namespace datamesh::embedded::lake
