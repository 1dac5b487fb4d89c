// Tags of one account and what another has passed on to its roles by them: both change at once, and writes in either fail.
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kShared = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: level, namespace: governance}
spec: {account: central, key: level, values: [public, internal, secret]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: all, namespace: governance}
spec:
  account: central
  tagExpression: level in (public, internal, secret)
  to: {accounts: [{namespace: analytics, name: analytics}]}
)Y";

/// The levels of the tables, and those that the analyst is given; "" for none.
struct State {
  std::map<std::string, std::string> levels;
  std::string given;

  std::string product() const {
    std::string out = kOrdersHead + R"Y(  tagGrants: Allow
  tags: {level: )Y" + levels.at("db") + "}\n  tables:\n";
    for (const auto& [table, level] : levels) {
      if (table == "db") continue;
      out += "    - name: " + table + "\n      tags: {" + (level.empty() ? "" : "level: " + level) +
             "}\n      columns: [{name: id, type: bigint}]\n";
    }
    return out;
  }
  std::string grant() const {
    return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: readers, namespace: analytics}
spec:
  account: analytics
  catalog: {namespace: governance, name: central}
  tagExpression: level in ()Y" + given + ")\n  to: {personas: [{account: {name: analytics}, name: analysts}]}\n";
  }
};

using Reads = std::set<std::string>;

class AccountsWorld : public SmallWorld {
 public:
  explicit AccountsWorld(const State& state) {
    apply(kShared);
    go_to(state);
    start_engine();
    settle();
  }
  void go_to(const State& state) {
    apply(state.product());
    if (!state.given.empty()) {
      apply(state.grant());
    } else if (!get("Grant", "analytics", "readers").is_null()) {
      remove("Grant", "analytics", "readers");
    }
  }
  void settle() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  Reads reads() {
    Reads out;
    for (const char* table : {"orders", "items"}) {
      if (call_as(kAnalyst, aws::Service::Glue, "GetTable", {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", table}})) {
        out.insert(table);
      }
    }
    return out;
  }
  /// Goes there while `fails` says which writes are refused; returns what was read on the way.
  Reads on_the_way_to(const State& to, const std::function<bool(const aws::Call&)>& fails) {
    Reads seen;
    hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
      if (!is_write(call) || !fails(call)) return std::nullopt;
      return aws::make_error(call, "ConcurrentModificationException", "somebody else writes", 400);
    };
    hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call)) seen.merge(reads());
      return std::nullopt;
    };
    crash();
    go_to(to);
    start_engine();
    settle();
    *hooks = {};
    return seen;
  }
};

/// The first `count` calls of `operation` in the account.
std::function<bool(const aws::Call&)> first(int count, const std::string& account, const std::string& operation) {
  return [=, left = count](const aws::Call& call) mutable {
    return call.target.account == account && call.operation == operation && left-- > 0;
  };
}

TEST(TagsOfAnotherAccount, ATagWaitsForWhatIsTakenBackThere) {
  AccountsWorld world({{{"db", "public"}, {"orders", "internal"}, {"items", ""}}, "internal"});
  EXPECT_EQ(world.reads(), (Reads{"orders"}));
  const Reads seen = world.on_the_way_to({{{"db", "public"}, {"orders", "internal"}, {"items", "internal"}}, ""},
                                         first(3, kAnalytics, "BatchRevokePermissions"));
  EXPECT_EQ(world.reads(), Reads{});
  EXPECT_FALSE(seen.contains("items"));
}

TEST(TagsOfAnotherAccount, AGrantThereWaitsForTheTag) {
  AccountsWorld world({{{"db", "public"}, {"orders", ""}, {"items", ""}}, ""});
  const Reads seen = world.on_the_way_to({{{"db", "public"}, {"orders", "secret"}, {"items", ""}}, "public"},
                                         first(3, kCentral, "AddLFTagsToResource"));
  EXPECT_EQ(world.reads(), (Reads{"items"}));
  EXPECT_EQ(seen, (Reads{"items"}));
}

TEST(TagsOfAnotherAccount, GiveNobodyOnTheWayWhatNeitherStateGives) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 engine(seed);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine); };
    const auto state = [&] {
      const std::vector<std::string> levels = {"public", "internal", "secret", ""};
      const std::vector<std::string> given = {"public", "internal", "public, internal", "secret", ""};
      return State{{{"db", levels[below(3)]}, {"orders", levels[below(4)]}, {"items", levels[below(4)]}}, given[below(5)]};
    };
    const State from = state(), to = state();
    AccountsWorld world(from);
    const Reads before = world.reads();
    int writes = 0;
    Reads seen = world.on_the_way_to(to, [&](const aws::Call&) { return ++writes < 12 && below(3) == 0; });
    const Reads after = world.reads();
    for (const Reads* declared : {&before, &after}) {
      for (const std::string& table : *declared) seen.erase(table);
    }
    EXPECT_EQ(seen, Reads{}) << "seed " << seed << "\n" << from.product() << from.given << to.product() << to.given;
  }
}

}  // namespace
}  // namespace datamesh::testing
