#include "controller/http/connection.h"

#include <algorithm>

#include "controller/http/response_head.h"

namespace datamesh::http {
namespace {

constexpr Millis kLinger{1000};
constexpr std::size_t kSlice = 256 << 10;  ///< of a body, written under one deadline
constexpr std::size_t kJoined = 16 << 10;  ///< a body up to this size travels with its head
constexpr std::size_t kPiece = 64 << 10;   ///< of a streamed body

Response plain_refusal(int status, const std::string& message) { return text_response(status, message + "\n"); }

bool has_body(int status) { return status != 204 && status != 304; }

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, boost::asio::io_context& io, std::string peer,
                       ConnectionOwner& owner)
    : owner_(owner),
      transport_(std::move(transport)),
      deadline_(io),
      reader_(owner.options().limits),
      peer_(std::move(peer)) {}

void Connection::start() {
  enter(State::Handshaking, owner_.options().limits.handshake);
  transport_->handshake([self = shared_from_this()](boost::system::error_code error, std::size_t) {
    if (self->state_ == State::Closed) return;
    error ? self->close() : self->await_request();
  });
}

void Connection::enter(State state) {
  state_ = state;
  since_ = std::chrono::steady_clock::now();
  deadline_.cancel();
}

void Connection::enter(State state, Millis limit) {
  enter(state);
  await_deadline(limit);
}

/// Closes the connection unless it enters another state in time. A handler that is late gets a 504 in its place.
void Connection::await_deadline(Millis limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([weak = weak_from_this(), since = since_](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self || self->since_ != since) return;
    if (self->state_ != State::Handling) return self->close();
    self->keep_alive_ = false;
    self->respond(self->request_, plain_refusal(504, "the request took too long"));
  });
}

void Connection::await_request() {
  if (owner_.draining()) return close();
  reader_.begin();
  ++request_;
  keep_alive_ = false;
  enter(State::Waiting, owner_.options().limits.idle);
  if (!reader_.has_bytes()) return read_more();
  enter(State::Reading, owner_.options().limits.read);
  advance();
}

void Connection::read_more() {
  if (reading_) return;
  reading_ = true;
  const auto room = reader_.room();
  transport_->read_some(boost::asio::buffer(room.data(), room.size()),
                        [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                          self->reading_ = false;
                          self->on_read(error, size);
                        });
}

// While a response is streamed, a read waits for the peer to go. What it sends meanwhile is kept until its turn.
void Connection::on_read(boost::system::error_code error, std::size_t size) {
  if (state_ == State::Closed) return;
  if (error) return close();
  reader_.received(size);
  if (state_ == State::Waiting) enter(State::Reading, owner_.options().limits.read);
  if (state_ == State::Reading) advance();
}

void Connection::advance() {
  const RequestReader::Step step = reader_.advance();
  const std::size_t size = reader_.body_size();
  const bool affordable = owner_.hold(static_cast<std::ptrdiff_t>(size - held_));
  held_ = size;
  if (!affordable) return refuse(503, "too many large requests at once; try again");
  switch (step) {
    case RequestReader::Step::NeedsMore: return read_more();
    case RequestReader::Step::HeadRead: return reader_.expects_continue() ? send_continue() : advance();
    case RequestReader::Step::Complete: return dispatch();
    case RequestReader::Step::Refused: return refuse(reader_.refusal().status, reader_.refusal().message);
  }
}

void Connection::send_continue() {
  bytes_ = "HTTP/1.1 100 Continue\r\n\r\n";
  write(boost::asio::buffer(bytes_), &Connection::advance);
}

void Connection::dispatch() {
  keep_alive_ = reader_.keeps_alive();
  enter(State::Handling, owner_.options().limits.handle);
  Request request = reader_.take();
  request.peer = peer_;
  owner_.handler()(std::move(request), make_respond(owner_.gate(), weak_from_this(), request_));
}

void Connection::respond(std::uint64_t request, Response response) {
  if (state_ == State::Handling && request == request_) answer(std::move(response), keep_alive_);
}

void Connection::refuse(int status, const std::string& message) {
  const auto& shape = owner_.options().refusal;
  answer(shape ? shape(status, message) : plain_refusal(status, message), false);
}

void Connection::answer(Response response, bool keep_alive) {
  const bool http_1_0 = reader_.is_http_1_0();
  keep_alive_ = keep_alive && !owner_.draining() && !http_1_0;
  chunked_ = !http_1_0;
  const bool streams = response.stream != nullptr;
  Framing framing = has_body(response.status) ? Framing::Length : Framing::None;
  if (streams) framing = chunked_ ? Framing::Chunked : Framing::UntilClose;
  bytes_ = response_head(response, framing, keep_alive_ ? Persistence::KeepAlive : Persistence::Close);
  body_ = reader_.is_head() || framing == Framing::None ? std::string() : std::move(response.body);
  body_sent_ = 0;
  if (streams && !reader_.is_head()) {
    enter(State::Streaming);
    stream_ = std::move(response.stream);
    last_piece_ = false;
    stream_->on_ready(make_wake(owner_.gate(), weak_from_this(), request_));
    if (!reader_.has_bytes()) read_more();
    return stream_on();
  }
  enter(State::Writing, owner_.options().limits.write);
  if (body_.size() <= kJoined) {
    bytes_ += body_;
    body_sent_ = body_.size();
  }
  write(boost::asio::buffer(bytes_), &Connection::write_body);
}

void Connection::write(boost::asio::const_buffer bytes, void (Connection::*next)()) {
  writing_ = true;
  transport_->write(bytes, [self = shared_from_this(), next](boost::system::error_code error, std::size_t) {
    self->writing_ = false;
    if (self->state_ == State::Closed) return;
    if (error) return self->close();
    (*self.*next)();
  });
}

void Connection::write_body() {
  if (body_sent_ == body_.size()) return answered();
  const std::size_t size = std::min(kSlice, body_.size() - body_sent_);
  const boost::asio::const_buffer slice(body_.data() + body_sent_, size);
  body_sent_ += size;
  enter(State::Writing, owner_.options().limits.write);
  write(slice, &Connection::write_body);
}

void Connection::wake(std::uint64_t request) {
  if (request == request_) stream_on();
}

/// Sends what there is of the stream, and the head before it. Does nothing while a piece is being written.
void Connection::stream_on() {
  if (state_ != State::Streaming || writing_) return;
  if (last_piece_) return answered();  // its last byte was written
  BodySource::Piece piece = stream_->take(kPiece);
  last_piece_ = piece.last || owner_.draining();
  bytes_ += chunked_ ? chunk(piece.data) : std::move(piece.data);
  if (last_piece_ && chunked_) bytes_ += kLastChunk;
  if (bytes_.empty() && !last_piece_) return;
  enter(State::Streaming, owner_.options().limits.write);
  write(boost::asio::buffer(bytes_), &Connection::end_stream);
}

void Connection::end_stream() {
  bytes_.clear();
  enter(State::Streaming);
  stream_on();
}

void Connection::answered() {
  stream_.reset();
  body_ = bytes_ = std::string();
  give_back();
  if (keep_alive_) return await_request();
  if (reading_) return close();
  enter(State::Finishing, kLinger);
  transport_->finish([self = shared_from_this()](boost::system::error_code, std::size_t) {
    if (self->state_ != State::Closed) self->close();
  });
}

void Connection::give_back() {
  owner_.hold(-static_cast<std::ptrdiff_t>(held_));
  held_ = 0;
}

void Connection::drain() {
  switch (state_) {
    case State::Handshaking:
    case State::Waiting:
    case State::Finishing: return close();
    case State::Streaming: return stream_on();
    default: return;  // ends after its answer, which asks whether the server is draining
  }
}

void Connection::close() {
  if (state_ == State::Closed) return;
  enter(State::Closed);
  transport_->close();
  give_back();
  stream_.reset();
  owner_.closed(shared_from_this());
}

}  // namespace datamesh::http
