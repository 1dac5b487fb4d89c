// Calls flow as fast as AWS takes them, and hardly faster.
#include "controller/aws/rate_limiter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/aws/fake_aws.h"

namespace datamesh::aws {
namespace {

using testing::kNow;
using std::chrono::seconds;

const RateKey kReads{{"111122223333", "eu-west-1"}, Service::Glue, Access::Read};
const RateKey kWrites{{"111122223333", "eu-west-1"}, Service::Glue, Access::Write};

TEST(RateLimiter, OperationsReadOrWrite) {
  for (const char* name : {"GetTables", "ListPermissions", "SearchTables", "DescribeResource", "BatchGetPartition"}) {
    EXPECT_EQ(access_of(name), Access::Read) << name;
  }
  for (const char* name : {"BatchGrantPermissions", "CreateTable", "AcceptResourceShareInvitation"}) {
    EXPECT_EQ(access_of(name), Access::Write) << name;
  }
}

TEST(RateLimiter, ASecondsWorthGoesOutAtOnceAndTheRestInTurn) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(*limiter.take(kReads), Millis(0));
  EXPECT_EQ(*limiter.take(kReads), Millis(50));
  EXPECT_EQ(*limiter.take(kReads), Millis(100));
  EXPECT_EQ(*limiter.take(kWrites), Millis(0));
}

TEST(RateLimiter, WhoWouldWaitTooLongIsSentAway) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {.start = 1, .longest_wait = Millis(2'000)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take(kReads));
  const auto refused = limiter.take(kReads);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Throttled);
  EXPECT_EQ(refused.error().retry_after, Millis(3'000));
  clock.advance(seconds(1));
  EXPECT_TRUE(limiter.take(kReads));
}

TEST(RateLimiter, OneThrottledBatchLowersTheRateOnce) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(limiter.take(kReads));
  for (int i = 0; i < 10; ++i) limiter.throttled(kReads, std::nullopt);
  EXPECT_DOUBLE_EQ(limiter.rate(kReads), 10);
  EXPECT_DOUBLE_EQ(limiter.rate(kWrites), 20);
}

TEST(RateLimiter, AnIdleCallerProvesNothing) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(*limiter.take(kReads), Millis(0));
    limiter.passed(kReads);
    clock.advance(seconds(1));
  }
  EXPECT_DOUBLE_EQ(limiter.rate(kReads), 20);
}

TEST(RateLimiter, NeverFallsBelowTheLeast) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 100; ++i) {
    limiter.throttled(kReads, std::nullopt);
    clock.advance(seconds(2));
  }
  EXPECT_DOUBLE_EQ(limiter.rate(kReads), 0.5);
}

TEST(RateLimiter, AClockThatIsSetBackDoesNotStopCalls) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(limiter.take(kReads));
  clock.set(kNow - std::chrono::hours(5));
  EXPECT_LE(*limiter.take(kReads), Millis(50));
}

/// A server that takes `rate` calls a second, a second's worth at once, and refuses the others.
struct Throttling {
  double rate;
  double tokens = rate;
  Time filled = kNow;
  int refused = 0;

  bool takes(Time now) {
    tokens = std::min(rate, tokens + rate * static_cast<double>((now - filled).count()) / 1000);
    filled = now;
    if (tokens < 1) {
      ++refused;
      return false;
    }
    tokens -= 1;
    return true;
  }
};

struct Outcome {
  double times_ideal = 0;
  double refused_share = 0;
};

/// `calls` calls, each repeated until it is taken.
Outcome run(double rate, int calls) {
  FakeClock clock(kNow);
  RateLimiter limiter(clock, {});
  Throttling server{rate};
  for (int done = 0; done < calls;) {
    const auto wait = limiter.take(kWrites);
    clock.advance(wait ? *wait : *wait.error().retry_after);
    if (!wait) continue;
    if (server.takes(clock.now())) {
      limiter.passed(kWrites);
      ++done;
    } else {
      limiter.throttled(kWrites, std::nullopt);
    }
    clock.advance(Millis(1));
  }
  const double ideal = (calls - rate) / rate;  // a second's worth is taken at once
  return {static_cast<double>((clock.now() - kNow).count()) / 1000 / ideal, server.refused / double(calls)};
}

TEST(RateLimiter, KeepsPaceWithAServerThatThrottles) {
  for (const double rate : {5.0, 20.0, 100.0}) {
    const Outcome out = run(rate, static_cast<int>(rate * 120));
    EXPECT_LE(out.times_ideal, 1.2) << rate;
    EXPECT_LE(out.refused_share, 0.1) << rate;
    RecordProperty("times_ideal_at_" + std::to_string(int(rate)), std::to_string(out.times_ideal));
  }
}

}  // namespace
}  // namespace datamesh::aws
