#include "controller/aws/signed_calls.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "controller/aws/fenced_api.h"
#include "controller/aws/protocol.h"

namespace datamesh::aws {
namespace {

/// AWS accepts what was signed up to five minutes ago; beyond four, the clock is the likely reason of a refusal.
constexpr Millis kTolerated{4 * 60'000};

constexpr std::array<std::string_view, 6> kRefusedForTheTime = {
    "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException",
    "RequestExpired",       "AuthFailure",           "RequestInTheFuture"};

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string two_digits(std::size_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// Signs what `request` will be on the wire. The Host is signed, and left for the client to send.
http::Request signed_request(const http::Request& request, const std::string& base, const sigv4::Keys& keys,
                             const sigv4::Purpose& purpose, Time now) {
  sigv4::Request signing{request.method, "", "", request.headers, request.body, {}};
  sigv4::set_target(signing, http::target_of(request));
  signing.headers.add("Host", host_of(base));
  sigv4::sign(signing, keys, purpose, now);
  http::Request out = request;
  out.headers = {};
  for (const auto& [name, value] : signing.headers) {
    if (name != "Host") out.headers.add(name, value);
  }
  return out;
}

/// Whether the time was the reason, and is now right.
bool correct(CorrectedClock& clock, const Error& error, const http::Response& response) {
  if (std::find(kRefusedForTheTime.begin(), kRefusedForTheTime.end(), error.code) == kRefusedForTheTime.end()) {
    return false;
  }
  const auto date = parse_http_date(response.headers.find("Date").value_or(""));
  if (!date || std::chrono::abs(*date - clock.now()) < kTolerated) return false;
  clock.set(*date);
  return true;
}

/// Messages that were taken and are not deleted come again.
AtEnd at_end_of(const Call& call) {
  const bool asks = is_read(call.operation) || call.service == Service::Sts || call.operation == "ReceiveMessage";
  return asks ? AtEnd::Cut : AtEnd::Finish;
}

}  // namespace

std::optional<Time> parse_http_date(std::string_view text) {
  // Sun, 22 Nov 2026 08:00:00 GMT
  if (text.size() != 29 || text.substr(25) != " GMT" || text.substr(3, 2) != ", ") return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return std::nullopt;
  const auto number = static_cast<std::size_t>(month - kMonths.begin()) + 1;
  return parse_rfc3339(std::string(text.substr(12, 4)) + "-" + two_digits(number) + "-" +
                       std::string(text.substr(5, 2)) + "T" + std::string(text.substr(17, 8)) + "Z");
}

SignedCalls::SignedCalls(Sender& sender, const Clock& clock, Options options)
    : sender_(sender), clock_(clock), aws_clock_(clock), options_(std::move(options)) {}

CorrectedClock& SignedCalls::clock_of(const std::string& endpoint) {
  if (endpoint.empty()) return aws_clock_;
  const std::lock_guard lock(mutex_);
  auto& place = clocks_[endpoint];
  if (!place) place = std::make_unique<CorrectedClock>(clock_);
  return *place;
}

Result<Json> SignedCalls::call(const Call& call, const sigv4::Keys& keys, const std::string& endpoint) {
  TRY_VALUE(http::Request request, encode(call));
  request.headers.add("User-Agent", "datamesh-operator");
  TRY_VALUE(const std::string base, endpoint.empty() ? endpoint_of(call.service, call.target.region, options_.endpoints)
                                                     : base_address(endpoint));
  const sigv4::Purpose purpose{signing_region(call.service, call.target.region), std::string(to_string(call.service))};
  const bool is_signed = !keys.access_key.empty();
  CorrectedClock& clock = clock_of(endpoint);
  for (int attempt = 1;; ++attempt) {
    const auto response =
        sender_.send(base, is_signed ? signed_request(request, base, keys, purpose, clock.now()) : request,
                     options_.timeout, at_end_of(call));
    if (!response) return fail(response.error());
    auto out = decode(call, *response);
    if (out || !is_signed || attempt == 2 || !correct(clock, out.error(), *response)) return out;
  }
}

}  // namespace datamesh::aws
