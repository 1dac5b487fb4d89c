// Tells an API server of Events, behind the back of whoever records them.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "controller/kube/events.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

/// Performs one write.
/// Errors: NotFound for a patch of an Event that is gone.
using WriteEvent = std::function<Result<void>(const EventWrite&)>;

/// Writes Events by the API of events.k8s.io.
WriteEvent event_writer(Transport& transport);

/// Records never wait and never fail: when the server is slower than what happens, Events are dropped. What is under
/// way when it is destroyed has `kDrain` to end.
class EventRecorder {
 public:
  EventRecorder(EventSource source, const Clock& clock, WriteEvent write);
  ~EventRecorder();

  /// From any thread.
  void record(Occurrence occurrence);

  static constexpr Millis kDrain{300};

 private:
  void work(std::stop_token stop);
  void perform(const EventWrite& write);

  const Clock& clock_;
  const WriteEvent write_;
  EventSeries series_;  ///< of the thread
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Occurrence> queue_;
  std::jthread thread_;  ///< last, so that all else is there while it runs
};

}  // namespace datamesh::kube
