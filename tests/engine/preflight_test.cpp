// What the operator's role may not do is said before it is refused, and stops nothing.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// The small mesh with retail as an account of AWS. IAM answers as `verdict` says of an action: "" is allowed.
class AwsWorld : public SmallWorld {
 public:
  AwsWorld() : SmallWorld(with_aws(kCentralMesh)) {
    hooks->before = [this](const aws::Call& call) -> std::optional<Error> {
      if (call.service == aws::Service::Iam) ++asked;
      if (call.service == aws::Service::Iam && iam_error) return iam_error(call);
      return std::nullopt;
    };
    hooks->instead = [this](const aws::Call& call) -> std::optional<Json> {
      if (call.service != aws::Service::Iam) return std::nullopt;
      EXPECT_EQ(call.target.account, kRetail);
      EXPECT_EQ(call.input["PolicySourceArn"], operator_of(kRetail));
      Json results = Json::array();
      for (const Json& action : call.input["ActionNames"]) {
        Json result = {{"EvalActionName", action}, {"EvalDecision", refused.contains(action) ? "explicitDeny" : "allowed"}};
        if (refused.contains(action)) result.update(refused.at(action));
        results.push_back(std::move(result));
      }
      return Json{{"EvaluationResults", results}, {"IsTruncated", false}};
    };
  }

  std::string permitted() { return condition("Account", "retail", "retail", "Permitted"); }
  std::string message() {
    const Json account = get("Account", "retail", "retail");
    for (const Json& each : account["status"]["conditions"]) {
      if (each["type"] == "Permitted") return each["message"];
    }
    return "";
  }

  std::map<std::string, Json> refused;
  std::function<Error(const aws::Call&)> iam_error;
  int asked = 0;

 private:
  static std::string with_aws(std::string text) {
    const std::string where = "accountId: \"100000000002\"";
    return text.replace(text.find(where), where.size(), where + "\n  connection: {type: Aws}");
  }
};

TEST(Preflight, NamesTheMissingActionBeforeTheFirstRefusedWrite) {
  AwsWorld world;
  world.refused["glue:CreateDatabase"] = {{"EvalDecision", "implicitDeny"}};
  world.converge();
  EXPECT_EQ(world.permitted(), "False:ActionsMissing");
  EXPECT_NE(world.message().find("no policy of the role allows it: glue:CreateDatabase"), std::string::npos) << world.message();
  const Json missing = world.get("Account", "retail", "retail")["status"]["missingActions"];
  EXPECT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0]["why"], "NotAllowed");
}

TEST(Preflight, NamesThePolicyOfTheOrganization) {
  AwsWorld world;
  world.refused["lakeformation:PutDataLakeSettings"] = {{"OrganizationsDecisionDetail", {{"AllowedByOrganizations", false}}}};
  world.converge();
  EXPECT_NE(world.message().find("an SCP of the organization denies it: lakeformation:PutDataLakeSettings"), std::string::npos);
}

TEST(Preflight, ARoleThatMayNotAskStillConverges) {
  AwsWorld world;
  world.iam_error = denied;
  world.converge();
  EXPECT_EQ(world.permitted(), "Unknown:CannotSimulate");
  EXPECT_NE(world.message().find("iam:SimulatePrincipalPolicy"), std::string::npos);
}

TEST(Preflight, SeesThatWhatWasMissingIsAllowed) {
  AwsWorld world;
  world.refused["glue:CreateDatabase"] = Json::object();
  world.converge();
  world.refused.clear();
  world.advance(minutes(6));
  EXPECT_EQ(world.permitted(), "True:ActionsAllowed");
  EXPECT_FALSE(world.get("Account", "retail", "retail")["status"].contains("missingActions"));
}

TEST(Preflight, ARefusedWriteIsTriedAgainAsSoonAsIamAllowsIt) {
  AwsWorld world;
  bool refuses = true;
  world.refused["glue:CreateDatabase"] = Json::object();
  const auto iam = world.hooks->before;
  world.hooks->before = [&, iam](const aws::Call& call) -> std::optional<Error> {
    if (refuses && call.target.account == kRetail && call.operation == "CreateDatabase") return denied(call);
    return iam(call);
  };
  world.declare_all();
  world.start_engine();
  world.run_until_idle();
  EXPECT_FALSE(world.engine->converged());
  EXPECT_EQ(world.permitted(), "False:ActionsMissing");
  refuses = false;
  world.refused.clear();
  world.advance(minutes(6));
  EXPECT_EQ(world.permitted(), "True:ActionsAllowed");
  EXPECT_TRUE(world.engine->converged());
}

TEST(Preflight, AsksAgainWhenOtherActionsAreNeeded) {
  AwsWorld world;
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(world.permitted(), "True:ActionsAllowed");
  world.refused["glue:CreateDatabase"] = Json::object();
  world.declare_all();
  world.advance(minutes(2));
  EXPECT_EQ(world.permitted(), "False:ActionsMissing");
}

TEST(Preflight, AsksAboutHourlyWhenNothingChanges) {
  AwsWorld world;
  world.converge();
  world.advance(minutes(2));
  const int before = world.asked;
  world.advance(minutes(50));
  EXPECT_EQ(world.asked, before);
  world.refused["glue:CreateDatabase"] = Json::object();
  world.advance(minutes(15));
  EXPECT_EQ(world.permitted(), "False:ActionsMissing");
}

TEST(Preflight, KeepsWhatItKnewWhileIamFailsInPassing) {
  AwsWorld world;
  world.converge();
  world.iam_error = throttled;
  world.advance(minutes(70));
  EXPECT_EQ(world.permitted(), "True:ActionsAllowed");
}

TEST(Preflight, AsksNothingOfTheEmbeddedLake) {
  SmallWorld world;
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    EXPECT_NE(call.service, aws::Service::Iam);
    return std::nullopt;
  };
  world.converge();
  EXPECT_EQ(world.condition("Account", "retail", "retail", "Permitted"), "");
}

}  // namespace
}  // namespace datamesh::testing
