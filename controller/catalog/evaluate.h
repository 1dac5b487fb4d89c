// May a principal do this with that? Answered from snapshots, with the chain of entries that lets it in, or the first
// one that is missing. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/catalog/snapshot.h"

namespace datamesh::catalog {

struct AccessQuery {
  std::string principal;
  Permission permission = Permission::Select;
  CatalogRef governing;  ///< whose table it is
  std::string database;
  std::string table;   ///< empty: the database, or for table permissions all its tables
  std::string column;  ///< empty: any column
};

enum class HopKind {
  Permission,         ///< in the governing catalog, to the principal itself
  AccountPermission,  ///< in the governing catalog, to the principal's account
  Share,              ///< accepted in the principal's account
  LocalPermission,    ///< in the principal's account, on the shared object
  Link,               ///< a name for it in the principal's account; what query engines need beside the permission
};

struct Hop {
  HopKind kind = HopKind::Permission;
  bool ok = false;
  CatalogRef catalog;
  std::string what;               ///< for a reader
  std::optional<LocalKey> entry;  ///< what makes it so, where one entry does
};

struct Access {
  bool allowed = false;
  std::vector<Hop> hops;
};

/// `local` is the catalog of the principal's account; null when it is the governing one, or has not been read.
/// Units: a few look-ups, whatever the number of permissions.
/// Source: lake-formation.md 2.1 to 2.6
Access evaluate(const AccessQuery& query, const Snapshot& governing, const Snapshot* local);

}  // namespace datamesh::catalog
