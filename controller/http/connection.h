// One connection of a Server: reads a request, has it handled, writes the response, and begins again. Lives on the
// server's thread; only `Respond` crosses threads.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <mutex>
#include <optional>

#include "controller/http/server.h"

namespace datamesh::http {

/// The way back from other threads into the server's. `io` is null once the server is gone.
struct Gate {
  std::mutex mutex;
  boost::asio::io_context* io = nullptr;
};

class Connection;

/// What a connection needs of its server, which owns it and outlives it.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual const ServerLimits& limits() const = 0;
  virtual const Handler& handler() const = 0;
  virtual std::shared_ptr<Gate> gate() const = 0;
  /// True when no further request shall be read.
  virtual bool draining() const = 0;
  virtual void closed(const std::shared_ptr<Connection>& connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ConnectionOwner& owner);

  void start();
  /// Closes the connection unless a request is being handled or answered.
  void close_if_idle();
  /// The answer to request number `request`; ignored when that one is answered already.
  void respond(std::uint64_t request, Response response);

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void await_request();
  void read_head();
  void on_head(boost::beast::error_code error);
  void read_body();
  void on_body(boost::beast::error_code error);
  void send_continue();
  void dispatch();
  void refuse(boost::beast::error_code error);
  void answer(Response response, bool keep_alive);
  void on_written(boost::beast::error_code error, bool keep_alive);
  void linger();
  void discard();
  void close();

  ConnectionOwner& owner_;
  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer handling_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
  std::uint64_t request_ = 0;      ///< counts requests of this connection
  bool awaiting_respond_ = false;  ///< the handler has it
  bool busy_ = false;              ///< between a request's last byte and its answer's
  bool keep_alive_ = false;
  bool head_only_ = false;         ///< a HEAD request
};

}  // namespace datamesh::http
