// Several threads at once: nothing is lost, and permission writes that overlap are told so.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/embedded/lake_world.h"

namespace datamesh::testing {
namespace {

using embedded::EmbeddedLake;

/// A clock that can be made to hold whoever asks for the time.
class HoldingClock final : public Clock {
 public:
  Time now() const override {
    std::unique_lock lock(mutex_);
    if (holds_) {
      is_held_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !holds_; });
    }
    return kStart;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    holds_ = true;
  }
  void wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_held_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    holds_ = false;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable bool is_held_ = false;
  bool holds_ = false;
};

class LakeThreads : public ::testing::Test {
 protected:
  LakeThreads() : lake_(std::move(*EmbeddedLake::open({":memory:", &clock_, false}))), api_(lake_->as_role("Admin")) {
    call(kOwner, "PutDataLakeSettings",
         {{"DataLakeSettings",
           {{"DataLakeAdmins", Json::array({{{"DataLakePrincipalIdentifier", role_arn(kOwner, "Admin")}}})}}}});
    const Result<Json> made = api_->call({{kOwner, kRegion},
                                          aws::Service::Glue,
                                          "CreateDatabase",
                                          {{"DatabaseInput", {{"Name", "sales"}}}}});
    EXPECT_TRUE(made);
  }

  Result<Json> call(const std::string& account, const std::string& operation, Json input) {
    return api_->call({{account, kRegion}, aws::Service::LakeFormation, operation, std::move(input)});
  }

  Result<Json> grant(const std::string& role, const char* permission = "DESCRIBE") {
    return call(kOwner, "GrantPermissions",
                {{"Principal", {{"DataLakePrincipalIdentifier", role_arn(kOwner, role)}}},
                 {"Resource", database(kOwner, "sales")},
                 {"Permissions", {permission}}});
  }

  HoldingClock clock_;
  std::unique_ptr<EmbeddedLake> lake_;
  std::unique_ptr<aws::Api> api_;
};

}  // namespace

TEST_F(LakeThreads, T10OfTwoGrantsThatOverlapTheLaterFails) {
  clock_.hold();
  Result<Json> first;
  std::thread writer([&] { first = grant("first"); });
  clock_.wait_until_held();
  const Result<Json> second = grant("second");
  clock_.release();
  writer.join();
  EXPECT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "ConcurrentModificationException");
  EXPECT_EQ(second.error().kind, ErrorKind::Conflict);
}

TEST_F(LakeThreads, WritesOnTwoCatalogsDoNotDisturbEachOther) {
  clock_.hold();
  Result<Json> first;
  Result<Json> second;
  std::thread writer([&] { first = grant("first"); });
  clock_.wait_until_held();
  std::thread elsewhere(
      [&] { second = call(kConsumer, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"sales"}}}); });
  clock_.release();
  writer.join();
  elsewhere.join();
  EXPECT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "AccessDeniedException");  // and no ConcurrentModificationException
}

TEST_F(LakeThreads, GrantsOfManyThreadsAreAllThereOnceRetried) {
  std::atomic<int> conflicts{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 50; ++i) {
        const std::string role = "reader" + std::to_string(writer) + "-" + std::to_string(i);
        Result<Json> done = grant(role);
        for (; !done; done = grant(role)) {
          ASSERT_EQ(done.error().kind, ErrorKind::Conflict);
          ++conflicts;
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  const Json listed = *call(kOwner, "ListPermissions",
                            {{"Resource", database(kOwner, "sales")}, {"MaxResults", 1000}});
  EXPECT_EQ(listed["PrincipalResourcePermissions"].size(), 201U);  // and the creator's
}

TEST_F(LakeThreads, CallsAreCountedByOperation) {
  const auto before = lake_->call_counts();
  static_cast<void>(grant("reader"));
  static_cast<void>(grant("reader"));
  const auto after = lake_->call_counts();
  EXPECT_EQ(after.at("lakeformation:GrantPermissions"), 2U);
  EXPECT_EQ(before.count("lakeformation:GrantPermissions"), 0U);
  EXPECT_EQ(lake_->catalogs(), std::vector<CatalogRef>({{kOwner, kRegion}}));
}

}  // namespace datamesh::testing
