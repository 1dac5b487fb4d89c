// The desired side: the store is listed once, then watched; what changed is claimed anew.
#include <algorithm>

#include "controller/api/codec.h"
#include "controller/engine/impl.h"
#include "controller/engine/schedule.h"
#include "controller/engine/status_entries.h"

namespace datamesh::engine {

using api::ObjectKey;
using api::Resource;

namespace {

constexpr std::size_t kListPage = 500;

/// True for objects that the engine works on.
bool is_ours(const Json& object) { return string_at(object, "apiVersion") == api::kGroupVersion; }

/// Only what claims are made from counts as a change: writes of the operator's own, to the status and the finalizers,
/// do not.
bool same_declaration(const Resource& a, const Resource& b) {
  Resource copy = b;
  copy.metadata.revision = a.metadata.revision;
  copy.metadata.finalizers = a.metadata.finalizers;
  copy.metadata.annotations = a.metadata.annotations;
  return a == copy;
}

}  // namespace

void Engine::Impl::start() {
  parts_.executor->post([this] { list_store(); });
}

void Engine::Impl::stop(std::function<void()> stopped) {
  stopping_ = true;  // jobs look at it between calls
  stopped_ = std::move(stopped);
  watch_.reset();
  if (jobs_ == 0 && stopped_) parts_.executor->post(std::exchange(stopped_, {}));
}

void Engine::Impl::list_store() {
  if (listing_ || stopping_) return;
  listing_ = true;
  ++jobs_;
  parts_.executor->offload([this]() -> Executor::Task {
    auto listed = std::make_shared<Result<Listed>>(read_store());
    return [this, listed] {
      --jobs_;
      listing_ = false;
      if (stopping_) {
        stop(std::move(stopped_));
        return;
      }
      take_list(std::move(*listed));
    };
  });
}

/// Runs on a worker. The watch begins at the revision of the list, so that nothing falls between the two.
Result<Engine::Impl::Listed> Engine::Impl::read_store() {
  Listed out;
  api::ListRequest request;
  request.limit = kListPage;
  do {
    TRY_VALUE(api::ListPage page, parts_.store->list(request));
    for (const Json& object : page.items) {
      if (!is_ours(object)) continue;
      auto resource = api::decode(object);
      if (!resource) continue;  // admission lets nothing in that does not decode
      out.resources.push_back(std::move(*resource));
      out.statuses.push_back(member(object, "status"));
    }
    out.revision = page.revision;
    request.continue_token = page.continue_token;
  } while (!request.continue_token.empty());
  api::WatchRequest watch;
  watch.since = out.revision;
  const std::weak_ptr<bool> alive = alive_;
  TRY_VALUE(out.watch, parts_.store->watch(watch, [this, alive] {
    const auto still = alive.lock();
    if (!still || stopping_ || poll_posted_.exchange(true)) return;
    parts_.executor->post([this] { poll_store(); });
  }));
  return out;
}

void Engine::Impl::take_list(Result<Listed> listed) {
  if (!listed) {
    const Millis delay = delay_after(listed.error(), list_failures_++);
    parts_.executor->run_at(now() + delay, [this] { list_store(); });
    return;
  }
  list_failures_ = 0;
  std::set<ObjectKey> present;
  for (const Resource& resource : listed->resources) present.insert(resource.key);
  std::vector<ObjectKey> vanished;
  for (const auto& [key, resource] : mesh_.all()) {
    if (!present.contains(key)) vanished.push_back(key);
  }
  for (const ObjectKey& key : vanished) drop_resource(key);
  for (std::size_t i = 0; i < listed->resources.size(); ++i) {
    put_resource(std::move(listed->resources[i]), listed->statuses[i]);
  }
  watch_ = std::move(listed->watch);
  synced_ = true;
  poll_store();
}

void Engine::Impl::poll_store() {
  poll_posted_ = false;
  if (stopping_ || !watch_) return;
  const auto events = watch_->poll(1000);
  if (!events) {
    // Dropped or compacted: only a list can say what is there now.
    watch_.reset();
    list_store();
    return;
  }
  for (const api::WatchEvent& event : *events) take_event(event);
  if (!events->empty() && !poll_posted_.exchange(true)) {
    parts_.executor->post([this] { poll_store(); });
  }
}

void Engine::Impl::take_event(const api::WatchEvent& event) {
  if (!is_ours(event.object)) return;
  if (event.type == api::EventType::Deleted) {
    drop_resource(api::key_of(event.object));
    return;
  }
  auto resource = api::decode(event.object);
  if (resource) put_resource(std::move(*resource), member(event.object, "status"));
}

void Engine::Impl::put_resource(Resource resource, const Json& status) {
  const ObjectKey key = resource.key;
  ResourceState& state = ledger_.at(key);
  auto& revision = revisions_[key];
  revision = std::max(revision, resource.metadata.revision);
  const Resource* before = mesh_.find(key);
  const bool recreated = before != nullptr && before->metadata.uid != resource.metadata.uid;
  if (before != nullptr && !recreated && same_declaration(*before, resource)) {
    const bool annotated = before->metadata.annotations != resource.metadata.annotations;
    mesh_.put(std::move(resource));
    if (annotated && (key.kind == "Account" || key.kind == "DataProduct")) queue_reclaim({key});  // an approval may have come
    return;
  }
  if (before == nullptr && state.uid != resource.metadata.uid) restore(state, status);
  if (before == nullptr || before->metadata.generation != resource.metadata.generation) state.edited = now();
  std::vector<ObjectKey> affected = mesh_.affected_by(key);
  state.uid = resource.metadata.uid;
  state.gone = false;
  mesh_.put(std::move(resource));
  queue_reclaim(affected);
  queue_reclaim(mesh_.affected_by(key));
}

void Engine::Impl::drop_resource(const ObjectKey& key) {
  queue_reclaim(mesh_.affected_by(key));
  mesh_.remove(key);
  mesh_.set_withheld(key, {});
  revisions_.erase(key);
  if (ResourceState* state = ledger_.find(key)) state->gone = true;
}

/// What the persisted status says was made for the resource, by this process or the one before.
void Engine::Impl::restore(ResourceState& state, const Json& status) {
  auto recorded = decode_entries(member(status, "entries"), ledger_);
  // A resource of the same name that came before may still have entries to be taken back: they stay on the record.
  for (const auto& [id, record] : state.recorded) recorded.try_emplace(id, record);
  for (const KeyId id : ledger_.set_recorded(state, std::move(recorded))) mark(id);
  state.tables = decode_tables(member(status, "tables"));
  const Json& conditions = member(status, "conditions");
  state.conditions = conditions.is_array() ? conditions.dump() : "";
  state.status_hash = status.is_object() ? json_hash(status) : "";
  if (state.key.kind != "Account") return;
  restore_undeclared(member(status, "undeclared"), [this](const CatalogRef& ref, const catalog::LocalKey& key, Time since) {
    catalog(ref).undeclared.try_emplace(key, since);
  });
}

void Engine::Impl::queue_reclaim(const std::vector<ObjectKey>& keys) {
  for (const ObjectKey& key : keys) {
    if (to_reclaim_.insert(key).second && parts_.observer != nullptr) parts_.observer->queued(key.kind);
  }
  if (reclaim_posted_ || to_reclaim_.empty()) return;
  reclaim_posted_ = true;
  parts_.executor->post([this] { reclaim_queued(); });
}

void Engine::Impl::reclaim_queued() {
  reclaim_posted_ = false;
  if (stopping_) return;
  const auto keys = std::exchange(to_reclaim_, {});
  for (const ObjectKey& key : keys) reclaim(key);
}

/// An account that is being deleted claims what it did while it is needed: taking back takes the rights that it gives.
reconcilers::ClaimSet Engine::Impl::claims_of(const Resource& resource, bool is_needed, Time time) const {
  if (!is_needed) return reconcilers::claims_of(resource, mesh_, time);
  Resource needed = resource;
  needed.metadata.deletion.reset();
  return reconcilers::claims_of(needed, mesh_, time);
}

void Engine::Impl::reclaim(const ObjectKey& key) {
  ResourceState* state = ledger_.find(key);
  if (state == nullptr) return;
  const Time begun = now();
  if (parts_.observer != nullptr) parts_.observer->started(key.kind, Millis(0));
  const Resource* resource = mesh_.find(key);
  reconcilers::ClaimSet claims;
  if (resource != nullptr) find_source(*resource);
  if (resource != nullptr) claims = claims_of(*resource, is_needed_for_release(*resource), begun);
  // Products come before their Grants here, so that these claim by what is noted of the tables.
  if (resource != nullptr && key.kind == "DataProduct" && note_withheld(*resource, *state, claims)) {
    claims = claims_of(*resource, false, begun);
  }
  for (const KeyId id : ledger_.set_claims(*state, claims)) {
    CatalogState& held_by = catalog(ledger_.key(id).catalog);
    held_by.confirmed.erase(id);
    held_by.failures.erase(id);  // a changed declaration is tried at once
    mark(id);
    needs_changed(held_by.catalog.account);
  }
  for (const IndexedClaim& claim : state->claims) {
    for (const KeyId need : claim.needs) catalog(ledger_.key(need).catalog);  // it is read, to see when the need is met
  }
  for (const auto& [id, record] : state->recorded) {
    if (!claims_any(*state, id)) mark(id);  // what is claimed as before stands as before
  }
  recheck_at(*state, claims.recheck_at);
  assess_later(*state);
  if (key.kind == "Account") tell_of_queues();
  if (key.kind == "Account" && resource != nullptr) needs_changed(mesh::spec_of<api::AccountSpec>(*resource).account_id);
  if (key.kind == "Account" || key.kind == "Mesh") {
    for (auto& [ref, each] : catalogs_) {
      each.dirty.insert(each.held.begin(), each.held.end());  // a policy, other limits or an approval may have come
      pump_later(each);
    }
  }
  if (parts_.observer != nullptr) {
    parts_.observer->finished(key.kind, claims.recheck_at ? Outcome::RequeueAfter : Outcome::Success, now() - begun);
  }
}

/// Time alone can end claims: the resource, and whoever leans on it, is looked at again then.
void Engine::Impl::recheck_at(ResourceState& state, std::optional<Time> when) {
  if (state.recheck_timer) parts_.executor->cancel(*state.recheck_timer);
  state.recheck_timer.reset();
  if (!when) return;
  const ObjectKey key = state.key;
  state.recheck_timer = parts_.executor->run_at(*when, [this, key] {
    if (ResourceState* again = ledger_.find(key)) again->recheck_timer.reset();
    queue_reclaim({key});
    queue_reclaim(mesh_.affected_by(key));
  });
}

}  // namespace datamesh::engine
