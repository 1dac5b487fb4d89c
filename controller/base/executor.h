// Work as a parameter: where the engine's tasks run, when timers fire, and how blocking calls leave the engine
// thread. Production is Asio (engine/asio_executor); tests and the simulation are one thread and repeatable.
#pragma once

#include <cstdint>
#include <functional>

#include "controller/base/clock.h"

namespace datamesh {

class Executor {
 public:
  using Task = std::function<void()>;
  /// Blocking work. It runs off the engine thread and returns what shall then run on the engine thread.
  using Job = std::function<Task()>;
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;

  /// Runs `task` on the engine thread after the present one. Callable from any thread.
  virtual void post(Task task) = 0;
  /// Runs `task` on the engine thread at `when` or soon after. Engine thread only.
  virtual TimerId run_at(Time when, Task task) = 0;
  /// Forgets a timer; no effect when it has fired. Engine thread only.
  virtual void cancel(TimerId timer) = 0;
  /// Runs `job` on a worker, then its result on the engine thread. Engine thread only.
  virtual void offload(Job job) = 0;
};

}  // namespace datamesh
