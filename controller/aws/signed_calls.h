// One call to AWS, signed and answered. Corrects our clock by AWS's, and repeats nothing but what that spoilt.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "controller/aws/api.h"
#include "controller/aws/endpoints.h"
#include "controller/aws/sender.h"
#include "controller/aws/sigv4.h"

namespace datamesh::aws {

/// Time as AWS has it: another clock, and how far it is off.
class CorrectedClock final : public Clock {
 public:
  explicit CorrectedClock(const Clock& clock) : clock_(clock) {}
  Time now() const override { return clock_.now() + Millis(offset_.load()); }
  /// From now on it is `now`.
  void set(Time now) { offset_ = (now - clock_.now()).count(); }

 private:
  const Clock& clock_;
  std::atomic<Millis::rep> offset_{0};
};

/// "Sun, 22 Nov 2026 08:00:00 GMT"; nullopt when it is not of that form.
/// Source: RFC 9110, 5.6.7 (the form that senders must use)
std::optional<Time> parse_http_date(std::string_view text);

/// Safe to use from several threads.
class SignedCalls {
 public:
  struct Options {
    EndpointOptions endpoints;
    Millis timeout{30'000};  ///< of one request, to the last byte of its answer
  };

  /// `sender` and `clock` must outlive it.
  SignedCalls(Sender& sender, const Clock& clock, Options options);

  /// Makes `call` as the owner of `keys`; without an access key, unsigned. `endpoint` beats every other.
  /// A refusal because of the time is repeated once with the time that the refusal states. What an `endpoint` states
  /// counts for that endpoint alone: whoever declares one may not move the time of others.
  /// Errors: those of `decode` and of http::Client::send; Invalid for an endpoint or operation that cannot be.
  Result<Json> call(const Call& call, const sigv4::Keys& keys, const std::string& endpoint = {});

  /// Time as AWS's own endpoints have it.
  const Clock& clock() const { return aws_clock_; }
  const EndpointOptions& endpoints() const { return options_.endpoints; }
  Sender& sender() { return sender_; }

 private:
  CorrectedClock& clock_of(const std::string& endpoint);

  Sender& sender_;
  const Clock& clock_;
  CorrectedClock aws_clock_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<CorrectedClock>> clocks_;  ///< of endpoints that calls named
  const Options options_;
};

}  // namespace datamesh::aws
