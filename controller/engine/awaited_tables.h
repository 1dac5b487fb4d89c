// Tables that were made again and await approval: what comes back when somebody approves them, for those who plan and those
// who ask why they have no access. Pure.
#pragma once

#include <vector>

#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"
#include "controller/engine/remedy.h"
#include "controller/mesh/mesh.h"

namespace datamesh::engine {

/// Something that is withheld, as all who would claim it want it, and who they are, sorted.
struct AwaitedEntry {
  catalog::EntryKey key;
  catalog::EntryValue value;
  std::vector<api::ObjectKey> because;
};

struct AwaitedTable {
  api::ObjectKey product;
  catalog::EntryKey table;
  Time created;                       ///< as it was made last
  std::vector<AwaitedEntry> entries;  ///< in its own catalog and in those of others, sorted
};

/// The tables of `product` that await approval, sorted.
/// Units: in proportion to the claims of those who name the product.
std::vector<AwaitedTable> awaited_tables(const api::ObjectKey& product, const mesh::Mesh& mesh, const Ledger& ledger);
/// Those of all products.
std::vector<AwaitedTable> awaited_tables(const mesh::Mesh& mesh, const Ledger& ledger);

/// What approves the table as it is now, in the annotation of its product: "orders@2026-11-23T08:00:00Z".
std::string approval_of(const AwaitedTable& table);

/// `snapshot`, of `catalog`, as it will be when the tables are approved.
/// Units: a copy of the snapshot.
catalog::Snapshot as_approved(const catalog::Snapshot& snapshot, const CatalogRef& catalog, const std::vector<AwaitedTable>& tables);

/// The approval that gives back what is missing: which tables wait, for whom, and the patch that approves them as they are now.
Remedy approval_remedy(const std::vector<AwaitedTable>& tables, const mesh::Mesh& mesh);

/// [{"product", "catalog", "table", "madeAt", "annotation", "approval", "actions": [{"summary", "because": []}], "reachedBy": []}]:
/// for a plan. `reachedBy`: Grants on all tables, which reach the table all the same.
Json awaiting_json(const mesh::Mesh& mesh, const Ledger& ledger);

}  // namespace datamesh::engine
