// The files for clients of the AWS endpoint, and whom its keys stand for.
#include "controller/cli/aws_profiles.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "controller/cli/lake_wire.h"
#include "tests/temporary_folder.h"

namespace datamesh::cli {
namespace {

Json account(const std::string& ns, const std::string& name, Json spec) {
  return {{"kind", "Account"}, {"metadata", {{"namespace", ns}, {"name", name}}}, {"spec", std::move(spec)}};
}

std::string role(const std::string& name) { return "arn:aws:iam::111122223333:role/" + name; }

std::vector<std::string> lines(const std::vector<Json>& accounts) {
  std::vector<std::string> out;
  for (const AwsProfile& profile : aws_profiles(accounts)) {
    out.push_back(profile.name + " " + profile.role_arn + " " + profile.region);
  }
  return out;
}

TEST(AwsProfiles, OneForEachRoleOfPersonasAndAdministrators) {
  const Json spec = {{"regions", {"eu-west-1", "us-east-1"}},
                     {"administrators", {role("Admin")}},
                     {"personas",
                      {{{"name", "eng"}, {"principals", {role("team/Engineer"), "arn:aws:iam::111122223333:user/joe"}}},
                       {{"name", "sci"}, {"principals", {role("Notebook"), role("Scientist")}}}}}};
  EXPECT_EQ(lines({account("retail", "sales", spec)}),
            (std::vector<std::string>{"sales-admin " + role("Admin") + " eu-west-1",
                                      "sales-eng " + role("team/Engineer") + " eu-west-1",
                                      "sales-sci-notebook " + role("Notebook") + " eu-west-1",
                                      "sales-sci-scientist " + role("Scientist") + " eu-west-1"}));
}

TEST(AwsProfiles, AccountsOfOneNameAreToldApartByTheirNamespaces) {
  const Json spec = {{"administrators", {role("Admin")}}};
  EXPECT_EQ(lines({account("a", "x", spec), account("b", "x", spec)}),
            (std::vector<std::string>{"a-x-admin " + role("Admin") + " us-east-1",
                                      "b-x-admin " + role("Admin") + " us-east-1"}));
}

TEST(AwsProfiles, TwoRolesOfOneNameAreNumbered) {
  const Json spec = {{"administrators", {role("a/Admin"), role("b/Admin"), role("a/Admin")}}};
  EXPECT_EQ(lines({account("a", "x", spec)}),
            (std::vector<std::string>{"x-admin " + role("a/Admin") + " us-east-1",
                                      "x-admin-2 " + role("b/Admin") + " us-east-1"}));
}

TEST(AwsProfiles, NothingBreaksOutOfItsLine) {
  const Json spec = {{"administrators", {role("Admin") + "\n[default]", role("has space")}},
                     {"personas", {{{"name", "e]\nng"}, {"principals", {role("Eng")}}}}}};
  EXPECT_EQ(lines({account("a", "x", spec)}), (std::vector<std::string>{"x-e--ng " + role("Eng") + " us-east-1"}));
}

TEST(AwsProfiles, EveryProfileHasTheEndpointItself) {
  const std::string text = aws_config_text({{"sales-eng", role("Eng"), "eu-west-1"}}, {"https://127.0.0.1:1", "/s/ca.crt"});
  EXPECT_EQ(text,
            "# Written by `datamesh up` as accounts are declared; what is changed here is lost.\n"
            "\n[default]\nregion = eu-west-1\nendpoint_url = https://127.0.0.1:1\nca_bundle = /s/ca.crt\n"
            "\n[profile sales-eng]\nregion = eu-west-1\nendpoint_url = https://127.0.0.1:1\nca_bundle = /s/ca.crt\n"
            "role_arn = arn:aws:iam::111122223333:role/Eng\nsource_profile = default\nrole_session_name = sales-eng\n");
}

TEST(AwsKeyFile, KeepsTheKeyForItsOwnerAlone) {
  const testing::TemporaryFolder temporary;
  const std::string folder = temporary.path();
  const auto key = open_aws_key(folder);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->id.starts_with("AKIA"));
  EXPECT_EQ(key->id.size(), 20U);
  EXPECT_EQ(key->secret.size(), 40U);
  EXPECT_EQ(*open_aws_key(folder), *key);
  struct stat facts {};
  ASSERT_EQ(::stat((folder + "/key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

class LakeWireTest : public ::testing::Test {
 protected:
  FakeClock clock_{Time(Millis(1'780'000'000'000))};
  std::unique_ptr<embedded::EmbeddedLake> lake_ = std::move(*embedded::EmbeddedLake::open({":memory:", &clock_, false}));
  LakeWire wire_{*lake_, {"AKIAKEY", "secret"}};
};

TEST_F(LakeWireTest, TheKeyAssumesAnyRoleAndDoesNothingElse) {
  const auto key = wire_.find_key("AKIAKEY");
  ASSERT_TRUE(key);
  const auto denied = wire_.call(*key, {{kKeyAccount, "eu-west-1"}, aws::Service::Glue, "GetDatabases", Json::object()});
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().code, "AccessDeniedException");
  const auto session = wire_.call(*key, {{kKeyAccount, "eu-west-1"}, aws::Service::Sts, "AssumeRole",
                                         {{"RoleArn", role("Reader")}, {"RoleSessionName", "probe"}}});
  ASSERT_TRUE(session);
  const auto assumed = wire_.find_key((*session)["Credentials"]["AccessKeyId"]);
  ASSERT_TRUE(assumed);
  EXPECT_EQ(assumed->account, "111122223333");
  EXPECT_EQ(assumed->principal, role("Reader"));
  EXPECT_TRUE(wire_.call(*assumed, {{"111122223333", "eu-west-1"}, aws::Service::Glue, "GetDatabases", Json::object()}));
  EXPECT_EQ(lake_->catalogs(), std::vector<CatalogRef>({{"111122223333", "eu-west-1"}})) << "STS makes no catalogs";
}

TEST_F(LakeWireTest, EveryCallIsHeardOfWithItsOutcome) {
  std::vector<std::string> heard;
  LakeWire wire(*lake_, {"AKIAKEY", "secret"},
                [&](const aws::WireKey& caller, const aws::Call& call, const Result<Json>& outcome) {
                  heard.push_back(caller.principal + " " + call.operation + " " + (outcome ? "ok" : outcome.error().code));
                });
  const auto key = *wire.find_key("AKIAKEY");
  static_cast<void>(wire.call(key, {{kKeyAccount, "eu-west-1"}, aws::Service::Sts, "GetCallerIdentity", Json::object()}));
  static_cast<void>(wire.call(key, {{kKeyAccount, "eu-west-1"}, aws::Service::Glue, "GetTables", Json::object()}));
  EXPECT_EQ(heard, (std::vector<std::string>{std::string(kKeyPrincipal) + " GetCallerIdentity ok",
                                             std::string(kKeyPrincipal) + " GetTables AccessDeniedException"}));
}

TEST_F(LakeWireTest, OtherKeysAreUnknown) {
  EXPECT_FALSE(wire_.find_key("AKIAOTHER"));
  EXPECT_FALSE(wire_.find_key(""));
}

}  // namespace
}  // namespace datamesh::cli
