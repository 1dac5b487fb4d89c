// How the operator goes out to AWS: as the machine's variables say.
#include "controller/cli/remote_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/http/connect_proxy.h"
#include "tests/http/tls.h"

namespace datamesh::cli {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

/// Keys for the role of a container, and AssumeRole and GetCallerIdentity for whoever asks.
http::Response answer_of(const http::Request& request) {
  http::Response out;
  out.status = 200;
  const auto has = [&](const char* text) { return request.body.find(text) != std::string::npos; };
  if (has("Action=AssumeRole")) {
    out.body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s"
               "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
               "</Credentials></AssumeRoleResult></AssumeRoleResponse>";
  } else if (has("Action=GetCallerIdentity")) {
    out.body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>444455556666</Account><Arn>arn:aws:sts::"
               "444455556666:assumed-role/r/datamesh-operator</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";
  } else {
    out.body = R"({"AccessKeyId":"C","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z","DatabaseList":[]})";
  }
  return out;
}

TEST(RemoteAccess, CallsGoThroughTheProxyOfTheEnvironmentAndMetadataDoNot) {
  const auto respond = [](const http::Request& request, const http::Respond& respond) { respond(answer_of(request)); };
  const auto aws = http::serve_tls(respond, {}, {"sts.eu-west-1.amazonaws.com", "glue.eu-west-1.amazonaws.com"});
  auto agent = *http::Server::start({}, {}, respond);
  const http::ConnectProxy proxy(aws->address().port, "Basic am9lOnMzY3JldA==");  // joe:s3cret
  aws::Machine machine;
  machine.environment = {
      {"HTTPS_PROXY", "http://joe:s3cret@" + proxy.address()},
      {"HTTP_PROXY", "http://joe:s3cret@" + proxy.address()},
      {"AWS_CA_BUNDLE", "/ca.pem"},
      {"AWS_EC2_METADATA_DISABLED", "true"},
      {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://" + to_string(agent->address()) + "/role"},
  };
  machine.read = [](const std::string& path) -> Result<std::string> {
    if (path == "/ca.pem") return http::authority().cert_pem;
    return fail(ErrorKind::NotFound, path);
  };
  const SystemClock clock;
  RemoteAccess access(clock, machine, {});
  api::AccountSpec account;
  account.account_id = "444455556666";
  account.regions = {"eu-west-1"};
  const auto answer = access.as_operator(account)->call(
      {{"444455556666", "eu-west-1"}, aws::Service::Glue, "GetDatabases", Json::object()});
  ASSERT_TRUE(answer) << to_string(answer.error());
  EXPECT_TRUE(answer->contains("DatabaseList"));
  EXPECT_THAT(proxy.asked(), Each(AllOf(HasSubstr("CONNECT "), HasSubstr(".eu-west-1.amazonaws.com:443"))));
  EXPECT_GE(proxy.asked().size(), 2U);
}

}  // namespace
}  // namespace datamesh::cli
