// Who gains or loses access because tags change, worked out before they do.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

/// What is planned, by catalog.
using PlannedActions = std::map<CatalogRef, std::vector<catalog::Action>>;
/// The readings of all catalogs that there are.
using Readings = std::map<CatalogRef, catalog::Snapshot*>;

struct AccessChange {
  std::string principal;
  std::string object;  ///< "100000000001 table orders/items", "100000000001 column name of table orders/items"
  catalog::PermissionSet gains;
  catalog::PermissionSet loses;
};

/// True when the plan changes tags of anything.
bool changes_tags(const PlannedActions& planned);

/// The changes that the planned tag assignments make for whoever holds permissions by tag expression, in the catalog itself or
/// passed on in another; what he has by name all the same is no change. The readings are changed on the way and put back, so nobody else may read
/// those that something is planned for.
/// Units: for every assignment the tagged resources under it and the permissions by its key.
std::vector<AccessChange> access_by_tags(const PlannedActions& planned, const Readings& readings, const Ledger& ledger);

}  // namespace datamesh::engine
