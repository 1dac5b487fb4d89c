// A table that was made again and awaits approval: what `explain` and `plan` say of it, IAM under hybrid access, and Grants on
// all tables, which nothing can hold back.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

constexpr const char* kApprove = "datamesh.dev/approve-tables";
constexpr const char* kAuditor = "arn:aws:iam::100000000001:role/auditor";
constexpr const char* kLegacy = "arn:aws:iam::100000000001:role/legacy";  // goes by IAM

std::string product(const std::string& more) {
  return kOrdersHead + R"Y(  locationRole: arn:aws:iam::100000000001:role/location
  recreatedTables: AwaitApproval
  )Y" + more + R"Y(
  tables:
    - {name: items, columns: [{name: sku, type: string}]}
    - {name: orders, columns: [{name: id, type: string}, {name: email, type: string}], tags: {tier: gold}}
)Y";
}

/// To the account by name and on to its analysts, and to a role by rows.
constexpr const char* kGrants = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: retail, name: by-name}
spec: {product: {name: orders}, tables: [orders, items], to: {accounts: [{namespace: analytics, name: analytics}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: retail, name: rows}
spec:
  product: {name: orders}
  tables: [orders]
  rowFilter: id = '1'
  to: {principals: ["arn:aws:iam::100000000001:role/auditor"]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {namespace: analytics, name: analysts}
spec: {link: orders, tables: [orders, items], to: {personas: [{account: {name: analytics}, name: analysts}]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
)Y";

struct AwaitingWorld : SmallWorld {
  void begin(const std::string& more = "deletionPolicy: Delete") {
    apply(product(more));
    apply(kGrants);
    start_engine();
    run();
    sweep();
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
  }
  void run() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  /// Somebody puts something else under the name.
  void make_orders_again() {
    advance(seconds(10));
    by_hand(kCentral, Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "orders"})");
    make_orders();
  }
  void make_orders() {
    by_hand(kCentral, Service::Glue, "CreateTable",
            R"({"DatabaseName": "orders", "TableInput": {"Name": "orders", "StorageDescriptor": {"Location":
                "s3://retail-data/orders/orders", "Columns": [{"Name": "id", "Type": "string"}, {"Name": "email", "Type": "string"}]}}})");
  }
  void sweep_all() {
    sweep();
    sweep();
    run();
  }
  std::string token() { return get("DataProduct", "retail", "orders")["status"]["recreatedTables"]["items"][0]["table"]; }
  bool reads(const std::string& principal) {
    return call_as(principal, Service::Glue, "GetTable", {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", "orders"}})
        .has_value();
  }
  Json missing(const std::string& principal, const std::string& object = "retail/orders/orders") {
    const auto found = engine->explain({principal, "SELECT", object});
    EXPECT_TRUE(found) << to_string(found.error());
    return found ? (*found)["missing"] : Json();
  }
  /// Does to the store what the patch of a remedy says.
  void follow(const Json& remedy) {
    const Json& patch = remedy["patches"][0];
    const api::ObjectKey key{patch["kind"], patch["namespace"], patch["name"]};
    ASSERT_TRUE(store->patch(key, api::PatchType::Json, patch["patch"]));
    run();
  }
  Json plan() { return engine->plan({}); }
};

TEST(AwaitedTables, AreWhatExplainNamesAsMissing) {
  AwaitingWorld world;
  world.begin();
  world.make_orders_again();
  world.sweep_all();
  for (const char* principal : {kAnalyst, kAuditor, kAnalytics}) {
    const Json missing = world.missing(principal);
    EXPECT_EQ(missing["reason"], "TableRecreated") << principal << missing.dump(2);
    const std::string text = string_at(missing, "remedy");
    EXPECT_NE(text.find("DataProduct retail/orders wants approval"), text.npos) << text;
    EXPECT_NE(text.find("Grant retail/by-name"), text.npos) << text;
    EXPECT_EQ(missing["patches"][0]["patch"][0]["value"], Json({{kApprove, world.token()}}));
  }
  EXPECT_EQ(world.missing(kAnalyst, "retail/orders")["reason"], "TableRecreated") << "asked of all tables";
  EXPECT_TRUE(world.missing(kAnalyst, "retail/orders/items").is_null());
}

TEST(AwaitedTables, AreApprovedByThePatchThatExplainGives) {
  for (const bool annotated : {false, true}) {
    AwaitingWorld world;
    world.begin();
    if (annotated) {
      ASSERT_TRUE(world.store->patch({"DataProduct", "retail", "orders"}, api::PatchType::Merge,
                                     {{"metadata", {{"annotations", {{"example.com/note", "kept"}}}}}}));
    }
    world.make_orders_again();
    world.sweep_all();
    EXPECT_FALSE(world.reads(kAnalyst));
    world.follow(world.missing(kAnalyst));
    EXPECT_TRUE(world.reads(kAnalyst));
    EXPECT_TRUE(world.missing(kAnalyst).is_null());
    const Json annotations = world.get("DataProduct", "retail", "orders")["metadata"]["annotations"];
    EXPECT_EQ(annotations.contains("example.com/note"), annotated);
  }
}

TEST(AwaitedTables, AreNotBlamedForWhatNobodyWasGranted) {
  AwaitingWorld world;
  world.begin();
  world.make_orders_again();
  world.sweep_all();
  const Json missing = world.missing("arn:aws:iam::100000000001:role/stranger");
  EXPECT_FALSE(missing.contains("reason")) << missing.dump(2);
  EXPECT_FALSE(missing["manifest"].empty()) << "a Grant is what it lacks";
}

TEST(AwaitedTables, AreNamedByPlansWithAllThatComesWhenTheyAreApproved) {
  AwaitingWorld world;
  world.begin();
  EXPECT_EQ(world.plan()["awaiting"], Json::array());
  world.make_orders_again();
  world.sweep_all();
  const Json plan = world.plan();
  EXPECT_EQ(plan["catalogs"], Json::array());
  ASSERT_EQ(plan["awaiting"].size(), 1u) << plan.dump(2);
  const Json& table = plan["awaiting"][0];
  EXPECT_EQ(table["product"], "DataProduct/retail/orders");
  EXPECT_EQ(table["table"], "orders/orders");
  EXPECT_EQ(table["annotation"], kApprove);
  EXPECT_EQ(table["approval"], world.token());
  EXPECT_EQ(table["reachedBy"], Json::array());
  Lines actions;
  for (const Json& action : table["actions"]) actions.push_back(string_at(action, "summary") + " for " + action["because"].dump());
  EXPECT_EQ(actions, (Lines{"create tag of orders/orders#tier = gold for [\"DataProduct/retail/orders\"]",
                            "create data filter orders/orders/grant-retail-rows for [\"Grant/retail/rows\"]",
                            "grant SELECT on filter grant-retail-rows of table orders/orders to arn:aws:iam::100000000001:role/auditor "
                            "for [\"Grant/retail/rows\"]",
                            "grant SELECT, DESCRIBE (grantable: SELECT, DESCRIBE) on table orders/orders to 100000000003 for "
                            "[\"Grant/retail/by-name\"]",
                            "grant SELECT, DESCRIBE on table orders/orders to arn:aws:iam::100000000003:role/analyst for "
                            "[\"Grant/analytics/analysts\"]"}));
  EXPECT_NE(plan["problems"].dump().find("TableRecreated"), std::string::npos);
}

TEST(AwaitedTables, SayWhichGrantsReachThemAllTheSame) {
  AwaitingWorld world;
  world.begin();
  world.apply(kOrdersToAnalytics);
  world.run();
  world.make_orders_again();
  world.sweep_all();
  EXPECT_EQ(world.plan()["awaiting"][0]["reachedBy"], Json({"Grant/retail/orders-to-analytics"}));
  EXPECT_NE(world.message("DataProduct", "retail", "orders").find("reach them all the same: Grants orders-to-analytics"), std::string::npos);
}

// ---- hybrid ---------------------------------------------------------------------------------------------------

TEST(AwaitedHybridTables, AreNotLeftToIamEitherUntilTheyAreApproved) {
  for (const bool open_defaults : {false, true}) {
    AwaitingWorld world;
    if (open_defaults) world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
    world.begin("accessMode: Hybrid");
    const Lines before = world.everything();
    EXPECT_TRUE(world.reads(kLegacy));
    world.make_orders_again();
    EXPECT_EQ(world.reads(kLegacy), open_defaults) << "what Glue gives a new table in such a database";
    world.sweep_all();
    EXPECT_FALSE(world.reads(kLegacy));
    EXPECT_FALSE(world.reads(kAuditor));
    const Json awaiting = world.plan()["awaiting"];
    EXPECT_NE(awaiting.dump().find("grant ALL on table orders/orders to IAM_ALLOWED_PRINCIPALS"), std::string::npos) << awaiting.dump(2);
    EXPECT_NE(awaiting.dump().find("opt arn:aws:iam::100000000001:role/auditor in to Lake Formation on table orders/orders"), std::string::npos);
    EXPECT_EQ(world.missing(kLegacy)["reason"], "TableRecreated");
    EXPECT_EQ(world.missing(kAuditor)["reason"], "TableRecreated");
    const auto cell = world.engine->explain({kAuditor, "SELECT", "retail/orders/orders/email", "id = 2"});
    ASSERT_TRUE(cell);
    EXPECT_FALSE((*cell)["missing"]["reason"] == "TableRecreated" && (*cell)["missing"]["hop"] == "DataFilter") << "its rows keep it out";
    world.writes();
    world.sweep();
    EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "it waits in silence";
    world.follow(world.missing(kLegacy));
    EXPECT_EQ(world.everything(), before);
    EXPECT_TRUE(world.reads(kLegacy));
    EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  }
}

TEST(AwaitedHybridTables, ThatTheOperatorMakesAreClosedFromTheStart) {
  AwaitingWorld world;
  world.begin("accessMode: Hybrid");
  world.advance(seconds(10));
  world.by_hand(kCentral, Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "orders"})");
  bool was_open = false;
  world.hooks->after = [&](const aws::Call&) -> std::optional<Error> {
    was_open = was_open || world.reads(kLegacy);
    return std::nullopt;
  };
  world.sweep_all();
  world.hooks->after = nullptr;
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:TableRecreated");
  EXPECT_FALSE(was_open);
}

/// Whoever goes by IAM today goes by IAM all along when the product comes to want approval, and so does a table that is declared
/// for the first time.
TEST(AwaitedHybridTables, AreNotTakenFromIamForWantingApproval) {
  AwaitingWorld world;
  world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.make_orders();
  bool was_closed = false;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    was_closed = was_closed || (is_write(call) && !world.reads(kLegacy));
    return std::nullopt;
  };
  std::string restore = product("accessMode: Hybrid");
  const std::string asks = "  recreatedTables: AwaitApproval\n";
  restore.erase(restore.find(asks), asks.size());
  world.apply(restore);
  world.start_engine();
  world.run();
  EXPECT_TRUE(world.engine->converged());
  world.apply(product("accessMode: Hybrid"));
  world.run();
  world.sweep_all();
  EXPECT_FALSE(was_closed);
  EXPECT_TRUE(world.reads(kLegacy));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

/// A guard that nothing gets through lets this through: that something waits is the declared policy, not a mistake.
TEST(AwaitedHybridTables, AreClosedWhateverTheGuardAllows) {
  AwaitingWorld world;
  world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.begin("accessMode: Hybrid");
  Json mesh = world.get("Mesh", "", "mesh");
  mesh["spec"]["guard"] = {{"maxRevokedPercent", 0}, {"minRevocations", 1}};
  ASSERT_TRUE(world.store->update(mesh));
  world.run();
  world.make_orders_again();
  world.sweep_all();
  EXPECT_FALSE(world.reads(kLegacy));
}

}  // namespace
}  // namespace datamesh::testing
