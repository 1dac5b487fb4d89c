// The Executor of production: an engine thread, and a pool of workers for what blocks. System clock.
#pragma once

#include <cstddef>
#include <memory>

#include "controller/base/executor.h"

namespace datamesh::engine {

/// Starts its threads when made. An exception that leaves a task or a job ends the program: it is a broken
/// invariant, and a restart repairs what memory may have lost.
class AsioExecutor final : public Executor {
 public:
  explicit AsioExecutor(std::size_t workers);
  /// As `stop`.
  ~AsioExecutor() override;
  AsioExecutor(const AsioExecutor&) = delete;
  AsioExecutor& operator=(const AsioExecutor&) = delete;

  void post(Task task) override;
  TimerId run_at(Time when, Task task) override;
  void cancel(TimerId timer) override;
  void offload(Job job) override;

  /// Waits for the task and the jobs under way, drops those that have not begun, and ends the threads. Not to be
  /// called on them.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace datamesh::engine
