// How a command reaches the server: over HTTP to a running `datamesh up`, or directly in tests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/cli/local_api.h"
#include "controller/http/message.h"

namespace datamesh::cli {

class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  /// Whatever the server answers is a success.
  /// Errors: Unavailable when there is no server, saying how to start one.
  virtual Result<http::Response> send(http::Request request, Millis timeout) = 0;
};

/// Reaches the `datamesh up` that works in `state_folder`.
/// Errors: Unavailable when none does.
Result<std::unique_ptr<ServerConnection>> connect_to_state_folder(const std::string& state_folder);

/// Calls `api` in this process; `work` is called until the answer is there, and lets the executor do something.
std::unique_ptr<ServerConnection> connect_in_process(LocalApi& api, std::function<void()> work);

}  // namespace datamesh::cli
