// How fast we call: a bucket of tokens for each account, region, service and kind of call, which shrinks when AWS
// throttles and grows again while it does not. AWS publishes no rates for these services, so they are found.
//
//   begin ──doubles each second──► first refusal ──halved──► … ──► a tenth below what has passed ──► grows by 2 % a second
#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "controller/aws/api.h"
#include "controller/base/clock.h"

namespace datamesh::aws {

enum class Access { Read, Write };

/// Get…, List…, Search…, Describe…, BatchGet… and Simulate… read.
Access access_of(std::string_view operation);

/// What shares a bucket.
struct RateKey {
  CatalogRef catalog;
  Service service = Service::Glue;
  Access access = Access::Read;
  auto operator<=>(const RateKey&) const = default;
};

struct RateOptions {
  double start = 20;            ///< calls per second, until AWS has said anything
  double most = 200;
  double least = 0.5;
  Millis longest_wait{2'000};   ///< who would wait longer is sent away
};

/// Safe to use from several threads.
class RateLimiter {
 public:
  RateLimiter(const Clock& clock, RateOptions options) : clock_(clock), options_(options) {}

  /// Takes a token; the caller waits that long, then calls.
  /// Errors: Throttled with `retry_after` when it would be too long; then no token is taken.
  Result<Millis> take(const RateKey& key);
  /// The call was let through, whatever came of it.
  void passed(const RateKey& key);
  /// AWS refused the call; nothing of that bucket goes out before `retry_after`.
  void throttled(const RateKey& key, std::optional<Millis> retry_after);

  /// Calls per second that are allowed now.
  double rate(const RateKey& key);

 private:
  struct Bucket {
    double rate = 0;
    double tokens = 0;
    Time refilled{};
    Time raised{};
    Time lowered{};
    Time resumes{};         ///< nothing goes out before
    Time second{};          ///< begin of the second that is counted
    double passed = 0;      ///< in it
    double known = 0;       ///< passed in a second of late
    bool searching = true;  ///< no refusal yet
    bool in_demand = false; ///< somebody wanted more than there was
  };

  Bucket& bucket(const RateKey& key, Time now);
  static void count(Bucket& bucket, Time now);

  const Clock& clock_;
  const RateOptions options_;
  std::mutex mutex_;
  std::map<RateKey, Bucket> buckets_;
};

}  // namespace datamesh::aws
