// Credentials are as fresh as they must be, and never asked for more often than they need.
#include "controller/kube/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datamesh::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kStart{std::chrono::seconds(1'800'000'000)};

/// A file and a plugin under the test's control.
struct Sources {
  FakeClock clock{kStart};
  std::string file = "one\n";
  bool file_is_there = true;
  std::string printed;
  int runs = 0;
  ProgramCall last;

  Credentials credentials(ClusterAccess access) {
    return Credentials(
        std::move(access), clock,
        [this](const std::string& path) -> Result<std::string> {
          if (!file_is_there) return fail(ErrorKind::NotFound, "absent", path);
          return file;
        },
        [this](const ProgramCall& call) -> Result<std::string> {
          ++runs;
          last = call;
          return printed;
        });
  }
};

ClusterAccess with_plugin() {
  ClusterAccess access;
  access.server = "https://c";
  access.exec = ExecPlugin{"client.authentication.k8s.io/v1", "plugin", {"get"}, {{"A", "b"}}, "", true};
  return access;
}

std::string exec_credential(const std::string& token, const std::string& until) {
  return R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":")" + token +
         R"(","expirationTimestamp":")" + until + "\"}}";
}

TEST(Credentials, AFileIsReadAgainEveryMinute) {
  Sources sources;
  ClusterAccess access;
  access.token_file = "/token";
  Credentials credentials = sources.credentials(access);
  EXPECT_EQ(credentials.current()->authorization, "Bearer one");
  sources.file = "two";
  EXPECT_EQ(credentials.current()->authorization, "Bearer one");
  sources.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(credentials.current()->authorization, "Bearer two");
}

TEST(Credentials, AFileThatIsGoneForAMomentIsNoFailure) {
  Sources sources;
  ClusterAccess access;
  access.token_file = "/token";
  Credentials credentials = sources.credentials(access);
  ASSERT_TRUE(credentials.current());
  sources.file_is_there = false;
  sources.clock.advance(std::chrono::minutes(2));
  EXPECT_EQ(credentials.current()->authorization, "Bearer one");
}

TEST(Credentials, AFileThatWasNeverThereIs) {
  Sources sources;
  sources.file_is_there = false;
  ClusterAccess access;
  access.token_file = "/token";
  EXPECT_FALSE(sources.credentials(access).current());
}

TEST(Credentials, ARefusedTokenIsReadAgainAtOnce) {
  Sources sources;
  ClusterAccess access;
  access.token_file = "/token";
  Credentials credentials = sources.credentials(access);
  ASSERT_TRUE(credentials.current());
  sources.file = "two";
  credentials.refused({"Bearer one", {}, {}});
  EXPECT_EQ(credentials.current()->authorization, "Bearer two");
  sources.file = "three";
  credentials.refused({"Bearer one", {}, {}});  // another request of the old token hears of it late
  EXPECT_EQ(credentials.current()->authorization, "Bearer two");
}

TEST(Credentials, APluginIsAskedOnceInALifeOfItsToken) {
  Sources sources;
  sources.printed = exec_credential("t1", to_rfc3339(kStart + std::chrono::minutes(10)));
  Credentials credentials = sources.credentials(with_plugin());
  EXPECT_EQ(credentials.current()->authorization, "Bearer t1");
  sources.clock.advance(std::chrono::minutes(9));
  EXPECT_EQ(credentials.current()->authorization, "Bearer t1");
  EXPECT_EQ(sources.runs, 1);
  sources.clock.advance(std::chrono::seconds(51));  // within the last ten seconds
  sources.printed = exec_credential("t2", to_rfc3339(kStart + std::chrono::minutes(30)));
  EXPECT_EQ(credentials.current()->authorization, "Bearer t2");
  EXPECT_EQ(sources.runs, 2);
}

TEST(Credentials, APluginMayGiveACertificateInsteadOfAToken) {
  Sources sources;
  sources.printed = R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
                    R"("status":{"clientCertificateData":"cert","clientKeyData":"key"}})";
  const auto given = sources.credentials(with_plugin()).current();
  ASSERT_TRUE(given) << to_string(given.error());
  EXPECT_EQ(*given, (Credential{"", "cert", "key"}));
  sources.printed = R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
                    R"("status":{"clientCertificateData":"cert"}})";
  EXPECT_THAT(to_string(sources.credentials(with_plugin()).current().error()), HasSubstr("clientKeyData"));
}

TEST(Credentials, APluginIsToldOfTheCluster) {
  Sources sources;
  sources.printed = exec_credential("t", "");
  ASSERT_TRUE(sources.credentials(with_plugin()).current());
  EXPECT_EQ(sources.last.environment.at("A"), "b");
  EXPECT_EQ(sources.last.environment.at("KUBERNETES_EXEC_INFO"),
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
            R"("spec":{"cluster":{"server":"https://c"},"interactive":false}})");
}

TEST(Credentials, APluginsNonsenseIsNotRepeated) {
  Sources sources;
  sources.printed = R"({"kind":"Secret","token":"hidden"})";
  const auto answer = sources.credentials(with_plugin()).current();
  ASSERT_FALSE(answer);
  EXPECT_THAT(to_string(answer.error()), HasSubstr("ExecCredential"));
  EXPECT_THAT(to_string(answer.error()), Not(HasSubstr("hidden")));
}

TEST(Credentials, NameAndPasswordAreSentAsBasic) {
  Sources sources;
  ClusterAccess access;
  access.username = "Aladdin";
  access.password = "open sesame";
  // Source: RFC 7617, section 2
  EXPECT_EQ(sources.credentials(access).current()->authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

}  // namespace
}  // namespace datamesh::kube
