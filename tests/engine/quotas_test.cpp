// Quotas of AWS are looked at before anything is written.
#include "controller/catalog/quotas.h"

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// The small mesh, with quotas for the central account.
std::string mesh_with(const std::string& quotas) {
  std::string out = kCentralMesh;
  const std::string central = "roles: [Central]";
  return out.replace(out.find(central), central.size(), central + ", quotas: {" + quotas + "}");
}

int count(SmallWorld& world, const std::string& operation) {
  const auto found = world.calls->counts().find(operation);
  return found == world.calls->counts().end() ? 0 : found->second;
}

TEST(QuotasOfAws, LetNothingOfAResourceBeginThatWouldFailHalfWay) {
  SmallWorld world(mesh_with("tablesPerDatabase: 1"));
  world.declare_all();
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:LimitExceeded");
  EXPECT_EQ(count(world, "glue:CreateTable"), 0) << "neither of the two";
  const std::string says = world.message("DataProduct", "retail", "orders");
  EXPECT_NE(says.find("would have 2 tables of database orders where AWS allows 1"), says.npos) << says;
  EXPECT_NE(says.find("spec.quotas.tablesPerDatabase"), says.npos) << says;
  const std::string raised = mesh_with("tablesPerDatabase: 2");
  world.apply(raised);
  world.run_until_idle();
  EXPECT_TRUE(world.engine->converged()) << "once AWS has agreed, without waiting for the next sweep\n"
                                         << world.engine->status().dump(2);
}

TEST(QuotasOfAws, AreSaidByThePlanBeforehand) {
  SmallWorld world(mesh_with("tables: 3"));
  world.converge();
  engine::PlanRequest request;
  Json more = world.get("DataProduct", "retail", "orders");
  for (const char* name : {"a", "b"}) {
    more["spec"]["tables"].push_back({{"name", name}, {"columns", {{{"name", "id"}, {"type", "bigint"}}}}});
  }
  request.apply = {more};
  const Json plan = world.engine->plan(request);
  ASSERT_FALSE(plan["problems"].empty()) << plan.dump(2);
  const std::string says = plan["problems"].dump();
  EXPECT_NE(says.find("would have 4 tables where AWS allows 3"), says.npos) << says;
  for (const Json& catalog : plan["catalogs"]) {
    for (const Json& action : catalog["actions"]) EXPECT_NE(string_at(action, "verb"), "Create") << action.dump();
  }
}

TEST(QuotasOfAws, DoNotKeepOthersBack) {
  SmallWorld world(mesh_with("databases: 1"));
  world.converge();
  std::string second = kOrders;
  for (const auto& [from, to] : std::map<std::string, std::string>{{"name: orders, namespace", "name: sales, namespace"},
                                                                   {"database: orders", "database: sales"},
                                                                   {"retail-data/orders", "retail-data/sales"}}) {
    second.replace(second.find(from), from.size(), to);
  }
  world.apply(second);
  world.run_until_idle();
  EXPECT_EQ(world.ready("DataProduct", "retail", "sales"), "False:LimitExceeded");
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  world.remove("DataProduct", "retail", "orders");
  world.remove("Grant", "retail", "orders-to-analytics");
  world.remove("Grant", "analytics", "analysts");
  world.remove("ResourceLink", "analytics", "orders");
  world.advance(minutes(30));
  EXPECT_EQ(world.ready("DataProduct", "retail", "sales"), "True:InForce") << "what goes makes room";
}

TEST(QuotasOfAws, ThatAreNearlyUsedUpAreShownByTheAccount) {
  SmallWorld world(mesh_with("tables: 2, tags: 100"));
  world.converge();
  world.sweep();
  const Json account = world.get("Account", "governance", "central");
  const Json& quotas = at_path(account, {"status", "quotas"});
  ASSERT_EQ(quotas.size(), 1u) << quotas.dump();
  EXPECT_EQ(quotas[0], (Json{{"catalog", "100000000001/eu-west-1"}, {"quota", "tables"}, {"what", "tables"}, {"used", 2}, {"limit", 2}}));
}

/// How many invitations wait in the lake, as its receivers see them.
std::size_t pending(SmallWorld& world, int consumers) {
  std::size_t out = 0;
  for (int n = 0; n < consumers; ++n) {
    const std::string account = std::to_string(200000000000 + n);
    const auto answer = world.call_as(operator_of(account), aws::Service::Ram, "GetResourceShareInvitations", Json::object());
    if (!answer) continue;
    for (const Json& invitation : member(*answer, "resourceShareInvitations")) {
      out += string_at(invitation, "status") == "PENDING" ? 1 : 0;
    }
  }
  return out;
}

TEST(QuotasOfAws, InviteNoMoreAccountsAtOnceThanMayWait) {
  constexpr int kConsumers = 12;
  SmallWorld world(mesh_with("pendingInvitations: 3"));
  world.declare_all();
  for (int n = 0; n < kConsumers; ++n) {
    const std::string number = std::to_string(n);
    world.apply("apiVersion: datamesh.dev/v1alpha1\nkind: Account\nmetadata: {name: c" + number +
                ", namespace: analytics}\nspec: {accountId: \"" + std::to_string(200000000000 + n) +
                "\", regions: [eu-west-1], roles: [Consumer]}\n---\n"
                "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: to-c" + number +
                ", namespace: retail}\nspec: {product: {name: orders}, to: {accounts: [{namespace: analytics, name: c" +
                number + "}]}}\n");
  }
  std::size_t most = 0;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "BatchGrantPermissions") most = std::max(most, pending(world, kConsumers));
    return std::nullopt;
  };
  world.start_engine();
  world.run_until_idle();
  world.advance(minutes(30));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_GE(most, 2u);
  EXPECT_LE(most, 3u);
}

TEST(QuotasOfAws, HaveTheNamesThatAnAccountMayGive) {
  SmallWorld world;
  std::string names;
  for (const catalog::QuotaRule& rule : catalog::quota_rules()) {
    names += (names.empty() ? "" : ", ") + std::string(rule.name) + ": 7";
  }
  world.apply(mesh_with(names));
  const Json account = world.get("Account", "governance", "central");
  EXPECT_EQ(at_path(account, {"spec", "quotas"}).size(), catalog::quota_rules().size());
}

}  // namespace
}  // namespace datamesh::testing
