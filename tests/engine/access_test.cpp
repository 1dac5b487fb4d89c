// Who may read what, because of which declaration, and what would mend what is missing: every remedy is applied here, and
// has to do what it promises.
#include <gtest/gtest.h>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kTrainee = "arn:aws:iam::100000000003:role/trainee";

class AccessWorld : public SmallWorld {
 public:
  Json explain(const std::string& principal, const std::string& action, const std::string& object, const std::string& row = "") {
    const auto answer = engine->explain({principal, action, object, row});
    return answer ? *answer : Json{{"error", answer.error().message}};
  }
  bool may(const std::string& principal, const std::string& action, const std::string& object, const std::string& row = "") {
    return member(explain(principal, action, object, row), "allowed") == true;
  }
  /// "AccountPermission for Grant/retail/orders-to-analytics", or "-Share" for what is missing.
  static Lines hops(const Json& answer) {
    Lines out;
    for (const Json& step : member(answer, "steps")) {
      std::string line = (member(step, "ok") == true ? "" : "-") + string_at(step, "hop");
      for (const Json& each : member(step, "because")) line += " " + each.get<std::string>();
      if (member(step, "undeclared") == true) line += " undeclared";
      if (member(step, "implicit") == true) line += " implicit";
      out.push_back(line);
    }
    return out;
  }
  static std::string remedy(const Json& answer) { return string_at(member(answer, "missing"), "remedy"); }

  /// Does what the answer's remedy says; the objects that it writes.
  Lines mend(const Json& answer) {
    Lines out;
    const Json& missing = member(answer, "missing");
    for (const Json& manifest : member(missing, "manifest")) {
      out.push_back(string_at(manifest, "kind") + "/" + string_at(member(manifest, "metadata"), "namespace") + "/" +
                    string_at(member(manifest, "metadata"), "name"));
      apply_object(manifest);
    }
    for (const Json& patch : member(missing, "patches")) {
      const std::string kind = string_at(patch, "kind"), ns = string_at(patch, "namespace"), name = string_at(patch, "name");
      out.push_back(kind + "/" + ns + "/" + name);
      apply_object(get(kind, ns, name).patch(member(patch, "patch")));
    }
    EXPECT_TRUE(run_until_idle());
    return out;
  }
  /// Mends until the access is there; everything that was written, and fails when it never is.
  Lines mend_until_allowed(const std::string& principal, const std::string& action, const std::string& object,
                           const std::string& row = "") {
    Lines out;
    for (int n = 0; n < 5; ++n) {
      const Json answer = explain(principal, action, object, row);
      if (member(answer, "allowed") == true) return out;
      const Lines written = mend(answer);
      if (written.empty()) {
        ADD_FAILURE() << answer.dump(2);
        return out;
      }
      out.insert(out.end(), written.begin(), written.end());
    }
    ADD_FAILURE() << explain(principal, action, object, row).dump(2);
    return out;
  }
  void declare(const std::string& text) {
    apply(text);
    EXPECT_TRUE(run_until_idle());
  }
  void start(const std::vector<const char*>& parts) {
    for (const char* part : parts) apply(part);
    start_engine();
    EXPECT_TRUE(run_until_idle());
  }
};

TEST(Explain, NamesTheDeclarationBehindEveryHop) {
  AccessWorld world;
  world.converge();
  EXPECT_EQ(AccessWorld::hops(world.explain(kAnalyst, "SELECT", "retail/orders/orders/id")),
            (Lines{"AccountPermission Grant/retail/orders-to-analytics", "Share Grant/retail/orders-to-analytics ResourceLink/analytics/orders",
                   "LocalPermission Grant/analytics/analysts", "Location DataProduct/retail/orders",
                   "Link ResourceLink/analytics/orders"}));
  EXPECT_EQ(AccessWorld::hops(world.explain(kEngineer, "INSERT", "retail/orders/orders")),
            (Lines{"AccountPermission DataProduct/retail/orders", "Share DataProduct/retail/orders",
                   "LocalPermission DataProduct/retail/orders", "Location DataProduct/retail/orders",
                   "Link DataProduct/retail/orders"}));
}

TEST(Explain, FindsTheSameObjectByItsAccountAndThroughALink) {
  AccessWorld world;
  world.converge();
  for (const char* object : {"100000000001/orders/orders", "100000000001@eu-west-1/ORDERS/orders", "100000000003/orders/orders"}) {
    EXPECT_EQ(AccessWorld::hops(world.explain(kAnalyst, "select", object)).size(), 5u) << object;
  }
  EXPECT_EQ(AccessWorld::remedy(world.explain(kTrainee, "SELECT", "100000000003/orders/orders")),
            AccessWorld::remedy(world.explain(kTrainee, "SELECT", "retail/orders/orders")));
}

TEST(Explain, RefusesAQuestionAboutWhatIsNotThere) {
  AccessWorld world;
  world.converge();
  const auto error = [&](const std::string& object, const std::string& row = "") {
    return string_at(world.explain(kAnalyst, "SELECT", object, row), "error");
  };
  EXPECT_EQ(error("retail/orders/ordrs"), "there is no table orders/ordrs in catalog 100000000001/eu-west-1, which DataProduct "
                                          "retail/orders is about; its tables are items, orders");
  EXPECT_EQ(error("retail/orders/items/id"), "table orders/items has no column id; its columns are order_id, sku");
  EXPECT_EQ(error("retail/orders/items", "size=1"), "table orders/items has no column size; its columns are order_id, sku");
  EXPECT_EQ(error("retail/orders", "size=1"), "a row is of a table: name one");
  EXPECT_EQ(error("s3://retail-data"), "the permission on an S3 location is DATA_LOCATION_ACCESS");
  EXPECT_NE(error("orders").find("NAMESPACE/PRODUCT"), std::string::npos);
}

TEST(Explain, MendsAWholeChainStepByStep) {
  AccessWorld world;
  world.start({kOrders});
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders"),
            (Lines{"Grant/retail/orders-to-analytics", "ResourceLink/analytics/orders", "Grant/analytics/orders-to-analyst"}));
  EXPECT_TRUE(world.analyst_reads());
  EXPECT_FALSE(world.may(kAnalyst, "SELECT", "retail/orders/items")) << "no more than was asked";
  EXPECT_EQ(world.explain(kAnalyst, "SELECT", "retail/orders/orders")["missing"], Json());
}

TEST(Explain, GivesAColumnAloneWhereAColumnIsAsked) {
  AccessWorld world;
  world.start({kOrders});
  world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders/id");
  EXPECT_FALSE(world.may(kAnalyst, "SELECT", "retail/orders/orders/customer"));
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders/customer"),
            (Lines{"Grant/retail/orders-to-analytics", "Grant/analytics/orders-to-analyst"}))
      << "the Grants that are there are widened";
  EXPECT_TRUE(world.may(kAnalyst, "SELECT", "retail/orders/orders/id"));
  EXPECT_FALSE(world.may(kAnalyst, "SELECT", "retail/orders/orders/amount"));
}

TEST(Explain, WidensNoGrantThatGivesToOthersToo) {
  AccessWorld world;
  world.start({kOrders, R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: both, namespace: retail}
spec:
  product: {name: orders}
  tables: [items]
  to: {accounts: [{namespace: analytics, name: analytics}], principals: ["arn:aws:iam::100000000001:role/auditor"]}
)Y"});
  EXPECT_EQ(world.mend(world.explain(kAnalyst, "SELECT", "retail/orders/orders")), Lines{"Grant/retail/orders-to-analytics"});
  EXPECT_EQ(world.mend(world.explain("arn:aws:iam::100000000001:role/auditor", "INSERT", "retail/orders/items")),
            Lines{"Grant/retail/orders-to-auditor"});
  EXPECT_TRUE(world.may("arn:aws:iam::100000000001:role/auditor", "INSERT", "retail/orders/items"));
}

TEST(Explain, NamesAPersonaThatHasItAlready) {
  AccessWorld world;
  world.converge();
  const Json answer = world.explain(kTrainee, "SELECT", "retail/orders/orders");
  EXPECT_NE(AccessWorld::remedy(answer).find("or add it to persona analysts of Account analytics/analytics"), std::string::npos)
      << AccessWorld::remedy(answer);
  EXPECT_EQ(world.mend_until_allowed(kTrainee, "SELECT", "retail/orders/orders"), Lines{"Grant/analytics/orders-to-trainee"});
}

TEST(Explain, LetsTheProductServeItsOwnAccount) {
  AccessWorld world;
  world.converge();
  EXPECT_EQ(world.mend_until_allowed(kEngineer, "SELECT", "retail/orders/items"), Lines{"DataProduct/retail/orders"});
  EXPECT_EQ(world.mend_until_allowed("arn:aws:iam::100000000002:role/new", "SELECT", "retail/orders/items"),
            (Lines{"Account/retail/retail", "DataProduct/retail/orders"}));
}

TEST(Explain, DeclaresAnAccountThatNobodySpeaksFor) {
  AccessWorld world;
  world.start({kOrders});
  EXPECT_EQ(world.mend_until_allowed("arn:aws:iam::100000000009:role/guest", "SELECT", "retail/orders/orders"),
            (Lines{"Account/account-100000000009/account-100000000009", "Grant/retail/orders-to-account-100000000009",
                   "ResourceLink/account-100000000009/orders", "Grant/account-100000000009/orders-to-guest"}));
}

TEST(Explain, SaysThatAGrantHasExpiredOrItsProductIsUnpublished) {
  AccessWorld world;
  world.converge();
  Json grant = world.get("Grant", "retail", "orders-to-analytics");
  grant["spec"]["expiresAt"] = to_rfc3339(world.clock.now() + minutes(5));
  world.apply_object(grant);
  world.advance(minutes(10));
  EXPECT_NE(AccessWorld::remedy(world.explain(kAnalyst, "SELECT", "retail/orders/orders"))
                .find("Grant retail/orders-to-analytics gave this until it expired at"),
            std::string::npos);
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders"), Lines{"Grant/retail/orders-to-analytics"});
  Json product = world.get("DataProduct", "retail", "orders");
  product["spec"]["publishedUntil"] = to_rfc3339(world.clock.now() + minutes(5));
  world.apply_object(product);
  world.advance(minutes(10));
  EXPECT_NE(AccessWorld::remedy(world.explain(kAnalyst, "SELECT", "retail/orders/orders")).find("was unpublished at"),
            std::string::npos);
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders"), Lines{"DataProduct/retail/orders"});
}

TEST(Explain, SaysWhatKeepsAGrantFromBeingInForce) {
  AccessWorld world;
  world.start({kOrders, R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: audit, namespace: retail}
spec:
  product: {name: orders}
  tables: [items]
  columns: {exclude: [nothing]}
  to: {principals: ["arn:aws:iam::100000000001:role/auditor"]}
)Y"});
  const std::string remedy =
      AccessWorld::remedy(world.explain("arn:aws:iam::100000000001:role/auditor", "SELECT", "retail/orders/items/sku"));
  EXPECT_NE(remedy.find("Grant retail/audit gives this, but is not in force: InvalidColumns"), std::string::npos) << remedy;
}

TEST(Explain, SaysThatWhatHandsTookComesBack) {
  AccessWorld world;
  world.converge();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    return is_write(call) ? std::optional(throttled(call)) : std::nullopt;
  };
  world.hand_grants(kAnalytics, "RevokePermissions", kAnalyst,
                    R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "TableWildcard": {}}})", {"SELECT"});
  world.sweep();
  const Json answer = world.explain(kAnalyst, "SELECT", "retail/orders/orders");
  EXPECT_NE(AccessWorld::remedy(answer).find("Grant analytics/analysts gives this"), std::string::npos) << answer.dump(2);
  EXPECT_EQ(answer["missing"]["manifest"], Json::array());
}

constexpr const char* kGerman = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: german, namespace: retail}
spec:
  product: {name: orders}
  tables: [orders]
  rowFilter: "customer = 'de'"
  to: {principals: ["arn:aws:iam::100000000001:role/auditor"]}
)Y";

TEST(Explain, JudgesCellsByTheFilterAndWidensIt) {
  AccessWorld world;
  world.start({kOrders, kGerman});
  const std::string auditor = "arn:aws:iam::100000000001:role/auditor";
  const Json whole = world.explain(auditor, "SELECT", "retail/orders/orders/id");
  EXPECT_EQ(AccessWorld::hops(whole), (Lines{"Permission Grant/retail/german", "DataFilter Grant/retail/german",
                                             "Location DataProduct/retail/orders"}));
  EXPECT_EQ(whole["cells"][0]["rows"], "customer = 'de'");
  EXPECT_TRUE(world.may(auditor, "SELECT", "retail/orders/orders/id", "customer=de"));
  const Json out = world.explain(auditor, "SELECT", "retail/orders/orders/id", "customer=fr");
  EXPECT_EQ(out["missing"]["hop"], "DataFilter");
  EXPECT_NE(AccessWorld::remedy(world.explain(auditor, "SELECT", "retail/orders/orders/id", "id=1")).find("say what the row has in customer"),
            std::string::npos);
  EXPECT_EQ(world.mend_until_allowed(auditor, "SELECT", "retail/orders/orders/id", "customer=fr"), Lines{"Grant/retail/german"});
  EXPECT_FALSE(world.may(auditor, "SELECT", "retail/orders/orders/id", "customer=it"));
}

constexpr const char* kTagged = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: level, namespace: governance}
spec: {account: central, key: level, values: [public, internal, secret]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: open, namespace: governance}
spec:
  account: central
  tagExpression: level = public
  to: {accounts: [{namespace: analytics, name: analytics}]}
---
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  location: s3://retail-data/orders
  tables:
    - {name: orders, columns: [{name: id, type: bigint}, {name: customer, type: string}]}
    - {name: items, tags: {level: secret}, columns: [{name: sku, type: string}]}
)Y";

TEST(Explain, FollowsTagsHopByHopAndMendsTheOneThatIsAmiss) {
  AccessWorld world;
  world.start({kTagged});
  // Nothing matches: two tags are amiss, so a Grant by name is the least.
  EXPECT_EQ(world.explain(kAnalyst, "SELECT", "retail/orders/orders")["missing"]["hop"], "AccountPermission");
  Json product = world.get("DataProduct", "retail", "orders");
  product["spec"]["tags"] = {{"level", "public"}};
  world.apply_object(product);
  EXPECT_TRUE(world.run_until_idle());
  Json answer = world.explain(kAnalyst, "SELECT", "retail/orders/orders");
  EXPECT_EQ(answer["missing"]["hop"], "Tag");
  EXPECT_NE(AccessWorld::remedy(answer).find("set tagGrants: Allow, in namespace retail"), std::string::npos) << answer.dump(2);
  EXPECT_EQ(world.mend(answer), Lines{"DataProduct/retail/orders"});
  answer = world.explain(kAnalyst, "SELECT", "retail/orders/orders");
  EXPECT_EQ(AccessWorld::hops(answer), (Lines{"AccountPermission Grant/governance/open", "Tag DataProduct/retail/orders",
                                              "Tag DataProduct/retail/orders", "Share Grant/governance/open", "-LocalPermission",
                                              "Location DataProduct/retail/orders", "-Link"}));
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/orders"), Lines{"Grant/analytics/tagged-to-analyst"});
  answer = world.explain(kAnalyst, "SELECT", "retail/orders/items");
  EXPECT_NE(AccessWorld::remedy(answer).find("let Grant governance/open take the value secret of tag level too"), std::string::npos)
      << answer.dump(2);
  EXPECT_EQ(world.mend(answer), Lines{"Grant/governance/open"});
  EXPECT_EQ(world.mend_until_allowed(kAnalyst, "SELECT", "retail/orders/items"), Lines{"Grant/analytics/tagged-to-analyst"});
}

TEST(Explain, TagsWhatHasNoTagInTheProduct) {
  AccessWorld world;
  world.start({kTagged});
  Json product = world.get("DataProduct", "retail", "orders");
  product["spec"]["tagGrants"] = "Allow";
  world.apply_object(product);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.mend(world.explain(kAnalyst, "SELECT", "retail/orders/orders/id")), Lines{"DataProduct/retail/orders"});
  EXPECT_EQ(at_path(world.get("DataProduct", "retail", "orders"), {"spec", "tables"})[0]["columns"][0]["tags"], (Json{{"level", "public"}}));
  EXPECT_EQ(world.explain(kAnalyst, "SELECT", "retail/orders/orders/id")["missing"]["hop"], "LocalPermission");
}

TEST(Explain, SaysWhetherAPrincipalHasOptedIn) {
  AccessWorld world;
  world.converge();
  const std::string auditor = "arn:aws:iam::100000000001:role/auditor";
  world.by_hand(kCentral, aws::Service::LakeFormation, "CreateLakeFormationOptIn",
                R"({"Principal": {"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/auditor"},
                    "Resource": {"Table": {"DatabaseName": "orders", "TableWildcard": {}}}})");
  world.sweep();
  EXPECT_EQ(AccessWorld::hops(world.explain(auditor, "SELECT", "retail/orders/orders")),
            (Lines{"OptIn undeclared", "-Permission", "Location DataProduct/retail/orders"}));
}

TEST(Explain, AnswersForTheLocationOfAProduct) {
  AccessWorld world;
  world.converge();
  EXPECT_EQ(AccessWorld::hops(world.explain("100000000002", "DATA_LOCATION_ACCESS", "s3://retail-data/orders/items")),
            (Lines{"Location DataProduct/retail/orders", "AccountPermission DataProduct/retail/orders",
                   "Share DataProduct/retail/orders"}));
  EXPECT_TRUE(world.may("100000000002", "DATA_LOCATION_ACCESS", "s3://retail-data/orders/items"));
  const Json elsewhere = world.explain(kEngineer, "DATA_LOCATION_ACCESS", "s3://elsewhere");
  EXPECT_EQ(elsewhere["missing"]["hop"], "Location");
}

Lines reaches(AccessWorld& world, const std::string& action, const std::string& object, const std::string& row = "") {
  const auto answer = world.engine->who_can({"", action, object, row});
  if (!answer) return {answer.error().message};
  Lines out;
  for (const Json& each : (*answer)["principals"]) {
    std::string line = string_at(each, "is") + " " + string_at(each, "principal") + ":";
    for (const std::string& hop : AccessWorld::hops(each)) {
      if (hop.find("Permission") != std::string::npos) line += " " + hop;
    }
    out.push_back(line);
  }
  return out;
}

TEST(WhoCan, NamesEverybodyWithTheDeclarationsAndWhatNobodyDeclares) {
  AccessWorld world;
  world.converge();
  world.hand_grants(kAnalytics, "GrantPermissions", kTrainee,
                    R"({"Table": {"CatalogId": "100000000001", "DatabaseName": "orders", "Name": "orders"}})", {"SELECT"});
  world.sweep();
  EXPECT_EQ(reaches(world, "SELECT", "retail/orders/orders/id"),
            (Lines{"Account 100000000002: AccountPermission DataProduct/retail/orders",
                   "Account 100000000003: AccountPermission Grant/retail/orders-to-analytics",
                   "Principal " + operator_of(kCentral) + ": Permission implicit",
                   "Principal " + std::string(kAnalyst) + ": AccountPermission Grant/retail/orders-to-analytics LocalPermission "
                   "Grant/analytics/analysts",
                   "Principal " + std::string(kTrainee) + ": AccountPermission Grant/retail/orders-to-analytics LocalPermission undeclared"}));
  EXPECT_EQ(reaches(world, "INSERT", "retail/orders/orders"),
            (Lines{"Account 100000000002: AccountPermission DataProduct/retail/orders",
                   "Principal " + operator_of(kCentral) + ": Permission implicit",
                   "Principal " + std::string(kEngineer) + ": AccountPermission DataProduct/retail/orders LocalPermission "
                   "DataProduct/retail/orders"}));
  const auto answer = world.engine->who_can({"", "SELECT", "retail/orders/orders/id", ""});
  EXPECT_EQ((*answer)["administrators"], (Json{operator_of(kCentral), operator_of(kRetail), operator_of(kAnalytics)}));
}

}  // namespace
}  // namespace datamesh::testing
