// An HTTP client for one server. Blocking, bounded in time and memory, and it never sends a request twice.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/http/message.h"

namespace datamesh::http {

struct ClientOptions {
  Millis timeout{30'000};                     ///< from sending to the last byte of the response
  std::size_t response_budget = 64 << 20;     ///< bytes of a response body
};

/// Redirects are not followed and proxies of the environment are not used. Connections are kept and reused.
/// Safe to use from several threads.
class Client {
 public:
  /// `base` is "http://127.0.0.1:8080": scheme, host and port.
  /// Errors: Invalid for a malformed base.
  static Result<Client> create(const std::string& base, const ClientOptions& options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Whatever the server answers is a success. A request is never repeated by itself: the caller knows what may be.
  /// Errors: Transient when the server cannot be reached, goes away, or is too late; LimitExceeded when the response
  /// is over the budget.
  Result<Response> send(const Request& request);
  /// The same with another limit of time, for long polls.
  Result<Response> send(const Request& request, Millis timeout);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace datamesh::http
