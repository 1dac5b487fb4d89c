// An HTTP client for one server. Blocking, bounded in time and memory, and it never sends a request twice.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/http/certificates.h"
#include "controller/http/message.h"
#include "controller/http/proxy.h"

namespace datamesh::http {

struct ClientOptions {
  Millis timeout{30'000};                  ///< from sending to the last byte of the response; of a stream: to its head
  Millis quiet{330'000};                   ///< a stream that carries nothing for longer has been lost
  std::size_t response_budget = 64 << 20;  ///< bytes of a response body; a stream has no limit
  std::string ca_pem;                      ///< who may vouch for an https server; empty: whoever the system trusts
  TlsIdentity identity;                    ///< shown to the server; empty: none
  std::string proxy_url;                   ///< "http://user:password@proxy:3128", through which all goes; empty: as `proxies` say
  ProxySettings proxies;                   ///< those of the environment, where they shall count
  std::string server_name;                 ///< what the server's certificate must name; empty: the host of the base
  bool skip_verification = false;          ///< trust whoever answers; only where somebody demands it by name
};

/// Redirects are not followed, and no environment is read: proxies are those that the options name. TLS goes through a
/// proxy's tunnel, from end to end. Connections are kept and reused. Safe to use from several threads.
class Client {
 public:
  /// `base` is "https://127.0.0.1:6443": scheme, host and port. TLS is 1.2 or later, and the host must be one that
  /// the server's certificate names.
  /// Errors: Invalid for a malformed base or proxy.
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
  /// And Cancelled soon after `stop` was asked for, on any thread.
  Result<Response> send(const Request& request, Millis timeout, const std::stop_token& stop);

  using OnPiece = std::function<void(std::string_view)>;
  /// Sends `request` and gives the body to `on_piece` as it comes, on this thread, until the server ends it. The pieces
  /// are cut anywhere. While `on_piece` works, at most about a megabyte waits. The response has no body, unless its
  /// status is not 2xx: then it has all of it, and `on_piece` is not called.
  /// Errors: as `send`; Cancelled soon after `stop` was asked for, on any thread; Transient when nothing came for
  /// `ClientOptions::quiet`.
  Result<Response> stream(const Request& request, const OnPiece& on_piece, const std::stop_token& stop);

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace datamesh::http
