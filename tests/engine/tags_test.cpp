// LF-tags from end to end, on the embedded lake with three accounts: who declares, who carries, who reads.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kLevel = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: level, namespace: governance}
spec: {account: central, key: level, values: [public, internal, secret]}
)Y";

constexpr const char* kToAnalyticsByTag = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: open, namespace: governance}
spec:
  account: central
  tagExpression: level in (public, internal)
  to: {accounts: [{namespace: analytics, name: analytics}]}
---
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: readers, namespace: analytics}
spec:
  account: analytics
  catalog: {namespace: governance, name: central}
  tagExpression: level in (public, internal)
  to: {personas: [{account: {name: analytics}, name: analysts}]}
)Y";

/// The product with tags on the database, the table `orders` and its column `customer`; empty: none.
std::string orders(const std::string& database, const std::string& table = "", const std::string& column = "",
                   const std::string& consent = "Allow") {
  const auto tags = [](const std::string& value) { return value.empty() ? std::string("{}") : "{level: " + value + "}"; };
  return kOrdersHead + R"Y(  deletionPolicy: Delete
)Y" + (consent.empty() ? std::string() : "  tagGrants: " + consent + "\n") +
         "  tags: " + tags(database) + "\n  tables:\n    - name: orders\n      tags: " + tags(table) +
         "\n      columns: [{name: id, type: bigint}, {name: customer, type: string, tags: " + tags(column) +
         "}]\n    - name: items\n      columns: [{name: sku, type: string}]\n";
}

class TagWorld : public SmallWorld {
 public:
  explicit TagWorld(const std::string& product = orders("internal")) {
    for (const std::string& part : {std::string(kLevel), product, std::string(kToAnalyticsByTag)}) apply(part);
    start_engine();
    EXPECT_TRUE(run_until_idle()) << engine->status().dump(2);
  }
  /// The columns that the analyst reads of a table; "-" for none.
  std::string reads(const std::string& table) {
    const auto found = call_as(kAnalyst, aws::Service::Glue, "GetTable",
                               {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", table}});
    if (!found) return "-";
    std::string out;
    for (const Json& column : at_path(*found, {"Table", "StorageDescriptor", "Columns"})) {
      out += (out.empty() ? "" : ",") + string_at(column, "Name");
    }
    return out;
  }
  /// The values of `level` in the central catalog; "-" when there is no such tag.
  std::string values() {
    const auto found = call_as(operator_of(kCentral), aws::Service::LakeFormation, "GetLFTag", {{"TagKey", "level"}});
    if (!found) return "-";
    std::set<std::string> sorted;
    for (const Json& value : member(*found, "TagValues")) sorted.insert(value.get<std::string>());
    std::string out;
    for (const std::string& value : sorted) out += (out.empty() ? "" : ",") + value;
    return out;
  }
  void declare_level(const std::string& values) {
    std::string text = kLevel;
    text.replace(text.find("[public"), std::string("[public, internal, secret]").size(), "[" + values + "]");
    apply(text);
    EXPECT_TRUE(run_until_idle());
  }
  void change(const std::string& text) {
    apply(text);
    EXPECT_TRUE(run_until_idle());
  }
};

TEST(Tags, LetAnotherAccountsRolesReadWhatCarriesThem) {
  TagWorld world;
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("LFTag", "governance", "level"), "True:InForce");
  EXPECT_EQ(world.ready("Grant", "analytics", "readers"), "True:InForce");
  EXPECT_EQ(world.reads("orders"), "id,customer");
  EXPECT_EQ(world.reads("items"), "sku");
  EXPECT_TRUE(world.analyst_reads()) << "through the link";
}

TEST(Tags, OfATableAndAColumnOverrideWhatIsInherited) {
  TagWorld world(orders("internal", "", "secret"));
  EXPECT_EQ(world.reads("orders"), "id");
  world.change(orders("internal", "secret"));
  EXPECT_EQ(world.reads("orders"), "-");
  EXPECT_EQ(world.reads("items"), "sku");
  world.change(orders("secret", "public"));
  EXPECT_EQ(world.reads("orders"), "id,customer");
  EXPECT_EQ(world.reads("items"), "-");
}

TEST(Tags, GiveNothingOnAProductThatDoesNotLetTagGrantsIn) {
  TagWorld world(orders("internal", "", "", ""));
  EXPECT_EQ(world.reads("orders"), "-");
  world.change(orders("internal", "", "", "Deny"));
  EXPECT_EQ(world.reads("orders"), "-");
  world.change(orders("internal"));
  EXPECT_EQ(world.reads("orders"), "id,customer");
  world.change(orders("internal", "", "", "Deny"));
  EXPECT_EQ(world.reads("orders"), "-");
}

TEST(Tags, AreWrittenOnceAndThenLeftAlone) {
  TagWorld world(orders("internal", "secret", "public"));
  world.writes();
  world.sweep();
  world.restart();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Tags, ChangedByHandAreMendedAndInheritedOnesAreNotTakenForDrift) {
  TagWorld world(orders("internal", "", "secret"));
  world.by_hand(kCentral, aws::Service::LakeFormation, "AddLFTagsToResource",
                R"({"Resource": {"TableWithColumns": {"DatabaseName": "orders", "Name": "orders", "ColumnNames": ["customer"]}},
                    "LFTags": [{"TagKey": "level", "TagValues": ["public"]}]})");
  world.by_hand(kCentral, aws::Service::LakeFormation, "AddLFTagsToResource",
                R"({"Resource": {"Database": {"Name": "orders"}}, "LFTags": [{"TagKey": "level", "TagValues": ["secret"]}]})");
  EXPECT_EQ(world.reads("orders"), "customer");
  world.writes();
  world.sweep();
  EXPECT_EQ(world.reads("orders"), "id");
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{{"lakeformation:AddLFTagsToResource", 2}}));
}

TEST(Tags, OfAColumnThatWasDroppedDoNotComeBackWithIt) {
  TagWorld world(orders("secret", "", "public"));
  EXPECT_EQ(world.reads("orders"), "customer");
  const std::string dropped = kOrdersHead + R"Y(  deletionPolicy: Delete
  tagGrants: Allow
  tags: {level: secret}
  tables: [{name: orders, columns: [{name: id, type: bigint}]}, {name: items, columns: [{name: sku, type: string}]}]
)Y";
  world.apply(dropped);
  ASSERT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  world.restart();
  world.apply(orders("secret"));
  ASSERT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.reads("orders"), "-") << "the lake kept the tag of the column";
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  world.calls->reset();
  world.advance(std::chrono::minutes(12));
  EXPECT_EQ(world.calls->writes(), 0);
  world.apply(dropped);
  ASSERT_TRUE(world.run_until_idle());
  world.remove("DataProduct", "retail", "orders");
  ASSERT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.get("DataProduct", "retail", "orders").is_null()) << "nothing is left to wait for";
}

TEST(Tags, OfATableThatIsRetainedStayOnItSoThatNobodyComesToReadIt) {
  std::string declared = orders("internal", "secret");
  declared.replace(declared.find("deletionPolicy: Delete"), 22, "deletionPolicy: Retain");
  TagWorld world(declared);
  EXPECT_EQ(world.reads("orders"), "-");
  const std::size_t table = declared.find("    - name: orders");
  world.change(declared.erase(table, declared.find("    - name: items") - table));
  EXPECT_EQ(world.reads("orders"), "-");
  EXPECT_EQ(world.reads("items"), "sku");
  world.remove("DataProduct", "retail", "orders");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.reads("items"), "-") << "with the product goes its consent to tag Grants";
  world.sweep();
  EXPECT_EQ(world.reads("orders") + world.reads("items"), "--");
}

TEST(Tags, ThatNobodyDeclaredAreToldAndLeftAlone) {
  TagWorld world(orders("internal", "public"));
  world.change(orders("internal"));
  world.by_hand(kCentral, aws::Service::LakeFormation, "AddLFTagsToResource",
                R"({"Resource": {"Table": {"DatabaseName": "orders", "Name": "items"}},
                    "LFTags": [{"TagKey": "level", "TagValues": ["secret"]}]})");
  world.writes();
  world.sweep();
  EXPECT_EQ(world.reads("items"), "-");
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
  const auto told = [&] { return at_path(world.get("Account", "governance", "central"), {"status", "undeclared", "items"}); };
  ASSERT_EQ(told().size(), 1U) << told().dump(2);
  EXPECT_EQ(told()[0]["entry"], "100000000001/eu-west-1 TagAssignment orders/items#level");
  world.by_hand(kCentral, aws::Service::LakeFormation, "AddLFTagsToResource",
                R"({"Resource": {"Table": {"DatabaseName": "orders", "Name": "orders"}},
                    "LFTags": [{"TagKey": "level", "TagValues": ["secret"]}]})");
  world.sweep();
  EXPECT_EQ(told().size(), 2U) << "one that was declared before is nobody's as well";
  world.remove("DataProduct", "retail", "orders");
  EXPECT_TRUE(world.run_until_idle());
  world.sweep();
  EXPECT_EQ(told(), Json());
}

TEST(Tags, OfTheExampleGiveWhatItsCommentsSay) {
  World world;
  for (const char* file : {"mesh", "climate", "analytics"}) {
    std::ifstream in(std::string(DATAMESH_SOURCE_DIR) + "/docs/examples/tags/" + file + ".yaml");
    world.apply(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  const auto columns = [&](const std::string& role, const std::string& table) {
    const auto found = world.call_as("arn:aws:iam::888899990000:role/" + role, aws::Service::Glue, "GetTable",
                                     {{"DatabaseName", "weather"}, {"Name", table}}, "us-east-1");
    return found ? at_path(*found, {"Table", "StorageDescriptor", "Columns"}).size() : 0;
  };
  EXPECT_EQ(columns("Analyst", "observations"), 3u) << "all but the observer";
  EXPECT_EQ(columns("Analyst", "stations"), 3u);
  EXPECT_EQ(columns("Trainee", "observations"), 0u);
  EXPECT_EQ(columns("Trainee", "stations"), 3u);
}

TEST(LFTag, ThatLosesAUsedValueKeepsItAndNamesTheUsers) {
  TagWorld world;
  world.declare_level("public");
  EXPECT_EQ(world.values(), "internal,public") << "secret was not used";
  EXPECT_EQ(world.reads("orders"), "id,customer");
  EXPECT_EQ(world.ready("LFTag", "governance", "level"), "False:TagValueInUse");
  const std::string message = world.get("LFTag", "governance", "level").dump();
  EXPECT_NE(message.find("internal (DataProduct retail/orders, Grant analytics/readers, Grant governance/open)"), std::string::npos)
      << message;
}

TEST(LFTag, LosesAValueWhenItsLastUserIsGone) {
  TagWorld world(orders("secret"));
  world.declare_level("public, internal");
  EXPECT_EQ(world.values(), "internal,public,secret");
  world.change(orders("public"));
  EXPECT_EQ(world.values(), "internal,public");
  EXPECT_EQ(world.ready("LFTag", "governance", "level"), "True:InForce");
}

TEST(LFTag, KeepsOutAValueThatItDoesNotDeclare) {
  TagWorld world;
  world.change(orders("intern"));
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:TagValueNotDeclared");
  EXPECT_EQ(world.values(), "internal,public,secret");
  EXPECT_EQ(world.reads("orders"), "id,customer") << "the tag stays as it was";
}

TEST(LFTag, IsDeletedOnlyWhenNothingUsesIt) {
  TagWorld world;
  world.remove("LFTag", "governance", "level");
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.values(), "internal,public,secret");
  EXPECT_EQ(world.ready("LFTag", "governance", "level"), "False:TagValueInUse");
  for (const auto& [ns, name] : {std::pair("analytics", "readers"), std::pair("governance", "open")}) {
    world.remove("Grant", ns, name);
  }
  world.change(orders(""));
  EXPECT_EQ(world.values(), "-");
  EXPECT_EQ(world.get("LFTag", "governance", "level"), Json());
}

TEST(LFTag, DoesNotTakeAwayWhatHandsHaveTagged) {
  TagWorld world(orders("internal"));
  world.by_hand(kCentral, aws::Service::LakeFormation, "AddLFTagsToResource",
                R"({"Resource": {"Table": {"DatabaseName": "orders", "Name": "items"}}, "LFTags": [{"TagKey": "level", "TagValues": ["secret"]}]})");
  world.sweep();
  world.declare_level("public, internal");
  EXPECT_EQ(world.values(), "internal,public,secret");
}

}  // namespace
}  // namespace datamesh::testing
