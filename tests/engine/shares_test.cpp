// Shares between accounts: accepted, expired, deleted by hand.
#include "tests/engine/ram_shares.h"

namespace datamesh::testing {
namespace {

/// Answers every call of the operator to `account` with an error while it is set.
void unreachable(SmallWorld& world, const std::string& account) {
  world.hooks->before = [account](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != account) return std::nullopt;
    return Error{ErrorKind::Transient, "", "no route to host", "sts:AssumeRole", std::nullopt};
  };
}

TEST(Shares, AreAcceptedWithoutAnyOtherOccasion) {
  SmallWorld world;
  world.converge();
  EXPECT_LT(world.clock.now() - *parse_rfc3339("2026-11-22T08:00:00Z"), minutes(1)) << "no sweep was waited for";
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Shares, ThatNobodyDeclaredAreNotAccepted) {
  SmallWorld world;
  world.apply(kOrders);
  world.start_engine();
  world.run_until_idle();
  world.hand_grants(kCentral, "GrantPermissions", kAnalytics, R"({"Database": {"Name": "orders"}})", {"DESCRIBE"});
  world.sweep();
  Lines states;
  for (const std::string& line : world.entries(kAnalytics)) states.push_back(line);
  EXPECT_EQ(states, Lines{"ShareAcceptance C = open"});
}

int revokes(const SmallWorld& world) {
  const auto found = world.calls->counts().find("lakeformation:BatchRevokePermissions");
  return found == world.calls->counts().end() ? 0 : found->second;
}

TEST(Shares, WhoseInvitationExpiredAreMadeAnew) {
  SmallWorld world;
  world.declare_all();
  unreachable(world, kAnalytics);
  world.start_engine();
  world.run_until_idle();
  world.crash();
  world.clock.advance(hours(13));
  EXPECT_EQ(world.entries(kAnalytics), Lines{"ShareAcceptance C = open"}) << "the invitation ran out";
  world.hooks->before = nullptr;
  world.calls->reset();
  world.start_engine();
  world.advance(minutes(10));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.analyst_reads());
  EXPECT_GE(revokes(world), 1);
  EXPECT_LE(revokes(world), 2);
}

TEST(Shares, WhoseInvitationExpiredAreNotMadeAnewAgainAndAgain) {
  // The consumer can be read, and then not any more: what was last read of it says that the share is broken.
  SmallWorld world;
  world.declare_all();
  enum class Reach { NoAccepting, OneReading, None } reach = Reach::NoAccepting;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kAnalytics) return std::nullopt;
    if (call.operation == "AcceptResourceShareInvitation" || reach == Reach::None) return denied(call);
    if (reach == Reach::OneReading && call.operation == "ListLakeFormationOptIns") reach = Reach::None;
    return std::nullopt;
  };
  world.start_engine();
  world.run_until_idle();
  world.crash();
  world.clock.advance(hours(13));
  reach = Reach::OneReading;
  world.calls->reset();
  world.start_engine();
  world.advance(hours(1));
  EXPECT_EQ(reach, Reach::None);
  EXPECT_GE(revokes(world), 1) << "it was seen to be broken";
  EXPECT_LE(revokes(world), 3) << Json(world.calls->counts()).dump();
}

TEST(Shares, DeletedByHandAreMadeAnew) {
  SmallWorld world;
  world.converge();
  const auto shares = active_shares(world, kCentral);
  ASSERT_FALSE(shares.empty());
  for (const Json& share : shares) {
    const auto gone = world.call_as(operator_of(kCentral), aws::Service::Ram, "DeleteResourceShare",
                                    {{"resourceShareArn", string_at(share, "resourceShareArn")}});
    EXPECT_TRUE(gone) << to_string(gone.error());
  }
  EXPECT_FALSE(world.analyst_reads());
  // Taking the share back took what the consumer had passed on: the sweep after the repair sees that.
  world.sweep();
  world.sweep();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.analyst_reads());
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Shares, ThatArriveAgainEndTheWaitOfWhatWasRefusedWithoutThem) {
  SmallWorld world;
  world.converge();
  Time refused_at{};
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions" || call.target.account != kAnalytics) return std::nullopt;
    refused_at = world.clock.now();
    return denied(call);
  };
  world.hand_grants(kAnalytics, "RevokePermissions", kAnalyst,
                    R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "TableWildcard": {}}})",
                    {"SELECT", "DESCRIBE"});
  world.sweep();
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "False:AccessDenied");
  world.hooks->before = nullptr;
  for (const Json& share : active_shares(world, kCentral)) {
    EXPECT_TRUE(world.call_as(operator_of(kCentral), aws::Service::Ram, "DeleteResourceShare",
                              {{"resourceShareArn", string_at(share, "resourceShareArn")}}));
  }
  world.advance(refused_at + minutes(9) - world.clock.now());
  EXPECT_TRUE(world.engine->converged()) << "what was refused is tried again after ten minutes, but the share is here: "
                                         << world.engine->status().dump(2);
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Shares, NeedNoInvitationInsideAnOrganization) {
  SmallWorld world;
  embedded::Organization organization;
  organization.id = "o-mesh000001";
  organization.management_account = kCentral;
  organization.accounts = {kCentral, kRetail, kAnalytics};
  organization.sharing_enabled = true;
  ASSERT_TRUE(world.lake->set_organization(organization));
  world.converge();
  EXPECT_FALSE(world.calls->counts().contains("ram:AcceptResourceShareInvitation"));
  EXPECT_TRUE(world.analyst_reads());
}

}  // namespace
}  // namespace datamesh::testing
