// Taking back: in which order, what stays, and when the finalizer goes.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// What is not declared any more is none of the operator's business.
TEST(Deletion, OfAnAccountEndsAllCallsToIt) {
  SmallWorld world;
  world.converge();
  for (const auto& [kind, name] : {std::pair("Grant", "analysts"), std::pair("ResourceLink", "orders"), std::pair("Account", "analytics")}) {
    world.remove(kind, "analytics", name);
  }
  world.remove("Grant", "retail", "orders-to-analytics");
  Json mesh = world.get("Mesh", "", "mesh");
  mesh["spec"]["defaults"]["undeclared"] = "Revoke";
  world.apply_object(mesh);
  ASSERT_TRUE(world.run_until_idle());
  world.advance(minutes(15));
  ASSERT_EQ(world.get("Account", "analytics", "analytics"), Json());
  std::map<std::string, int> calls;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    ++calls[call.target.account];
    return std::nullopt;
  };
  world.advance(minutes(30));
  EXPECT_GT(calls[kCentral], 0) << "the others are swept";
  EXPECT_EQ(calls[kAnalytics], 0);
  const Json catalogs = member(world.engine->status(), "catalogs");
  for (const Json& each : catalogs) EXPECT_EQ(string_at(each, "catalog").find(kAnalytics), std::string::npos);
  EXPECT_TRUE(world.engine->converged());
}

/// Every write of the operator, as "central BatchRevokePermissions".
struct Recorded : SmallWorld {
  Recorded() {
    converge();
    hooks->after = [this](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call)) done.push_back(reconcilers::with_letters(call.target.account) + " " + call.operation);
      return std::nullopt;
    };
  }
  std::size_t first(const std::string& operation) const {
    return static_cast<std::size_t>(std::find(done.begin(), done.end(), operation) - done.begin());
  }
  void remove_all() {
    remove("Grant", "analytics", "analysts");
    remove("ResourceLink", "analytics", "orders");
    remove("Grant", "retail", "orders-to-analytics");
    remove("DataProduct", "retail", "orders");
  }
  Lines done;
};

TEST(Deletion, LeavesNothingBehind) {
  Recorded world;
  world.remove_all();
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.everything(), (Lines{"C: TagKey domain = retail"})) << "tag keys are shared by nature";
  for (const auto& [kind, ns, name] :
       {std::tuple("Grant", "analytics", "analysts"), std::tuple("ResourceLink", "analytics", "orders"),
        std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("DataProduct", "retail", "orders")}) {
    EXPECT_EQ(world.get(kind, ns, name), Json()) << kind;
  }
}

TEST(Deletion, RevokesBeforeItDeletes) {
  Recorded world;
  world.remove_all();
  world.run_until_idle();
  const auto position = [&](const std::string& operation) { return world.first(operation); };
  EXPECT_LT(position("C BatchRevokePermissions"), position("C DeleteTable"));
  EXPECT_LT(position("C DeleteTable"), position("C DeleteDatabase"));
  // A tag that is removed first could let somebody read for a moment, by what is inherited then, what is about to go.
  EXPECT_LT(position("C DeleteDatabase"), position("C RemoveLFTagsFromResource"));
  EXPECT_LT(position("C DeleteDatabase"), position("C DeregisterResource"));
  EXPECT_LT(position("K BatchRevokePermissions"), position("K DeleteDatabase"));
  EXPECT_LT(position("C DeregisterResource"), world.done.size());
}

TEST(Deletion, OfATableTakesBackWhatIsStillGrantedOnItFirst) {
  // Otherwise the resource share of a Grant that outlives its table is stranded.
  SmallWorld world;
  world.apply(kOrders);
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: items, namespace: retail}
spec: {product: {name: orders}, tables: [items], to: {principals: ["arn:aws:iam::100000000003:role/direct"]}}
)Y");
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "items"), "True:InForce");
  Lines order;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "DeleteTable" || call.operation == "BatchDeleteTable") order.emplace_back("delete");
    const bool named = call.operation == "BatchRevokePermissions" && call.input.dump().find("\"items\"") != std::string::npos;
    if (named) order.emplace_back("revoke");
    return std::nullopt;
  };
  std::string product = kOrders;
  product.resize(product.find("    - name: items"));
  world.apply(product);
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(order, (Lines{"revoke", "delete"}));
  EXPECT_EQ(world.ready("Grant", "retail", "items"), "False:TableNotFound");
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
  world.apply(kOrders);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "items"), "True:InForce") << "with the table comes the access";
}

TEST(Release, OfWhatAnotherGrantTookOverWhileNobodyLookedEnds) {
  // DESCRIBE is not taken back beside other permissions: who claims those must remember it for the first to let go.
  const auto to_role = [](const std::string& name, const std::string& role, const std::string& permissions) {
    return "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: " + name + ", namespace: retail}\n" +
           "spec: {product: {name: orders}, permissions: [" + permissions + "], to: {principals: ['arn:aws:iam::100000000001:role/" +
           role + "']}}\n";
  };
  SmallWorld world;
  world.converge();
  world.apply(to_role("first", "reader", "SELECT, DESCRIBE, ALTER"));
  EXPECT_TRUE(world.run_until_idle());
  world.crash();
  world.apply(to_role("second", "reader", "SELECT, ALTER"));
  world.apply(to_role("first", "other", "SELECT"));
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  world.sweep();
  EXPECT_EQ(world.ready("Grant", "retail", "first"), "True:InForce") << world.get("Grant", "retail", "first").dump(1);
  world.remove("Grant", "retail", "second");
  world.run_until_idle();
  const Lines lines = world.entries(kCentral);
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("role/reader") != line.npos; }));
}

TEST(Release, EndsWhereALinkHasTakenTheName) {
  // Lake Formation refuses to revoke on a table of a database that is a link.
  SmallWorld world;
  world.converge();
  world.apply(
      "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: local, namespace: retail}\n"
      "spec: {product: {name: orders}, permissions: [SELECT, ALTER], to: {principals: "
      "['arn:aws:iam::100000000001:role/reader']}}\n");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "local"), "True:InForce");
  world.crash();
  ASSERT_TRUE(world.by_hand(kCentral, aws::Service::Glue, "DeleteDatabase", R"({"Name": "orders"})"));
  ASSERT_TRUE(world.by_hand(kCentral, aws::Service::Glue, "CreateDatabase",
                            R"({"DatabaseInput": {"Name": "orders", "TargetDatabase":
                                {"CatalogId": "100000000002", "DatabaseName": "theirs"}}})"));
  world.remove("Grant", "retail", "local");
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(world.get("Grant", "retail", "local"), Json());
}

TEST(Deletion, OfAnAccountKeepsTheOperatorsRightsThereWhileTheyAreNeeded) {
  SmallWorld world;
  world.converge();
  world.crash();
  ASSERT_TRUE(world.by_hand(kCentral, aws::Service::LakeFormation, "PutDataLakeSettings",
                            R"({"DataLakeSettings": {"DataLakeAdmins": [
                                {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/Admin"}]}})"));
  world.remove("Account", "governance", "central");
  world.remove("Grant", "retail", "orders-to-analytics");
  world.start_engine();
  world.run_until_idle();
  const Lines lines = world.entries(kCentral);
  EXPECT_TRUE(std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("@K") != line.npos; }));
  EXPECT_EQ(world.get("Grant", "retail", "orders-to-analytics"), Json());
  EXPECT_EQ(world.get("Account", "governance", "central"), Json());
}

TEST(Deletion, KeepsTheFinalizerUntilTheLastEntryIsGone) {
  Recorded world;
  const auto revoked = [&] {
    const Lines lines = world.entries(kCentral);
    return std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line.find("@K") != line.npos; });
  };
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchRevokePermissions" || call.target.account != kCentral) return std::nullopt;
    return throttled(call);
  };
  world.remove("Grant", "retail", "orders-to-analytics");
  world.advance(minutes(2));
  EXPECT_FALSE(revoked());
  const Json held = world.get("Grant", "retail", "orders-to-analytics");
  EXPECT_EQ(at_path(held, {"metadata", "finalizers"}), Json::array({"datamesh.dev/release"}));
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "False:Throttled");
  world.hooks->before = nullptr;
  world.advance(minutes(5));
  EXPECT_TRUE(revoked());
  EXPECT_EQ(world.get("Grant", "retail", "orders-to-analytics"), Json());
}

TEST(Deletion, OfATableThatIsTakenBackInTimeGivesBackWhatWasRevokedForIt) {
  constexpr const char* kItems = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: items, namespace: retail}
spec:
  product: {name: orders}
  tables: [items]
  to: {personas: [{account: {name: retail}, name: engineers}]}
)Y";
  SmallWorld world;
  world.converge();
  world.apply(kItems);
  world.run_until_idle();
  const Lines before = world.entries(kCentral);
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "DeleteTable") return std::nullopt;
    return throttled(call);
  };
  std::string without = kOrders;
  without.erase(without.find("    - name: items"));
  world.apply(without);
  world.advance(minutes(1));
  EXPECT_NE(world.entries(kCentral), before);
  world.hooks->before = nullptr;
  world.apply(kOrders);
  world.run_until_idle();
  EXPECT_EQ(world.entries(kCentral), before);
}

TEST(Deletion, DeletesNoTableWhileAPermissionOnItCannotBeRevoked) {
  Recorded world;
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchRevokePermissions" || call.target.account != kCentral) return std::nullopt;
    return denied(call);
  };
  world.remove_all();
  world.advance(hours(1));
  const Lines lines = world.entries(kCentral);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("Database "); }), 1)
      << "a share of a database that is gone would be stranded";
  world.hooks->before = nullptr;
  world.advance(hours(1));
  EXPECT_EQ(world.entries(kCentral), Lines{"TagKey domain = retail"});
}

TEST(Deletion, KeepsTheTablesWherePolicyIsRetain) {
  SmallWorld world;
  std::string product = kOrders;
  product.replace(product.find("deletionPolicy: Delete"), 22, "deletionPolicy: Retain");
  world.apply(product);
  world.start_engine();
  world.run_until_idle();
  Lines kept = world.entries(kCentral);
  std::erase_if(kept, [](const auto& line) { return line.starts_with("Permission"); });
  world.remove("DataProduct", "retail", "orders");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.get("DataProduct", "retail", "orders"), Json());
  EXPECT_EQ(world.entries(kCentral), kept);
}

TEST(Deletion, KeepsADatabaseThatHoldsTablesOfOthers) {
  Recorded world;
  world.by_hand(kCentral, aws::Service::Glue, "CreateTable",
                R"({"DatabaseName": "orders", "TableInput": {"Name": "theirs", "StorageDescriptor": {"Columns": []}}})");
  world.sweep();
  world.remove_all();
  world.run_until_idle();
  world.sweep();
  Lines left = world.entries(kCentral);
  std::erase_if(left, [](const auto& line) { return line.starts_with("TagKey") || line.starts_with("Location"); });
  EXPECT_EQ(left, (Lines{"Database orders = '' at 's3://retail-data/orders', product=retail/orders", "Table orders/theirs = () at "}));
  EXPECT_EQ(world.first("C DeleteDatabase"), world.done.size());
  EXPECT_NE(world.get("DataProduct", "retail", "orders"), Json()) << "it says what it waits for";
  world.by_hand(kCentral, aws::Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "theirs"})");
  world.sweep();
  EXPECT_EQ(world.get("DataProduct", "retail", "orders"), Json());
}

TEST(Deletion, OfATableFromTheProductTakesOnlyThat) {
  SmallWorld world;
  world.converge();
  std::string product = kOrders;
  product.resize(product.find("    - name: items"));
  world.apply(product);
  EXPECT_TRUE(world.run_until_idle());
  const Lines lines = world.entries(kCentral);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const auto& line) { return line.starts_with("Table "); }), 1);
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
}

TEST(Deletion, OfOneOfTwoGrantsKeepsWhatTheOtherGives) {
  SmallWorld world;
  world.converge();
  const Lines before = world.everything();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: second, namespace: retail}
spec: {product: {name: orders}, permissions: [SELECT, INSERT], to: {accounts: [{namespace: analytics, name: analytics}]}}
)Y");
  world.run_until_idle();
  EXPECT_NE(world.everything(), before);
  world.remove("Grant", "retail", "second");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.everything(), before);
}

}  // namespace
}  // namespace datamesh::testing
