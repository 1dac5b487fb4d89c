// Every change of the store in order, for those in this process that follow it: one watch of the store for all of them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/executor.h"

namespace datamesh::kube {

class StoreFeed {
 public:
  struct Follower {
    std::function<void(const std::vector<api::WatchEvent>& events)> changed;
    std::function<void()> lost;  ///< events were missed: look at everything again
  };

  /// Both must outlive it. Followers are called on the executor's thread.
  StoreFeed(api::ResourceStore& store, Executor& executor);
  ~StoreFeed();

  void follow(Follower follower);
  /// Begins behind `since`. Errors: as ResourceStore::watch.
  Result<void> start(api::Revision since);
  /// Hands on what has happened until now. The executor's thread.
  void poll();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace datamesh::kube
