// Plans that would take away too much are held until somebody approves them.
#include "controller/engine/guard.h"

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using catalog::Action;
using catalog::Cause;
using catalog::Verb;

// ---- the decision ---------------------------------------------------------------------------------------------

const CatalogRef kHere{kCentral, "eu-west-1"};

Action revoke(int n, Cause cause = Cause::Released) {
  const auto resource = catalog::ResourceId::of_table(kCentral, "orders", "t" + std::to_string(n));
  return {{kHere, catalog::permission_key({resource, kAnalytics})}, Verb::Revoke,
          catalog::perms({catalog::Permission::Select}), cause};
}
Action grant(int n) {
  Action action = revoke(n, Cause::Declared);
  action.verb = Verb::Grant;
  return action;
}
Action drop(int n, Cause cause = Cause::Released) {
  return {{kHere, catalog::table_key("orders", "t" + std::to_string(n))}, Verb::Delete,
          catalog::Shared<catalog::Table>(), cause};
}

std::vector<Action> many(int count, Action (*make)(int, Cause), Cause cause = Cause::Released) {
  std::vector<Action> out;
  for (int i = 0; i < count; ++i) out.push_back(make(i, cause));
  return out;
}

engine::GuardFacts facts(std::size_t permissions, std::size_t revoked = 0, std::size_t deleted = 0) {
  engine::GuardFacts out;
  out.limits = {20, 10, 5, minutes(10)};
  out.permissions = permissions;
  out.recently_revoked = revoked;
  out.recently_deleted = deleted;
  return out;
}

TEST(GuardDecision, HoldsBeyondTheLimits) {
  struct Case {
    std::string says;
    std::vector<Action> actions;
    engine::GuardFacts facts;
    std::size_t held;
  };
  const std::vector<Case> cases = {
      {"fewer than are ever held", many(9, revoke), facts(10), 0},
      {"ten of ten", many(10, revoke), facts(10), 10},
      {"a fifth of a hundred", many(20, revoke), facts(100), 0},
      {"a fifth and one", many(21, revoke), facts(100), 21},
      {"a fifth and one, in two plans", many(11, revoke), facts(90, 10), 11},
      {"a fifth in two plans", many(10, revoke), facts(90, 10), 0},
      {"what has expired", many(50, revoke, Cause::Expired), facts(100), 0},
      {"a repair", many(50, revoke, Cause::Repair), facts(100), 0},
      {"what nobody declared", many(50, revoke, Cause::Undeclared), facts(100), 50},
      {"five tables", many(5, drop), facts(100), 0},
      {"six tables", many(6, drop), facts(100), 6},
      {"six tables in two plans", many(2, drop), facts(100, 0, 4), 2},
  };
  for (const Case& each : cases) {
    const auto verdict = engine::guard(each.actions, each.facts);
    EXPECT_EQ(verdict.held.size(), each.held) << each.says;
    EXPECT_EQ(verdict.allowed.size(), each.actions.size() - each.held) << each.says;
    EXPECT_EQ(verdict.hash.empty(), each.held == 0) << each.says;
  }
}

TEST(GuardDecision, HoldsAllThatIsDestructiveAndNothingElse) {
  auto actions = many(6, drop);
  actions.push_back(revoke(1));
  actions.push_back(revoke(2, Cause::Expired));
  actions.push_back(grant(3));
  const auto verdict = engine::guard(actions, facts(100));
  EXPECT_EQ(verdict.held.size(), 7u);
  EXPECT_EQ(verdict.allowed, (std::vector<Action>{revoke(2, Cause::Expired), grant(3)}));
}

TEST(GuardDecision, LetsPassWhatTheHashApproves) {
  const auto actions = many(6, drop);
  auto weighed = facts(100);
  weighed.approved = engine::guard(actions, weighed).hash;
  const auto verdict = engine::guard(actions, weighed);
  EXPECT_TRUE(verdict.approved);
  EXPECT_EQ(verdict.allowed, actions);
  auto more = actions;
  more.push_back(drop(9));
  EXPECT_EQ(engine::guard(more, weighed).held.size(), 7u) << "one more was not approved";
}

TEST(GuardDecision, HasTheSameHashInAnyOrderAndCompany) {
  auto actions = many(6, drop);
  const std::string hash = engine::guard(actions, facts(100)).hash;
  std::reverse(actions.begin(), actions.end());
  actions.push_back(grant(1));
  EXPECT_EQ(engine::guard(actions, facts(100)).hash, hash);
}

// ---- in the engine --------------------------------------------------------------------------------------------

/// The small mesh under a guard that lets nothing be revoked.
struct Guarded : SmallWorld {
  Guarded() {
    converge();
    apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec:
  governance: Central
  centralAccount: {namespace: governance, name: central}
  guard: {minRevocations: 1, maxRevokedPercent: 0, maxDeletedTables: 0}
)Y");
    run_until_idle();
    before = everything();
    remove("Grant", "retail", "orders-to-analytics");
    run_until_idle();
  }
  Json plan(const std::string& name) { return at_path(get("Account", name == "central" ? "governance" : name, name), {"status", "plan"}); }
  void approve(const std::string& name, const std::string& hash) {
    const std::string ns = name == "central" ? "governance" : name;
    EXPECT_TRUE(store->patch({"Account", ns, name}, api::PatchType::Merge,
                             {{"metadata", {{"annotations", {{"datamesh.dev/approve-plan", hash}}}}}}));
    run_until_idle();
  }
  Lines before;
};

TEST(Guard, HoldsAPlanAndSaysHowToApproveIt) {
  Guarded world;
  EXPECT_EQ(world.everything(), world.before);
  const Json plan = world.plan("central");
  EXPECT_EQ(plan["held"], true);
  EXPECT_EQ(plan["actions"], 2);
  EXPECT_EQ(world.ready("Grant", "retail", "orders-to-analytics"), "False:PlanHeld");
  EXPECT_TRUE(world.analyst_reads());
}

TEST(Guard, HoldsOverARestartWithTheSameHash) {
  Guarded world;
  const Json plan = world.plan("central");
  world.restart();
  world.run_until_idle();
  world.sweep();
  EXPECT_EQ(world.everything(), world.before);
  EXPECT_EQ(world.plan("central"), plan);
}

TEST(Guard, LetsThePlanPassThatTheAnnotationNames) {
  Guarded world;
  world.approve("central", "somethingelse");
  EXPECT_EQ(world.everything(), world.before);
  world.approve("central", string_at(world.plan("central"), "hash"));
  const Lines after = world.entries(kCentral);
  EXPECT_TRUE(std::none_of(after.begin(), after.end(), [](const auto& line) { return line.find("@K") != line.npos; }));
  EXPECT_EQ(world.get("Grant", "retail", "orders-to-analytics"), Json()) << "its finalizer is gone";
  EXPECT_EQ(world.plan("central"), Json());
}

TEST(Guard, LetsGoOfAPlanThatIsDeclaredNoMore) {
  Guarded world;
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec: {governance: Central, centralAccount: {namespace: governance, name: central}}
)Y");
  world.run_until_idle();
  EXPECT_EQ(world.get("Grant", "retail", "orders-to-analytics"), Json());
  EXPECT_FALSE(world.analyst_reads());
}

/// Twelve roles may read, and then somebody deletes the whole mesh, its Mesh first.
struct Razed : SmallWorld {
  Razed() {
    declare_all();
    std::string roles;
    for (int n = 0; n < 12; ++n) roles += (n == 0 ? "" : ", ") + ("'arn:aws:iam::100000000001:role/r" + std::to_string(n) + "'");
    apply("apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: many, namespace: retail}\n"
          "spec: {product: {name: orders}, to: {principals: [" + roles + "]}}\n");
    start_engine();
    EXPECT_TRUE(run_until_idle());
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
    for (const auto& [kind, ns, name] :
         {std::tuple("Mesh", "", "mesh"), std::tuple("Account", "governance", "central"), std::tuple("Account", "retail", "retail"),
          std::tuple("Account", "analytics", "analytics"), std::tuple("DataProduct", "retail", "orders"),
          std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("Grant", "retail", "many"),
          std::tuple("ResourceLink", "analytics", "orders"), std::tuple("Grant", "analytics", "analysts")}) {
      remove(kind, ns, name);
    }
    run_until_idle();
  }
  std::size_t readers() {
    std::size_t count = 0;
    for (const std::string& line : entries(kCentral)) count += line.starts_with("Permission alltables:C:orders@arn:aws:iam::C:role/r") ? 1 : 0;
    return count;
  }
};

TEST(Guard, HoldsAWholeMeshThatIsDeletedUntilSomebodyApproves) {
  Razed world;
  EXPECT_EQ(world.readers(), 12u) << "without a Mesh the default limits count";
  const Json central = world.get("Account", "governance", "central");
  const Json hash = at_path(central, {"status", "plan", "hash"});
  ASSERT_TRUE(hash.is_string()) << "the Account stays, so that there is something to annotate: " << central.dump(2);
  EXPECT_TRUE(world.store->patch({"Account", "governance", "central"}, api::PatchType::Merge,
                                 {{"metadata", {{"annotations", {{"datamesh.dev/approve-plan", hash}}}}}}));
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.everything(), Lines{"C: TagKey domain = retail"}) << Json(world.store->list({})->items).dump(1);
  EXPECT_TRUE(world.store->list({})->items.empty());
}

TEST(Guard, DoesNotHoldBackWhatIsGiven) {
  Guarded world;
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: more, namespace: retail}
spec: {product: {name: orders}, tables: [items], permissions: [INSERT], to: {accounts: [{namespace: analytics, name: analytics}]}}
)Y");
  world.run_until_idle();
  EXPECT_EQ(world.ready("Grant", "retail", "more"), "True:InForce");
}

}  // namespace
}  // namespace datamesh::testing
