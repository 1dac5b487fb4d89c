// One replica of several does the work: takes the Lease, keeps it, and says when it is lost.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "controller/kube/lease.h"

namespace datamesh::kube {

/// Tries on a thread of its own, from `begin` until it goes.
class Leadership {
 public:
  struct Callbacks {
    std::function<void()> gained;  ///< once
    std::function<void()> lost;    ///< once, after `gained`; whoever hears it ends the process
  };

  /// `lock` must outlive it. The callbacks are called on its thread.
  Leadership(LeaseLock& lock, std::string identity, LeaseTimings timings, Callbacks callbacks);
  ~Leadership();

  /// Callable once.
  void begin();
  /// True while no other replica can lead. From any thread.
  bool may_write() const { return elector_.may_write(); }
  /// True once the Lease has been seen, whoever holds it: this replica can take over. From any thread.
  bool is_standing_by() const { return standing_by_; }
  /// Stops trying, and gives the Lease up so that another need not wait. Only after the last write has ended.
  Result<void> release();

 private:
  void work(const std::stop_token& stop);

  const LeaseTimings timings_;
  const Callbacks callbacks_;
  const BootClock clock_;
  const SystemClock wall_;
  LeaderElector elector_;
  std::atomic<bool> standing_by_{false};
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

}  // namespace datamesh::kube
