#include "tests/world/manual_executor.h"

#include <algorithm>

namespace datamesh::testing {

Executor::TimerId ManualExecutor::run_at(Time when, Task task) {
  timers_.emplace(std::make_pair(when, ++last_timer_), std::move(task));
  return last_timer_;
}

void ManualExecutor::cancel(TimerId timer) {
  std::erase_if(timers_, [&](const auto& each) { return each.first.second == timer; });
}

bool ManualExecutor::run_task() {
  if (tasks_.empty()) return false;
  const Task task = std::move(tasks_.front());
  tasks_.pop_front();
  task();
  return true;
}

bool ManualExecutor::run_job(std::size_t index) {
  if (index >= jobs_.size()) return false;
  const auto at = jobs_.begin() + static_cast<std::ptrdiff_t>(index);
  const Job job = std::move(*at);
  jobs_.erase(at);
  tasks_.push_back(job());
  return true;
}

void ManualExecutor::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first.first <= clock_.now()) {
    tasks_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
}

bool ManualExecutor::run_ready(int most) {
  for (int i = 0; i < most; ++i) {
    fire_timers();
    if (!run_task() && !run_job()) return true;
  }
  return false;
}

std::optional<Time> ManualExecutor::next_timer() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first.first;
}

void ManualExecutor::clear() {
  tasks_.clear();
  jobs_.clear();
  timers_.clear();
}

}  // namespace datamesh::testing
