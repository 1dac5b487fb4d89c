// What cannot stand beside what: it is said once, with the rule and the remedy, and nothing is written again and again.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using None = std::map<std::string, int>;

std::string message(SmallWorld& world, const std::string& kind, const std::string& name) {
  const Json object = world.get(kind, "retail", name);
  for (const Json& condition : at_path(object, {"status", "conditions"})) {
    if (string_at(condition, "type") == "Conflict") return string_at(condition, "message");
  }
  return "";
}

void expect_quiet(SmallWorld& world) {
  world.writes();
  for (int sweeps = 0; sweeps < 3; ++sweeps) world.sweep();
  EXPECT_EQ(world.writes(), None{});
}

// ---- columns beside the table ---------------------------------------------------------------------------------

/// A Grant on the table orders to one role of the governing account.
std::string to_reader(const std::string& name, const std::string& what) {
  return "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: " + name + ", namespace: retail}\n" +
         "spec: {product: {name: orders}, tables: [orders], " + what +
         ", to: {principals: ['arn:aws:iam::100000000001:role/reader']}}\n";
}

const std::string kWhole = to_reader("whole", "permissions: [SELECT, INSERT]");
const std::string kPart = to_reader("part", "columns: {include: [id]}");
const std::string kPartLine = "Permission columns:C:orders/orders@arn:aws:iam::C:role/reader = SELECT (id)";
const std::string kWholeLine = "Permission table:C:orders/orders@arn:aws:iam::C:role/reader = SELECT, INSERT";

TEST(SomeColumns, BesideRightsOnTheTableAreAConflictAndWriteNothing) {
  SmallWorld world;
  world.converge();
  world.apply(kWhole);
  world.run_until_idle();
  world.apply(kPart);
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("Grant", "retail", "whole"), "True:InForce");
  EXPECT_EQ(world.ready("Grant", "retail", "part"), "False:Conflict");
  EXPECT_EQ(world.condition("Grant", "retail", "part", "Stalled"), "True:Conflict");
  EXPECT_EQ(message(world, "Grant", "part"),
            "SELECT on some columns of table orders/orders has no effect beside SELECT, INSERT on the table, given to "
            "arn:aws:iam::100000000001:role/reader by Grant/retail/whole: Lake Formation lets nothing but SELECT stand "
            "beside it");
  expect_quiet(world);
  world.remove("Grant", "retail", "whole");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "part"), "True:InForce");
  EXPECT_TRUE(mentions(world.entries(kCentral), kPartLine));
}

TEST(SomeColumns, ThatAreHeldKeepRightsOnTheTableOut) {
  SmallWorld world;
  world.converge();
  world.apply(kPart);
  world.run_until_idle();
  world.apply(kWhole);
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("Grant", "retail", "part"), "True:InForce");
  EXPECT_EQ(world.ready("Grant", "retail", "whole"), "False:Conflict");
  expect_quiet(world);
  world.restart();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "whole"), "False:Conflict") << "a restart turns nothing round";
  world.remove("Grant", "retail", "part");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "whole"), "True:InForce");
  EXPECT_TRUE(mentions(world.entries(kCentral), kWholeLine));
}

TEST(SomeColumns, DeclaredTogetherWithTheTableGiveWay) {
  SmallWorld world;
  world.declare_all();
  world.apply(kPart);
  world.apply(kWhole);
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_TRUE(mentions(world.entries(kCentral), kWholeLine));
  EXPECT_EQ(world.ready("Grant", "retail", "part"), "False:Conflict");
  expect_quiet(world);
}

TEST(SomeColumns, StandBesideSelectOnTheTable) {
  SmallWorld world;
  world.converge();
  world.apply(kPart);
  world.apply(to_reader("whole", "permissions: [SELECT]"));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  expect_quiet(world);
}

TEST(SomeColumns, InConflictLoseWhatIsDeclaredNoMore) {
  SmallWorld world;
  world.converge();
  world.apply(kPart);
  world.apply(to_reader("more", "columns: {include: [id, amount]}"));
  world.run_until_idle();
  world.apply(kWhole);
  world.run_until_idle();
  ASSERT_EQ(world.ready("Grant", "retail", "whole"), "False:Conflict");
  world.remove("Grant", "retail", "more");
  world.run_until_idle();
  EXPECT_TRUE(mentions(world.entries(kCentral), kPartLine)) << "revoking waits for nobody";
}

// ---- names that are taken -------------------------------------------------------------------------------------

constexpr const char* kGovernedCentrally = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec: {governance: Central, centralAccount: {namespace: governance, name: central}}
)Y";

/// The small mesh, governed by its producer, whose product keeps its database whatever becomes of it.
struct Retaining : SmallWorld {
  Retaining() {
    apply("apiVersion: datamesh.dev/v1alpha1\nkind: Mesh\nmetadata: {name: mesh}\nspec: {governance: Federated}\n");
    std::string product = kOrders;
    product.replace(product.find("deletionPolicy: Delete"), 22, "deletionPolicy: Retain");
    apply(product);
    apply(kOrdersToAnalytics);
    apply(kAnalysts);
    start_engine();
    EXPECT_TRUE(run_until_idle());
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
  }
};

TEST(TakenName, OfARetainedDatabaseIsAConflictWithARemedy) {
  Retaining world;
  world.apply(kGovernedCentrally);
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:Conflict");
  EXPECT_EQ(world.condition("DataProduct", "retail", "orders", "Stalled"), "True:Conflict");
  EXPECT_EQ(message(world, "DataProduct", "orders"),
            "100000000002/eu-west-1 Link orders cannot be made: Database orders has its name and stays, retained or made "
            "by somebody else; delete that, or take another name");
  EXPECT_TRUE(world.analyst_reads()) << "consumers read from the new governor all the same";
  expect_quiet(world);
}

TEST(TakenName, BecomesFreeWhenTheDatabaseIsDeletedByHand) {
  Retaining world;
  world.apply(kGovernedCentrally);
  world.run_until_idle();
  world.by_hand(kRetail, aws::Service::Glue, "DeleteDatabase", R"({"Name": "orders"})");
  world.sweep();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(mentions(world.entries(kRetail), "Link orders = to C orders"));
  expect_quiet(world);
}

TEST(TakenName, IsTheSameConflictForALinkOfAConsumer) {
  SmallWorld world;
  world.by_hand(kAnalytics, aws::Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.declare_all();
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("ResourceLink", "analytics", "orders"), "False:Conflict");
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "False:EntryMissing") << "it waits for the link";
  EXPECT_TRUE(mentions(world.entries(kAnalytics), "Database orders")) << "what is not the operator's stays";
  expect_quiet(world);
}

}  // namespace
}  // namespace datamesh::testing
