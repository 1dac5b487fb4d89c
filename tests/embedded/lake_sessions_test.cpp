// Sessions of AssumeRole: what the lake keeps of them, and for how long.
#include <sqlite3.h>

#include "tests/embedded/lake_world.h"
#include "tests/temporary_folder.h"

namespace datamesh::testing {
namespace {

using embedded::EmbeddedLake;

class LakeSessions : public ::testing::Test {
 protected:
  Result<Json> assume(const std::string& as, const std::string& role, Json more = Json::object()) {
    more["RoleArn"] = role;
    more["RoleSessionName"] = "probe";
    return world_.as_principal(as).call({{kOwner, kRegion}, aws::Service::Sts, "AssumeRole", more});
  }
  std::string code_of(const Result<Json>& answer) { return answer ? "" : answer.error().code; }

  LakeWorld world_;
  const std::string user_ = "arn:aws:iam::111122223333:user/somebody";
  const std::string reader_ = role_arn(kConsumer, "reader");
};

TEST_F(LakeSessions, AnAccessKeyStandsForItsRoleWithTheSecretThatWasGiven) {
  const Json credentials = (*assume(user_, reader_))["Credentials"];
  const auto key = world_.lake().find_access_key(credentials["AccessKeyId"]);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->principal, reader_);
  EXPECT_EQ(key->session, "probe");
  EXPECT_EQ(key->secret, credentials["SecretAccessKey"]);
  EXPECT_EQ(key->token, credentials["SessionToken"]);
  EXPECT_EQ(key->expires, kStart + std::chrono::hours(1));
  EXPECT_FALSE(world_.lake().find_access_key("ASIAUNKNOWN"));
}

TEST_F(LakeSessions, NoTwoHaveTheSameSecrets) {
  const Json first = (*assume(user_, reader_))["Credentials"];
  const Json second = (*assume(user_, reader_))["Credentials"];
  for (const char* member : {"AccessKeyId", "SecretAccessKey", "SessionToken"}) EXPECT_NE(first[member], second[member]);
}

TEST_F(LakeSessions, AreRememberedForAnHourBeyondTheirEnd) {
  const std::string id = (*assume(user_, reader_))["Credentials"]["AccessKeyId"];
  world_.advance(std::chrono::minutes(119));
  ASSERT_TRUE(assume(user_, reader_));
  EXPECT_TRUE(world_.lake().find_access_key(id));
  world_.advance(std::chrono::minutes(1));
  ASSERT_TRUE(assume(user_, reader_));
  EXPECT_FALSE(world_.lake().find_access_key(id));
}

TEST_F(LakeSessions, OfAChainLastAnHourAtMost) {
  EXPECT_TRUE(assume(user_, reader_, {{"DurationSeconds", 43200}}));
  EXPECT_TRUE(assume(role_arn(kOwner, "first"), reader_, {{"DurationSeconds", 3600}}));
  EXPECT_EQ(code_of(assume(role_arn(kOwner, "first"), reader_, {{"DurationSeconds", 3601}})), "ValidationError");
}

TEST_F(LakeSessions, WithFewerRightsThanTheirRoleAreRefused) {
  EXPECT_EQ(code_of(assume(user_, reader_, {{"Policy", "{}"}})), "MalformedPolicyDocument");
  EXPECT_EQ(code_of(assume(user_, reader_, {{"PolicyArns", {{{"arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"}}}}})),
            "MalformedPolicyDocument");
}

TEST_F(LakeSessions, ShowTheirNameToSts) {
  embedded::EmbeddedLake& lake = world_.lake();
  const Json identity =
      *lake.as_principal(reader_, "probe")->call({{kConsumer, kRegion}, aws::Service::Sts, "GetCallerIdentity"});
  EXPECT_EQ(identity["Arn"], "arn:aws:sts::444455556666:assumed-role/reader/probe");
  EXPECT_TRUE(identity["UserId"].get<std::string>().ends_with(":probe"));
}

/// As lakes were written before secrets were kept.
constexpr const char* kForgetSecrets =
    "UPDATE entries SET value = json_remove(value, '$.secret', '$.token')"
    " WHERE shelf IN (SELECT id FROM shelves WHERE name = 'sessions')";

TEST(LakeSessionsFile, SurviveARestartAndThoseWithoutASecretAreUnknown) {
  const TemporaryFolder folder;
  const std::string path = folder.file("lake.db");
  FakeClock clock(kStart);
  std::string id;
  {
    const auto lake = std::move(*EmbeddedLake::open({path, &clock, false}));
    id = (*lake->as_role("Admin")->call({{kOwner, kRegion},
                                         aws::Service::Sts,
                                         "AssumeRole",
                                         {{"RoleArn", role_arn(kOwner, "reader")}, {"RoleSessionName", "probe"}}}))
        ["Credentials"]["AccessKeyId"];
  }
  EXPECT_TRUE((*EmbeddedLake::open({path, &clock, false}))->find_access_key(id));
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file, kForgetSecrets, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(file);
  EXPECT_EQ(sqlite3_changes(file), 1);
  sqlite3_close(file);
  EXPECT_FALSE((*EmbeddedLake::open({path, &clock, false}))->find_access_key(id));
}

}  // namespace
}  // namespace datamesh::testing
