// Tables of products that want approval when a table was dropped and made again: what is seen of them is noted in the mesh
// before anything is planned, and remembered in the status of the product.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"
#include "reconcilers/withheld_tables.h"

namespace datamesh::engine {

using api::Resource;
using catalog::EntryKey;
using catalog::EntryKind;

namespace {

const api::DataProductSpec* asking(const Resource* resource) {
  const auto* product = resource == nullptr ? nullptr : std::get_if<api::DataProductSpec>(&resource->spec);
  return product == nullptr || product->recreated_tables != api::RecreatedTables::AwaitApproval ? nullptr : product;
}

std::set<std::string> approvals_of(const Resource& product) {
  const auto found = product.metadata.annotations.find(reconcilers::kApproveTablesAnnotation);
  return found == product.metadata.annotations.end() ? std::set<std::string>{} : approvals_in(found->second);
}

std::string database_of(const EntryKey& table) { return table.local.name.substr(0, table.local.name.find('/')); }
std::string name_of(const EntryKey& table) { return table.local.name.substr(table.local.name.find('/') + 1); }

}  // namespace

/// A Grant has something on the table by its name, and it stands.
bool Engine::Impl::is_given(const EntryKey& table, const catalog::Snapshot& snapshot) const {
  const auto keys = permissions_on_table(snapshot, table.catalog.account, database_of(table), name_of(table));
  return std::any_of(keys.begin(), keys.end(), [&](const catalog::LocalKey& key) {
    const auto id = ledger_.lookup({table.catalog, key});
    if (!id) return false;
    const auto& claimants = ledger_.claimants(*id);
    return std::any_of(claimants.begin(), claimants.end(), [](const auto* each) { return each->key.kind == "Grant"; });
  });
}

/// When the table was made, and the producer's own one that leads it, whichever is later.
std::optional<Time> Engine::Impl::created_at(const Resource& product, const EntryKey& table, const catalog::Snapshot& snapshot) const {
  const catalog::EntryValue* found = snapshot.find(table.local);
  if (found == nullptr) return std::nullopt;
  std::optional<Time> created = std::get<catalog::Shared<catalog::Table>>(*found)->created;
  const std::string& database = mesh::spec_of<api::DataProductSpec>(product).source_database;
  const mesh::AccountAnswer producer = mesh::producer_of(product, mesh_);
  if (!created || database.empty() || !producer) return created;
  const auto* source = mesh_.source({producer.spec().account_id, table.catalog.region}, database);
  const auto leading = source == nullptr ? mesh::Mesh::SourceTables::const_iterator{} : source->find(name_of(table));
  if (source == nullptr || leading == source->end() || !leading->second.created) return created;
  return std::max(*created, *leading->second.created);
}

/// The tables as the last readings show them; those in catalogs that have not been read are left out.
std::vector<SeenTable> Engine::Impl::seen_tables(const Resource& product, const ResourceState& state,
                                                 const std::vector<EntryKey>& tables) const {
  std::vector<SeenTable> out;
  for (const EntryKey& table : tables) {
    const catalog::Snapshot* there = snapshot(table.catalog);
    if (there == nullptr) continue;
    SeenTable seen{table, created_at(product, table, *there), is_given(table, *there), false};
    // Its status has nothing of a database that bears its mark: it was lost, or given up with what is retained.
    const EntryKey database{table.catalog, catalog::database_key(database_of(table))};
    const auto on_record = [&](const EntryKey& key) {
      const auto id = ledger_.lookup(key);
      return id && state.recorded.contains(*id);
    };
    const catalog::EntryValue* holder = there->find(database.local);
    if (holder != nullptr && !on_record(database) && !on_record(table)) {
      const auto& parameters = std::get<catalog::Shared<catalog::Database>>(*holder)->parameters;
      const auto mark = parameters.find(catalog::kOwnerParameter);
      seen.is_known = mark != parameters.end() && mark->second == product.key.ns + "/" + product.key.name &&
                      reconcilers::is_named_by_a_grant(product, name_of(table), mesh_);
    }
    out.push_back(std::move(seen));
  }
  return out;
}

/// What the status of the product is to remember of its tables.
TableMemory Engine::Impl::memory_of(const Resource& product, const ResourceState& state) const {
  if (asking(&product) == nullptr) return {};
  std::vector<EntryKey> tables;
  for (const IndexedClaim& claim : state.claims) {
    if (ledger_.key(claim.key).local.kind == EntryKind::Table) tables.push_back(ledger_.key(claim.key));
  }
  TableMemory out = remembered(state.tables, seen_tables(product, state, tables), approvals_of(product));
  // A table that is gone, and that nobody grants on, is forgotten.
  std::erase_if(out, [&](const auto& each) {
    const EntryKey& table = each.first;
    const auto id = ledger_.lookup(table);
    const catalog::Snapshot* there = snapshot(table.catalog);
    return there != nullptr && there->find(table.local) == nullptr && !state.unknown_tables &&
           !(id && claims_any(state, *id)) && !reconcilers::is_named_by_a_grant(product, name_of(table), mesh_);
  });
  return out;
}

/// Notes on which of its tables nothing is given now; true when that is news to those who grant on them, who claim anew.
bool Engine::Impl::note_withheld(const Resource& product, const ResourceState& state, const reconcilers::ClaimSet& claims) {
  mesh::WithheldTables found;
  if (asking(&product) != nullptr) {
    std::vector<EntryKey> tables;
    for (const reconcilers::Claim& claim : claims.claims) {
      if (claim.key.local.kind == EntryKind::Table) tables.push_back(claim.key);
    }
    for (const EntryKey& table : tables) {
      if (!catalog(table.catalog).snapshot) unseen_[table.catalog].insert(product.key);
    }
    found = withheld(state.tables, seen_tables(product, state, tables), approvals_of(product));
    for (const auto& [table, why] : found) {
      if (why.why == mesh::Withheld::Missing) unseen_[table.catalog].insert(product.key);
    }
    for (const EntryKey& table : tables) {
      // Only a reading shows when a table was made.
      CatalogState& state_of = catalog(table.catalog);
      const catalog::EntryValue* there = state_of.snapshot ? state_of.snapshot->find(table.local) : nullptr;
      if (there == nullptr || std::get<catalog::Shared<catalog::Table>>(*there)->created) continue;
      unseen_[table.catalog].insert(product.key);
      state_of.must_observe = true;
      pump_later(state_of);
    }
  }
  if (!mesh_.set_withheld(product.key, std::move(found))) return false;
  queue_reclaim(mesh_.affected_by(product.key));
  return true;
}

/// The status says so now: what waited for that may go on.
void Engine::Impl::take_tables(ResourceState& state, TableMemory tables) {
  if (state.tables == tables) return;
  state.tables = std::move(tables);
  queue_reclaim({state.key});
}

/// A table came, went or was made again: products that want approval look at it before anything is planned.
void Engine::Impl::table_changed(KeyId table) {
  for (const ResourceState* state : ledger_.claimants(table)) {
    if (asking(mesh_.find(state->key)) != nullptr) queue_reclaim({state->key});
  }
}

/// The operator dropped the table. What it drops because nobody declares it any more is as good as new when it is declared again;
/// where the producer's own database leads, it was the producer who dropped it.
void Engine::Impl::table_deleted(KeyId table) {
  for (ResourceState* each : ledger_.former_claimants(table)) {
    const api::DataProductSpec* product = asking(mesh_.find(each->key));
    if (product != nullptr && product->source_database.empty()) each->tables.erase(ledger_.key(table));
  }
}

}  // namespace datamesh::engine
