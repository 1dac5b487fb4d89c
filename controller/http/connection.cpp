#include "controller/http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace datamesh::http {
namespace {

namespace beast = boost::beast;

constexpr std::chrono::seconds kLinger(1);

/// Shared by the copies of one Respond: answers once, and answers 500 when nobody else did.
class Answerer {
 public:
  Answerer(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection, std::uint64_t request)
      : gate_(std::move(gate)), connection_(std::move(connection)), request_(request) {}
  ~Answerer() { send(text_response(500, "the request was dropped unanswered\n")); }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  void send(Response response) {
    const std::lock_guard lock(gate_->mutex);
    if (sent_ || gate_->io == nullptr) return;
    sent_ = true;
    boost::asio::post(*gate_->io, [connection = connection_, request = request_,
                                   response = std::move(response)]() mutable {
      if (const auto alive = connection.lock()) alive->respond(request, std::move(response));
    });
  }

 private:
  std::shared_ptr<Gate> gate_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t request_;
  bool sent_ = false;
};

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

/// Which answer a request that cannot be read gets; 0: none, the peer has gone.
int status_of(beast::error_code error) {
  using Problem = beast::http::error;
  if (error == Problem::header_limit) return 431;
  if (error == Problem::body_limit) return 413;
  if (error == Problem::end_of_stream || error == Problem::partial_message) return 0;
  if (error.category() == beast::http::make_error_code(Problem::bad_method).category()) return 400;
  return 0;
}

/// What is wrong with a well-formed head, as a refusal; nullopt when nothing is.
template <class Message>
std::optional<Response> objection(const Message& head) {
  const auto hosts = head.equal_range(beast::http::field::host);
  const auto count = std::distance(hosts.first, hosts.second);
  if (count > 1 || (count == 0 && head.version() >= 11)) {
    return text_response(400, "exactly one Host header is required\n");
  }
  const auto coding = head[beast::http::field::transfer_encoding];
  if (!coding.empty() && !beast::iequals(coding, "chunked")) {
    return text_response(501, "only Transfer-Encoding: chunked is supported\n");
  }
  const auto expect = head[beast::http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
    return text_response(417, "only Expect: 100-continue is supported\n");
  }
  return std::nullopt;
}

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, ConnectionOwner& owner)
    : owner_(owner),
      stream_(std::move(socket)),
      handling_(stream_.get_executor()),
      buffer_(owner.limits().header + (64 << 10)) {}

void Connection::start() { await_request(); }

void Connection::await_request() {
  if (owner_.draining()) return close();
  busy_ = false;
  if (buffer_.size() > 0) return read_head();
  stream_.expires_after(owner_.limits().idle);
  stream_.async_read_some(buffer_.prepare(4096),
                          [self = shared_from_this()](beast::error_code error, std::size_t size) {
                            if (error) return self->close();
                            self->buffer_.commit(size);
                            self->read_head();
                          });
}

void Connection::read_head() {
  ++request_;
  keep_alive_ = head_only_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(owner_.limits().header));
  parser_->body_limit(owner_.limits().body);
  stream_.expires_after(owner_.limits().read);
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_head(error); });
}

void Connection::on_head(beast::error_code error) {
  if (error) return refuse(error);
  if (auto refusal = objection(parser_->get())) return answer(std::move(*refusal), false);
  if (!parser_->get()[beast::http::field::expect].empty()) return send_continue();
  read_body();
}

void Connection::send_continue() {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::asio::async_write(stream_, boost::asio::buffer(kContinue.data(), kContinue.size()),
                           [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (error) return self->close();
                             self->read_body();
                           });
}

void Connection::read_body() {
  beast::http::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_body(error); });
}

void Connection::on_body(beast::error_code error) {
  if (error) return refuse(error);
  dispatch();
}

void Connection::dispatch() {
  auto message = parser_->release();
  parser_.reset();
  busy_ = true;
  keep_alive_ = message.keep_alive();
  head_only_ = message.method() == beast::http::verb::head;

  Request request;
  request.method = text(message.method_string());
  for (const auto& field : message) request.headers.add(text(field.name_string()), text(field.value()));
  request.body = std::move(message.body());
  if (const auto parsed = parse_target({message.target().data(), message.target().size()}, request); !parsed) {
    return answer(text_response(400, parsed.error().message + "\n"), false);
  }

  awaiting_respond_ = true;
  stream_.expires_never();
  handling_.expires_after(owner_.limits().handle);
  handling_.async_wait([weak = weak_from_this(), number = request_](beast::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    self->keep_alive_ = false;
    self->respond(number, text_response(504, "the request took too long\n"));
  });
  const auto answerer = std::make_shared<Answerer>(owner_.gate(), weak_from_this(), request_);
  owner_.handler()(std::move(request), [answerer](Response response) { answerer->send(std::move(response)); });
}

void Connection::respond(std::uint64_t request, Response response) {
  if (!awaiting_respond_ || request != request_) return;
  answer(std::move(response), keep_alive_);
}

void Connection::refuse(beast::error_code error) {
  const int status = status_of(error);
  if (status == 0) return close();
  answer(text_response(status, "cannot read the request: " + error.message() + "\n"), false);
}

void Connection::answer(Response response, bool keep_alive) {
  namespace bh = beast::http;
  awaiting_respond_ = false;
  busy_ = true;
  handling_.cancel();
  keep_alive = keep_alive && !owner_.draining();
  response_.emplace(static_cast<bh::status>(response.status), 11);
  for (const auto& [name, value] : response.headers) response_->insert(name, value);
  if (!response.content_type.empty()) response_->set(bh::field::content_type, response.content_type);
  response_->keep_alive(keep_alive);
  response_->body() = std::move(response.body);
  response_->prepare_payload();
  if (head_only_) response_->body().clear();  // Content-Length stays that of the GET
  stream_.expires_after(owner_.limits().write);
  bh::async_write(stream_, *response_,
                  [self = shared_from_this(), keep_alive](beast::error_code error, std::size_t) {
                    self->on_written(error, keep_alive);
                  });
}

void Connection::on_written(beast::error_code error, bool keep_alive) {
  response_.reset();
  if (error) return close();
  if (keep_alive) return await_request();
  linger();
}

// A peer that is still sending would lose our answer to a reset if we closed with its bytes unread.
void Connection::linger() {
  busy_ = false;
  beast::error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  buffer_.clear();
  stream_.expires_after(kLinger);
  discard();
}

void Connection::discard() {
  stream_.async_read_some(buffer_.prepare(4096),
                          [self = shared_from_this()](beast::error_code error, std::size_t) {
                            if (error) return self->close();
                            self->discard();
                          });
}

void Connection::close_if_idle() {
  if (!busy_) close();
}

void Connection::close() {
  beast::error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
  handling_.cancel();
  owner_.closed(shared_from_this());
}

}  // namespace datamesh::http
