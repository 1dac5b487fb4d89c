// Keys come from where the AWS CLI takes them, and whoever is wrong is told what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/aws/credential_chain.h"
#include "controller/aws/profiles.h"
#include "tests/aws/fake_aws.h"

namespace datamesh::aws {
namespace {

using testing::FakeFiles;
using testing::FakeSender;
using testing::kNow;
using testing::reply;
using testing::session;
using ::testing::HasSubstr;

struct Bench {
  FakeFiles files;
  FakeSender sender;
  FakeClock clock{kNow};
  SignedCalls calls{sender, clock, {}};
  std::unique_ptr<CredentialProvider> chain;

  Result<std::optional<Credentials>> obtain(Environment environment = {}) {
    chain = default_credentials(files.machine(std::move(environment)), calls, sender);
    return chain->obtain();
  }
  /// The access key that is found, or the error.
  std::string found(Environment environment = {}) {
    const auto out = obtain(std::move(environment));
    if (!out) return to_string(out.error());
    return *out ? (*out)->keys.access_key : "nothing";
  }
  /// Every request's "host path", in order.
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& [base, request] : sender.sent) out.push_back(base + " " + request.path);
    return out;
  }
};

TEST(CredentialChain, TheEnvironmentGoesFirst) {
  Bench bench;
  bench.files.files["/home/me/.aws/credentials"] = "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n";
  const auto out = bench.obtain({{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"AWS_SESSION_TOKEN", "t"}});
  ASSERT_TRUE(out);
  EXPECT_EQ(**out, (Credentials{{"ENV", "s", "t"}, std::nullopt}));
  EXPECT_TRUE(bench.sender.sent.empty());
}

TEST(CredentialChain, HalfAnEnvironmentIsAnErrorThatNamesTheOtherHalf) {
  EXPECT_THAT(Bench().found({{"AWS_ACCESS_KEY_ID", "ENV"}}), HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
}

TEST(CredentialChain, WhenThereAreNoneEveryPlaceIsNamed) {
  Bench bench;
  const auto out = bench.obtain();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, "NoCredentials");
  for (const char* part : {"environment (AWS_ACCESS_KEY_ID)", "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
                           "profile \"default\" (/home/me/.aws/config, /home/me/.aws/credentials)",
                           "container (AWS_CONTAINER_CREDENTIALS_FULL_URI)", "instance metadata (IMDSv2)", "AWS_PROFILE"}) {
    EXPECT_THAT(out.error().message, HasSubstr(part));
  }
}

TEST(CredentialChain, AWebIdentityBecomesASessionWithoutASignature) {
  Bench bench;
  bench.files.files["/token"] = "jwt\n";
  bench.sender.answer = [](auto&&...) { return session("AssumeRoleWithWebIdentity", "ASIAWEB"); };
  const auto out = bench.obtain({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                                 {"AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/operator"},
                                 {"AWS_REGION", "eu-central-1"}});
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(**out, (Credentials{{"ASIAWEB", "s", "t"}, kNow + std::chrono::hours(1)}));
  ASSERT_EQ(bench.sender.sent.size(), 1u);
  const auto& [base, request] = bench.sender.sent[0];
  EXPECT_EQ(base, "https://sts.eu-central-1.amazonaws.com");
  EXPECT_FALSE(request.headers.find("Authorization"));
  EXPECT_THAT(request.body, HasSubstr("WebIdentityToken=jwt"));
  EXPECT_THAT(request.body, HasSubstr("RoleSessionName=datamesh-operator"));
}

TEST(CredentialChain, AWebIdentityNeedsARole) {
  Bench bench;
  bench.files.files["/token"] = "jwt";
  EXPECT_THAT(bench.found({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}), HasSubstr("set AWS_ROLE_ARN"));
}

TEST(CredentialChain, AProfileHasKeysInTheCredentialsFileBeforeTheConfig) {
  Bench bench;
  bench.files.files["/home/me/.aws/config"] =
      "[profile work]\nregion = eu-west-1 # near\naws_access_key_id = CONFIG\naws_secret_access_key = c\n"
      "[work]\naws_access_key_id = NOPROFILE\n";
  EXPECT_EQ(bench.found({{"AWS_PROFILE", "work"}}), "CONFIG");
  bench.files.files["/home/me/.aws/credentials"] = "[work]\naws_access_key_id = CREDS\naws_secret_access_key = s\n";
  EXPECT_EQ(bench.found({{"AWS_PROFILE", "work"}}), "CREDS");
  EXPECT_EQ(region_of(bench.files.machine({{"AWS_PROFILE", "work"}})), "eu-west-1");
}

TEST(CredentialChain, AProfileThatIsNotThereIsAnError) {
  EXPECT_THAT(Bench().found({{"AWS_PROFILE", "wrok"}}),
              HasSubstr("neither /home/me/.aws/config nor /home/me/.aws/credentials has it"));
}

TEST(CredentialChain, RolesChainOverProfiles) {
  Bench bench;
  bench.files.files["/home/me/.aws/config"] =
      "[profile a]\nrole_arn = arn:aws:iam::111122223333:role/a\nsource_profile = b\nexternal_id = x\n"
      "[profile b]\nrole_arn = arn:aws:iam::111122223333:role/b\nsource_profile = c\nrole_session_name = me\n";
  bench.files.files["/home/me/.aws/credentials"] = "[c]\naws_access_key_id = AKIA\naws_secret_access_key = s\n";
  bench.sender.answer = [](const std::string&, const http::Request& request) {
    return session("AssumeRole", request.body.find("role%2Fa") != std::string::npos ? "ASIAA" : "ASIAB");
  };
  EXPECT_EQ(bench.found({{"AWS_PROFILE", "a"}}), "ASIAA");
  ASSERT_EQ(bench.sender.sent.size(), 2u);
  EXPECT_THAT(*bench.sender.sent[0].request.headers.find("Authorization"), HasSubstr("Credential=AKIA/"));
  EXPECT_THAT(bench.sender.sent[0].request.body, HasSubstr("RoleSessionName=me"));
  EXPECT_THAT(*bench.sender.sent[1].request.headers.find("Authorization"), HasSubstr("Credential=ASIAB/"));
  EXPECT_THAT(bench.sender.sent[1].request.body, HasSubstr("ExternalId=x"));
}

TEST(CredentialChain, ProfilesInACircleAreNamed) {
  Bench bench;
  bench.files.files["/home/me/.aws/config"] =
      "[profile a]\nrole_arn = arn:a\nsource_profile = b\n[profile b]\nrole_arn = arn:b\nsource_profile = a\n";
  EXPECT_THAT(bench.found({{"AWS_PROFILE", "a"}}), HasSubstr("in a circle: a -> b -> a"));
  EXPECT_TRUE(bench.sender.sent.empty());
}

TEST(CredentialChain, AProfileMayBeItsOwnSource) {
  Bench bench;
  bench.files.files["/home/me/.aws/credentials"] =
      "[default]\naws_access_key_id=AKIA\naws_secret_access_key=s\nrole_arn=arn:a\nsource_profile=default\n";
  bench.sender.answer = [](auto&&...) { return session("AssumeRole", "ASIA"); };
  EXPECT_EQ(bench.found(), "ASIA");
}

TEST(CredentialChain, WhatARoleLacksIsNamed) {
  const auto with = [](const std::string& settings) {
    Bench bench;
    bench.files.files["/home/me/.aws/config"] = "[default]\nrole_arn=arn:a\n" + settings;
    return bench.found();
  };
  EXPECT_THAT(with(""), HasSubstr("needs either source_profile or credential_source"));
  EXPECT_THAT(with("source_profile=x\ncredential_source=Environment\n"), HasSubstr("needs either"));
  EXPECT_THAT(with("source_profile=x\n"), HasSubstr("\"x\" does not exist"));
  EXPECT_THAT(with("credential_source=Elsewhere\n"), HasSubstr("Environment, EcsContainer or Ec2InstanceMetadata"));
  EXPECT_THAT(with("source_profile=x\nmfa_serial=arn:m\n"), HasSubstr("without mfa_serial"));
}

TEST(CredentialChain, ARoleMayStandOnTheInstance) {
  Bench bench;
  bench.files.files["/home/me/.aws/config"] = "[default]\nrole_arn=arn:a\ncredential_source=Ec2InstanceMetadata\n";
  bench.sender.answer = [](const std::string& base, const http::Request& request) -> http::Response {
    if (base != "http://169.254.169.254") return session("AssumeRole", "ASIA");
    if (request.method == "PUT") return reply(200, "imds-token");
    if (request.path.ends_with("/")) return reply(200, "node\n");
    return reply(200, R"({"Code":"Success","AccessKeyId":"ASIANODE","SecretAccessKey":"s","Token":"t",)"
                      R"("Expiration":"2026-11-22T14:00:00Z"})");
  };
  EXPECT_EQ(bench.found(), "ASIA");
  EXPECT_THAT(*bench.sender.sent.back().request.headers.find("Authorization"), HasSubstr("Credential=ASIANODE/"));
}

TEST(CredentialChain, AProgramPrintsCredentials) {
  Bench bench;
  bench.files.files["/home/me/.aws/config"] = "[default]\ncredential_process = \"/opt/my tool\" --for 'a b' x\\ y\n";
  auto& printed = bench.files.programs["/opt/my tool|--for|a b|x y"];
  printed = R"({"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"s","Expiration":"2026-11-22T08:30:00Z"})";
  const auto out = bench.obtain();
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(**out, (Credentials{{"PROC", "s", ""}, kNow + std::chrono::minutes(30)}));
  printed = R"({"Version":2,"AccessKeyId":"PROC","SecretAccessKey":"tops3cret"})";
  EXPECT_THAT(bench.found(), HasSubstr("must print Version 1"));
  printed = "tops3cret";
  EXPECT_THAT(bench.found(), HasSubstr("did not print JSON"));
  EXPECT_THAT(bench.found(), ::testing::Not(HasSubstr("tops3cret")));
}

struct SsoBench : Bench {
  SsoBench() {
    files.files["/home/me/.aws/config"] =
        "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
        "[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Operator\n";
    // The name is the SHA-1 of "corp".
    files.files["/home/me/.aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json"] =
        R"({"accessToken":"portal-token","expiresAt":"2026-11-22T09:00:00Z"})";
    sender.answer = [](auto&&...) {
      return reply(200, R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t",)"
                        R"("expiration":1795338000000}})");
    };
  }
};

TEST(CredentialChain, ASignOnOfTheCliCounts) {
  SsoBench bench;
  const auto out = bench.obtain();
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(**out, (Credentials{{"ASIASSO", "s", "t"}, kNow + std::chrono::hours(1)}));
  ASSERT_EQ(bench.sender.sent.size(), 1u);
  EXPECT_EQ(bench.sender.sent[0].base, "https://portal.sso.eu-west-1.amazonaws.com");
  EXPECT_EQ(http::target_of(bench.sender.sent[0].request),
            "/federation/credentials?account_id=111122223333&role_name=Operator");
  EXPECT_EQ(bench.sender.sent[0].request.headers.find("x-amz-sso_bearer_token"), "portal-token");
}

TEST(CredentialChain, ASignOnThatEndedSaysHowToSignOn) {
  SsoBench bench;
  bench.clock.advance(std::chrono::hours(2));
  EXPECT_THAT(bench.found(), HasSubstr("aws sso login --profile default"));
  SsoBench refused;
  refused.sender.answer = [](auto&&...) { return reply(401, "{}"); };
  EXPECT_THAT(refused.found(), HasSubstr("aws sso login --profile default"));
  SsoBench absent;
  for (auto& [path, text] : absent.files.files) {
    if (path.ends_with(".json")) text = "{}";
  }
  EXPECT_THAT(absent.found(), HasSubstr("aws sso login --profile default"));
}

TEST(CredentialChain, AContainerHasAnAgent) {
  Bench bench;
  bench.files.files["/var/run/token"] = "pod-token";
  bench.sender.answer = [](auto&&...) {
    return reply(200, R"({"AccessKeyId":"ASIAPOD","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-22T09:00:00Z"})");
  };
  EXPECT_EQ(bench.found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "other"},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/var/run/token"}}),
            "ASIAPOD");
  EXPECT_EQ(bench.asked(), std::vector<std::string>{"http://169.254.170.23 /v1/credentials"});
  EXPECT_EQ(bench.sender.sent[0].request.headers.find("Authorization"), "pod-token");
  EXPECT_EQ(bench.found({{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x?id=1"}}), "ASIAPOD");
  EXPECT_EQ(bench.asked().back(), "http://169.254.170.2 /v2/x");
}

TEST(CredentialChain, AContainersCredentialsDoNotCrossAWireInTheOpen) {
  for (const char* uri : {"http://evil.test/x", "http://127.evil.test/x", "http://10.0.0.1/x", "http://[::2]/x",
                          "http://169.254.170.2@evil.test/x", "ftp://localhost/", "no uri"}) {
    Bench bench;
    const auto out = bench.obtain({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}});
    ASSERT_FALSE(out) << uri;
    EXPECT_EQ(out.error().kind, ErrorKind::Invalid) << uri;
    EXPECT_TRUE(bench.sender.sent.empty()) << uri;
  }
  for (const char* uri : {"http://localhost:9/x", "http://127.0.0.9/x", "http://[::1]/x", "http://[fd00:ec2::23]/v1",
                          "https://any.test/x"}) {
    Bench bench;
    bench.found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", uri}});
    EXPECT_EQ(bench.sender.sent.size(), 1u) << uri;
  }
}

TEST(CredentialChain, AContainersTokenIsOneLine) {
  Bench bench;
  EXPECT_THAT(bench.found({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost/x"},
                           {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nHost: evil"}}),
              HasSubstr("one line"));
  EXPECT_TRUE(bench.sender.sent.empty());
}

TEST(CredentialChain, AnInstanceIsAskedWithATokenOnly) {
  Bench bench;
  bench.sender.answer = [](const std::string&, const http::Request& request) -> http::Response {
    if (request.method == "PUT") return reply(403, "");
    return reply(200, "must not be asked");
  };
  EXPECT_THAT(bench.found(), HasSubstr("NoCredentials"));
  EXPECT_EQ(bench.asked(), std::vector<std::string>{"http://169.254.169.254 /latest/api/token"});
  Bench disabled;
  disabled.found({{"AWS_EC2_METADATA_DISABLED", "true"}});
  EXPECT_TRUE(disabled.sender.sent.empty());
}

TEST(Profiles, FilesOfTheCliAreReadAsTheCliReadsThem) {
  const auto sections = parse_ini(
      "lost = 1\r\n[ default ]\r\nRegion = eu-west-1\r\n; comment\n# comment\ns3 =\n  addressing_style = path\n"
      "[profile \"two words\"]\nkey=a#b ; comment\nvalue = with = equals\nnonsense\n[broken\nx = 1\n");
  const std::map<std::string, Settings> expected = {
      {"default", {{"region", "eu-west-1"}, {"s3", ""}}},
      {"profile \"two words\"", {{"key", "a#b"}, {"value", "with = equals"}}}};
  EXPECT_EQ(sections, expected);
  EXPECT_EQ(shell_words("profile \"two words\""), (std::vector<std::string>{"profile", "two words"}));
}

}  // namespace
}  // namespace datamesh::aws
