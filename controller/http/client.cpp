#include "controller/http/client.h"

#include <cpprest/http_client.h>
#include <cpprest/producerconsumerstream.h>
#include <pplx/threadpool.h>

#include <atomic>
#include <future>
#include <mutex>

namespace datamesh::http {
namespace {

namespace web = ::web::http;

/// The library's pool has 40 threads unless told otherwise before its first use.
void use_one_thread() {
  static std::once_flag once;
  std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(1); });
}

/// A body that cannot seek. The library silently re-sends a request whose body can, when a kept connection turns
/// out to be dead, although the server may have acted on the first one.
concurrency::streams::istream once_only(const std::string& body) {
  concurrency::streams::producer_consumer_buffer<std::uint8_t> buffer;
  buffer.putn_nocopy(reinterpret_cast<const std::uint8_t*>(body.data()), body.size()).wait();
  buffer.close(std::ios_base::out).wait();
  return buffer.create_istream();
}

/// One request under way: its outcome, and the means to end it.
struct Exchange {
  std::promise<Result<Response>> promise;
  pplx::cancellation_token_source cancel;
  std::atomic<bool> over_budget{false};
  std::atomic<bool> too_late{false};
};

web::http_request to_wire(const Request& request, const std::shared_ptr<Exchange>& exchange,
                          std::size_t budget) {
  web::http_request wire(request.method);
  wire.set_request_uri(target_of(request));
  for (const auto& [name, value] : request.headers) wire.headers().add(name, value);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    const auto type = request.headers.find("Content-Type").value_or("application/json");
    wire.set_body(once_only(request.body), request.body.size(), type);
  }
  const std::weak_ptr<Exchange> weak = exchange;
  wire.set_progress_handler([weak, budget](web::message_direction::direction direction, ::utility::size64_t size) {
    const auto alive = weak.lock();
    if (!alive || direction != web::message_direction::download || size <= budget) return;
    alive->over_budget = true;
    alive->cancel.cancel();
  });
  return wire;
}

Response from_wire(const web::http_response& wire, const std::vector<unsigned char>& body) {
  Response response;
  response.status = wire.status_code();
  response.content_type = wire.headers().content_type();
  response.body.assign(body.begin(), body.end());
  for (const auto& [name, value] : wire.headers()) {
    if (name != "Content-Type" && name != "Content-Length") response.headers.add(name, value);
  }
  return response;
}

}  // namespace

class Client::Impl {
 public:
  Impl(const ::web::uri& base, const ClientOptions& options)
      : base_(base.to_string()), options_(options), client_(base, configuration()) {}

  Result<Response> send(const Request& request, Millis timeout) {
    const auto exchange = std::make_shared<Exchange>();
    auto outcome = exchange->promise.get_future();
    try {
      start(request, exchange);
    } catch (const std::exception& e) {
      return fail(ErrorKind::Invalid, e.what(), base_);
    }
    if (outcome.wait_for(timeout) == std::future_status::timeout) {
      exchange->too_late = true;
      exchange->cancel.cancel();
    }
    return outcome.get();
  }

  const ClientOptions& options() const { return options_; }

 private:
  static web::client::http_client_config configuration() {
    web::client::http_client_config config;
    config.set_max_redirects(0);
    config.set_timeout(std::chrono::hours(1));  // an idle timeout; `send` keeps the real deadline
    return config;
  }

  void start(const Request& request, const std::shared_ptr<Exchange>& exchange) {
    client_.request(to_wire(request, exchange, options_.response_budget), exchange->cancel.get_token())
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

  /// The library's error codes mean little, so what we know ourselves comes first.
  Error explain(const Exchange& exchange, const std::string& what) const {
    if (exchange.over_budget) {
      return {ErrorKind::LimitExceeded, "", "the response is larger than " +
              std::to_string(options_.response_budget) + " bytes", base_, {}};
    }
    if (exchange.too_late) return {ErrorKind::Transient, "", "no response in time", base_, {}};
    return {ErrorKind::Transient, "", "no response: " + what, base_, {}};
  }

  std::string base_;
  ClientOptions options_;
  web::client::http_client client_;
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::create(const std::string& base, const ClientOptions& options) {
  use_one_thread();
  try {
    return Client(std::make_unique<Impl>(::web::uri(base), options));
  } catch (const std::exception& e) {
    return fail(ErrorKind::Invalid, "\"" + base + "\" is no base address: " + e.what(), "http");
  }
}

Result<Response> Client::send(const Request& request) { return impl_->send(request, impl_->options().timeout); }
Result<Response> Client::send(const Request& request, Millis timeout) { return impl_->send(request, timeout); }

}  // namespace datamesh::http
