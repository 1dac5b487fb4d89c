#include "controller/kube/collector.h"

#include <algorithm>

#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

constexpr int kMostAttempts = 5;
constexpr Millis kRetry{1000};
/// Source: kube-apiserver, --event-ttl
constexpr std::chrono::hours kEventLife{1};

/// `stored` without one owner or finalizer.
Json reduced(const CollectorAction& action, Json stored) {
  const bool disown = action.kind == CollectorAction::Kind::Disown;
  const char* const field = disown ? "ownerReferences" : "finalizers";
  Json rest = Json::array();
  for (const Json& item : at_path(stored, {"metadata", field})) {
    const bool goes = disown ? string_at(item, "uid") == action.argument : item == Json(action.argument);
    if (!goes) rest.push_back(item);
  }
  stored["metadata"][field] = std::move(rest);
  return stored;
}

/// Changes the object, again when somebody else wrote meanwhile.
Result<void> reduce(api::ResourceStore& store, const CollectorAction& action) {
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Json stored, store.get(action.key));
    if (string_at(stored.at("metadata"), "uid") != action.uid) return {};
    const Json wanted = reduced(action, stored);
    const auto updated = store.update(wanted);
    if (updated) return {};
    if (updated.error().kind != ErrorKind::Conflict || attempt == kMostAttempts) return fail(updated.error());
  }
}

/// Deletes an object, so that what it owns goes first when the one that it belonged to waits for it.
Result<void> remove(api::ResourceStore& store, const CollectorAction& action) {
  if (action.foreground) {
    TRY_VALUE(Json stored, store.get(action.key));
    if (string_at(stored.at("metadata"), "uid") != action.uid) return {};
    Json& finalizers = stored["metadata"]["finalizers"];
    if (finalizers.is_null()) finalizers = Json::array();
    if (std::find(finalizers.begin(), finalizers.end(), Json(kForegroundFinalizer)) == finalizers.end()) {
      finalizers.push_back(kForegroundFinalizer);
      TRY(store.update(stored));
    }
  }
  api::Preconditions exact;
  exact.uid = action.uid;
  TRY(store.remove(action.key, exact));
  return {};
}

/// True when it is done, or no longer to be done.
bool carry_out(api::ResourceStore& store, const CollectorAction& action) {
  const auto done = action.kind == CollectorAction::Kind::Delete ? remove(store, action) : reduce(store, action);
  return done || done.error().kind == ErrorKind::NotFound;
}

}  // namespace

Collector::Collector(const Backend& backend, Executor& executor)
    : backend_(backend), executor_(executor), index_(backend.types) {}

Result<void> Collector::start(const std::vector<Json>& objects) {
  for (const Json& stored : objects) {
    index_.put(stored);
    note_event(stored);
  }
  executor_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      for (const api::ObjectKey& key : self->index_.keys()) self->look_at(key);
      self->expire_events();
    }
  });
  return {};
}

void Collector::changed(const std::vector<api::WatchEvent>& events) {
  for (const api::WatchEvent& event : events) {
    const api::ObjectKey changed = api::key_of(event.object);
    // Before and after: an owner that it no longer has is concerned, too.
    std::vector<api::ObjectKey> concerned = index_.concerned(changed);
    if (event.type == api::EventType::Deleted) {
      index_.drop(event.object);
    } else {
      index_.put(event.object);
      note_event(event.object);
    }
    for (const api::ObjectKey& key : index_.concerned(changed)) concerned.push_back(key);
    for (const api::ObjectKey& key : concerned) look_at(key);
  }
  expire_events();
}

void Collector::lost() {
  index_ = CollectorIndex(backend_.types);
  aging_.clear();
  executor_.offload([weak = weak_from_this(), &store = backend_.store]() -> Executor::Task {
    auto page = std::make_shared<Result<api::ListPage>>(store.list({}));
    return [weak, page] {
      const auto self = weak.lock();
      if (self && *page) static_cast<void>(self->start((*page)->items));
    };
  });
}

void Collector::look_at(const api::ObjectKey& key) {
  if (index_.actions(key).empty() || !waiting_.insert(key).second || working_) return;
  working_ = true;
  executor_.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->work();
  });
}

/// Hands to a worker what is to be done now about everything that waits.
void Collector::work() {
  std::vector<std::pair<api::ObjectKey, CollectorAction>> todo;
  for (const api::ObjectKey& key : std::exchange(waiting_, {})) {
    for (CollectorAction& action : index_.actions(key)) todo.emplace_back(key, std::move(action));
  }
  if (todo.empty()) {
    working_ = false;
    return;
  }
  executor_.offload([weak = weak_from_this(), todo = std::move(todo), &store = backend_.store]() -> Executor::Task {
    std::set<api::ObjectKey> failed;
    for (const auto& [key, action] : todo) {
      if (!carry_out(store, action)) failed.insert(key);
    }
    return [weak, failed = std::vector<api::ObjectKey>(failed.begin(), failed.end())] {
      const auto self = weak.lock();
      if (!self) return;
      self->retry(failed);
      self->work();
    };
  });
}

void Collector::retry(std::vector<api::ObjectKey> keys) {
  if (keys.empty()) return;
  executor_.run_at(backend_.clock.now() + kRetry, [weak = weak_from_this(), keys = std::move(keys)] {
    if (const auto self = weak.lock()) {
      for (const api::ObjectKey& key : keys) self->look_at(key);
    }
  });
}

// ---- events -------------------------------------------------------------------------------------------------------

void Collector::note_event(const Json& stored) {
  if (string_at(stored, "kind") != "Event") return;
  aging_.push_back({backend_.clock.now() + kEventLife, api::key_of(stored), string_at(stored.at("metadata"), "resourceVersion")});
}

/// Deletes the events that have not been written for their lifetime, and waits for the next.
void Collector::expire_events() {
  if (expiring_) return;
  while (!aging_.empty() && aging_.front().expires <= backend_.clock.now()) {
    const AgingEvent old = aging_.front();
    aging_.pop_front();
    const KnownObject* const known = index_.find(old.key);
    if (known == nullptr || known->written != old.written) continue;
    executor_.offload([&store = backend_.store, key = old.key, uid = known->uid]() -> Executor::Task {
      api::Preconditions exact;
      exact.uid = uid;
      static_cast<void>(store.remove(key, exact));
      return [] {};
    });
  }
  if (aging_.empty()) return;
  expiring_ = true;
  executor_.run_at(aging_.front().expires, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->expiring_ = false;
      self->expire_events();
    }
  });
}

}  // namespace datamesh::kube
