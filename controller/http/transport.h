// The bytes of one connection, plain or under TLS. At most one read and one write at a time; a `done` is called later,
// on the server's thread, and must keep the transport alive.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "controller/base/result.h"
#include "controller/http/certificates.h"


namespace datamesh::http {

class Transport {
 public:
  using Done = std::function<void(boost::system::error_code, std::size_t)>;
  virtual ~Transport() = default;

  virtual void handshake(Done done) = 0;
  virtual void read_some(boost::asio::mutable_buffer room, Done done) = 0;
  /// All of `bytes`, which stay where they are until then.
  virtual void write(boost::asio::const_buffer bytes, Done done) = 0;
  /// Says that nothing more will be sent, then drops what still comes until the peer closes. A peer that is sending
  /// would otherwise lose our last answer to a reset. Not while a read is under way.
  virtual void finish(Done done) = 0;
  /// Ends whatever is under way.
  virtual void close() = 0;
};

/// Makes the transport of a new connection.
using MakeTransport = std::function<std::unique_ptr<Transport>(boost::asio::ip::tcp::socket)>;

std::unique_ptr<Transport> plain_transport(boost::asio::ip::tcp::socket socket);

/// Transports that show `identity`: TLS 1.2 or later, HTTP/1.1 only.
/// Errors: Invalid when the identity is unusable.
Result<MakeTransport> tls_transports(const TlsIdentity& identity);

}  // namespace datamesh::http
