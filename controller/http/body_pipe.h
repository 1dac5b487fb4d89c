// The body of a response on its way from cpprestsdk's thread to ours, bounded: when nobody takes, the library stops
// reading from the network.
#pragma once

#include <cpprest/streams.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/clock.h"

namespace datamesh::http {

class BodyPipe {
 public:
  /// What the library writes into. It must not outlive its pipe by more than one call, hence the shared pointer.
  static concurrency::streams::ostream writer(const std::shared_ptr<BodyPipe>& pipe);

  /// The next bytes; nullopt when `patience` passed without any or the pipe was closed and is empty. Blocks.
  std::optional<std::string> take(Millis patience);
  bool is_closed() const;
  /// No more bytes come, or none are wanted any more. Wakes both sides.
  void close();

  /// For the writer: done when there is room for more.
  pplx::task<void> put(const std::uint8_t* bytes, std::size_t size);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  bool closed_ = false;
  std::optional<pplx::task_completion_event<void>> room_;  ///< set while the writer waits
};

}  // namespace datamesh::http
