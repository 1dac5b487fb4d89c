// The traps of lake-formation.md section 4 that the embedded lake can show, each with a test that fails without its
// rule. Elsewhere: T10 Contention.IsTriedAgainEntryByEntry, T15 Deletion.*, T25 and T26 Shares.* (tests/engine).
//
// Without a test here: T14 (nobody can delete a principal of the embedded lake), T32 (other shapes of CatalogId are out
// of scope). The lake does not model IAM, nor is it ever stale: T27 and T33 say for it what AWS would answer.
#include "tests/engine/ram_shares.h"

namespace datamesh::testing {
namespace {

using aws::Service;
using None = std::map<std::string, int>;

constexpr const char* kWithRole = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: direct, namespace: retail}
spec:
  product: {name: orders}
  to: {principals: ["arn:aws:iam::100000000001:role/reader"]}
)Y";

/// A Grant of the producer with `spec` beside the product.
std::string direct(const std::string& spec) {
  return "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: direct, namespace: retail}\n"
         "spec: {product: {name: orders}, " + spec + "}\n";
}

bool mentions(const Lines& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& line) { return line.find(text) != line.npos; });
}

void expect_rest(SmallWorld& world) {
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), None{});
}

TEST(Traps, T01SelectListedOnItsOwnRowIsNoDifference) {
  SmallWorld world;
  world.converge();
  world.apply(direct("tables: [items], permissions: [SELECT, INSERT], to: {principals: ['arn:aws:iam::100000000001:role/reader']}"));
  world.run_until_idle();
  int rows = 0;
  for (const Json& row : world.permissions(kCentral)) {
    rows += row.dump().find("role/reader") != std::string::npos && row.dump().find("items") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(rows, 2) << "the lake must show the split, or this shows nothing";
  expect_rest(world);
}

TEST(Traps, T02AllThatIsListedExpandedIsNoDifference) {
  SmallWorld world;
  world.converge();
  world.hand_grants(kCentral, "GrantPermissions", "arn:aws:iam::100000000001:role/reader",
                    R"({"Table": {"DatabaseName": "orders", "Name": "items"}})", {"ALL"});
  world.sweep();
  world.writes();
  world.apply(direct("tables: [items], permissions: [ALL], to: {principals: ['arn:aws:iam::100000000001:role/reader']}"));
  world.run_until_idle();
  const None writes = world.writes();
  EXPECT_FALSE(writes.contains("lakeformation:BatchRevokePermissions"));
  EXPECT_EQ(world.ready("Grant", "retail", "direct"), "True:InForce");
  expect_rest(world);
}

TEST(Traps, T03PermissionsAreNeverListedByPrincipal) {
  SmallWorld world;
  int listed = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "ListPermissions") {
      ++listed;
      EXPECT_FALSE(call.input.contains("Principal")) << "that would list effective permissions";
    }
    return std::nullopt;
  };
  world.converge();
  EXPECT_GT(listed, 0);
}

TEST(Traps, T04LinksAreNeitherListedThroughNorGrantedMoreThanDescribeOn) {
  SmallWorld world;
  Lines listed;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "GetTables") listed.push_back(call.target.account);
    return std::nullopt;
  };
  world.converge();
  world.sweep();
  EXPECT_EQ(std::count(listed.begin(), listed.end(), kAnalytics), 0) << "its only database is a link";
  EXPECT_TRUE(mentions(world.entries(kAnalytics), "Permission database:K:orders@arn:aws:iam::K:role/analyst = DESCRIBE"));
}

TEST(Traps, T05DeletesThroughALinkNeverReachTheProducer) {
  SmallWorld world;
  world.converge();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: table, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}, table: orders, database: shop}
)Y");
  world.run_until_idle();
  ASSERT_TRUE(mentions(world.entries(kAnalytics), "Link shop/orders = to C orders/orders"));
  // Behind the operator's back the local database becomes a link to the producer's: the same names lead to its tables.
  world.by_hand(kAnalytics, Service::Glue, "DeleteTable", R"({"DatabaseName": "shop", "Name": "orders"})");
  world.by_hand(kAnalytics, Service::Glue, "DeleteDatabase", R"({"Name": "shop"})");
  world.by_hand(kAnalytics, Service::Glue, "CreateDatabase",
                R"({"DatabaseInput": {"Name": "shop", "TargetDatabase": {"CatalogId": "100000000001", "DatabaseName": "orders"}}})");
  world.remove("ResourceLink", "analytics", "table");
  world.run_until_idle();
  world.sweep();
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/orders"));
}

TEST(Traps, T06LinksAreDeletedAndMadeAnewButNeverUpdated) {
  SmallWorld world;
  world.converge();
  world.by_hand(kAnalytics, Service::Glue, "DeleteDatabase", R"({"Name": "orders"})");
  world.by_hand(kAnalytics, Service::Glue, "CreateDatabase",
                R"({"DatabaseInput": {"Name": "orders", "TargetDatabase": {"CatalogId": "100000000002", "DatabaseName": "x"}}})");
  world.writes();
  world.sweep();
  const None writes = world.writes();
  EXPECT_FALSE(writes.contains("glue:UpdateDatabase"));
  EXPECT_TRUE(mentions(world.entries(kAnalytics), "Link orders = to C orders"));
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Traps, T07RightsOfTheOperatorAndOfAdministratorsAreNoDrift) {
  SmallWorld world;
  std::string account = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec: {accountId: "100000000001", regions: [eu-west-1], roles: [Central], undeclared: Revoke}
)Y";
  world.apply(account);
  world.converge();
  const Json rows = world.permissions(kCentral);
  EXPECT_NE(rows.dump().find("role/datamesh-operator"), std::string::npos)
      << "the lake must list implicit rights, or this shows nothing";
  expect_rest(world);
}

TEST(Traps, T08IamAllowedPrincipalsGoFromEverythingThatIsGoverned) {
  SmallWorld world;
  // Made before the operator came, in an account that still leaves everything to IAM.
  const std::string admin = "arn:aws:iam::100000000001:role/Admin";
  ASSERT_TRUE(world.call_as(admin, Service::Glue, "CreateDatabase", {{"DatabaseInput", {{"Name", "orders"}}}}));
  ASSERT_TRUE(world.call_as(admin, Service::Glue, "CreateTable",
                            {{"DatabaseName", "orders"}, {"TableInput", {{"Name", "items"}}}}));
  world.converge();
  world.sweep();
  EXPECT_FALSE(mentions(world.entries(kCentral), "IAM_ALLOWED_PRINCIPALS")) << ::testing::PrintToString(world.entries(kCentral));
  const auto database = world.call_as(operator_of(kCentral), Service::Glue, "GetDatabase", {{"Name", "orders"}});
  EXPECT_EQ(at_path(*database, {"Database", "CreateTableDefaultPermissions"}), Json::array())
      << "or every table to come would be open";
  expect_rest(world);
}

TEST(Traps, T09SettingsOfOthersSurvive) {
  SmallWorld world;
  const std::string admin = "arn:aws:iam::100000000001:role/Admin";
  ASSERT_TRUE(world.call_as(admin, Service::LakeFormation, "PutDataLakeSettings",
                            {{"DataLakeSettings", {{"DataLakeAdmins", {{{"DataLakePrincipalIdentifier", admin}}}},
                                                   {"AllowExternalDataFiltering", true},
                                                   {"Parameters", {{"SET_SOURCE_IDENTITY", "TRUE"}}}}}}));
  world.converge();
  const auto out = world.call_as(admin, Service::LakeFormation, "GetDataLakeSettings", Json::object());
  const Json& settings = member(*out, "DataLakeSettings");
  EXPECT_EQ(settings["DataLakeAdmins"].size(), 2u);
  EXPECT_EQ(settings["AllowExternalDataFiltering"], true);
  EXPECT_EQ(settings["Parameters"], Json::parse(R"({"SET_SOURCE_IDENTITY": "TRUE", "CROSS_ACCOUNT_VERSION": "4"})"));
}

TEST(Traps, T11AFailureInsideASuccessIsAFailure) {
  SmallWorld world;
  world.converge();
  world.apply(direct("tables: [items], to: {principals: ['arn:aws:iam::100000000001:role/unknown-yet', "
                     "'arn:aws:iam::100000000001:role/reader']}"));
  world.advance(seconds(10));
  EXPECT_NE(world.ready("Grant", "retail", "direct").substr(0, 4), "True") << "one of the two was refused inside a 200";
  EXPECT_TRUE(mentions(world.entries(kCentral), "table:C:orders/items@arn:aws:iam::C:role/reader")) << "the other has its own";
}

TEST(Traps, T12ThrottlingInDisguiseIsThrottling) {
  SmallWorld world;
  world.converge();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions") return std::nullopt;
    return aws::make_error(call, "InvalidInputException", "Rate exceeded (Service: AmazonIdentityManagement)");
  };
  world.apply(kWithRole);
  world.advance(seconds(30));
  EXPECT_EQ(world.ready("Grant", "retail", "direct"), "False:Throttled");
  world.hooks->before = nullptr;
  world.advance(minutes(3));
  EXPECT_EQ(world.ready("Grant", "retail", "direct"), "True:InForce") << "as an invalid input it would rest much longer";
}

TEST(Traps, T13ARoleThatIsNotKnownYetIsTriedAgainSoon) {
  SmallWorld world;
  world.converge();
  int tries = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    tries += call.operation == "BatchGrantPermissions" ? 1 : 0;
    return std::nullopt;
  };
  world.apply(direct("to: {principals: ['arn:aws:iam::100000000001:role/unknown-yet']}"));
  world.advance(minutes(2) - seconds(1));
  EXPECT_EQ(world.ready("Grant", "retail", "direct"), "False:Retrying");
  EXPECT_EQ(world.condition("Grant", "retail", "direct", "Stalled"), "");
  EXPECT_GE(tries, 5);
  EXPECT_LE(tries, 20);
  world.advance(minutes(4));
  EXPECT_EQ(world.ready("Grant", "retail", "direct"), "False:PrincipalNotFound") << "it is not new any more";
  EXPECT_LE(tries, 24) << "but it may still come";
}

TEST(Traps, T15NoShareOutlivesWhatItShares) {
  SmallWorld world;
  world.converge();
  ASSERT_FALSE(active_shares(world, kCentral).empty());
  for (const auto& [kind, ns, name] :
       {std::tuple("Grant", "analytics", "analysts"), std::tuple("ResourceLink", "analytics", "orders"),
        std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("DataProduct", "retail", "orders")}) {
    world.remove(kind, ns, name);
  }
  world.run_until_idle();
  EXPECT_EQ(active_shares(world, kCentral), std::vector<Json>{});
}

TEST(Traps, T16AColumnGrantGoesWhenTheTableGrantComes) {
  SmallWorld world;
  world.converge();
  const std::string to = "to: {principals: ['arn:aws:iam::100000000001:role/reader']}";
  world.apply(direct("tables: [orders], columns: {include: [id]}, " + to));
  world.run_until_idle();
  ASSERT_TRUE(mentions(world.entries(kCentral), "columns:C:orders/orders@arn:aws:iam::C:role/reader = SELECT (id)"));
  world.apply(direct("tables: [orders], " + to));
  EXPECT_TRUE(world.run_until_idle());
  const Lines lines = world.entries(kCentral);
  EXPECT_FALSE(mentions(lines, "columns:C:orders/orders"));
  EXPECT_TRUE(mentions(lines, "table:C:orders/orders@arn:aws:iam::C:role/reader = SELECT, DESCRIBE"));
  world.remove("Grant", "retail", "direct");
  world.run_until_idle();
  EXPECT_FALSE(mentions(world.entries(kCentral), "role/reader"));
}

TEST(Traps, T17AReplacedReceiverLosesWhatItHad) {
  SmallWorld world;
  world.converge();
  world.apply(kWithRole);
  world.run_until_idle();
  world.apply(direct("to: {principals: ['arn:aws:iam::100000000001:role/successor']}"));
  EXPECT_TRUE(world.run_until_idle());
  const Lines lines = world.entries(kCentral);
  EXPECT_FALSE(mentions(lines, "role/reader"));
  EXPECT_TRUE(mentions(lines, "alltables:C:orders@arn:aws:iam::C:role/successor"));
}

TEST(Traps, T18NotSharedYetIsNotRefused) {
  SmallWorld world;
  world.declare_all();
  int left = 3;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions" || call.target.account != kAnalytics || left == 0) return std::nullopt;
    --left;
    return aws::make_error(call, "AccessDeniedException",
                           "Resource does not exist or requester is not authorized to access requested permissions.", 403);
  };
  world.start_engine();
  world.advance(minutes(1));
  EXPECT_EQ(left, 0);
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

TEST(Traps, T19EveryResourceIsNamedWithItsOwner) {
  SmallWorld world;
  int seen = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions" && call.operation != "AddLFTagsToResource") return std::nullopt;
    Json resources = Json::array();
    if (call.input.contains("Resource")) resources.push_back(call.input["Resource"]);
    for (const Json& entry : member(call.input, "Entries")) resources.push_back(entry["Resource"]);
    for (const Json& resource : resources) {
      for (const auto& [kind, value] : resource.items()) {
        ++seen;
        EXPECT_FALSE(string_at(value, "CatalogId").empty()) << resource.dump();
      }
    }
    for (const Json& tag : member(call.input, "LFTags")) EXPECT_FALSE(string_at(tag, "CatalogId").empty()) << tag.dump();
    return std::nullopt;
  };
  world.converge();
  EXPECT_GE(seen, 8);
}

TEST(Traps, T20InheritedTagsAreNoDrift) {
  SmallWorld world;
  std::string product = kOrders;
  product.replace(product.find("    - name: items"), 17, "    - name: items\n      tags: {domain: retail}");
  world.apply(product);
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_FALSE(mentions(world.entries(kCentral), "TagAssignment orders/items#domain")) << "it has the value already";
  expect_rest(world);
}

TEST(Traps, T21TagsAreFoldedAndHaveOneValueAKey) {
  SmallWorld world;
  std::string product = kOrders;
  product.replace(product.find("{domain: retail}"), 16, "{Domain: Retail}");
  world.apply(product);
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(mentions(world.entries(kCentral), "TagAssignment orders#domain = retail"));
  expect_rest(world);
  product.replace(product.find("{Domain: Retail}"), 16, "{domain: north}");
  world.apply(product);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(mentions(world.entries(kCentral), "TagAssignment orders#domain = north")) << "the new value takes its place";
  expect_rest(world);
}

TEST(Traps, T22PoliciesOfBothTypesAreSeen) {
  SmallWorld world;
  world.converge();
  for (const char* type : {"DATABASE", "TABLE"}) {
    world.hand_grants(kCentral, "GrantPermissions", "arn:aws:iam::100000000001:role/reader",
                      R"({"LFTagPolicy": {"ResourceType": ")" + std::string(type) +
                          R"(", "Expression": [{"TagKey": "domain", "TagValues": ["retail"]}]}})",
                      {"DESCRIBE"});
  }
  world.sweep();
  const std::string told = at_path(world.get("Account", "governance", "central"), {"status", "undeclared"}).dump();
  EXPECT_NE(told.find("database-policy:"), std::string::npos) << told;
  EXPECT_NE(told.find("table-policy:"), std::string::npos) << told;
}

TEST(Traps, T23AccountsAreNamedByTheirDigits) {
  SmallWorld world;
  world.converge();
  EXPECT_TRUE(mentions(world.entries(kCentral), "database:C:orders@K"));
  EXPECT_ANY_THROW(world.apply(direct("to: {principals: ['arn:aws:iam::100000000003:root']}")));
}

TEST(Traps, T24AllTablesIsAskedForByWildcardAlone) {
  SmallWorld world;
  int seen = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    for (const Json& entry : member(call.input, "Entries")) {
      const Json& table = at_path(entry, {"Resource", "Table"});
      if (!table.is_object() || !table.contains("TableWildcard")) continue;
      ++seen;
      EXPECT_FALSE(table.contains("Name")) << table.dump();
    }
    return std::nullopt;
  };
  world.converge();
  EXPECT_GE(seen, 3);
  EXPECT_NE(world.permissions(kCentral).dump().find("ALL_TABLES"), std::string::npos) << "so the lake lists it";
  expect_rest(world);
}

TEST(Traps, T27AMissingRightToShareIsNamed) {
  SmallWorld world;
  world.declare_all();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions" || call.target.account != kCentral) return std::nullopt;
    return aws::make_error(call, "AccessDeniedException", "not authorized to perform: ram:CreateResourceShare", 403);
  };
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "False:AccessDenied");
  EXPECT_NE(world.get("Grant", "retail", "orders-to-analytics").dump().find("ram:CreateResourceShare"), std::string::npos);
  EXPECT_EQ(world.ready("ResourceLink", "analytics", "orders"), "False:ShareNotAccepted");
}

TEST(Traps, T28WhatOthersMadeIsChangedWithARightThatIsTakenBack) {
  SmallWorld world;
  world.converge();
  // The producer's engineer makes the table anew, so the operator did not create it.
  world.by_hand(kCentral, Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "items"})");
  const std::string second = "arn:aws:iam::100000000001:role/builder";
  world.hand_grants(kCentral, "GrantPermissions", second, R"({"Database": {"Name": "orders"}})", {"CREATE_TABLE"});
  ASSERT_TRUE(world.call_as(second, Service::Glue, "CreateTable",
                            {{"DatabaseName", "orders"}, {"TableInput", {{"Name", "items"}}}}));
  const auto refused = world.call_as(operator_of(kCentral), Service::Glue, "UpdateTable",
                                     {{"DatabaseName", "orders"}, {"TableInput", {{"Name", "items"}}}});
  ASSERT_FALSE(refused) << "the lake must refuse an administrator here, or this shows nothing";
  world.sweep();
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/items = (order_id bigint, sku string)"));
  for (const Json& row : world.permissions(kCentral)) {
    const bool own = row.dump().find("role/datamesh-operator") != std::string::npos && row.dump().find("items") != std::string::npos;
    EXPECT_FALSE(own) << "the right is left behind: " << row.dump();
  }
}

TEST(Traps, T29HybridModeKeepsIamAllowedPrincipals) {
  std::string model = kCentralMesh;
  const std::string central = "roles: [Central]";
  model.replace(model.find(central), central.size(), "roles: [Central], accessMode: Hybrid");
  SmallWorld world(model);
  world.by_hand(kCentral, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.apply(kOrders);
  world.start_engine();
  world.run_until_idle();
  world.sweep();
  EXPECT_TRUE(mentions(world.entries(kCentral), "database:C:orders@IAM_ALLOWED_PRINCIPALS"));
  EXPECT_TRUE(mentions(world.entries(kCentral), "Location arn:aws:s3:::retail-data/orders = service role, hybrid"));
}

TEST(Traps, T30TagsAreVerifiedByReadingThemBack) {
  SmallWorld world;
  world.converge();
  // Accepted, and then not there: as if the association had never settled.
  world.by_hand(kCentral, Service::LakeFormation, "RemoveLFTagsFromResource",
                R"({"Resource": {"Database": {"Name": "orders"}}, "LFTags": [{"TagKey": "domain", "TagValues": ["retail"]}]})");
  ASSERT_FALSE(mentions(world.entries(kCentral), "TagAssignment orders#domain"));
  world.sweep();
  EXPECT_TRUE(mentions(world.entries(kCentral), "TagAssignment orders#domain = retail"));
  expect_rest(world);
}

TEST(Traps, T31WhatOthersKnowOfATableSurvivesItsUpdate) {
  SmallWorld world;
  world.converge();
  auto table = world.by_hand(kCentral, Service::Glue, "GetTable", R"({"DatabaseName": "orders", "Name": "items"})");
  Json input = (*table)["Table"];
  for (const char* read_only : {"DatabaseName", "CreateTime", "UpdateTime", "CreatedBy", "CatalogId",
                                "IsRegisteredWithLakeFormation", "VersionId"}) {
    input.erase(read_only);
  }
  input["Parameters"]["metadata_location"] = "s3://retail-data/orders/items/m.json";
  input["Retention"] = 7;
  input["Description"] = "changed by hand";
  world.by_hand(kCentral, Service::Glue, "UpdateTable",
                Json({{"DatabaseName", "orders"}, {"TableInput", input}}).dump());
  world.sweep();
  table = world.by_hand(kCentral, Service::Glue, "GetTable", R"({"DatabaseName": "orders", "Name": "items"})");
  EXPECT_EQ(string_at((*table)["Table"], "Description"), "") << "as declared";
  EXPECT_EQ((*table)["Table"]["Parameters"]["metadata_location"], "s3://retail-data/orders/items/m.json");
  EXPECT_EQ((*table)["Table"]["Retention"], 7);
}

TEST(Traps, T33ReadingsThatFailAfterAWriteAreNotRepeatedInATightLoop) {
  SmallWorld world;
  world.converge();
  bool written = false;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    written = written || call.operation == "BatchGrantPermissions";
    if (!written || is_write(call)) return std::nullopt;
    return aws::make_error(call, "InternalServiceException", "InternalFailure", 500);
  };
  world.apply(kWithRole);
  world.run_until_idle(minutes(1));
  world.calls->reset();
  world.advance(hours(1));
  EXPECT_LE(world.calls->total(), 4 * 60) << "three catalogs, once in two minutes at most in the end";
  world.hooks->after = nullptr;
  world.advance(minutes(8));
  expect_rest(world);
}

TEST(Traps, T34FiltersHaveOneRowFormAndOneColumnForm) {
  SmallWorld world;
  world.converge();
  const std::string to = "to: {accounts: [{namespace: analytics, name: analytics}]}";
  for (const char* columns : {"", ", columns: {include: [id, amount]}"}) {
    world.apply(direct("tables: [orders], rowFilter: \"customer = 'emea'\"" + std::string(columns) + ", " + to));
    EXPECT_TRUE(world.run_until_idle());
    EXPECT_EQ(world.ready("Grant", "retail", "direct"), "True:InForce");
    expect_rest(world);
  }
  EXPECT_TRUE(mentions(world.entries(kCentral), "DataFilter orders/orders/grant-retail-direct = where customer = 'emea' only amount, id"));
}

}  // namespace
}  // namespace datamesh::testing
