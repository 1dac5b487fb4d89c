// The eight steps of the reference workflow in the three models of governance, as the lake holds them in the end.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// The accounts of the small mesh under another model; `governor` is 100000000001 throughout.
std::string model(const std::string& governance) {
  std::string text = kCentralMesh;
  const std::string central = "spec: {governance: Central, centralAccount: {namespace: governance, name: central}}";
  text.replace(text.find(central), central.size(), "spec: {" + governance + "}");
  const std::string role = "roles: [Producer]";
  text.replace(text.find(role), role.size(), "roles: [Producer]\n  lineOfBusiness: retail");
  return text;
}

const std::string kEngineerRole = "@arn:aws:iam::P:role/engineer";
const std::string kAnalystRole = "@arn:aws:iam::K:role/analyst";
const std::string kLocation = "!arn%3Aaws%3As3%3A%3A%3Aretail-data%2Forders";

/// What the governing catalog holds in every model, beside the permissions.
Lines governed() {
  return {"Location arn:aws:s3:::retail-data/orders = service role",
          "Database orders = '' at 's3://retail-data/orders', product=retail/orders",
          "Table orders/items = (order_id bigint, sku string) at s3://retail-data/orders/items",
          "Table orders/orders = (id bigint, customer string, amount decimal(10,2), by day) at "
          "s3://retail-data/orders/orders",
          "TagKey domain = retail", "TagAssignment orders#domain = retail"};
}

Lines joined(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The consumer's catalog when account `owner` governs.
Lines consuming(const std::string& owner) {
  return {"Link orders = to " + owner + " orders",
          "Permission alltables:" + owner + ":orders" + kAnalystRole + " = SELECT, DESCRIBE",
          "Permission database:K:orders" + kAnalystRole + " = DESCRIBE",
          "Permission database:" + owner + ":orders" + kAnalystRole + " = DESCRIBE",
          "ShareAcceptance " + owner + " = accepted"};
}

void sort(Lines& lines) { std::sort(lines.begin(), lines.end()); }
Lines sorted(Lines lines) {
  sort(lines);
  return lines;
}

/// Source: design.md, reference workflow
void expect_central(SmallWorld& world) {
  EXPECT_EQ(sorted(world.entries(kCentral)),
            sorted(joined(governed(),
                          {"Permission alltables:C:orders@K = SELECT, DESCRIBE, +SELECT, +DESCRIBE",
                           "Permission alltables:C:orders@P = SELECT, ALTER, DELETE, INSERT, DESCRIBE, +SELECT, +ALTER, "
                           "+DELETE, +INSERT, +DESCRIBE",
                           "Permission database:C:orders@K = DESCRIBE, +DESCRIBE",
                           "Permission database:C:orders@P = ALTER, DESCRIBE, CREATE_TABLE, +ALTER, +DESCRIBE, "
                           "+CREATE_TABLE",
                           "Permission location:C:" + kLocation + "@P = DATA_LOCATION_ACCESS, +DATA_LOCATION_ACCESS"})));
  EXPECT_EQ(sorted(world.entries(kRetail)),
            sorted({"Link orders = to C orders",
                    "Permission alltables:C:orders" + kEngineerRole + " = ALTER, INSERT, DESCRIBE",
                    "Permission database:C:orders" + kEngineerRole + " = DESCRIBE",
                    "Permission database:P:orders" + kEngineerRole + " = DESCRIBE",
                    "Permission location:C:" + kLocation + kEngineerRole + " = DATA_LOCATION_ACCESS",
                    "ShareAcceptance C = accepted"}));
  EXPECT_EQ(sorted(world.entries(kAnalytics)), sorted(consuming("C")));
}

TEST(Models, CentralHasEverythingInTheCentralAccount) {
  SmallWorld world;
  world.converge();
  expect_central(world);
}

TEST(Models, LineOfBusinessHasEverythingInTheAccountOfTheLine) {
  SmallWorld world(model("governance: LineOfBusiness, linesOfBusiness: [{name: retail, centralAccount: {namespace: "
                         "governance, name: central}}]"));
  world.converge();
  expect_central(world);
}

TEST(Models, FederatedHasEverythingInTheProducersAccount) {
  SmallWorld world(model("governance: Federated"));
  world.converge();
  EXPECT_EQ(sorted(world.entries(kCentral)), Lines{});
  EXPECT_EQ(sorted(world.entries(kRetail)),
            sorted(joined(governed(), {"Permission alltables:P:orders@K = SELECT, DESCRIBE, +SELECT, +DESCRIBE",
                                       "Permission database:P:orders@K = DESCRIBE, +DESCRIBE",
                                       "Permission alltables:P:orders" + kEngineerRole + " = ALTER, INSERT, DESCRIBE",
                                       "Permission database:P:orders" + kEngineerRole + " = DESCRIBE",
                                       "Permission location:P:" + kLocation + kEngineerRole + " = DATA_LOCATION_ACCESS"})));
  EXPECT_EQ(sorted(world.entries(kAnalytics)), sorted(consuming("P")));
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Models, SayOfEveryHopThatItIsDone) {
  SmallWorld world;
  world.converge();
  Lines hops;
  for (const auto& [kind, ns, name] : {std::tuple("DataProduct", "retail", "orders"), std::tuple("Grant", "retail", "orders-to-analytics"),
                                       std::tuple("ResourceLink", "analytics", "orders"), std::tuple("Grant", "analytics", "analysts")}) {
    const Json object = world.get(kind, ns, name);
    for (const Json& hop : at_path(object, {"status", "hops"})) {
      hops.push_back(reconcilers::with_letters(string_at(hop, "step") + " " + string_at(hop, "catalog") + " " +
                                               string_at(hop, "state")));
    }
  }
  EXPECT_EQ(hops, (Lines{"1-RegisterLocation C Done", "2-CreateEntities C Done", "3-ShareBack C Done", "3-ShareBack P Done",
                         "4-ProducerAccess P Done", "5-AcceptShare P Done", "6-PropagateSchema C Done",
                         "5-AcceptShare K Done", "7-GrantConsumer C Done", "5-AcceptShare K Done",
                         "8-ConsumerAccess K Done", "8-ConsumerAccess K Done"}));
}

TEST(Models, ArriveAtTheSameWhateverTheOrderOfDeclarations) {
  SmallWorld straight;
  straight.converge();
  SmallWorld reversed;
  reversed.start_engine();
  for (const char* part : {kAnalysts, kOrdersToAnalytics, kOrders}) {
    reversed.apply(part);
    reversed.run_until_idle();
  }
  EXPECT_TRUE(reversed.engine->converged()) << reversed.engine->status().dump(2);
  EXPECT_EQ(reversed.everything(), straight.everything());
}

TEST(Models, MoveAProductWhenTheyChange) {
  SmallWorld world;
  world.converge();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec: {governance: Federated}
)Y");
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  SmallWorld fresh(model("governance: Federated"));
  fresh.converge();
  EXPECT_EQ(sorted(world.entries(kRetail)), sorted(fresh.entries(kRetail)));
  EXPECT_EQ(sorted(world.entries(kAnalytics)), sorted(fresh.entries(kAnalytics)));
  EXPECT_EQ(world.entries(kCentral), Lines{"TagKey domain = retail"});
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Models, HoldAMoveThatTakesAwayTooMuch) {
  SmallWorld world;
  world.converge();
  const Lines before = world.everything();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec: {governance: Federated, guard: {minRevocations: 1, maxRevokedPercent: 10, maxDeletedTables: 0}}
)Y");
  world.run_until_idle();
  const Lines after = world.everything();
  for (const std::string& line : before) {
    const bool there = std::find(after.begin(), after.end(), line) != after.end();
    // Tags and locations are not among what the guard counts.
    const bool counted = line.find("Permission") != line.npos || line.find("Table") != line.npos;
    EXPECT_TRUE(there || !counted) << line << " is gone";
  }
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:PlanHeld");
}

}  // namespace
}  // namespace datamesh::testing
