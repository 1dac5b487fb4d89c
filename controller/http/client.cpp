#include "controller/http/client.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <atomic>
#include <future>
#include <mutex>

#include "controller/http/body_pipe.h"
#include "controller/http/client_wire.h"

namespace datamesh::http {
namespace {

namespace web = ::web::http;

/// The library's pool has 40 threads unless told otherwise before its first use.
void use_one_thread() {
  static std::once_flag once;
  std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(1); });
}

/// One request under way: its outcome, and the means to end it.
struct Exchange {
  std::promise<Result<Response>> promise;
  pplx::cancellation_token_source cancel;
  std::atomic<bool> over_budget{false};
  std::atomic<bool> too_late{false};
};

/// Ends the exchange once more than `budget` bytes of its response have come.
void limit_response(web::http_request& wire, const std::shared_ptr<Exchange>& exchange, std::size_t budget) {
  const std::weak_ptr<Exchange> weak = exchange;
  wire.set_progress_handler([weak, budget](web::message_direction::direction direction, ::utility::size64_t size) {
    const auto alive = weak.lock();
    if (!alive || direction != web::message_direction::download || size <= budget) return;
    alive->over_budget = true;
    alive->cancel.cancel();
  });
}

/// A streamed response under way: what its task tells the thread that waits.
struct StreamExchange {
  std::shared_ptr<BodyPipe> pipe = std::make_shared<BodyPipe>();
  pplx::cancellation_token_source cancel;
  std::promise<Response> head;       ///< broken when there is none
  std::promise<std::string> problem; ///< "" when the body came to its end
};

Response from_wire(const web::http_response& wire, const std::vector<unsigned char>& body) {
  Response response = head_of(wire);
  response.body.assign(body.begin(), body.end());
  return response;
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

class Client::Impl {
 public:
  Impl(const ::web::uri& base, const ClientOptions& options, const ProxyAddress& proxy)
      : base_(base.to_string()),
        through_(proxy.base.empty() ? "" : " (through the proxy " + proxy.base + ")"),
        options_(options),
        client_(base, client_configuration(options, proxy)) {}

  Result<Response> send(const Request& request, Millis timeout, const std::stop_token& stop) {
    if (stop.stop_requested()) return stopped();
    const auto exchange = std::make_shared<Exchange>();
    auto outcome = exchange->promise.get_future();
    try {
      start(request, exchange);
    } catch (const std::exception& e) {
      return fail(ErrorKind::Invalid, e.what(), base_);
    }
    const std::stop_callback on_stop(stop, [&] { exchange->cancel.cancel(); });
    if (outcome.wait_for(timeout) == std::future_status::timeout) {
      exchange->too_late = true;
      exchange->cancel.cancel();
    }
    auto result = outcome.get();
    if (!result && stop.stop_requested()) return stopped();
    return result;
  }

  Result<Response> stream(const Request& request, const OnPiece& on_piece, const std::stop_token& stop) {
    const auto exchange = std::make_shared<StreamExchange>();
    auto head = exchange->head.get_future();
    auto problem = exchange->problem.get_future();
    try {
      start(request, exchange);
    } catch (const std::exception& e) {
      return fail(ErrorKind::Invalid, e.what(), base_);
    }
    const std::stop_callback on_stop(stop, [&] { give_up(*exchange); });
    auto outcome = receive(head, on_piece, *exchange, stop);
    if (!outcome) give_up(*exchange);
    const std::string why = problem.get();  // the library lets go of the exchange
    if (stop.stop_requested()) return stopped();
    if (!why.empty() && (outcome || outcome.error().message.empty())) return no_response(why);
    return outcome;
  }

  const ClientOptions& options() const { return options_; }

 private:
  tl::unexpected<Error> stopped() const { return fail(ErrorKind::Cancelled, "stopped", base_); }

  tl::unexpected<Error> no_response(const std::string& why) const {
    return fail(ErrorKind::Transient, "no response: " + why + through_, base_);
  }

  static void give_up(StreamExchange& exchange) {
    exchange.cancel.cancel();
    exchange.pipe->close();
  }

  /// The head, then the body. An error without a message: the exchange's problem says why.
  Result<Response> receive(std::future<Response>& head, const OnPiece& on_piece, StreamExchange& exchange,
                           const std::stop_token& stop) {
    Response response;
    if (head.wait_for(options_.timeout) == std::future_status::timeout) {
      return fail(ErrorKind::Transient, "no response in time", base_);
    }
    try {
      response = head.get();
    } catch (const std::future_error&) {
      return fail(ErrorKind::Transient, "");
    }
    const bool success = is_success(response.status);
    while (!stop.stop_requested()) {
      const auto piece = exchange.pipe->take(options_.quiet);
      if (!piece && exchange.pipe->is_closed()) break;
      if (!piece) return fail(ErrorKind::Transient, "nothing came for too long", base_);
      success ? on_piece(*piece) : void(response.body += *piece);
      if (response.body.size() > options_.response_budget) return fail(over_budget());
    }
    return response;
  }

  void start(const Request& request, const std::shared_ptr<StreamExchange>& exchange) {
    auto wire = to_wire(request, options_);
    wire.set_response_stream(BodyPipe::writer(exchange->pipe));
    client_.request(wire, exchange->cancel.get_token())
        .then([exchange](const web::http_response& response) {
          std::promise<Response> head = std::move(exchange->head);
          head.set_value(head_of(response));
          return response.content_ready();
        })
        .then([exchange](const pplx::task<web::http_response>& done) {  // observes every outcome
          std::string problem;
          try {
            done.get();
          } catch (const std::exception& e) {
            problem = e.what()[0] == 0 ? "the connection was lost" : e.what();
          }
          { const std::promise<Response> unused = std::move(exchange->head); }  // nobody waits for a head any more
          exchange->pipe->close();
          exchange->problem.set_value(problem);
        });
  }

  void start(const Request& request, const std::shared_ptr<Exchange>& exchange) {
    auto wire = to_wire(request, options_);
    limit_response(wire, exchange, options_.response_budget);
    client_.request(wire, exchange->cancel.get_token())
        .then([](web::http_response wire) {
          return wire.extract_vector().then(
              [wire](const std::vector<unsigned char>& body) { return from_wire(wire, body); });
        })
        .then([this, exchange](const pplx::task<Response>& done) {  // observes every outcome
          try {
            Response response = done.get();
            if (exchange->over_budget) return settle(*exchange, fail(explain(*exchange, "")));
            settle(*exchange, std::move(response));
          } catch (const std::exception& e) {
            settle(*exchange, fail(explain(*exchange, e.what())));
          }
        });
  }

  static void settle(Exchange& exchange, Result<Response> result) { exchange.promise.set_value(std::move(result)); }

  Error over_budget() const {
    return {ErrorKind::LimitExceeded, "",
            "the response is larger than " + std::to_string(options_.response_budget) + " bytes", base_, {}};
  }

  /// The library's error codes mean little, so what we know ourselves comes first.
  Error explain(const Exchange& exchange, const std::string& what) const {
    if (exchange.over_budget) return over_budget();
    if (exchange.too_late) return {ErrorKind::Transient, "", "no response in time" + through_, base_, {}};
    return {ErrorKind::Transient, "", "no response: " + what + through_, base_, {}};
  }

  std::string base_;
  std::string through_;  ///< for messages
  ClientOptions options_;
  web::client::http_client client_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create(const std::string& base, const ClientOptions& options) {
  use_one_thread();
  const std::string url = options.proxy_url.empty() ? proxy_for(base, options.proxies) : options.proxy_url;
  ProxyAddress proxy;
  if (!url.empty()) {
    TRY_VALUE(proxy, parse_proxy(url));
  }
  try {
    return Client(std::make_unique<Impl>(::web::uri(base), options, proxy));
  } catch (const std::exception& e) {
    return fail(ErrorKind::Invalid, "\"" + base + "\" is no base address: " + e.what(), "http");
  }
}

Result<Response> Client::send(const Request& request) { return impl_->send(request, impl_->options().timeout, {}); }
Result<Response> Client::send(const Request& request, Millis timeout) { return impl_->send(request, timeout, {}); }
Result<Response> Client::send(const Request& request, Millis timeout, const std::stop_token& stop) {
  return impl_->send(request, timeout, stop);
}


Result<Response> Client::stream(const Request& request, const OnPiece& on_piece, const std::stop_token& stop) {
  return impl_->stream(request, on_piece, stop);
}

}  // namespace datamesh::http
