#include "controller/aws/rate_limiter.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace datamesh::aws {
namespace {

/// Refusals of calls that were under way when the rate was lowered say nothing new.
constexpr Millis kSettles{1'000};
constexpr double kDecrease = 0.9;         ///< below what is known to pass
constexpr double kDeepestDecrease = 0.5;  ///< of the rate, whatever is known
constexpr double kForgets = 0.9;          ///< what is left after a second of what was known to pass
constexpr double kIncrease = 0.02;      ///< of the rate, per second
constexpr double kLeastIncrease = 0.2;  ///< calls per second, per second

double seconds(Millis span) { return static_cast<double>(span.count()) / 1000; }
Millis millis(double seconds) { return Millis(static_cast<Millis::rep>(std::ceil(seconds * 1000))); }

/// A second's worth may go out at once, and never less than one call.
double capacity(double rate) { return std::max(1.0, rate); }

}  // namespace

Access access_of(std::string_view operation) {
  constexpr std::array<std::string_view, 6> kReads = {"Get", "List", "Search", "Describe", "BatchGet", "Simulate"};
  const bool reads =
      std::any_of(kReads.begin(), kReads.end(), [&](std::string_view prefix) { return operation.starts_with(prefix); });
  return reads ? Access::Read : Access::Write;
}

/// The bucket of `key` as it is `now`.
RateLimiter::Bucket& RateLimiter::bucket(const RateKey& key, Time now) {
  const auto [place, is_new] = buckets_.try_emplace(key);
  Bucket& out = place->second;
  if (is_new) {
    out.rate = options_.start;
    out.tokens = capacity(out.rate);
    out.refilled = out.raised = out.second = now;
  }
  if (now < out.refilled) out.refilled = now;  // the clock was set back
  out.tokens = std::min(capacity(out.rate), out.tokens + out.rate * seconds(now - out.refilled));
  out.refilled = now;
  return out;
}

Result<Millis> RateLimiter::take(const RateKey& key) {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  Bucket& out = bucket(key, now);
  const Millis for_token = out.tokens >= 1 ? Millis(0) : millis((1 - out.tokens) / out.rate);
  const Millis wait = std::max(for_token, std::max(Millis(0), Millis(out.resumes - now)));
  if (out.tokens < 2) out.in_demand = true;
  if (wait > options_.longest_wait) {
    return fail(Error{ErrorKind::Throttled, "", "too many calls are waiting for AWS to take them",
                      std::string(to_string(key.service)), wait});
  }
  out.tokens -= 1;
  return wait;
}

/// Keeps the most calls that passed in a second, of late.
void RateLimiter::count(Bucket& bucket, Time now) {
  const Millis age = now - bucket.second;
  if (age >= Millis(0) && age < Millis(1'000)) return;
  bucket.known = std::max(bucket.passed, bucket.known * std::pow(kForgets, std::clamp(seconds(age), 1.0, 60.0)));
  bucket.passed = 0;
  bucket.second = now;
}

void RateLimiter::passed(const RateKey& key) {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  Bucket& out = bucket(key, now);
  count(out, now);
  out.passed += 1;
  const double since = std::clamp(seconds(now - out.raised), 0.0, 1.0);
  out.raised = now;
  if (!out.in_demand) return;
  const double by = out.searching ? out.rate : std::max(kLeastIncrease, kIncrease * out.rate);
  out.rate = std::min(options_.most, out.rate + by * since);
  if (out.tokens >= 2) out.in_demand = false;
}

void RateLimiter::throttled(const RateKey& key, std::optional<Millis> retry_after) {
  const std::lock_guard lock(mutex_);
  const Time now = clock_.now();
  Bucket& out = bucket(key, now);
  count(out, now);
  if (retry_after) out.resumes = std::max(out.resumes, now + *retry_after);
  out.tokens = std::min(out.tokens, 0.0);
  out.raised = now;
  if (!out.searching && now < out.lowered + kSettles) return;
  const double known = std::max(out.known, out.passed);
  const double lowered = std::min(out.rate * kDecrease, std::max(known * kDecrease, out.rate * kDeepestDecrease));
  out.rate = std::clamp(lowered, options_.least, options_.most);
  out.lowered = now;
  out.searching = false;
}

double RateLimiter::rate(const RateKey& key) {
  const std::lock_guard lock(mutex_);
  return bucket(key, clock_.now()).rate;
}

}  // namespace datamesh::aws
