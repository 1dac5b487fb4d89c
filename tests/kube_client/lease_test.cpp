// At most one holds the Lease, clocks are not compared, and who was away too long writes nothing.
#include "controller/kube/lease.h"

#include <gtest/gtest.h>

namespace datamesh::kube {
namespace {

using std::chrono::seconds;

constexpr Time kStart{seconds(1'800'000'000)};

/// The Lease object of one API server, with its optimistic locking.
class OneLease final : public LeaseLock {
 public:
  Result<std::optional<Held>> get() override {
    if (down) return fail(ErrorKind::Transient, "down");
    if (version_ == 0) return std::nullopt;
    return Held{decode_lease({{"spec", spec_}}), std::to_string(version_)};
  }
  Result<std::string> put(const LeaseRecord& record, const std::string& version) override {
    if (down) return fail(ErrorKind::Transient, "down");
    if (version != (version_ == 0 ? "" : std::to_string(version_))) return fail(ErrorKind::Conflict, "stale");
    spec_ = encode_lease(record);
    ++version_;
    if (answers_lost) return fail(ErrorKind::Transient, "lost");
    return std::to_string(version_);
  }
  LeaseRecord record() const { return decode_lease({{"spec", spec_}}); }

  bool down = false;
  bool answers_lost = false;

 private:
  Json spec_;
  int version_ = 0;
};

/// Two rivals whose clocks differ by a year.
struct Rivals {
  OneLease lease;
  FakeClock first_clock{kStart};
  FakeClock second_clock{kStart + std::chrono::hours(24 * 365)};
  LeaderElector first{lease, "first", {}, first_clock, first_clock};
  LeaderElector second{lease, "second", {}, second_clock, second_clock};

  void pass(Millis time) {
    first_clock.advance(time);
    second_clock.advance(time);
  }
};

TEST(LeaderElection, TheFirstToAskHoldsIt) {
  Rivals rivals;
  EXPECT_TRUE(rivals.first.attempt());
  EXPECT_FALSE(rivals.second.attempt());
  EXPECT_EQ(rivals.second.holder(), "first");
  EXPECT_TRUE(rivals.first.may_write());
  EXPECT_FALSE(rivals.second.may_write());
}

TEST(LeaderElection, WhoRenewsKeepsIt) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  for (int n = 0; n < 50; ++n) {
    rivals.pass(seconds(2));
    EXPECT_TRUE(rivals.first.attempt());
    EXPECT_FALSE(rivals.second.attempt());
  }
  EXPECT_EQ(rivals.lease.record().transitions, 0);
  EXPECT_EQ(rivals.lease.record().acquired, kStart);
}

TEST(LeaderElection, ARivalWaitsAWholeLeaseFromWhatItSaw) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  EXPECT_FALSE(rivals.second.attempt());
  rivals.pass(seconds(14));
  EXPECT_FALSE(rivals.second.attempt());
  rivals.pass(seconds(1));
  EXPECT_TRUE(rivals.second.attempt());
  EXPECT_EQ(rivals.lease.record().transitions, 1);
}

TEST(LeaderElection, StepsDownWhenRenewalIsLate) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  rivals.lease.down = true;
  rivals.pass(seconds(9));
  EXPECT_TRUE(rivals.first.attempt()) << "the deadline has not passed";
  rivals.pass(seconds(1));
  EXPECT_FALSE(rivals.first.attempt());
  EXPECT_FALSE(rivals.first.is_leader());
}

TEST(LeaderElection, WritesEndBeforeARivalCanHoldIt) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  ASSERT_FALSE(rivals.second.attempt());
  for (int n = 0; n < 40; ++n) {  // the first is stopped and does not know it
    rivals.pass(Millis(500));
    if (rivals.second.attempt()) {
      EXPECT_FALSE(rivals.first.may_write());
      return;
    }
  }
  FAIL() << "the second never took it";
}

TEST(LeaderElection, AStoppedLeaderLearnsThatItLost) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  ASSERT_FALSE(rivals.second.attempt());
  rivals.pass(seconds(20));
  ASSERT_TRUE(rivals.second.attempt());
  EXPECT_FALSE(rivals.first.attempt());
  EXPECT_FALSE(rivals.first.is_leader());
}

TEST(LeaderElection, AReleasedLeaseIsTakenAtOnce) {
  Rivals rivals;
  ASSERT_TRUE(rivals.first.attempt());
  ASSERT_FALSE(rivals.second.attempt());
  ASSERT_TRUE(rivals.first.release());
  EXPECT_FALSE(rivals.first.may_write());
  EXPECT_TRUE(rivals.second.attempt());
}

TEST(LeaderElection, ALostAnswerToOurOwnWriteIsNoLoss) {
  Rivals rivals;
  rivals.lease.answers_lost = true;
  EXPECT_FALSE(rivals.first.attempt()) << "nobody said that we hold it";
  rivals.lease.answers_lost = false;
  EXPECT_TRUE(rivals.first.attempt());
  EXPECT_EQ(rivals.lease.record().transitions, 0);
}

TEST(LeaderElection, TimesAreWrittenAsMicroTime) {
  LeaseRecord record{"me", 15, kStart, kStart + Millis(7), 2};
  const Json spec = encode_lease(record);
  EXPECT_EQ(spec.at("renewTime"), "2027-01-15T08:00:00.007000Z");
  EXPECT_EQ(decode_lease({{"spec", spec}}), record);
}

TEST(LeaderElection, TimingsThatCannotWorkAreRefused) {
  EXPECT_TRUE(validate({}));
  EXPECT_FALSE(validate({.lease = seconds(10), .renew = seconds(10)}));
  EXPECT_FALSE(validate({.renew = seconds(2), .retry = seconds(2)}));
  EXPECT_FALSE(validate({.retry = Millis(0)}));
}

}  // namespace
}  // namespace datamesh::kube
