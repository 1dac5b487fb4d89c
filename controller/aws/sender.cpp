#include "controller/aws/sender.h"

namespace datamesh::aws {
namespace {

/// Shorter than servers of AWS keep a connection that idles.
constexpr Millis kLongestIdle{4'000};

}  // namespace

HttpSender::HttpSender(const Clock& clock, http::ClientOptions options) : clock_(clock), options_(std::move(options)) {}

Result<http::Response> HttpSender::send(const std::string& base, const http::Request& request, Millis timeout) {
  TRY_VALUE(const std::shared_ptr<http::Client> client, begin(base));
  auto out = client->send(request, timeout, stop_.get_token());
  end(base);
  return out;
}

Result<std::shared_ptr<http::Client>> HttpSender::begin(const std::string& base) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[base];
  const Time now = clock_.now();
  const bool idled = host.under_way == 0 && (now > host.idle_since + kLongestIdle || now < host.idle_since);
  if (!host.client || idled) {
    auto made = http::Client::create(base, options_);
    if (!made) {
      if (host.under_way == 0) hosts_.erase(base);
      return fail(made.error());
    }
    host.client = std::make_shared<http::Client>(std::move(*made));
  }
  ++host.under_way;
  return host.client;
}

void HttpSender::end(const std::string& base) {
  const std::lock_guard lock(mutex_);
  Host& host = hosts_[base];
  --host.under_way;
  host.idle_since = clock_.now();
}

}  // namespace datamesh::aws
