// Whose turn it is when more catalogs want to be worked on than there are workers.
#include "controller/engine/job_queue.h"

#include <gtest/gtest.h>

#include "tests/engine/small_world.h"

namespace datamesh::engine {
namespace {

using std::chrono::seconds;

const Time kStart{};

CatalogRef catalog(const std::string& account) { return {account, "eu-west-1"}; }

/// The accounts in the order of their turns, each done before the next is taken.
std::vector<std::string> turns(JobQueue& queue, Time now) {
  std::vector<std::string> out;
  while (const auto next = queue.take(now)) {
    out.push_back(next->catalog.account);
    queue.done(next->catalog);
  }
  return out;
}

using Accounts = std::vector<std::string>;

TEST(JobQueue, TakesEditsBeforeReadingsBeforeSweeps) {
  JobQueue queue(1);
  queue.add(catalog("1"), Urgency::Sweep, kStart);
  queue.add(catalog("2"), Urgency::Read, kStart + seconds(1));
  queue.add(catalog("3"), Urgency::Edit, kStart + seconds(2));
  EXPECT_EQ(turns(queue, kStart + seconds(2)), (Accounts{"3", "2", "1"}));
}

TEST(JobQueue, TakesThoseOfOneUrgencyInTheOrderInWhichTheyCame) {
  JobQueue queue(1);
  for (const char* account : {"3", "1", "2"}) queue.add(catalog(account), Urgency::Edit, kStart + seconds(account[0] == '3' ? 0 : account[0] - '0'));
  EXPECT_EQ(turns(queue, kStart + seconds(9)), (Accounts{"3", "1", "2"}));
}

TEST(JobQueue, ASweepThatWaitedAMinuteGoesBeforeFreshEdits) {
  JobQueue queue(1);
  queue.add(catalog("1"), Urgency::Sweep, kStart);
  queue.add(catalog("2"), Urgency::Edit, kStart + seconds(59));
  queue.add(catalog("3"), Urgency::Edit, kStart + seconds(61));
  EXPECT_EQ(turns(queue, kStart + seconds(61)), (Accounts{"2", "1", "3"}));
}

TEST(JobQueue, AnEditMovesAWaitingSweepUpAndASweepMovesNothingBack) {
  JobQueue queue(1);
  EXPECT_TRUE(queue.add(catalog("1"), Urgency::Sweep, kStart));
  queue.add(catalog("2"), Urgency::Sweep, kStart);
  EXPECT_FALSE(queue.add(catalog("2"), Urgency::Edit, kStart + seconds(5)));
  queue.add(catalog("2"), Urgency::Sweep, kStart + seconds(6));
  const auto first = queue.take(kStart + seconds(7));
  EXPECT_EQ(first->catalog.account, "2");
  EXPECT_EQ(first->waited, seconds(7)) << "since it first came";
  queue.done(first->catalog);
  EXPECT_EQ(turns(queue, kStart + seconds(7)), Accounts{"1"});
}

TEST(JobQueue, ReadingsLeaveOneWorkerToTheEdits) {
  JobQueue queue(3);
  for (const char* account : {"1", "2", "3"}) queue.add(catalog(account), Urgency::Sweep, kStart);
  EXPECT_TRUE(queue.take(kStart));
  EXPECT_TRUE(queue.take(kStart));
  EXPECT_FALSE(queue.take(kStart)) << "the third worker is for edits";
  queue.add(catalog("4"), Urgency::Edit, kStart + seconds(1));
  EXPECT_EQ(queue.take(kStart + seconds(1))->catalog.account, "4");
  queue.add(catalog("5"), Urgency::Edit, kStart + seconds(1));
  EXPECT_FALSE(queue.take(kStart + seconds(1))) << "all are at work";
  queue.done(catalog("1"));
  EXPECT_EQ(queue.take(kStart + seconds(1))->catalog.account, "5");
}

TEST(JobQueue, OneWorkerDoesItAll) {
  JobQueue queue(1);
  queue.add(catalog("1"), Urgency::Sweep, kStart);
  EXPECT_TRUE(queue.take(kStart));
}

}  // namespace
}  // namespace datamesh::engine

namespace datamesh::testing {
namespace {

std::string account_number(int i) { return "2000000000" + std::to_string(10 + i); }

/// Accounts that have nothing to do with the small mesh.
std::string idle_accounts(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += R"Y(
---
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: idle-)Y" + std::to_string(i) + R"Y(, namespace: others}
spec: {accountId: ")Y" + account_number(i) + R"Y(", roles: [Consumer], regions: [eu-west-1]}
)Y";
  }
  return out;
}

TEST(Workers, AnEditDoesNotWaitForTheSweepsOfOtherCatalogs) {
  SmallWorld world;
  world.apply(idle_accounts(20));
  world.converge();
  world.clock.advance(minutes(6));  // all are due for a sweep
  world.executor.fire_timers();
  while (world.executor.run_task()) {
  }
  EXPECT_EQ(world.executor.jobs(), 7u) << "sweeps, of eight workers";
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: late, namespace: retail}
spec: {product: {name: orders}, to: {accounts: [{namespace: analytics, name: analytics}]}, permissions: [SELECT, DESCRIBE]}
)Y");
  while (world.executor.run_task()) {
  }
  EXPECT_EQ(world.executor.jobs(), 8u) << "the edit has begun, and none of the sweeps has ended";
}

}  // namespace
}  // namespace datamesh::testing
