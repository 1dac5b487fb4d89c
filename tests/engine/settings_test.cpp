// Data lake settings: what several resources want of them unites field by field, and what others set there stays.
#include "controller/engine/planner.h"
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

std::string central(const std::string& more) {
  return "apiVersion: datamesh.dev/v1alpha1\nkind: Account\nmetadata: {name: central, namespace: governance}\n"
         "spec: {accountId: \"100000000001\", regions: [eu-west-1], roles: [Central]" + more + "}\n";
}

struct World : SmallWorld {
  Json settings() {
    return member(*call_as(operator_of(kCentral), Service::LakeFormation, "GetDataLakeSettings", Json::object()), "DataLakeSettings");
  }
  void put(const Json& settings) {
    by_hand(kCentral, Service::LakeFormation, "PutDataLakeSettings", Json({{"DataLakeSettings", settings}}).dump());
  }
  std::string version() { return string_at(settings()["Parameters"], "CROSS_ACCOUNT_VERSION"); }
  void run() {
    EXPECT_TRUE(run_until_idle());
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
  }
};

TEST(Settings, KeepAllThatOthersSet) {
  World world;
  const auto principal = [](const std::string& name) { return Json{{"DataLakePrincipalIdentifier", "arn:aws:iam::100000000001:role/" + name}}; };
  const Json theirs = {{"DataLakeAdmins", {principal("somebody")}},
                       {"ReadOnlyAdmins", {principal("auditor")}},
                       {"Parameters", {{"CROSS_ACCOUNT_VERSION", "1"}, {"SET_SOURCE_IDENTITY", "TRUE"}, {"SET_CONTEXT", "TRUE"}}},
                       {"TrustedResourceOwners", {"100000000009"}},
                       {"AllowExternalDataFiltering", true},
                       {"AllowFullTableExternalDataAccess", true},
                       {"ExternalDataFilteringAllowList", {{{"DataLakePrincipalIdentifier", "100000000009"}}}},
                       {"AuthorizedSessionTagValueList", {"emr"}}};
  world.put(theirs);
  world.converge();
  Json wanted = theirs;
  wanted["DataLakeAdmins"].push_back(principal("datamesh-operator"));
  wanted["Parameters"]["CROSS_ACCOUNT_VERSION"] = "4";
  wanted["CreateDatabaseDefaultPermissions"] = Json::array();
  wanted["CreateTableDefaultPermissions"] = Json::array();
  EXPECT_EQ(world.settings(), wanted);
}

TEST(Settings, OfAVersionThatIsHigherThanDeclaredAreLeftAlone) {
  World world;
  world.apply(central(", crossAccountVersion: 5"));
  world.converge();
  EXPECT_EQ(world.version(), "5") << "where 5 is asked for it is 5";
  world.apply(central(", crossAccountVersion: 4"));
  world.run();
  world.writes();
  world.sweep();
  EXPECT_EQ(world.version(), "5");
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{})) << "and that is no difference";
}

TEST(Settings, OfALowVersionAreRaised) {
  World world;
  world.converge();
  Json lowered = world.settings();
  lowered["Parameters"]["CROSS_ACCOUNT_VERSION"] = "2";
  world.put(lowered);
  world.sweep();
  EXPECT_EQ(world.version(), "4");
}

TEST(Settings, AreThoseThatTheAccountAndItsProductsWantTogether) {
  World world;
  world.apply(central(", crossAccountVersion: 3, administrators: ['arn:aws:iam::100000000001:role/boss']"));
  world.converge();
  EXPECT_EQ(world.version(), "3");
  std::string hybrid = kOrders;
  hybrid.insert(hybrid.find("  account: retail"), "  accessMode: Hybrid\n");
  world.apply(hybrid);
  world.run_until_idle();
  EXPECT_EQ(world.version(), "4") << "nothing that IAM decides on is shared with less";
  const Json admins = world.settings()["DataLakeAdmins"];
  EXPECT_EQ(admins.size(), 2u) << "and the account has what it wants";
  EXPECT_EQ(world.settings()["CreateTableDefaultPermissions"], Json::array());
}

/// Two resources with claims on the settings of one catalog, on record, as they are planned.
struct Claimants {
  catalog::EntryKey key{{kCentral, "eu-west-1"}, {catalog::EntryKind::Settings, ""}};
  engine::Ledger ledger;
  catalog::Snapshot snapshot;

  void claim(const char* name, catalog::Settings settings) {
    engine::ResourceState& state = ledger.at({"Account", "a", name});
    reconcilers::ClaimSet set;
    set.claims.push_back({key, catalog::Shared<catalog::Settings>(std::move(settings)), {}, reconcilers::Step::Baseline,
                          reconcilers::Release::Retain});
    ledger.set_claims(state, set);
    ledger.set_recorded(state, {{ledger.intern(key), engine::Recorded{}}});
  }
  engine::CatalogPlan plan(catalog::Settings observed) {
    snapshot.entries[key.local] = catalog::Shared<catalog::Settings>(std::move(observed));
    const engine::Confirmed confirmed;
    const std::set<engine::KeyId> irrevocable;
    engine::PlanInput input;
    input.ledger = &ledger;
    input.catalog = key.catalog;
    input.snapshots = [this](const CatalogRef&) { return &snapshot; };
    input.confirmed = &confirmed;
    input.irrevocable = &irrevocable;
    return engine::plan_catalog(input, {ledger.intern(key)});
  }
};

TEST(Settings, OfSeveralResourcesUniteFieldByField) {
  Claimants world;
  world.claim("x", {{"arn:a"}, false, std::nullopt, 3});
  world.claim("y", {{"arn:b"}, std::nullopt, false, 5});
  const auto plan = world.plan({{"arn:c"}, true, true, 1});
  ASSERT_EQ(plan.actions.size(), 1u);
  EXPECT_EQ(*std::get<catalog::Shared<catalog::Settings>>(plan.actions[0].value), (catalog::Settings{{"arn:a", "arn:b"}, false, false, 5}));
  EXPECT_TRUE(world.plan({{"arn:a", "arn:b", "arn:c"}, false, false, 5}).actions.empty());
}

TEST(Settings, ThatContradictEachOtherAreAConflictAndChangeNothing) {
  Claimants world;
  world.claim("x", {{"arn:a"}, false, std::nullopt, 3});
  world.claim("y", {{"arn:b"}, true, std::nullopt, 5});
  const auto plan = world.plan({{}, true, true, 1});
  EXPECT_TRUE(plan.actions.empty());
  ASSERT_EQ(plan.entries.size(), 1u);
  EXPECT_EQ(plan.entries[0].verdict, engine::EntryVerdict::Conflict);
}

}  // namespace
}  // namespace datamesh::testing
