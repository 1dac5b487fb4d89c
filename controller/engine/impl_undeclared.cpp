// Permissions that nobody declares: noticed, remembered since when, and handed to the planner where the account wants
// them gone.
#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;

void Engine::Impl::update_undeclared(CatalogState& state, const LocalKey& key) {
  const catalog::EntryValue* observed = state.snapshot ? state.snapshot->find(key) : nullptr;
  const CatalogPolicy rules = policy(state);
  const bool undeclared = rules.undeclared != api::Undeclared::Ignore &&
                          is_undeclared(ledger_, rules, {state.catalog, key}, observed);
  const bool turned = undeclared ? state.undeclared.try_emplace(key, now()).second : state.undeclared.erase(key) > 0;
  if (!turned) return;
  if (undeclared && parts_.observer != nullptr) parts_.observer->drift(DriftClass::Undeclared, "Permission");
  for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
    if (ResourceState* resource = ledger_.find(account->key)) assess_later(*resource);
  }
}

/// What the last process remembered and the first reading does not show has gone meanwhile.
void Engine::Impl::forget_undeclared(CatalogState& state) {
  std::vector<LocalKey> keys;
  for (const auto& [key, since] : state.undeclared) keys.push_back(key);
  for (const LocalKey& key : keys) update_undeclared(state, key);
}

/// When the account comes to want something else done with them, all its permissions are looked at again.
void Engine::Impl::follow_policy(CatalogState& state) {
  const auto wanted = std::make_pair(mesh::undeclared_policy(state.account, mesh_.spec()),
                                     mesh::access_mode(state.account, mesh_.spec()));
  if (!state.snapshot || state.followed == wanted) return;
  const bool changed = state.followed.has_value();
  state.followed = wanted;
  if (!changed) return;
  const auto end = state.snapshot->entries.lower_bound({EntryKind::ShareAcceptance, ""});
  for (auto at = state.snapshot->entries.lower_bound({EntryKind::Permission, ""}); at != end; ++at) {
    note_change(state, at->first, true);
  }
}

}  // namespace datamesh::engine
