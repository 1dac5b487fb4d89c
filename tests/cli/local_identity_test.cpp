// What is kept over restarts, what is renewed, and what of it clients notice.
#include "controller/cli/local_identity.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "controller/cli/state_folder.h"

namespace datamesh::cli {
namespace {

constexpr std::chrono::hours kDay(24);
const std::vector<std::string> kNames = {"localhost", "127.0.0.1"};

class LocalIdentityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    ASSERT_TRUE(make_state_folder(folder_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  LocalIdentity open(Time now, const std::vector<std::string>& names = kNames) const {
    auto opened = open_local_identity(folder_, names, now);
    if (!opened) throw std::runtime_error(to_string(opened.error()));
    return *opened;
  }

  const Time now_ = *parse_rfc3339("2026-11-22T08:00:00Z");
  const std::string folder_ = ::testing::TempDir() + "identity-" + std::to_string(::getpid());
};

TEST_F(LocalIdentityTest, IsKept) {
  const LocalIdentity first = open(now_);
  const LocalIdentity again = open(now_ + 30 * kDay);
  EXPECT_EQ(again.ca_pem, first.ca_pem);
  EXPECT_EQ(again.server, first.server);
  EXPECT_EQ(again.token, first.token);
}

TEST_F(LocalIdentityTest, RenewsTheServerNearItsEndAndKeepsTheAuthority) {
  const LocalIdentity first = open(now_);
  const LocalIdentity later = open(now_ + 350 * kDay);
  EXPECT_EQ(later.ca_pem, first.ca_pem);
  EXPECT_NE(later.server, first.server);
  EXPECT_TRUE(http::is_fresh(later.server, now_ + 350 * kDay));
}

TEST_F(LocalIdentityTest, RenewsTheAuthorityNearItsEnd) {
  const LocalIdentity first = open(now_);
  EXPECT_NE(open(now_ + 3500 * kDay).ca_pem, first.ca_pem);
}

TEST_F(LocalIdentityTest, RenewsTheServerForANewName) {
  const LocalIdentity first = open(now_);
  const LocalIdentity other = open(now_, {"localhost", "127.0.0.2"});
  EXPECT_EQ(other.ca_pem, first.ca_pem);
  EXPECT_NE(other.server, first.server);
}

TEST_F(LocalIdentityTest, ReplacesWhatIsBroken) {
  const LocalIdentity first = open(now_);
  ASSERT_TRUE(write_state_file(folder_, "server.key", "garbage"));
  const LocalIdentity second = open(now_);
  EXPECT_EQ(second.ca_pem, first.ca_pem);
  EXPECT_TRUE(http::is_fresh(second.server, now_));
  ASSERT_TRUE(write_state_file(folder_, "ca.key", "garbage"));
  const LocalIdentity third = open(now_);
  EXPECT_NE(third.ca_pem, first.ca_pem);
  EXPECT_TRUE(http::is_fresh(third.server, now_));
}

}  // namespace
}  // namespace datamesh::cli
