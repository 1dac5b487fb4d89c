#include "controller/kube/store_feed.h"

#include <atomic>

namespace datamesh::kube {
namespace {

constexpr std::size_t kBatch = 1000;

}  // namespace

struct StoreFeed::State : std::enable_shared_from_this<State> {
  State(api::ResourceStore& from, Executor& on) : store(from), executor(on) {}

  Result<void> start(api::Revision since) {
    TRY_VALUE(watch, store.watch({"", std::nullopt, since}, [weak = weak_from_this(), &executor = executor] {
                const auto self = weak.lock();
                if (!self || self->posted.exchange(true)) return;
                executor.post([weak] {
                  if (const auto still = weak.lock()) still->poll();
                });
              }));
    return {};
  }

  void poll() {
    posted = false;
    for (;;) {
      if (!watch) return;
      const auto events = watch->poll(kBatch);
      if (!events) return recover();
      if (events->empty()) return;
      for (const Follower& follower : followers) follower.changed(*events);
    }
  }

  /// What was missed is gone; the followers begin anew with what is there.
  void recover() {
    watch.reset();
    api::ListRequest now;
    now.limit = 1;
    const auto page = store.list(now);
    if (page && start(page->revision)) {
      for (const Follower& follower : followers) follower.lost();
    } else {
      // The store is out of order; the next write may find it well again.
      posted = false;
    }
  }

  api::ResourceStore& store;
  Executor& executor;
  std::unique_ptr<api::Watch> watch;
  std::vector<Follower> followers;
  std::atomic<bool> posted = false;
};

StoreFeed::StoreFeed(api::ResourceStore& store, Executor& executor) : state_(std::make_shared<State>(store, executor)) {}

StoreFeed::~StoreFeed() { state_->watch.reset(); }

void StoreFeed::follow(Follower follower) { state_->followers.push_back(std::move(follower)); }

Result<void> StoreFeed::start(api::Revision since) { return state_->start(since); }

void StoreFeed::poll() { state_->poll(); }

}  // namespace datamesh::kube
