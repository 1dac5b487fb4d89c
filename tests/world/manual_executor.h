// One thread, a fake clock, and an order that the caller decides: how the engine runs in tests and simulations.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "controller/base/executor.h"

namespace datamesh::testing {

class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(FakeClock& clock) : clock_(clock) {}

  void post(Task task) override { tasks_.push_back(std::move(task)); }
  TimerId run_at(Time when, Task task) override;
  void cancel(TimerId timer) override;
  void offload(Job job) override { jobs_.push_back(std::move(job)); }

  /// Runs the oldest task of the engine thread; false when there is none.
  bool run_task();
  /// Runs the job at `index` of those offloaded, oldest first; its result becomes a task.
  bool run_job(std::size_t index = 0);
  /// Runs tasks, jobs and due timers until there are none; at most `most` of them. False when that was not enough.
  bool run_ready(int most = 1'000'000);
  /// When the next timer fires; nullopt when none is set.
  std::optional<Time> next_timer() const;
  /// Turns the timers that are due into tasks.
  void fire_timers();

  std::size_t tasks() const { return tasks_.size(); }
  std::size_t jobs() const { return jobs_.size(); }
  /// Forgets everything, as a crash does.
  void clear();

 private:
  FakeClock& clock_;
  std::deque<Task> tasks_;
  std::deque<Job> jobs_;
  std::map<std::pair<Time, TimerId>, Task> timers_;
  TimerId last_timer_ = 0;
};

}  // namespace datamesh::testing
