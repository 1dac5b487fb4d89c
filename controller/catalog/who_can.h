// Who may do this with that, and because of what: the question of `evaluate` the other way round. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/catalog/evaluate.h"

namespace datamesh::catalog {

enum class Reacher {
  Principal,      ///< a role, a user, a group
  Account,        ///< an account as a whole: its administrators may pass it on within
  Organization,   ///< all its accounts
  Everybody,      ///< whom IAM allows: IAM_ALLOWED_PRINCIPALS
  AllOfAccount,   ///< every principal of an account: "111122223333:IAMPrincipals"
};
std::string_view to_string(Reacher reacher);

struct Reach {
  Reacher is = Reacher::Principal;
  std::string principal;
  Access access;                    ///< as `evaluate` says; allowed
  std::vector<std::string> except;  ///< of Everybody: those who have opted in, and hold nothing by that
};

struct WhoCan {
  std::vector<Reach> reaches;             ///< sorted by principal
  std::set<std::string> administrators;   ///< of the catalogs on the way: they may grant it to themselves
  std::set<CatalogRef> unread;            ///< catalogs that were granted something and have not been read
};

/// The catalog as it was read last; null when it was not.
using SnapshotFor = std::function<const Snapshot*(const CatalogRef&)>;

/// Everybody for whom `evaluate` allows `query`, whose principal does not count. Of organizations only the name is known,
/// not the accounts. Of all tables at once: whoever is named on one of them, and the groups that may with every one. Whom IAM
/// lets into some tables, and a permission to every principal of the account into the others, is one of Everybody.
/// Units: in proportion to the permissions on the object and those by tags, in the governing catalog and in the catalogs of
/// accounts that hold something there.
WhoCan who_can(const AccessQuery& query, const Snapshot& governing, const SnapshotFor& snapshot);

}  // namespace datamesh::catalog
