// The way back from a handler, on any thread, into the server's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "controller/http/server.h"

namespace datamesh::http {

class Connection;

/// `io` is null once the server is gone.
struct Gate {
  std::mutex mutex;
  boost::asio::io_context* io = nullptr;

  /// Runs `task` on the server's thread; drops it when the server is gone.
  void post(std::function<void()> task);
};

/// What the handler of request number `request` calls: answers once, and answers 500 when it is dropped.
Respond make_respond(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection, std::uint64_t request);

/// What the streamed body of that request calls. Calls that come before the last one was heard count as one.
std::function<void()> make_wake(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection,
                                std::uint64_t request);

}  // namespace datamesh::http
