#include "controller/aws/sender.h"

#include <condition_variable>

namespace datamesh::aws {
namespace {

/// Shorter than servers of AWS keep a connection that idles.
constexpr Millis kLongestIdle{4'000};

}  // namespace

HttpSender::HttpSender(const Clock& clock, http::ClientOptions options) : clock_(clock), options_(std::move(options)) {}

Result<http::Response> HttpSender::send(const std::string& base, const http::Request& request, Millis timeout,
                                        AtEnd at_end) {
  if (finish_.stop_requested()) return fail(ErrorKind::Cancelled, "stopped", base);
  TRY_VALUE(const std::shared_ptr<http::Client> client, begin(base));
  auto out = client->send(request, timeout, (at_end == AtEnd::Finish ? stop_ : finish_).get_token());
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

void HttpSender::pause(Millis span) const {
  std::mutex nobodys;
  std::unique_lock lock(nobodys);
  std::condition_variable_any never;
  never.wait_for(lock, finish_.get_token(), span, [] { return false; });
}

}  // namespace datamesh::aws
