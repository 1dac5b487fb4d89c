#include "controller/base/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace datamesh {
namespace {

class LogTest : public testing::Test {
 protected:
  FakeClock clock_{*parse_rfc3339("2026-11-22T08:00:00Z")};
  std::vector<std::string> lines_;
  Log log_{clock_, LogLevel::Info, [this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(LogTest, ALineIsOneJsonObjectInAFixedOrder) {
  log_.info("call failed", {{"operation", "glue:GetTables"}, {"attempt", 2}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0], R"({"time":"2026-11-22T08:00:00Z","level":"info","msg":"call failed","attempt":2,)"
                       R"("operation":"glue:GetTables"})");
}

TEST_F(LogTest, TextThatWouldBreakALineIsEscaped) {
  log_.error("two\nlines \"quoted\" {} \xff", {{"name", "a\nb"}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  const auto parsed = parse_json(lines_[0]);
  ASSERT_TRUE(parsed) << lines_[0];
  EXPECT_EQ(string_at(*parsed, "name"), "a\nb");
}

TEST_F(LogTest, LevelsBelowItsOwnAreLeftOut) {
  log_.debug("quiet");
  log_.warn("loud");
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_NE(lines_[0].find("loud"), std::string::npos);
}

TEST_F(LogTest, SecretsAreReplacedAtAnyDepth) {
  log_.info("assumed", {{"credentials", {{"SecretAccessKey", "abc123"}}},
                        {"calls", Json::array({{{"SessionToken", "abc123"}, {"NextToken", "page2"}}})},
                        {"externalId", "abc123"}, {"Authorization", "Bearer abc123"}});
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].find("abc123"), std::string::npos) << lines_[0];
  EXPECT_NE(lines_[0].find("page2"), std::string::npos) << lines_[0];
}

TEST(SecretFields, AreKnownByNameInAnySpelling) {
  for (const char* name : {"token", "sessionToken", "session_token", "AWS_SECRET_ACCESS_KEY", "password",
                           "Authorization", "external-id", "ExternalId", "privateKey", "Cookie", "AccessKeyId"}) {
    EXPECT_TRUE(is_secret_field(name)) << name;
  }
  for (const char* name : {"name", "catalog", "NextToken", "continueToken", "tokens", "key"}) {
    EXPECT_FALSE(is_secret_field(name)) << name;
  }
}

TEST(LogLevels, AreReadAsTheyAreWritten) {
  for (const LogLevel level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
}

}  // namespace
}  // namespace datamesh
