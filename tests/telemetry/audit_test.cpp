#include "controller/telemetry/audit.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace datamesh::telemetry {
namespace {

Json line(int number, const std::string& object) {
  return {{"number", number}, {"because", Json::array({object})}};
}

class AuditFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::remove(file_); }
  void TearDown() override { std::filesystem::remove(file_); }

  std::unique_ptr<AuditLog> open() {
    auto log = AuditLog::open(file_);
    if (!log) throw std::runtime_error(to_string(log.error()));
    return std::move(*log);
  }

  const std::string file_ = testing::TempDir() + "audit-" + std::to_string(::getpid()) + ".jsonl";
};

TEST_F(AuditFile, TheLatestLinesOfAnObjectComeOldestFirst) {
  const auto log = open();
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(log->append(line(i, i % 2 == 0 ? "Grant/a/x" : "Grant/a/y")));
  const Json expected = {{"lines", {line(2, "Grant/a/x"), line(4, "Grant/a/x")}}};
  EXPECT_EQ(log->latest("Grant/a/x", 2), expected);
  EXPECT_EQ(log->latest("", 100)["lines"].size(), 6U);
  EXPECT_EQ(log->latest("Grant/a", 100)["lines"].size(), 0U);
}

TEST_F(AuditFile, LinesSurviveARestartAndACutEnd) {
  ASSERT_TRUE(open()->append(line(1, "Grant/a/x")));
  std::ofstream(file_, std::ios::app) << "{\"number\": 2, \"beca";
  const auto log = open();
  EXPECT_EQ(log->latest("Grant/a/x", 10)["lines"].size(), 1U);
}

TEST_F(AuditFile, BelongsToItsOwnerAlone) {
  open();
  struct stat facts {};
  ASSERT_EQ(::stat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST(Audit, AnUnusableFileIsNamed) {
  const auto log = AuditLog::open("/dev/null/audit.jsonl");
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/dev/null/audit.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace datamesh::telemetry
