// Access ends when it is declared to, to the second, whether or not the operator was running then.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// A Grant to the consumer that ends an hour after the start of the world.
constexpr const char* kUntilNine = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: orders-to-analytics, namespace: retail}
spec:
  product: {name: orders}
  expiresAt: "2026-11-22T09:00:00Z"
  to: {accounts: [{namespace: analytics, name: analytics}]}
)Y";

const Time kNine = *parse_rfc3339("2026-11-22T09:00:00Z");

struct Expiring : SmallWorld {
  Expiring() {
    converge();
    apply(kUntilNine);
    EXPECT_TRUE(run_until_idle());
    EXPECT_TRUE(engine->converged());
  }
  /// Whether the consumer's account holds anything in the central catalog.
  bool consumer_holds() {
    const Lines lines = entries(kCentral);
    return std::any_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("@K") != line.npos; });
  }
};

TEST(Expiry, IsHonouredToTheSecond) {
  Expiring world;
  world.advance(kNine - seconds(1) - world.clock.now());
  EXPECT_TRUE(world.consumer_holds());
  EXPECT_TRUE(world.analyst_reads());
  world.advance(seconds(1));
  EXPECT_FALSE(world.consumer_holds());
  EXPECT_FALSE(world.analyst_reads());
  world.run_until_idle();
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:Expired");
  const Json grant = world.get("Grant", "retail", "orders-to-analytics");
  EXPECT_EQ(at_path(grant, {"status", "expired"}), true);
  EXPECT_FALSE(at_path(grant, {"status"}).contains("entries")) << "nothing is in force because of it";
}

TEST(Expiry, EndsWhatLeansOnIt) {
  Expiring world;
  world.advance(kNine - world.clock.now());
  world.run_until_idle();
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "False:AccountNotGranted");
  const Lines lines = world.entries(kAnalytics);
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("Permission"); }))
      << ::testing::PrintToString(lines);
}

TEST(Expiry, IsHonouredOnRestartAfterItPassed) {
  Expiring world;
  world.crash();
  world.clock.advance(hours(2));
  EXPECT_TRUE(world.consumer_holds()) << "nobody was there to end it";
  world.start_engine();
  world.run_until_idle();
  EXPECT_FALSE(world.consumer_holds());
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:Expired");
}

TEST(Expiry, IsNeverHeldByTheGuard) {
  Expiring world;
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec:
  governance: Central
  centralAccount: {namespace: governance, name: central}
  guard: {minRevocations: 1, maxRevokedPercent: 0}
)Y");
  world.run_until_idle();
  world.advance(kNine - world.clock.now());
  EXPECT_FALSE(world.consumer_holds());
}

/// A guard that lets nothing be revoked, and a central account that cannot be written to: so whatever ends in the
/// consumer's account is ended there by the operator, not by Lake Formation.
void allow_no_revocation(SmallWorld& world) {
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec:
  governance: Central
  centralAccount: {namespace: governance, name: central}
  guard: {minRevocations: 1, maxRevokedPercent: 0}
)Y");
  world.run_until_idle();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kCentral || !is_write(call)) return std::nullopt;
    return lost(call);
  };
}

TEST(Expiry, OfAnAccountsGrantIsNeverHeldInTheAccountEither) {
  Expiring world;
  allow_no_revocation(world);
  world.advance(kNine + minutes(1) - world.clock.now());
  EXPECT_TRUE(world.consumer_holds()) << "the central account is out of reach, or this shows nothing";
  const Lines lines = world.entries(kAnalytics);
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("Permission"); }))
      << ::testing::PrintToString(lines);
  EXPECT_EQ(at_path(world.get("Account", "analytics", "analytics"), {"status", "plan"}), Json());
}

TEST(Expiry, OfOneOfTwoGrantsEndsThatPartWithoutBeingHeld) {
  SmallWorld world;
  std::string expiring = kUntilNine;
  expiring.insert(expiring.find("  to:"), "  tables: [orders]\n");
  std::string lasting = kOrdersToAnalytics;
  lasting.replace(lasting.find("orders-to-analytics"), 19, "items-to-analytics");
  lasting.insert(lasting.find("  to:"), "  tables: [items]\n");
  for (const std::string& part : {std::string(kOrders), expiring, lasting, std::string(kAnalysts)}) world.apply(part);
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.analyst_reads());
  allow_no_revocation(world);
  world.advance(kNine + minutes(1) - world.clock.now());
  Lines tables;
  for (const std::string& line : world.entries(kAnalytics)) {
    if (line.starts_with("Permission table:")) tables.push_back(line);
  }
  EXPECT_EQ(tables, Lines{"Permission table:C:orders/items@arn:aws:iam::K:role/analyst = SELECT, DESCRIBE"});
}

TEST(Expiry, OfOneOfTwoGrantsOnOneTableIsNoChangeOfMind) {
  SmallWorld world;
  world.converge();
  std::string expiring = kUntilNine;
  expiring.replace(expiring.find("orders-to-analytics"), 19, "more-to-analytics");
  expiring.insert(expiring.find("  to:"), "  permissions: [INSERT]\n");
  world.apply(expiring);
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec:
  governance: Central
  centralAccount: {namespace: governance, name: central}
  guard: {minRevocations: 1, maxRevokedPercent: 0}
)Y");
  world.run_until_idle();
  const auto inserts = [&] {
    const Lines lines = world.entries(kCentral);
    return std::any_of(lines.begin(), lines.end(), [](const auto& line) {
      return line.starts_with("Permission alltables:C:orders@K") && line.find("INSERT") != line.npos;
    });
  };
  EXPECT_TRUE(inserts());
  world.advance(kNine - world.clock.now());
  EXPECT_FALSE(inserts());
}

TEST(Expiry, PutOffInTimeChangesNothing) {
  Expiring world;
  world.apply(kOrdersToAnalytics);
  world.run_until_idle();
  world.writes();
  world.advance(hours(2));
  EXPECT_TRUE(world.consumer_holds());
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Expiry, PutOffAfterwardsGivesAccessAgain) {
  Expiring world;
  world.advance(hours(2));
  EXPECT_FALSE(world.analyst_reads());
  world.apply(kOrdersToAnalytics);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Expiry, OfTheProductEndsAllAccessByGrants) {
  SmallWorld world;
  world.converge();
  std::string product = kOrders;
  product.insert(product.find("  deletionPolicy"), "  publishedUntil: \"2026-11-22T09:00:00Z\"\n");
  world.apply(product);
  world.run_until_idle();
  world.advance(kNine - world.clock.now());
  world.run_until_idle();
  EXPECT_FALSE(world.analyst_reads());
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "True:Unpublished");
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce") << "its tables stay";
}

}  // namespace
}  // namespace datamesh::testing
