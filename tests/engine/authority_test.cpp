// Who may claim what beside whom: two products of one database, two accounts of one id, tables of others.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// A product of another namespace that wants the database of kOrders, and a Grant that would open it.
constexpr const char* kRival = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: rival, namespace: rival}
spec: {accountId: "100000000009", regions: [eu-west-1], roles: [Producer, Consumer]}
---
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: rival}
spec:
  account: rival
  database: orders
  description: mine
  location: s3://rival-data/orders
  tables: [{name: extra, columns: [{name: id, type: int}]}]
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: take, namespace: rival}
spec: {product: {name: orders}, to: {accounts: [{name: rival}]}}
)Y";

TEST(Conflict, OfTwoProductsOnOneDatabaseChangesNothingAndBothSaySo) {
  SmallWorld world;
  world.converge();
  const Lines before = world.entries(kCentral);
  world.apply(kRival);
  world.run_until_idle();
  for (const char* ns : {"retail", "rival"}) {
    EXPECT_EQ(world.condition("DataProduct", ns, "orders", "Conflict"), "True:Conflict") << ns;
    EXPECT_EQ(world.ready("DataProduct", ns, "orders"), "False:Conflict") << ns;
  }
  Lines after = world.entries(kCentral);
  // A location of its own harms nobody.
  std::erase_if(after, [](const auto& line) { return line.find("rival-data") != line.npos; });
  EXPECT_EQ(after, before);
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Conflict, GivesTheRivalNothing) {
  SmallWorld world;
  world.converge();
  world.apply(kRival);
  world.run_until_idle();
  world.sweep();
  Lines rivals = world.entries(kCentral);
  std::erase_if(rivals, [](const auto& line) { return line.find("@X") == line.npos || line.find("location:") != line.npos; });
  EXPECT_EQ(rivals, Lines{}) << "whoever claims a database of others comes to hold nothing on it";
  EXPECT_FALSE(mentions(world.entries(kCentral), "orders/extra"));
}

TEST(Conflict, EndsWhenOneOfTheTwoGoes) {
  SmallWorld world;
  world.converge();
  const Lines before = world.everything();
  world.apply(kRival);
  world.run_until_idle();
  world.remove("Grant", "rival", "take");
  world.remove("DataProduct", "rival", "orders");
  world.run_until_idle();
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  EXPECT_EQ(world.get("DataProduct", "rival", "orders"), Json());
  Lines after = world.everything();
  std::erase_if(after, [](const auto& line) { return line.find("rival-data") != line.npos; });
  EXPECT_EQ(after, before);
}

TEST(DuplicateAccount, GetsNoSayOverTheAccountOfTheFirst) {
  SmallWorld world;
  world.converge();
  const Lines before = world.everything();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: analytics, namespace: thief}
spec:
  accountId: "100000000003"
  regions: [eu-west-1]
  roles: [Consumer]
  personas: [{name: thieves, principals: ["arn:aws:iam::100000000003:role/thief"]}]
---
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: thief}
spec: {account: analytics, product: {namespace: retail, name: orders}, name: stolen}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: thieves, namespace: thief}
spec: {link: orders, to: {personas: [{account: {name: analytics}, name: thieves}]}}
)Y");
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.everything(), before);
  EXPECT_EQ(world.ready("Account", "thief", "analytics"), "False:DuplicateAccount");
  EXPECT_EQ(world.ready("ResourceLink", "thief", "orders"), "False:DuplicateAccount");
  EXPECT_EQ(world.ready("Account", "analytics", "analytics"), "True:InForce");
}

TEST(DuplicateAccount, ComesToSpeakWhenTheFirstGoes) {
  SmallWorld world;
  world.converge();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: heir, namespace: analytics}
spec: {accountId: "100000000003", regions: [eu-west-1], roles: [Consumer]}
)Y");
  world.run_until_idle();
  EXPECT_EQ(world.ready("Account", "analytics", "heir"), "False:DuplicateAccount");
  for (const auto& [kind, name] : {std::pair("Grant", "analysts"), std::pair("ResourceLink", "orders"), std::pair("Account", "analytics")}) {
    world.remove(kind, "analytics", name);
  }
  world.remove("Grant", "retail", "orders-to-analytics");
  world.run_until_idle();
  EXPECT_EQ(world.ready("Account", "analytics", "heir"), "True:InForce");
}

TEST(Authority, RefusesAGrantFromAnotherNamespace) {
  SmallWorld world;
  world.converge();
  const Lines before = world.everything();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: take, namespace: governance}
spec: {product: {namespace: retail, name: orders}, to: {principals: ["arn:aws:iam::100000000001:role/boss"]}}
)Y");
  world.run_until_idle();
  EXPECT_EQ(world.condition("Grant", "governance", "take", "Authorized"), "False:NotTheProductsNamespace");
  EXPECT_EQ(world.everything(), before);
}

/// The Grant of the account on the tables `named`, and the one within the account on both tables.
std::string granted(const std::string& named) {
  return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: to-analytics, namespace: retail}
spec: {product: {name: orders}, tables: [)Y" + named + R"Y(], to: {accounts: [{namespace: analytics, name: analytics}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: both, namespace: analytics}
spec: {link: orders, tables: [items, orders], to: {personas: [{account: {name: analytics}, name: analysts}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
---
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  location: s3://retail-data/orders
  tables: [{name: items, columns: [{name: sku, type: string}]}, {name: orders, columns: [{name: id, type: string}]}]
)Y";
}

TEST(Authority, TakesFromAConsumersGrantWhatItsAccountLostAndNothingElseForAMoment) {
  SmallWorld world;
  world.apply(granted("items, orders"));
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  const auto reads = [&](const std::string& table) {
    return world.call_as(kAnalyst, aws::Service::Glue, "GetTable",
                         {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", table}}).has_value();
  };
  EXPECT_TRUE(reads("items"));
  bool was_lost = false;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    was_lost = was_lost || (is_write(call) && !reads("orders"));
    return std::nullopt;
  };
  world.apply(granted("orders"));
  world.run_until_idle();
  world.sweep();
  EXPECT_FALSE(was_lost);
  EXPECT_TRUE(reads("orders"));
  EXPECT_FALSE(reads("items"));
  EXPECT_EQ(world.ready("Grant", "analytics", "both"), "False:ExceedsAccountGrant");
  EXPECT_NE(world.message("Grant", "analytics", "both").find("on table items, which the account was not granted; the rest is in force"),
            std::string::npos)
      << world.message("Grant", "analytics", "both");
  EXPECT_FALSE(mentions(world.entries(kAnalytics), "table:C:orders/items@arn")) << "what it lost is taken back there too";
}

}  // namespace
}  // namespace datamesh::testing
