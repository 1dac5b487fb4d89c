// Permissions that nobody declares: noticed, remembered since when, and handed to the planner where the account wants
// them gone; tags that nobody declares on what is declared: noticed and remembered, never taken off; and those of IAM_ALLOWED_PRINCIPALS, which are to go and may have to wait.
#include "controller/engine/hybrid_rules.h"
#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;

void Engine::Impl::update_undeclared(CatalogState& state, const LocalKey& key) {
  const catalog::EntryValue* observed = state.snapshot ? state.snapshot->find(key) : nullptr;
  const CatalogPolicy rules = policy(state);
  const bool undeclared = rules.undeclared != api::Undeclared::Ignore &&
                          (is_undeclared(ledger_, rules, {state.catalog, key}, observed) ||
                           is_undeclared_tag(ledger_, {state.catalog, key}, observed));
  const bool turned = undeclared ? state.undeclared.try_emplace(key, now()).second : state.undeclared.erase(key) > 0;
  if (!turned) return;
  if (undeclared && parts_.observer != nullptr) parts_.observer->drift(DriftClass::Undeclared, to_string(key.kind));
  for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
    if (ResourceState* resource = ledger_.find(account->key)) assess_later(*resource);
  }
}

/// What the last process remembered and the first reading does not show has gone meanwhile; and a tag is nobody's business any
/// more when what carries it is declared no more.
void Engine::Impl::forget_undeclared(CatalogState& state, bool first_reading) {
  std::vector<LocalKey> keys;
  for (const auto& [key, since] : state.undeclared) {
    if (first_reading || key.kind == EntryKind::TagAssignment) keys.push_back(key);
  }
  for (const LocalKey& key : keys) update_undeclared(state, key);
}

/// When the account comes to want something else done with them, all its permissions are looked at again.
void Engine::Impl::follow_policy(CatalogState& state) {
  const auto wanted = mesh::undeclared_policy(state.account, mesh_.spec());
  if (!state.snapshot || state.followed == wanted) return;
  const bool changed = state.followed.has_value();
  state.followed = wanted;
  if (!changed) return;
  const auto end = state.snapshot->entries.lower_bound({EntryKind::ShareAcceptance, ""});
  for (auto at = state.snapshot->entries.lower_bound({EntryKind::Permission, ""}); at != end; ++at) {
    note_change(state, at->first, true);
  }
}

/// What IAM decides about and nobody declares so may have to wait: those who declare the database or table learn of it.
void Engine::Impl::follow_opening(CatalogState& state, const EntryPlan& plan) {
  const auto opened = opened_entry(ledger_.key(plan.id));
  if (!opened) return;
  const bool waits = plan.verdict == EntryVerdict::Waits && !ledger_.is_claimed(plan.id);
  const bool turned = waits ? state.closing.insert(plan.id).second : state.closing.erase(plan.id) > 0;
  const auto entry = ledger_.lookup(*opened);
  if (turned && entry) assess_parties(*entry);
}

/// How those openings stand that are on the databases and tables which the resource claims, and not on its record.
void Engine::Impl::add_openings(const ResourceState& state, const std::map<KeyId, Recorded>& recorded,
                                std::vector<reconcilers::Standing>& out) const {
  for (const IndexedClaim& claim : state.claims) {
    const catalog::EntryKey& key = ledger_.key(claim.key);
    const auto at = catalogs_.find(key.catalog);
    if (at == catalogs_.end() || at->second.closing.empty()) continue;
    for (LocalKey& opening : openings_of(key)) {
      const auto id = ledger_.lookup({key.catalog, std::move(opening)});
      if (id && at->second.closing.contains(*id) && !recorded.contains(*id)) out.push_back(standing(*id));
    }
  }
}

}  // namespace datamesh::engine
