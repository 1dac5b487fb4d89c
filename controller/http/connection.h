// One connection of a Server: reads a request, has it handled, writes the response, and begins again. Lives on the
// server's thread; what crosses threads is in answerer.h.
//
//   Handshaking ─► Waiting ─► Reading ─► Handling ─► Writing ─────► Waiting …, or Finishing ─► Closed
//                                            └─────► Streaming ──────┘
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>

#include "controller/http/answerer.h"
#include "controller/http/request_reader.h"
#include "controller/http/server.h"
#include "controller/http/transport.h"

namespace datamesh::http {

/// What a connection needs of its server, which owns it and outlives it.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual const ServerOptions& options() const = 0;
  virtual const Handler& handler() const = 0;
  virtual std::shared_ptr<Gate> gate() const = 0;
  /// True when no further request shall be read.
  virtual bool draining() const = 0;
  /// Accounts for `more` bytes of bodies held; negative when they are given back. False when that is too much.
  virtual bool hold(std::ptrdiff_t more) = 0;
  virtual void closed(const std::shared_ptr<Connection>& connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class State { Handshaking, Waiting, Reading, Handling, Writing, Streaming, Finishing, Closed };

  Connection(std::unique_ptr<Transport> transport, boost::asio::io_context& io, std::string peer,
             ConnectionOwner& owner);

  void start();
  State state() const { return state_; }
  /// Since when it is in its state; used to find who idles longest.
  std::chrono::steady_clock::time_point since() const { return since_; }

  /// The answer to request number `request`; ignored when that one is answered already.
  void respond(std::uint64_t request, Response response);
  /// The streamed answer to request number `request` has more.
  void wake(std::uint64_t request);
  /// Ends it as soon as what is under way is done; a stream is cut short, in form.
  void drain();
  void close();

 private:
  void enter(State state, Millis limit);
  void enter(State state);
  void await_deadline(Millis limit);
  void await_request();
  void read_more();
  void on_read(boost::system::error_code error, std::size_t size);
  void advance();
  void send_continue();
  void dispatch();
  void refuse(int status, const std::string& message);
  void answer(Response response, bool keep_alive);
  void write_body();
  void stream_on();
  void end_stream();
  void answered();
  /// Writes `bytes_`, then goes on with `next`.
  void write(boost::asio::const_buffer bytes, void (Connection::*next)());
  void give_back();

  ConnectionOwner& owner_;
  std::unique_ptr<Transport> transport_;
  boost::asio::steady_timer deadline_;
  RequestReader reader_;
  std::string peer_;
  State state_ = State::Handshaking;
  std::chrono::steady_clock::time_point since_;
  std::uint64_t request_ = 0;  ///< counts requests of this connection
  bool reading_ = false;       ///< a read is under way
  bool writing_ = false;
  bool keep_alive_ = false;
  bool chunked_ = false;       ///< how the streamed body is framed
  bool last_piece_ = false;    ///< of the streamed body was taken
  std::size_t held_ = 0;       ///< bytes of the request's body
  std::string bytes_;          ///< being written: a head, a chunk
  std::string body_;
  std::size_t body_sent_ = 0;
  std::shared_ptr<BodySource> stream_;
};

}  // namespace datamesh::http
