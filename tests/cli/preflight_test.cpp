// `datamesh preflight` before an IAM that refuses some actions, as text.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/aws/scripted_aws.h"
#include "tests/cli/world.h"

namespace datamesh::cli {
namespace {

const std::string kDeclared = source_path("tests/golden/preflight.yaml");

/// IAM allows all but `refused`, each with what it says of it; every other service answers `{}`.
class PreflightTest : public ::testing::Test {
 protected:
  PreflightTest() {
    ::setenv("AWS_ENDPOINT_URL", aws_.base().c_str(), 1);
    ::setenv("AWS_ACCESS_KEY_ID", "AKIATEST", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    aws_.answer = [this](const http::Request& request) {
      return aws::testing::operation_of(request).starts_with("iam:") ? simulation(request) : aws::testing::reply(200, "{}");
    };
  }
  ~PreflightTest() override {
    for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) ::unsetenv(name);
  }

  http::Response simulation(const http::Request& request) {
    if (may_not_ask) {
      return aws::testing::reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform "
                                      "iam:SimulatePrincipalPolicy</Message></Error></ErrorResponse>");
    }
    std::string results;
    for (std::size_t at = 0; (at = request.body.find("&ActionNames.member.", at)) != std::string::npos;) {
      at = request.body.find('=', at) + 1;
      std::string action = request.body.substr(at, request.body.find('&', at) - at);
      action.replace(action.find("%3A"), 3, ":");
      const auto found = refused.find(action);
      results += "<member><EvalActionName>" + action + "</EvalActionName>" +
                 (found == refused.end() ? "<EvalDecision>allowed</EvalDecision>" : found->second) + "</member>";
    }
    return aws::testing::reply(200, "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false"
                                    "</IsTruncated><EvaluationResults>" + results +
                                    "</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>");
  }

  const std::map<std::string, std::string> kRefused = {
      {"glue:CreateDatabase", "<EvalDecision>implicitDeny</EvalDecision>"},
      {"glue:GetTables", "<EvalDecision>implicitDeny</EvalDecision><PermissionsBoundaryDecisionDetail>"
                         "<AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>"},
      {"lakeformation:PutDataLakeSettings",
       "<EvalDecision>explicitDeny</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>false"
       "</AllowedByOrganizations></OrganizationsDecisionDetail>"}};
  aws::testing::ScriptedAws aws_;
  std::map<std::string, std::string> refused;
  bool may_not_ask = false;
};

TEST_F(PreflightTest, Golden) {
  World world;
  std::string text = world.transcript({{"preflight"}, {"preflight", "-f", kDeclared}});
  refused = kRefused;
  text += world.transcript({{"preflight", "-f", kDeclared},
                            {"preflight", "-f", kDeclared, "-o", "json"},
                            {"preflight", "-f", kDeclared, "--account", "000000000000"}});
  may_not_ask = true;
  text += world.transcript({{"preflight", "-f", kDeclared}});
  expect_golden("preflight", text);
}

}  // namespace
}  // namespace datamesh::cli
