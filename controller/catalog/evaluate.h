// May a principal do this with that? Answered from snapshots, with every entry that lets it in, in the order in which
// access flows, or the first one that is missing. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/catalog/holding.h"
#include "controller/catalog/row.h"
#include "controller/catalog/snapshot.h"

namespace datamesh::catalog {

struct AccessQuery {
  std::string principal;
  Permission permission = Permission::Select;
  CatalogRef governing;  ///< whose database, table or location it is
  std::string database;
  std::string table;   ///< empty: the database, or for table permissions all its tables
  std::string column;  ///< empty: any column
  std::string location{};    ///< an S3 ARN: then DATA_LOCATION_ACCESS to it is asked for, and nothing of a database
  std::optional<Row> row{};  ///< of the table: then a cell of it is asked for

  ObjectRef object() const { return {governing.account, database, table, location}; }
};

enum class HopKind {
  OptIn,              ///< under hybrid access: whether Lake Formation decides for the principal, or IAM alone
  Permission,         ///< in the governing catalog, to the principal itself
  AccountPermission,  ///< in the governing catalog, to the principal's account
  Tag,                ///< a tag of the object that the permission's expression asks for
  DataFilter,         ///< the rows that the permission is on
  Share,              ///< accepted in the principal's account
  LocalPermission,    ///< in the principal's account, on the shared object
  Location,           ///< registered, so that Lake Formation gives out credentials for the data
  Link,               ///< a name for it in the principal's account; what query engines need beside the permission
};
std::string_view to_string(HopKind kind);

struct Hop {
  HopKind kind = HopKind::Permission;
  bool ok = false;
  CatalogRef catalog;
  std::string what;               ///< for a reader
  std::optional<LocalKey> entry;  ///< what makes it so, where one entry does
  bool decides = true;            ///< false: access is there without it, though some engines cannot use it
};

/// Some columns of some rows.
struct Cells {
  ColumnScope columns;
  std::string rows;  ///< a predicate; empty: all rows

  bool operator==(const Cells&) const = default;
};

struct Access {
  bool allowed = false;
  std::vector<Hop> hops;
  std::vector<Cells> cells;  ///< for SELECT on a table: what can be read, each of these in full
};

/// The first hop that is missing and decides, else the first that is missing; null when none is.
const Hop* first_missing(const Access& access);

/// `local` is the catalog of the principal's account; null when it is the governing one, or has not been read.
/// Units: a few look-ups, in proportion to the permissions by tags and to the tables where all are asked for.
/// Source: lake-formation.md 2.1 to 2.10
Access evaluate(const AccessQuery& query, const Snapshot& governing, const Snapshot* local);

/// The same from what is held on the object, for many principals in turn. `at_home` is held in the governing catalog,
/// `in_account` in `local`. Not for all tables of a database at once.
Access judge(const AccessQuery& query, const Snapshot& governing, const Holdings& at_home, const Snapshot* local,
             const Holdings& in_account);

/// DESCRIBE, CREATE_TABLE, ALTER and DROP of a query without table are on the database; all else is on its tables.
bool is_of_all_tables(const AccessQuery& query);
/// The tables of the query's database in `governing`.
std::vector<std::string> tables_of(const AccessQuery& query, const Snapshot& governing);

/// "sales", "sales/orders", "column total of sales/orders" or "s3://bucket/prefix".
std::string object_text(const AccessQuery& query);
bool is_administrator(const Snapshot& snapshot, const std::string& principal);
/// As whom the principal holds what it holds by name in a catalog: itself, and every principal of its account.
std::vector<std::string> names_of(const std::string& principal);
/// What an opt-in must be on to count for the object: a table's own or all tables', a database's for the database alone.
std::vector<ResourceId> opt_in_resources(const ObjectRef& object);
/// Whether hybrid access leaves IAM_ALLOWED_PRINCIPALS behind for the principal, by an opt-in of its own or of every principal of its
/// account; the opt-in that does.
std::optional<LocalKey> opt_in_of(const Snapshot& snapshot, const ObjectRef& object, const std::string& principal);

}  // namespace datamesh::catalog
