// Replicas in threads: one leads, the next one takes over.
#include "controller/kube/leadership.h"

#include <gtest/gtest.h>

#include <future>

namespace datamesh::kube {
namespace {

/// A Lease that several threads may ask for.
class SharedLease final : public LeaseLock {
 public:
  Result<std::optional<Held>> get() override {
    const std::lock_guard lock(mutex_);
    if (down) return fail(ErrorKind::Transient, "down");
    if (version_ == 0) return std::nullopt;
    return Held{record_, std::to_string(version_)};
  }
  Result<std::string> put(const LeaseRecord& record, const std::string& version) override {
    const std::lock_guard lock(mutex_);
    if (down) return fail(ErrorKind::Transient, "down");
    if (version != (version_ == 0 ? "" : std::to_string(version_))) return fail(ErrorKind::Conflict, "stale");
    record_ = record;
    return std::to_string(++version_);
  }
  std::atomic<bool> down{false};

 private:
  std::mutex mutex_;
  LeaseRecord record_;
  int version_ = 0;
};

constexpr LeaseTimings kQuick{Millis(2'000), Millis(600), Millis(10)};
constexpr auto kLong = std::chrono::seconds(20);

struct Replica {
  Replica(SharedLease& lease, const std::string& name)
      : leadership(lease, name, kQuick, {[this] { gained.set_value(); }, [this] { lost.set_value(); }}) {
    leadership.begin();
  }
  bool gains() { return gained.get_future().wait_for(kLong) == std::future_status::ready; }
  bool loses() { return lost.get_future().wait_for(kLong) == std::future_status::ready; }

  std::promise<void> gained;
  std::promise<void> lost;
  Leadership leadership;  ///< last, so that its thread ends first
};

TEST(Leadership, ASecondReplicaStandsByAndTakesOverWhenTheFirstGoes) {
  SharedLease lease;
  auto first = std::make_unique<Replica>(lease, "first");
  ASSERT_TRUE(first->gains());
  EXPECT_TRUE(first->leadership.may_write());
  Replica second(lease, "second");
  while (!second.leadership.is_standing_by()) std::this_thread::yield();
  EXPECT_FALSE(second.leadership.may_write());
  ASSERT_TRUE(first->leadership.release());
  EXPECT_FALSE(first->leadership.may_write());
  EXPECT_TRUE(second.gains());
}

TEST(Leadership, ALeaderThatCannotRenewSaysThatItLost) {
  SharedLease lease;
  Replica replica(lease, "only");
  ASSERT_TRUE(replica.gains());
  lease.down = true;
  EXPECT_TRUE(replica.loses());
}

}  // namespace
}  // namespace datamesh::kube
