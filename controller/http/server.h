// An HTTP/1.1 server on a thread of its own, made for untrusted peers: every size, count and duration has a limit.
// A handler answers when it likes, from any thread.
//
//   shaking hands (TLS)    ──handshake──► closed
//        │
//   waiting for a request  ──idle──►  closed
//        │ first byte
//   reading head and body  ──read──►  closed      (one deadline for the whole request)
//        │
//   handled                ──handle─► 504, closed
//        │ respond()
//   writing the response   ──write──► closed
//        └──► waiting again
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/http/certificates.h"
#include "controller/http/limits.h"
#include "controller/http/message.h"

namespace datamesh::http {

/// Answers one request. Callable from any thread; calls after the first, or after the server went, do nothing.
/// When every copy is dropped without a call, the peer gets a 500.
using Respond = std::function<void(Response)>;

/// Called on the server's thread, so it must not block: whatever takes long goes to another thread.
using Handler = std::function<void(Request, Respond)>;

/// "127.0.0.1:8080"
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free port
  bool operator==(const Address&) const = default;
};

std::string to_string(const Address& address);
/// Reads "127.0.0.1:8080", "[::1]:8080" or ":8080" (loopback).
/// Errors: Invalid.
Result<Address> parse_address(std::string_view text);

struct ServerOptions {
  ServerLimits limits;
  std::optional<TlsIdentity> tls;  ///< nullopt: plain HTTP
  /// Shapes the answers that the server gives itself (413, 431, 504, …); plain text when not set.
  std::function<Response(int status, const std::string& message)> refusal;
};

class Server {
 public:
  /// Listens on `address` and serves until destroyed.
  /// Errors: Unavailable when the port is in use or the address is not this machine's; the message says what to do.
  /// Invalid when the TLS identity is unusable.
  static Result<std::unique_ptr<Server>> start(const Address& address, const ServerOptions& options, Handler handler);
  /// Stops at once: as `stop` with no patience.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Where it listens, with the true port.
  Address address() const;
  /// Takes no more connections, closes the idle ones, ends streams in form, and waits at most `patience` for answers
  /// under way.
  void stop(Millis patience);

 private:
  class Core;
  explicit Server(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

}  // namespace datamesh::http
