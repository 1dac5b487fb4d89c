// Who waits for which events. Holds no events: a watch is a place in the stored history and a note whether anything
// for it lies behind that place.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "controller/embedded/sqlite_store_tables.h"

namespace datamesh::embedded {

class Subscription {
 public:
  Subscription(api::WatchRequest request, std::function<void()> wake)
      : request_(std::move(request)), wake_(std::move(wake)), cursor_(request_.since) {}

  const api::WatchRequest& request() const { return request_; }
  /// Calls the subscriber's callback, unless close() has returned.
  void wake();
  /// Waits for a callback that is running. Not to be called from it.
  void close();

 private:
  friend class WatchHub;

  const api::WatchRequest request_;
  std::function<void()> wake_;
  std::mutex waking_;  ///< held while the callback runs

  // Guarded by the hub's mutex.
  api::Revision cursor_;  ///< nothing to be delivered lies at or before it
  bool pending_ = true;   ///< something may lie behind it
};

class WatchHub {
 public:
  using Subscriptions = std::vector<std::shared_ptr<Subscription>>;

  std::shared_ptr<Subscription> subscribe(api::WatchRequest request, std::function<void()> wake);
  void unsubscribe(const std::shared_ptr<Subscription>& subscription);

  /// Notes committed changes, and returns who is to be woken once the store's lock is released. Calls must come in
  /// the order of the revisions. Subscriptions that wait for nothing move along, so that other kinds' events never
  /// push them out of the history.
  Subscriptions publish(const std::vector<Change>& changes);

  /// Where to read on from, or nullopt when there is nothing to read.
  std::optional<api::Revision> begin_poll(Subscription& subscription);
  /// Everything up to and with `cursor` was read; `rest` says whether more may lie behind it already.
  enum class Rest { Nothing, More };
  void end_poll(Subscription& subscription, api::Revision cursor, Rest rest);

 private:
  std::mutex mutex_;
  Subscriptions subscriptions_;
};

}  // namespace datamesh::embedded
