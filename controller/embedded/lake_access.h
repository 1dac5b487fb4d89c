// What a caller may see and do: the union of everything granted to whoever it is, seen from its own account or, for
// what another account owns, through what that account was granted and what was granted on inside it.
//
//   own catalog       rows for the ARN, for "<account>:IAMPrincipals", for IAM_ALLOWED_PRINCIPALS; creators' rights;
//                     administrators DESCRIBE everything
//   foreign catalog   rows of the owner for the ARN itself, and
//                     rows of the own account for the ARN, cut to what the owner granted to the account
//                     (administrators DESCRIBE what the account was granted)
//                     all of it only through a share that was accepted
//
// Source: lake-formation.md 2.1, 2.5, 2.7
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

/// A set of columns: those named, or all.
struct ColumnScope {
  bool is_all = false;
  std::set<std::string> names;

  bool empty() const { return !is_all && names.empty(); }
  bool covers(const std::vector<std::string>& columns) const;
  void add(const ColumnScope& other);
  ColumnScope common(const ColumnScope& other) const;
};

/// Rights on a database or a table. ALL is expanded; SELECT is in `permissions` only when it is on all columns.
struct Access {
  PermissionSet permissions;
  PermissionSet grantable;
  ColumnScope readable;            ///< columns with SELECT
  ColumnScope grantable_readable;  ///< columns with SELECT and grant option
  bool sees_all_columns = false;   ///< a right on the table as a whole shows its whole schema

  bool is_visible() const { return !permissions.empty() || !readable.empty(); }
  void add(const Access& other);
  Access common(const Access& other) const;
};

/// A database or a table, and the catalog that owns it.
struct Subject {
  const Catalog* owner = nullptr;
  std::string database;
  std::string table;  ///< empty: the database

  const std::string& account() const { return owner->ref.account; }
};

/// What `identity` may do with `subject`.
Access access_of(const Session& session, const Identity& identity, const Subject& subject);
/// What the owner granted to `account` as a whole, through shares that were accepted.
Access access_of_account(const Session& session, const std::string& account, const Subject& subject);

/// Rights on what is neither database nor table: a location, a tag, the catalog, a saved expression, a policy.
struct Held {
  PermissionSet permissions;
  PermissionSet grantable;
};
/// What `identity` holds on exactly that resource.
Held held_on(const Session& session, const Identity& identity, const Catalog& owner, std::string_view resource_key);
/// What `identity` holds on each of these values of a tag.
Held held_on_tag(const Session& session, const Identity& identity, const Catalog& owner, const Resource& tag);
/// What `identity` holds on a policy or on one that matches no less: the same keys or fewer, the same values or more.
Held held_on_policy(const Session& session, const Identity& identity, const Catalog& owner, const Resource& policy);

/// Whether the caller has `permission` on the catalog itself (CREATE_DATABASE, CREATE_LF_TAG, …).
bool may_on_catalog(Session& session, Permission permission);

/// The names of a table's columns in lower case, partition keys last.
std::vector<std::string> columns_of(const Table& table);
std::vector<std::string> partition_keys_of(const Table& table);

}  // namespace datamesh::embedded::lake
