// Bad luck: refusals, throttling, lost responses, crashes, and accounts out of reach.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using None = std::map<std::string, int>;

/// The state that the small mesh converges to when nothing goes wrong.
const Lines& expected() {
  static const Lines kExpected = [] {
    SmallWorld world;
    world.converge();
    return world.everything();
  }();
  return kExpected;
}

/// The mesh is in order, without anything twice, and a further sweep writes nothing.
void expect_converged(SmallWorld& world, const std::string& after) {
  EXPECT_TRUE(world.run_until_idle()) << after << world.engine->status().dump(2);
  EXPECT_TRUE(world.engine->converged()) << after << world.engine->status().dump(2);
  EXPECT_EQ(world.everything(), expected()) << after;
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), None{}) << after;
}

// ---- write-ahead ----------------------------------------------------------------------------------------------

/// Every entry on the record of some object, as "100000000001/eu-west-1 Table orders/orders".
std::set<std::string> on_record(SmallWorld& world) {
  std::set<std::string> out;
  const auto page = world.store->list({"", std::nullopt, {}, 0, ""});
  for (const Json& object : page->items) {
    for (const Json& entry : at_path(object, {"status", "entries"})) {
      out.insert(string_at(entry, "catalog") + " " + string_at(entry, "kind") + " " + string_at(entry, "name"));
    }
  }
  return out;
}

/// What a call makes, by its name on record; "" for calls that this does not look at.
Lines made_by(const aws::Call& call) {
  const std::string at = to_string(call.target) + " ";
  const std::string database = string_at(call.input, "DatabaseName");
  if (call.operation == "RegisterResource") return {at + "Location " + string_at(call.input, "ResourceArn")};
  if (call.operation == "CreateDatabase") {
    const Json& input = call.input["DatabaseInput"];
    return {at + (input.contains("TargetDatabase") ? "Link " : "Database ") + string_at(input, "Name")};
  }
  if (call.operation == "CreateTable") return {at + "Table " + database + "/" + string_at(call.input["TableInput"], "Name")};
  if (call.operation != "BatchGrantPermissions") return {};
  Lines out;
  for (const Json& entry : call.input["Entries"]) {
    const Json& resource = entry["Resource"];
    const std::string who = string_at(entry["Principal"], "DataLakePrincipalIdentifier");
    if (!resource.contains("Database")) continue;
    out.push_back(at + "Permission database:" + string_at(resource["Database"], "CatalogId") + ":" +
                  string_at(resource["Database"], "Name") + "@" + who);
  }
  return out;
}

TEST(WriteAhead, HasEveryEntryOnRecordBeforeTheCallThatMakesIt) {
  SmallWorld world;
  Lines looked_at;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    for (const std::string& entry : made_by(call)) {
      EXPECT_TRUE(on_record(world).contains(entry)) << entry << " is made but on no record";
      looked_at.push_back(entry);
    }
    return std::nullopt;
  };
  world.converge();
  EXPECT_GE(looked_at.size(), 12u);
}

TEST(WriteAhead, HasTheFinalizerBeforeTheRecord) {
  SmallWorld world;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (!is_write(call)) return std::nullopt;
    const auto page = world.store->list({"", std::nullopt, {}, 0, ""});
    for (const Json& object : page->items) {
      if (at_path(object, {"status", "entries"}).empty()) continue;
      EXPECT_EQ(at_path(object, {"metadata", "finalizers"}), Json::array({"datamesh.dev/release"})) << object.dump();
    }
    return std::nullopt;
  };
  world.converge();
}

// ---- crashes --------------------------------------------------------------------------------------------------

struct Crash {};

TEST(Crash, BetweenAnyTwoCallsIsRepairedByTheNextStart) {
  for (int fatal = 1;; ++fatal) {
    SmallWorld world;
    world.declare_all();
    int calls = 0;
    world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (!is_write(call)) return std::nullopt;
      if (++calls == fatal) throw Crash{};
      return std::nullopt;
    };
    world.start_engine();
    bool crashed = false;
    try {
      world.run_until_idle();
    } catch (const Crash&) {
      crashed = true;
    }
    world.hooks->after = nullptr;
    if (!crashed) {
      EXPECT_GT(fatal, 15) << "there were calls to crash after";
      break;
    }
    world.restart();
    expect_converged(world, "a crash after write " + std::to_string(fatal) + "\n");
    if (::testing::Test::HasFailure()) break;
  }
}

TEST(Crash, BetweenAnyTwoCallsOfADeletionLeavesNothingBehind) {
  for (int fatal = 1;; ++fatal) {
    SmallWorld world;
    world.converge();
    for (const auto& [kind, ns, name] :
         {std::tuple("Grant", "analytics", "analysts"), std::tuple("ResourceLink", "analytics", "orders"),
          std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("DataProduct", "retail", "orders")}) {
      world.remove(kind, ns, name);
    }
    int calls = 0;
    world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call) && ++calls == fatal) throw Crash{};
      return std::nullopt;
    };
    bool crashed = false;
    try {
      world.run_until_idle();
    } catch (const Crash&) {
      crashed = true;
    }
    world.hooks->after = nullptr;
    if (!crashed) {
      EXPECT_GT(fatal, 5);
      break;
    }
    world.restart();
    EXPECT_TRUE(world.run_until_idle());
    EXPECT_EQ(world.everything(), Lines{"C: TagKey domain = retail"}) << "a crash after write " << fatal;
    EXPECT_EQ(world.get("DataProduct", "retail", "orders"), Json()) << "a crash after write " << fatal;
    if (::testing::Test::HasFailure()) break;
  }
}

// ---- lost responses -------------------------------------------------------------------------------------------

TEST(LostResponse, AfterAnyWriteLeadsToNoDuplicateAndConverges) {
  for (int unlucky = 1;; ++unlucky) {
    SmallWorld world;
    world.declare_all();
    int calls = 0;
    world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (!is_write(call) || ++calls != unlucky) return std::nullopt;
      return lost(call);
    };
    world.start_engine();
    world.run_until_idle();
    const bool struck = calls >= unlucky;
    world.hooks->after = nullptr;
    expect_converged(world, "the response to write " + std::to_string(unlucky) + " was lost\n");
    if (::testing::Test::HasFailure()) break;
    if (!struck) break;
  }
}

TEST(LostResponse, OfEveryThirdCallOnlyTakesLonger) {
  SmallWorld world;
  world.declare_all();
  int calls = 0;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    return ++calls % 3 == 0 ? std::optional(lost(call)) : std::nullopt;
  };
  world.start_engine();
  world.advance(hours(2));
  world.hooks->after = nullptr;
  world.advance(minutes(10));
  expect_converged(world, "every third response was lost\n");
}

// ---- refusals and throttling ----------------------------------------------------------------------------------

TEST(Denied, GivesStalledWithTheReasonAndIsTriedLater) {
  SmallWorld world;
  world.declare_all();
  int refused = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "RegisterResource") return std::nullopt;
    ++refused;
    return denied(call);
  };
  world.start_engine();
  EXPECT_TRUE(world.run_until_idle()) << "there is nothing to do but to wait for a change";
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:AccessDenied");
  EXPECT_EQ(world.condition("DataProduct", "retail", "orders", "Stalled"), "True:AccessDenied");
  EXPECT_EQ(refused, 1);
  world.advance(hours(1));
  EXPECT_GE(refused, 4) << "it is looked at again now and then";
  EXPECT_LE(refused, 8) << "but not in a storm";
  world.hooks->before = nullptr;
  world.advance(minutes(15));
  expect_converged(world, "the operator was allowed in the end\n");
}

TEST(Throttling, BacksOffWithoutAStorm) {
  SmallWorld world;
  world.declare_all();
  int struck = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (!is_write(call) || call.target.account != kCentral) return std::nullopt;
    ++struck;
    return throttled(call);
  };
  world.start_engine();
  world.advance(hours(1));
  EXPECT_GE(struck, 5);
  EXPECT_LE(struck, 60) << "the delay doubles, up to two minutes";
  world.hooks->before = nullptr;
  world.advance(minutes(5));
  expect_converged(world, "the throttling ended\n");
}

TEST(Throttling, OfReadsBacksOffToo) {
  SmallWorld world;
  world.declare_all();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> { return throttled(call); };
  world.start_engine();
  world.advance(hours(1));
  EXPECT_LE(world.calls->total(), 3 * 60);
  world.hooks->before = nullptr;
  world.advance(minutes(5));
  expect_converged(world, "the throttling ended\n");
}

TEST(Contention, IsTriedAgainEntryByEntry) {
  SmallWorld world;
  world.declare_all();
  int left = 5;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions" || left == 0) return std::nullopt;
    --left;
    return aws::make_error(call, "ConcurrentModificationException", "Please retry in a short while");
  };
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(left, 0);
  expect_converged(world, "somebody wrote at the same time\n");
}

// ---- out of reach ---------------------------------------------------------------------------------------------

TEST(Unreachable, CatalogsHarmNoOther) {
  SmallWorld world;
  world.declare_all();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kAnalytics) return std::nullopt;
    return denied(call);
  };
  world.start_engine();
  world.run_until_idle();
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
  EXPECT_EQ(world.ready("Account", "analytics", "analytics"), "False:CatalogUnreachable");
  EXPECT_EQ(world.ready("ResourceLink", "analytics", "orders"), "False:CatalogUnreachable");
  const Lines central = world.entries(kCentral);
  EXPECT_TRUE(std::any_of(central.begin(), central.end(), [](const auto& line) { return line.find("@K") != line.npos; }))
      << "what can be granted is granted";
  world.hooks->before = nullptr;
  world.advance(minutes(15));
  expect_converged(world, "the account came into reach\n");
}

TEST(Unreachable, ConsumersDoNotKeepTheProducerFromRevoking) {
  SmallWorld world;
  world.converge();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kAnalytics) return std::nullopt;
    return lost(call);
  };
  world.remove("Grant", "retail", "orders-to-analytics");
  world.advance(minutes(1));
  const Lines central = world.entries(kCentral);
  EXPECT_TRUE(std::none_of(central.begin(), central.end(), [](const auto& line) { return line.find("@K") != line.npos; }));
  EXPECT_FALSE(world.analyst_reads());
}

// ---- the store ------------------------------------------------------------------------------------------------

TEST(Stop, FinishesTheCallInFlightAndStartsNoOther) {
  SmallWorld world;
  world.declare_all();
  bool stopped = false;
  int after = 0;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation == "CreateDatabase" && !stopped) world.engine->stop([&] { stopped = true; });
    if (stopped) ++after;
    return std::nullopt;
  };
  world.start_engine();
  world.settle();
  EXPECT_TRUE(stopped);
  EXPECT_EQ(after, 0);
  world.hooks->after = nullptr;
  world.restart();
  expect_converged(world, "it was stopped and started again\n");
}

}  // namespace
}  // namespace datamesh::testing
