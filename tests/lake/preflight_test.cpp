// What is asked of IAM's simulation, and what its answers mean.
#include "controller/lake/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/lake/scripted_api.h"

namespace datamesh::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kOperatorRole = "arn:aws:iam::111111111111:role/mesh/operator";
const std::vector<Statement> kTwo = {{"A", {"glue:GetTable", "glue:CreateTable"}, {"arn:a", "arn:b"}, nullptr},
                                     {"B", {"ram:GetResourceShares"}, {"*"}, nullptr}};

/// One result for each action that is asked for: allowed, or what `odd` says of it.
Json answer_to(const Json& input, const std::map<std::string, Json>& odd = {}) {
  Json results = Json::array();
  for (const Json& action : input["ActionNames"]) {
    Json result = {{"EvalActionName", action}, {"EvalDecision", "allowed"}};
    if (const auto found = odd.find(action); found != odd.end()) result.update(found->second);
    results.push_back(std::move(result));
  }
  return {{"EvaluationResults", results}, {"IsTruncated", false}};
}

Result<Preflight> simulated(const std::map<std::string, Json>& odd) {
  ScriptedApi api;
  api.on("SimulatePrincipalPolicy", [&](const Json& input) { return answer_to(input, odd); });
  return simulate(api, kCatalog, kOperatorRole, kTwo);
}

const Json kNo = {{"EvalDecision", "implicitDeny"}};

TEST(Preflight, AsksOnceForEachSetOfResources) {
  ScriptedApi api;
  api.on("SimulatePrincipalPolicy", [](const Json& input) { return answer_to(input); });
  EXPECT_EQ(*simulate(api, kCatalog, kOperatorRole, kTwo), Preflight{});
  ASSERT_EQ(api.calls.size(), 2u);
  EXPECT_EQ(api.calls[1].service, aws::Service::Iam);
  EXPECT_EQ(api.calls[1].target, kCatalog);
  EXPECT_EQ(api.calls[1].input["PolicySourceArn"], kOperatorRole);
  EXPECT_EQ(api.calls[1].input["ActionNames"], Json::parse(R"(["glue:CreateTable", "glue:GetTable"])"));
  EXPECT_EQ(api.calls[1].input["ResourceArns"], Json::parse(R"(["arn:a", "arn:b"])"));
}

TEST(Preflight, SaysWhatConditionsOfThePolicyWillFind) {
  ScriptedApi api;
  api.on("SimulatePrincipalPolicy", [](const Json& input) { return answer_to(input); });
  const Json condition = {{"StringLike", {{"ram:ResourceShareName", {"LakeFormation*"}}}}};
  ASSERT_TRUE(simulate(api, kCatalog, kOperatorRole, {{"A", {"ram:UpdateResourceShare"}, {"*"}, condition}}));
  std::map<std::string, std::string> context;
  for (const Json& each : api.calls[0].input["ContextEntries"]) context[each["ContextKeyName"]] = each["ContextKeyValues"][0];
  EXPECT_EQ(context["ram:ResourceShareName"], "LakeFormation*");
  EXPECT_EQ(context["aws:RequestedRegion"], kCatalog.region);
}

TEST(Preflight, GoesOverAllPages) {
  ScriptedApi api;
  api.on("SimulatePrincipalPolicy", [](const Json& input) {
    const bool first = !input.contains("Marker");
    Json page = answer_to({{"ActionNames", {first ? "glue:CreateTable" : "glue:GetTable"}}}, {{"glue:GetTable", kNo}});
    page["IsTruncated"] = first;
    page["Marker"] = "more";
    return page;
  });
  EXPECT_EQ(*simulate(api, kCatalog, kOperatorRole, {kTwo[0]}), (Preflight{{{"glue:GetTable", {"*"}, Refusal::NotAllowed}}, {}}));
  EXPECT_EQ(api.calls.size(), 2u);
}

TEST(Preflight, NamesTheRefusedResources) {
  const Json specific = Json::parse(R"({"EvalDecision": "explicitDeny", "ResourceSpecificResults": [
      {"EvalResourceName": "arn:a", "EvalResourceDecision": "allowed"},
      {"EvalResourceName": "arn:b", "EvalResourceDecision": "explicitDeny"}]})");
  EXPECT_EQ(*simulated({{"glue:CreateTable", specific}}), (Preflight{{{"glue:CreateTable", {"arn:b"}, Refusal::Denied}}, {}}));
}

TEST(Preflight, NamesTheOrganizationAndTheBoundaryThatRefuse) {
  const Json scp = {{"EvalDecision", "explicitDeny"}, {"OrganizationsDecisionDetail", {{"AllowedByOrganizations", false}}}};
  const Json boundary = Json::parse(R"({"EvalDecision": "implicitDeny", "ResourceSpecificResults": [
      {"EvalResourceName": "arn:a", "EvalResourceDecision": "implicitDeny",
       "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": false}}]})");
  const auto found = simulated({{"glue:CreateTable", scp}, {"glue:GetTable", boundary}, {"ram:GetResourceShares", kNo}});
  ASSERT_TRUE(found);
  EXPECT_EQ(sentence_of(found->missing),
            "an SCP of the organization denies it: glue:CreateTable; the permissions boundary of the role does not allow it: "
            "glue:GetTable; no policy of the role allows it: ram:GetResourceShares");
}

TEST(Preflight, DoesNotCallMissingWhatDependsOnTheRealCall) {
  const Json unknown = {{"EvalDecision", "implicitDeny"}, {"MissingContextValues", {"aws:SourceVpc"}}};
  const auto found = simulated({{"glue:GetTable", unknown}});
  EXPECT_EQ(*found, (Preflight{{}, {{"glue:GetTable", {"aws:SourceVpc"}}}}));
  EXPECT_EQ(sentence_of(found->undecided), "depends on aws:SourceVpc, which IAM cannot know before the call: glue:GetTable");
}

TEST(Preflight, AnAnswerThatLeavesAnActionOutIsNoAnswer) {
  ScriptedApi api;
  const auto out = simulate(api, kCatalog, kOperatorRole, kTwo);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::Transient);
}

TEST(Preflight, PassesOnThatTheRoleMayNotAsk) {
  ScriptedApi api;
  api.on("SimulatePrincipalPolicy", [](const Json&) { return Result<Json>(fail(aws_error("SimulatePrincipalPolicy", "AccessDenied"))); });
  EXPECT_EQ(simulate(api, kCatalog, kOperatorRole, kTwo).error().kind, ErrorKind::Denied);
}

TEST(Preflight, ASentenceHasAnEnd) {
  std::vector<MissingAction> many;
  for (int i = 0; i < 1000; ++i) many.push_back({"glue:Action" + std::to_string(i), {"*"}});
  EXPECT_LT(sentence_of(many).size(), 1100u);
  EXPECT_THAT(sentence_of(many), HasSubstr(" and others"));
}

}  // namespace
}  // namespace datamesh::lake
