#include "controller/embedded/faulty_store.h"

#include <optional>

namespace datamesh::embedded {
namespace {

Error before(StoreOperation operation, ErrorKind kind) {
  return Error{kind, {}, "injected fault: " + std::string(to_string(operation)) + " was not done", "store",
               std::nullopt};
}

Error after(StoreOperation operation) {
  return Error{ErrorKind::Transient, {}, "injected fault: the answer to " + std::string(to_string(operation)) +
               " was lost", "store", std::nullopt};
}

}  // namespace

std::string_view to_string(StoreOperation operation) {
  switch (operation) {
    case StoreOperation::List: return "list";
    case StoreOperation::Get: return "get";
    case StoreOperation::Create: return "create";
    case StoreOperation::Update: return "update";
    case StoreOperation::Patch: return "patch";
    case StoreOperation::WriteStatuses: return "write_statuses";
    case StoreOperation::Remove: return "remove";
    case StoreOperation::Watch: return "watch";
    case StoreOperation::Poll: return "poll";
  }
  return "unknown";
}

StoreFault FaultyStore::decide(StoreOperation operation, const api::ObjectKey& key) {
  const std::lock_guard lock(deciding_);
  return decide_ ? decide_(operation, key) : StoreFault{};
}

template <class Call>
auto FaultyStore::with_fault(StoreOperation operation, const api::ObjectKey& key, const Call& call)
    -> decltype(call()) {
  const StoreFault fault = decide(operation, key);
  if (fault.point == StoreFault::Point::Before) return fail(before(operation, fault.kind));
  auto outcome = call();
  if (fault.point == StoreFault::Point::After) return fail(after(operation));
  return outcome;
}

Result<api::ListPage> FaultyStore::list(const api::ListRequest& request) {
  return with_fault(StoreOperation::List, {request.kind, request.ns.value_or(""), ""},
                    [&] { return inner_.list(request); });
}

Result<Json> FaultyStore::get(const api::ObjectKey& key) {
  return with_fault(StoreOperation::Get, key, [&] { return inner_.get(key); });
}

Result<Json> FaultyStore::create(const Json& object) {
  return with_fault(StoreOperation::Create, api::key_of(object), [&] { return inner_.create(object); });
}

Result<Json> FaultyStore::update(const Json& object) {
  return with_fault(StoreOperation::Update, api::key_of(object), [&] { return inner_.update(object); });
}

Result<Json> FaultyStore::patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) {
  return with_fault(StoreOperation::Patch, key, [&] { return inner_.patch(key, type, patch); });
}

Result<Json> FaultyStore::remove(const api::ObjectKey& key, const api::Preconditions& preconditions) {
  return with_fault(StoreOperation::Remove, key, [&] { return inner_.remove(key, preconditions); });
}

std::vector<Result<Json>> FaultyStore::write_statuses(const std::vector<api::StatusWrite>& writes) {
  using Outcomes = std::vector<Result<Json>>;
  const api::ObjectKey key = writes.empty() ? api::ObjectKey{} : writes.front().key;
  const Result<Outcomes> outcomes = with_fault(StoreOperation::WriteStatuses, key,
                                               [&] { return Result<Outcomes>(inner_.write_statuses(writes)); });
  return outcomes ? *outcomes : Outcomes(writes.size(), Result<Json>(fail(outcomes.error())));
}

// ---- watches --------------------------------------------------------------------------------------------------

class FaultyStore::DroppableWatch final : public api::Watch {
 public:
  DroppableWatch(FaultyStore& store, api::ObjectKey key, std::unique_ptr<api::Watch> inner)
      : store_(store), key_(std::move(key)), inner_(std::move(inner)) {}

  Result<std::vector<api::WatchEvent>> poll(std::size_t limit) override {
    if (inner_ && store_.decide(StoreOperation::Poll, key_).point != StoreFault::Point::None) inner_.reset();
    if (!inner_) return fail(before(StoreOperation::Poll, ErrorKind::Gone));
    return inner_->poll(limit);
  }

 private:
  FaultyStore& store_;
  api::ObjectKey key_;
  std::unique_ptr<api::Watch> inner_;  ///< null once dropped
};

Result<std::unique_ptr<api::Watch>> FaultyStore::watch(const api::WatchRequest& request, std::function<void()> wake) {
  using Watched = Result<std::unique_ptr<api::Watch>>;
  const api::ObjectKey key{request.kind, request.ns.value_or(""), ""};
  return with_fault(StoreOperation::Watch, key, [&]() -> Watched {
    TRY_VALUE(std::unique_ptr<api::Watch> inner, inner_.watch(request, std::move(wake)));
    return std::make_unique<DroppableWatch>(*this, key, std::move(inner));
  });
}

}  // namespace datamesh::embedded
