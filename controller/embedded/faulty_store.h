// A store whose other side fails on command: errors before a call, answers lost after it, watches dropped. For the
// simulation, and for `up --faults`.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "controller/api/resource_store.h"

namespace datamesh::embedded {

enum class StoreOperation { List, Get, Create, Update, Patch, WriteStatuses, Remove, Watch, Poll };

/// "list", "write_statuses"
std::string_view to_string(StoreOperation operation);

struct StoreFault {
  enum class Point {
    None,
    Before,  ///< the call does nothing and returns `kind`; a poll finds its watch dropped
    After,   ///< the call is done, and its answer is lost: Transient
  };
  Point point = Point::None;
  ErrorKind kind = ErrorKind::Transient;
};

/// Passes every call on to another store, unless the decision callback wants otherwise. As safe to call from several
/// threads as that store: decisions are asked for one at a time.
class FaultyStore final : public api::ResourceStore {
 public:
  /// `key` names the object, or the kind and namespace of a list or watch; for a batch of statuses, its first.
  using Decide = std::function<StoreFault(StoreOperation operation, const api::ObjectKey& key)>;

  /// `inner` outlives this and every watch of it.
  FaultyStore(api::ResourceStore& inner, Decide decide) : inner_(inner), decide_(std::move(decide)) {}

  Result<api::ListPage> list(const api::ListRequest& request) override;
  Result<Json> get(const api::ObjectKey& key) override;
  Result<Json> create(const Json& object) override;
  Result<Json> update(const Json& object) override;
  Result<Json> patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) override;
  std::vector<Result<Json>> write_statuses(const std::vector<api::StatusWrite>& writes) override;
  Result<Json> remove(const api::ObjectKey& key, const api::Preconditions& preconditions = {}) override;
  Result<std::unique_ptr<api::Watch>> watch(const api::WatchRequest& request, std::function<void()> wake) override;

 private:
  class DroppableWatch;

  StoreFault decide(StoreOperation operation, const api::ObjectKey& key);
  template <class Call>
  auto with_fault(StoreOperation operation, const api::ObjectKey& key, const Call& call) -> decltype(call());

  api::ResourceStore& inner_;
  std::mutex deciding_;
  Decide decide_;
};

}  // namespace datamesh::embedded
