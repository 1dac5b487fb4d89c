// Each catalog is read whole now and then, and whatever is otherwise than it was believed to be is planned again.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/engine/tag_view.h"
#include "controller/lake/observe.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;
using catalog::Snapshot;

namespace {

/// A reading that was stopped is not gone on with when it is older: too much may have changed since.
constexpr Millis kReadingIsStaleAfter = std::chrono::minutes(10);

/// Otherwise than it was believed to be. That a reading shows when a table was made that we have made is no change.
bool differ(const catalog::EntryValue& before, const catalog::EntryValue& after) {
  if (before == after) return false;
  const auto* a = std::get_if<catalog::Shared<catalog::Table>>(&before);
  const auto* b = std::get_if<catalog::Shared<catalog::Table>>(&after);
  if (a == nullptr || b == nullptr || (*a)->created) return true;
  catalog::Table dated = **a;
  dated.created = (*b)->created;
  return dated != **b;
}

/// The keys on which two readings differ, in order. Runs on the worker that read the second.
std::vector<LocalKey> changed_keys(const Snapshot* before, const Snapshot& after) {
  std::vector<LocalKey> out;
  static const std::map<LocalKey, catalog::EntryValue> kNothing;
  const auto& old = before == nullptr ? kNothing : before->entries;
  auto a = old.begin();
  auto b = after.entries.begin();
  while (a != old.end() || b != after.entries.end()) {
    if (b == after.entries.end() || (a != old.end() && a->first < b->first)) {
      out.push_back((a++)->first);
    } else if (a == old.end() || b->first < a->first) {
      out.push_back((b++)->first);
    } else {
      if (differ(a->second, b->second)) out.push_back(a->first);
      ++a;
      ++b;
    }
  }
  return out;
}

/// Of what is shared `fresh` knows nothing; it keeps what was known before.
void keep_shares(const Snapshot& before, Snapshot& fresh) {
  for (const auto& [key, value] : before.entries) {
    if (key.kind == EntryKind::ShareAcceptance) fresh.entries.insert_or_assign(key, value);
    const auto* permission = std::get_if<catalog::PermissionValue>(&value);
    if (permission == nullptr || !permission->share_broken) continue;
    const auto at = fresh.entries.find(key);
    if (at != fresh.entries.end()) std::get<catalog::PermissionValue>(at->second).share_broken = true;
  }
}

std::size_t count_permissions(const Snapshot& snapshot) {
  const auto begin = snapshot.entries.lower_bound({EntryKind::Permission, ""});
  const auto end = snapshot.entries.lower_bound({EntryKind::ShareAcceptance, ""});
  return static_cast<std::size_t>(std::distance(begin, end));
}

}  // namespace

/// Begins a reading, or goes on with one that a failed call has stopped.
void Engine::Impl::observe(CatalogState& state) {
  begin_job(state);
  const Time begun = now();
  if (state.reading && begun >= state.reading->begun() + kReadingIsStaleAfter) state.reading.reset();
  if (!state.reading) {
    state.reading = std::make_shared<lake::Reader>(state.catalog, begun);
    state.noticed.reset();
  }
  // While the catalog is busy nobody changes its snapshot, so the worker may read it.
  const Snapshot* before = state.snapshot ? &*state.snapshot : nullptr;
  const CatalogRef ref = state.catalog;
  const api::AccountSpec account = state.account;
  const auto reader = state.reading;
  const std::size_t answered = reader->answered();
  parts_.executor->offload([this, ref, account, before, begun, reader, answered]() -> Executor::Task {
    aws::Api* api = parts_.api_for(account);
    auto read = std::make_shared<Result<Snapshot>>(
        api == nullptr ? Result<Snapshot>(fail(ErrorKind::Unavailable, "no connection is configured", to_string(ref)))
                       : reader->read(*api));
    auto changed = std::make_shared<std::vector<LocalKey>>();
    auto usage = std::make_shared<catalog::QuotaUsage>();
    if (*read) {
      if ((*read)->shares_error && before != nullptr) keep_shares(*before, **read);
      *changed = changed_keys(before, **read);
      *usage = usage_of(**read, ref);
    }
    return [this, ref, read, changed, usage, begun, reader, answered] {
      CatalogState& again = catalog(ref);
      if (*read) {
        const std::size_t entries = (*read)->entries.size();
        again.usage = std::move(*usage);
        take_snapshot(again, std::move(**read), *changed);
        note_quotas(again);
        if (parts_.observer != nullptr) parts_.observer->swept(ref, entries, now() - reader->begun());
      } else {
        stop_reading(again, read->error(), reader->answered() > answered);
      }
      if (parts_.observer != nullptr) {
        parts_.observer->finished("catalog", *read ? Outcome::Success : Outcome::Error, now() - begun);
      }
      job_done(again);
    };
  });
}

/// The account is told of quotas that are nearly used up.
void Engine::Impl::note_quotas(CatalogState& state) {
  auto warnings = warnings_of(state.usage, state.account.quotas);
  if (warnings == state.warnings) return;
  state.warnings = std::move(warnings);
  for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
    if (ResourceState* resource = ledger_.find(account->key)) assess_later(*resource);
  }
}

/// What had no room may have it now.
void Engine::Impl::limits_changed(CatalogState& state) {
  note_quotas(state);
  for (const auto& [id, open] : state.open) state.dirty.insert(id);
}

/// A reading that gets on between its failures need not rest longer with each of them.
void Engine::Impl::stop_reading(CatalogState& state, const Error& error, bool got_on) {
  const bool goes_on = error.kind == ErrorKind::Throttled || error.kind == ErrorKind::Transient;
  if (!goes_on) state.reading.reset();
  if (got_on) state.setbacks = 0;
  setback(state, error);
  if (error.kind == ErrorKind::Denied) denied_in(state.catalog.account);
  if (state.snapshot) return;
  for (const auto& [key, resource] : ledger_.all()) {
    if (!resource->claims.empty()) assess_later(*resource);
  }
}

void Engine::Impl::take_snapshot(CatalogState& state, Snapshot fresh, std::vector<LocalKey> changed) {
  const bool first = !state.snapshot.has_value();
  const auto assumed = assume_assigned(fresh, ledger_, state.catalog, [&](KeyId id) { return state.confirmed.contains(id); });
  std::erase_if(changed, [&](const LocalKey& key) {
    if (first || !std::binary_search(assumed.begin(), assumed.end(), key)) return false;
    const auto* before = state.snapshot->find(key);
    return before != nullptr && *before == *fresh.find(key);
  });
  state.snapshot = std::move(fresh);
  state.permissions = count_permissions(*state.snapshot);
  state.reading.reset();
  state.must_observe = false;
  recovered(state);
  state.observed_at = now();
  state.next_sweep = now() + mesh_.spec().sweep_interval;
  note_shares_error(state, state.snapshot->shares_error);
  for (const LocalKey& key : changed) note_change(state, key, first);
  judge_writes(state, changed);
  for (const auto& [id, open] : state.open) state.dirty.insert(id);
  if (!state.shares_error) state.shares_read = state.snapshot->taken;
  look_for_broken_shares(state);
  forget_undeclared(state, first);
  if (const auto unseen = unseen_.extract(state.catalog); !unseen.empty()) {
    for (const api::ObjectKey& key : unseen.mapped()) queue_reclaim(mesh_.affected_by(key));
  }
  if (first) {
    for (KeyId id = 0; id < ledger_.size(); ++id) {
      if (ledger_.key(id).catalog == state.catalog) mark_waiters(id);
    }
  }
}

/// What was written and is not as it was written is repeated, though not for ever without a word.
void Engine::Impl::judge_writes(CatalogState& state, const std::vector<LocalKey>& changed) {
  std::set<KeyId> ids;
  for (const LocalKey& key : changed) {
    if (const auto id = ledger_.lookup({state.catalog, key})) ids.insert(*id);
  }
  for (const KeyId id : state.undone.judge(ids, state.snapshot->taken, now(), mesh_.spec().sweep_interval)) {
    assess_parties(id);
  }
}

/// A table changed in a database that products may follow: they claim anew, with the tables as they are now.
void Engine::Impl::note_source(const CatalogState& state, const LocalKey& key) {
  const std::string database = key.name.substr(0, key.name.find('/'));
  const auto followers = mesh_.followers(database);
  if (followers.empty()) return;
  read_source(state, database);
  for (const api::ObjectKey& follower : followers) queue_reclaim(mesh_.affected_by(follower));
}

/// A product that follows a database finds there what was read of it before it did, or waits for the first reading.
void Engine::Impl::find_source(const api::Resource& resource) {
  const auto* product = std::get_if<api::DataProductSpec>(&resource.spec);
  if (product == nullptr || product->source_database.empty()) return;
  const mesh::AccountAnswer producer = mesh::producer_of(resource, mesh_);
  if (!producer) return;
  for (const std::string& region : mesh::regions_of(*product, producer.spec())) {
    const CatalogState& state = catalog({producer.spec().account_id, region});
    if (state.snapshot) {
      read_source(state, product->source_database);
    } else {
      unseen_[state.catalog].insert(resource.key);
    }
  }
}

void Engine::Impl::read_source(const CatalogState& state, const std::string& database) {
  mesh::Mesh::SourceTables tables;
  const std::string prefix = database + "/";
  for (auto at = state.snapshot->entries.lower_bound({EntryKind::Table, prefix});
       at != state.snapshot->entries.end() && at->first.kind == EntryKind::Table && at->first.name.starts_with(prefix);
       ++at) {
    tables.emplace(at->first.name.substr(prefix.size()), *std::get<catalog::Shared<catalog::Table>>(at->second));
  }
  mesh_.set_source(state.catalog, database, std::move(tables));
}

/// An entry differs from what was believed of it.
void Engine::Impl::note_change(CatalogState& state, const LocalKey& key, bool first_reading) {
  const catalog::EntryKey full{state.catalog, key};
  if (key.kind == EntryKind::Table) note_source(state, key);
  auto id = ledger_.lookup(full);
  if (key.kind == EntryKind::Permission || key.kind == EntryKind::TagAssignment) update_undeclared(state, key);
  if (!id && key.kind == EntryKind::Permission) {
    // Nobody has heard of it; still the policy may want it gone, or it may open what is governed.
    const auto permission = catalog::parse_permission_id(key.name);
    const bool open = permission && catalog::is_iam_allowed_principals(permission->principal);
    if (open || policy(state).undeclared == api::Undeclared::Revoke) id = ledger_.intern(full);
  }
  if (!id) return;
  if (key.kind == EntryKind::Table) table_changed(*id);
  const bool known = ledger_.is_claimed(*id);
  if (known && !first_reading && state.in_order(*id) && parts_.observer != nullptr) {
    const bool gone = state.snapshot->find(key) == nullptr;
    parts_.observer->drift(gone ? DriftClass::Missing : DriftClass::Changed, to_string(key.kind));
  }
  state.dirty.insert(*id);
  mark_waiters(*id);
}

}  // namespace datamesh::engine
