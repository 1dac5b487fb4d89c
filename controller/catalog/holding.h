// What is held on one object in one catalog, in whichever of the ways that Lake Formation has: by name, by a list of
// columns, through a data filter or by LF-tags. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/catalog/snapshot.h"

namespace datamesh::catalog {

/// A set of columns: those named, or with `except` all but those named.
struct ColumnScope {
  bool except = false;
  std::set<std::string> names;

  static ColumnScope all() { return {true, {}}; }
  bool contains(const std::string& column) const { return names.contains(column) != except; }
  bool empty() const { return !except && names.empty(); }
  bool is_all() const { return except && names.empty(); }
  bool operator==(const ColumnScope&) const = default;
};

ColumnScope common(const ColumnScope& a, const ColumnScope& b);

/// "all columns", "columns a, b" or "all columns but a, b".
std::string to_string(const ColumnScope& scope);

/// An object of a catalog: a database, one of its tables, or an S3 location.
struct ObjectRef {
  std::string owner;     ///< the account whose catalog has it
  std::string database;
  std::string table;     ///< empty: the database
  std::string location;  ///< an S3 ARN; then the other two are empty
};

/// One permission, as far as it reaches the object.
struct Holding {
  LocalKey entry;
  PermissionId id;
  PermissionSet permissions;  ///< on the object, ALL spelled out; SELECT also when it is on some columns
  ColumnScope columns;        ///< of SELECT
  bool whole = false;         ///< something is held on the object as a whole: that shows all its columns
  bool share_broken = false;

  const std::string& holder() const { return id.principal; }
};

/// By holder, each in the order of the catalog.
struct Holdings {
  std::map<std::string, std::vector<Holding>> by_holder;
  /// Permissions by LF-tags that the object's tags miss, only of holders that were asked for.
  std::map<std::string, std::vector<Holding>> missed;
};

/// What `holders` hold on `object`, or everybody when it is null. `owner` is the catalog that has the object: its tags, its
/// columns and its data filters are there, whoever holds permissions on them.
/// Units: in proportion to the permissions on the object and to those by tags, whatever else the catalog holds.
/// Source: lake-formation.md 2.2, 2.7 (partial matches), 2.8, 2.9
Holdings holdings_on(const ObjectRef& object, const Snapshot& snapshot, const Snapshot& owner,
                     const std::set<std::string>* holders);

/// The data filter behind a holding; null when there is none.
const DataFilter* filter_of(const Holding& holding, const Snapshot& owner);

/// A tag that an expression asks for, as an object has it.
struct TagTerm {
  std::string key;
  std::string value;                ///< empty: the object has none
  bool matches = false;
  std::optional<LocalKey> entry;    ///< the assignment that gives it
  std::string from;                 ///< the object that carries it: "sales/orders", or "sales" where it is inherited
};

/// The terms of the expression of `holding`, a permission by tags, on the object or on one of its columns.
std::vector<TagTerm> terms_of(const Holding& holding, const ObjectRef& object, const std::string& column,
                              const Snapshot& owner);

/// The registered location that covers the S3 ARN; nullopt when none does. Of several the longest.
std::optional<LocalKey> registered_location(const Snapshot& snapshot, const std::string& arn);
/// "s3://bucket/prefix/" as "arn:aws:s3:::bucket/prefix".
std::string s3_arn(std::string_view uri);

}  // namespace datamesh::catalog
