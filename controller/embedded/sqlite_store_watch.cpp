#include "controller/embedded/sqlite_store_watch.h"

#include <algorithm>

namespace datamesh::embedded {
namespace {

bool passes(const api::WatchRequest& filter, const api::ObjectKey& key) {
  return (filter.kind.empty() || filter.kind == key.kind) && (!filter.ns || *filter.ns == key.ns);
}

}  // namespace

void Subscription::wake() {
  const std::lock_guard lock(waking_);
  if (wake_) wake_();
}

void Subscription::close() {
  const std::lock_guard lock(waking_);
  wake_ = nullptr;
}

std::shared_ptr<Subscription> WatchHub::subscribe(api::WatchRequest request, std::function<void()> wake) {
  auto subscription = std::make_shared<Subscription>(std::move(request), std::move(wake));
  const std::lock_guard lock(mutex_);
  subscriptions_.push_back(subscription);
  return subscription;
}

void WatchHub::unsubscribe(const std::shared_ptr<Subscription>& subscription) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(subscriptions_, subscription);
  }
  subscription->close();
}

WatchHub::Subscriptions WatchHub::publish(const std::vector<Change>& changes) {
  Subscriptions interested;
  if (changes.empty()) return interested;
  const std::lock_guard lock(mutex_);
  for (const auto& subscription : subscriptions_) {
    const bool matches = std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
      return change.revision > subscription->request_.since && passes(subscription->request_, change.key);
    });
    if (matches) {
      subscription->pending_ = true;
      interested.push_back(subscription);
    } else if (!subscription->pending_) {
      subscription->cursor_ = std::max(subscription->cursor_, changes.back().revision);
    }
  }
  return interested;
}

std::optional<api::Revision> WatchHub::begin_poll(Subscription& subscription) {
  const std::lock_guard lock(mutex_);
  if (!subscription.pending_) return std::nullopt;
  subscription.pending_ = false;
  return subscription.cursor_;
}

void WatchHub::end_poll(Subscription& subscription, api::Revision cursor, Rest rest) {
  const std::lock_guard lock(mutex_);
  if (rest == Rest::More) {
    // A write that did not concern the subscription may have moved it along meanwhile, past what is still unread.
    subscription.cursor_ = cursor;
    subscription.pending_ = true;
  } else {
    subscription.cursor_ = std::max(subscription.cursor_, cursor);
  }
}

}  // namespace datamesh::embedded
