// Bad luck of the kind that lasts: what is wrong is said with a reason and what to do about it, harms nobody else, and is
// forgotten once it is over.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

bool is_grant(const aws::Call& call) { return call.operation == "BatchGrantPermissions"; }

std::optional<Error> refused(const aws::Call& call) {
  return aws::make_error(call, "AccessDeniedException", "User is not authorized to perform: " + call.operation);
}

/// What was declared before is in force, and stays so.
void expect_well(SmallWorld& world) {
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

// ---- reading --------------------------------------------------------------------------------------------------

TEST(BadLuck, AReadingGoesOnWhereACallWasThrottled) {
  SmallWorld calm;
  calm.converge();
  calm.calls->reset();
  calm.sweep();
  const int needed = calm.calls->total();

  SmallWorld world;
  world.converge();
  world.calls->reset();
  int seen = 0, struck = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.service == aws::Service::Ram || ++seen % 3 != 0) return std::nullopt;
    ++struck;
    return aws::make_error(call, "ThrottlingException", "Rate exceeded");
  };
  world.sweep();
  EXPECT_GE(struck, 10);
  EXPECT_EQ(world.calls->total() - struck, needed) << "no call that was answered is made again";
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
}

TEST(BadLuck, AReadingThatWasRefusedBeginsAnew) {
  SmallWorld world;
  world.converge();
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    return call.operation == "ListDataCellsFilter" && call.target.account == kRetail ? refused(call) : std::nullopt;
  };
  world.sweep();
  world.hand_grants(kRetail, "RevokePermissions", kEngineer, R"({"Database": {"Name": "orders"}})", {"DESCRIBE"});
  world.hooks->before = nullptr;
  world.advance(minutes(15));
  EXPECT_TRUE(world.engine->converged()) << "what changed between the two readings is seen";
  const Lines lines = world.entries(kRetail);
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.find("Permission database:P:orders@") != line.npos && line.find("engineer") != line.npos;
  })) << ::testing::PrintToString(lines);
}

TEST(BadLuck, ADatabaseThatIsDroppedWhileItIsReadIsNotThere) {
  SmallWorld world;
  world.converge();
  world.by_hand(kRetail, aws::Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "passing"}})");
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    const bool lists = call.operation == "GetTables" && string_at(call.input, "DatabaseName") == "passing";
    return lists ? std::optional(aws::make_error(call, "EntityNotFoundException", "Database passing not found")) : std::nullopt;
  };
  world.sweep();
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

// ---- RAM alone ------------------------------------------------------------------------------------------------

TEST(BadLuck, RamAloneHoldsUpNothingButWhatNeedsAShare) {
  SmallWorld world;
  world.declare_all();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    return call.service == aws::Service::Ram ? refused(call) : std::nullopt;
  };
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
  EXPECT_EQ(world.ready("Account", "analytics", "analytics"), "True:InForce");
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "False:AccessDenied");
  const std::string says = world.message("Grant", "retail", "orders-to-analytics");
  EXPECT_NE(says.find("what others share with account 100000000003 cannot be read"), says.npos) << says;
  EXPECT_NE(says.find("datamesh iam-policy"), says.npos) << says;
  const Lines central = world.entries(kCentral);
  EXPECT_TRUE(std::any_of(central.begin(), central.end(), [](const auto& line) { return line.find("@K") != line.npos; }))
      << "what can be granted is granted";
  world.hooks->before = nullptr;
  world.advance(minutes(25));
  expect_well(world);
}

TEST(BadLuck, RamThatFailsLaterTakesNoShareForGone) {
  SmallWorld world;
  world.converge();
  world.writes();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    return call.service == aws::Service::Ram ? refused(call) : std::nullopt;
  };
  world.advance(hours(1));
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
  EXPECT_TRUE(world.engine->converged()) << "what is in force stays said to be";
  EXPECT_TRUE(world.analyst_reads());
}

// ---- writes that do not last ----------------------------------------------------------------------------------

TEST(BadLuck, AWriteThatIsAcknowledgedAndNotCarriedOutIsSaid) {
  SmallWorld world;
  world.declare_all();
  int swallowed = 0;
  world.hooks->instead = [&](const aws::Call& call) -> std::optional<Json> {
    if (!is_grant(call) || call.target.account != kAnalytics) return std::nullopt;
    ++swallowed;
    return Json{{"Failures", Json::array()}};
  };
  world.start_engine();
  world.run_until_idle();
  world.advance(minutes(30));
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "False:NotKept");
  const std::string says = world.message("Grant", "analytics", "analysts");
  EXPECT_NE(says.find("CloudTrail"), says.npos) << says;
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:InForce") << "nobody else is harmed";
  const int in_the_first_half_hour = swallowed;
  world.advance(hours(12));
  EXPECT_LE(swallowed, in_the_first_half_hour + 24) << "it is tried less and less often";
  EXPECT_GT(swallowed, in_the_first_half_hour);
  world.hooks->instead = nullptr;
  world.advance(hours(2));
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "True:InForce");
  expect_well(world);
}

TEST(BadLuck, WhoeverTakesBackEachTimeIsNotFoughtForEver) {
  SmallWorld world;
  world.converge();
  int revoked = 0;
  const auto take_back = [&] {
    const auto gone = world.call_as(operator_of(kAnalytics), aws::Service::LakeFormation, "RevokePermissions",
                                    {{"Principal", {{"DataLakePrincipalIdentifier", kAnalyst}}},
                                     {"Resource", {{"Database", {{"Name", "orders"}}}}},
                                     {"Permissions", {"DESCRIBE"}}});
    if (gone) ++revoked;
  };
  for (int minute = 0; minute < 12 * 60; ++minute) {
    take_back();
    world.advance(minutes(1));
  }
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "False:NotKept");
  EXPECT_GE(revoked, 4);
  EXPECT_LE(revoked, 25) << "twelve hours have 144 sweeps";
  world.advance(hours(2));
  expect_well(world);
}

TEST(BadLuck, ADriftNowAndThenIsMendedWithoutAWord) {
  SmallWorld world;
  world.converge();
  for (int day = 0; day < 6; ++day) {
    world.hand_grants(kAnalytics, "RevokePermissions", kAnalyst, R"({"Database": {"Name": "orders"}})", {"DESCRIBE"});
    world.sweep();
    EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "True:InForce");
    world.advance(minutes(20));
  }
}

// ---- accounts that were well ----------------------------------------------------------------------------------

struct Trouble {
  const char* name;
  const char* code;
  const char* ready;
  const char* advice;
};

class LaterTrouble : public ::testing::TestWithParam<Trouble> {};

TEST_P(LaterTrouble, IsSaidByTheAccountAndHarmsNoOther) {
  SmallWorld world;
  world.converge();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kAnalytics) return std::nullopt;
    return aws::make_error(call, GetParam().code, "the account is in trouble");
  };
  world.advance(minutes(12));
  EXPECT_EQ(world.ready("Account", "analytics", "analytics"), GetParam().ready);
  const std::string says = world.message("Account", "analytics", "analytics");
  EXPECT_NE(says.find(GetParam().advice), says.npos) << says;
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
  world.by_hand(kCentral, aws::Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "items"})");
  world.sweep();
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce") << "others are cared for as ever";
  world.hooks->before = nullptr;
  world.advance(minutes(25));
  EXPECT_EQ(world.ready("Account", "analytics", "analytics"), "True:InForce");
  expect_well(world);
}

INSTANTIATE_TEST_SUITE_P(
    BadLuck, LaterTrouble,
    ::testing::Values(
        Trouble{"ARoleThatLostItsPermissions", "AccessDeniedException", "False:CatalogUnreachable", "datamesh iam-policy"},
        Trouble{"AnAccountThatWasClosed", "AccessDenied", "False:CatalogUnreachable", "spec.connection"},
        Trouble{"CredentialsThatExpired", "ExpiredTokenException", "False:CredentialsExpired", "Renew the credentials"},
        Trouble{"ARegionThatIsDown", "ServiceUnavailableException", "False:CatalogUnreachable", "tried again by itself"},
        Trouble{"ThrottlingWithoutEnd", "ThrottlingException", "False:Throttled", "tried again by itself"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BadLuck, CredentialsThatExpireInMidPlanLeaveNothingHalfDone) {
  SmallWorld world;
  world.declare_all();
  int left = 3, struck = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (!is_write(call) || call.target.account != kCentral || left-- > 0 || struck >= 4) return std::nullopt;
    ++struck;
    return aws::make_error(call, "ExpiredTokenException", "The security token included in the request is expired");
  };
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(struck, 4);
  expect_well(world);
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "nothing was done twice";
}

TEST(BadLuck, ARegionThatIsDownKeepsNoOtherBack) {
  std::string model = kCentralMesh;
  for (auto at = model.find("regions: [eu-west-1]"); at != model.npos; at = model.find("regions: [eu-west-1]", at + 1)) {
    model.replace(at, 20, "regions: [eu-west-1, eu-central-1]");
  }
  SmallWorld world(model);
  world.declare_all();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.region != "eu-central-1") return std::nullopt;
    return aws::make_error(call, "", "no answer");
  };
  world.start_engine();
  world.advance(minutes(5));
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "True:InForce");
  EXPECT_TRUE(world.analyst_reads());
  EXPECT_EQ(world.ready("Account", "retail", "retail"), "False:CatalogUnreachable");
  EXPECT_NE(world.message("Account", "retail", "retail").find("eu-central-1"), std::string::npos);
}

// ---- what goes and comes back ---------------------------------------------------------------------------------

TEST(BadLuck, ATableThatIsDroppedAndMadeAgainByOthersGetsItsPermissionsBack) {
  SmallWorld world;
  world.converge();
  ASSERT_TRUE(world.analyst_reads());
  world.by_hand(kCentral, aws::Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "orders"})");
  EXPECT_FALSE(world.analyst_reads());
  world.by_hand(kCentral, aws::Service::Glue, "CreateTable",
                R"({"DatabaseName": "orders", "TableInput": {"Name": "orders", "StorageDescriptor": {
                    "Location": "s3://retail-data/orders/orders", "Columns": [{"Name": "id", "Type": "bigint"}]}}})");
  world.sweep();
  EXPECT_TRUE(world.analyst_reads());
  expect_well(world);
}

TEST(BadLuck, WhatNobodyMayAskForAnyMoreIsNotTakenBackForEver) {
  SmallWorld world;
  world.declare_all();
  int refused = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kAnalytics) return std::nullopt;
    if (is_grant(call)) return aws::make_error(call, "", "the answer was lost");  // it is on record, and was never made
    if (call.operation != "BatchRevokePermissions") return std::nullopt;
    ++refused;
    return aws::make_error(call, "AccessDeniedException",
                           "Resource does not exist or requester is not authorized to access requested permissions.");
  };
  world.start_engine();
  world.run_until_idle();
  world.remove("Grant", "analytics", "analysts");
  world.advance(minutes(1));
  EXPECT_FALSE(world.get("Grant", "analytics", "analysts").is_null()) << "what was shared a moment ago may only not show yet";
  world.advance(minutes(30));
  EXPECT_GT(refused, 1);
  EXPECT_TRUE(world.get("Grant", "analytics", "analysts").is_null());
}

}  // namespace
}  // namespace datamesh::testing
