// Reads one catalog whole, by pages, into a Snapshot. Blocking; runs on a worker.
#pragma once

#include "controller/aws/api.h"
#include "controller/catalog/snapshot.h"

namespace datamesh::lake {

/// Everything that entries can be about in `catalog`, canonical. `now` becomes `Snapshot::taken`.
/// Units: calls grow with pages (100 databases, 100 tables of one database, 1,000 permissions), never with entries.
/// Errors: the first call's that fails; nothing partial is returned.
Result<catalog::Snapshot> observe(aws::Api& api, const CatalogRef& catalog, Time now);

/// Only what others share with the account of `catalog`: the ShareAcceptance entries. Two listings.
Result<std::map<catalog::LocalKey, catalog::EntryValue>> observe_shares(aws::Api& api, const CatalogRef& catalog);

}  // namespace datamesh::lake
