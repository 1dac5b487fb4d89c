// SIGINT and SIGTERM as something to wait for, beside a wake-up from another thread.
#pragma once

#include "controller/base/clock.h"

namespace datamesh::cli {

/// Takes SIGINT and SIGTERM away from this thread and those it starts later, so make it first of all.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  enum class Event { Signal, Woken, TimeOut };

  /// Waits until there is a signal, `wake` was called, or `patience` is over; a negative patience has no end.
  Event wait(Millis patience);
  /// Makes `wait` return. Callable from any thread.
  void wake();

 private:
  int signals_;
  int wake_;
};

}  // namespace datamesh::cli
