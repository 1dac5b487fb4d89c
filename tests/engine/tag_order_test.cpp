// What principals may read by tag while tags and Grants change together: looked at after every single write to the lake,
// with the lake's own eyes. In the small mesh's central account two roles are granted by tag.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

const std::vector<std::string> kRoles = {"arn:aws:iam::100000000001:role/a", "arn:aws:iam::100000000001:role/b"};
const std::vector<std::string> kTables = {"orders", "items", "lines"};

constexpr const char* kTags = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: level, namespace: governance}
spec: {account: central, key: level, values: [public, internal, secret]}
---
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: team, namespace: governance}
spec: {account: central, key: team, values: [x, y]}
)Y";

/// The tags of one resource, as a flow mapping's inside: "level: public, team: x".
using TagText = std::map<std::string, std::string>;

/// What is declared: tags of "db", "orders", "items", "lines" and "orders/customer", and an expression a role; "" for none.
struct State {
  std::map<std::string, TagText> tags;
  std::map<std::string, std::string> expressions;

  std::string tags_of(const std::string& resource) const {
    std::string out;
    const auto found = tags.find(resource);
    if (found == tags.end()) return "{}";
    for (const auto& [key, value] : found->second) out += (out.empty() ? "" : ", ") + key + ": " + value;
    return "{" + out + "}";
  }
  std::string product() const {
    return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  location: s3://retail-data/orders
  tagGrants: Allow
  tags: )Y" + tags_of("db") + "\n  tables:\n    - name: orders\n      tags: " + tags_of("orders") +
           "\n      columns: [{name: id, type: bigint}, {name: customer, type: string, tags: " + tags_of("orders/customer") +
           "}]\n    - name: items\n      tags: " + tags_of("items") +
           "\n      columns: [{name: sku, type: string}]\n    - name: lines\n      tags: " + tags_of("lines") +
           "\n      columns: [{name: line, type: string}]\n";
  }
  std::string grant(std::size_t role) const {
    return "apiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: g" + std::to_string(role) +
           ", namespace: governance}\nspec:\n  account: central\n  tagExpression: " +
           expressions.at(kRoles[role]) + "\n  to: {principals: [\"" + kRoles[role] + "\"]}\n";
  }
};

class OrderWorld : public SmallWorld {
 public:
  using Reads = std::set<std::string>;  ///< "a orders/id"

  explicit OrderWorld(const State& state) {
    apply(kTags);
    go_to(state);
    start_engine();
    settle();
  }

  void go_to(const State& state) {
    apply(state.product());
    for (std::size_t role = 0; role < kRoles.size(); ++role) {
      if (state.expressions.contains(kRoles[role])) {
        apply(state.grant(role));
      } else if (!get("Grant", "governance", "g" + std::to_string(role)).is_null()) {
        remove("Grant", "governance", "g" + std::to_string(role));
      }
    }
  }
  void settle() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }

  Reads reads() {
    Reads out;
    for (const std::string& role : kRoles) {
      for (const std::string& table : kTables) {
        const auto found = call_as(role, aws::Service::Glue, "GetTable", {{"DatabaseName", "orders"}, {"Name", table}});
        if (!found) continue;
        for (const Json& column : at_path(*found, {"Table", "StorageDescriptor", "Columns"})) {
          out.insert(role.substr(role.size() - 1) + " " + table + "/" + string_at(column, "Name"));
        }
      }
    }
    return out;
  }
};

using Reads = OrderWorld::Reads;

Reads minus(const Reads& a, const Reads& b) {
  Reads out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

Reads in_both(const Reads& a, const Reads& b) { return minus(a, minus(a, b)); }

/// What was read at some moment that neither `before` nor the state in the end gives, and what was not read at some moment
/// though both give it.
struct Way {
  Reads before, after, gained, lost;
  std::vector<std::string> writes;
};

/// The call in a line: who and what on which tags.
std::string brief(const aws::Call& call) {
  std::string out = call.operation;
  const auto tags = [](const Json& list) {
    std::string text;
    for (const Json& tag : list) text += " " + string_at(tag, "TagKey") + "=" + member(tag, "TagValues").dump();
    return text;
  };
  for (const Json& entry : member(call.input, "Entries")) {
    const std::string principal = string_at(member(entry, "Principal"), "DataLakePrincipalIdentifier");
    const Json& policy = member(member(entry, "Resource"), "LFTagPolicy");
    out += " | " + principal.substr(principal.find('/') + 1) + " " + member(entry, "Permissions").dump() + " " +
           string_at(policy, "ResourceType") + tags(member(policy, "Expression"));
  }
  if (call.input.contains("LFTags")) {
    for (const auto& [kind, resource] : member(call.input, "Resource").items()) {
      out += " " + kind + " " + string_at(resource, "Name") + (resource.contains("ColumnNames") ? resource["ColumnNames"].dump() : "");
    }
    out += tags(call.input["LFTags"]);
  }
  return out;
}

/// Changes what is declared to `to` in one go. `fails` says which writes are refused, by number.
Way change(OrderWorld& world, const State& to, const std::function<bool(int)>& fails = {}) {
  Way way;
  way.before = world.reads();
  std::vector<Reads> moments;
  int number = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    const bool matters = is_write(call) && call.service == aws::Service::LakeFormation;
    if (!matters || !fails || !fails(number++)) return std::nullopt;
    way.writes.push_back("refused: " + brief(call));
    return aws::make_error(call, "ConcurrentModificationException", "somebody else writes", 400);
  };
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    if (!is_write(call)) return std::nullopt;
    way.writes.push_back(brief(call));
    moments.push_back(world.reads());
    return std::nullopt;
  };
  world.crash();
  world.go_to(to);
  world.start_engine();
  world.settle();
  *world.hooks = {};
  way.after = world.reads();
  Reads both = in_both(way.before, way.after);
  for (const Reads& moment : moments) {
    way.gained.merge(minus(minus(moment, way.before), way.after));
    way.lost.merge(minus(both, moment));
  }
  return way;
}

std::string text(const Way& way) {
  std::string out;
  for (const std::string& write : way.writes) out += write + "\n";
  return out;
}

TEST(TagOrder, AnOverrideGoesAfterWhatItStoodAgainst) {
  OrderWorld world({{{"db", {{"level", "public"}}}, {"orders", {{"level", "secret"}}}}, {{kRoles[0], "level = public"}}});
  const Way way = change(world, {{{"db", {{"level", "secret"}}}}, {{kRoles[0], "level = public"}}});
  EXPECT_EQ(way.before, (Reads{"a items/sku", "a lines/line"}));
  EXPECT_EQ(way.after, Reads{});
  EXPECT_EQ(way.gained, Reads{}) << text(way);
}

TEST(TagOrder, WhatWasInheritedAndStaysIsAssignedFirst) {
  const std::map<std::string, std::string> grants = {{kRoles[0], "level = public"}, {kRoles[1], "level = secret"}};
  OrderWorld world({{{"db", {{"level", "public"}}}, {"orders", {{"level", "public"}}}}, grants});
  const Way way = change(world, {{{"db", {{"level", "secret"}}}, {"orders", {{"level", "public"}}}}, grants});
  EXPECT_EQ(way.after, (Reads{"a orders/customer", "a orders/id", "b items/sku", "b lines/line"}));
  EXPECT_EQ(way.gained, Reads{}) << text(way);
  EXPECT_EQ(way.lost, Reads{}) << text(way);
}

TEST(TagOrder, AnAssignmentThatEqualsWhatIsInheritedGoesAllTheSame) {
  const std::map<std::string, std::string> grants = {{kRoles[0], "level = public"}};
  OrderWorld world({{{"db", {{"level", "secret"}}}, {"orders", {{"level", "public"}}}}, grants});
  change(world, {{{"db", {{"level", "public"}}}, {"orders", {{"level", "public"}}}}, grants});
  change(world, {{{"db", {{"level", "public"}}}}, grants});
  change(world, {{{"db", {{"level", "secret"}}}}, grants});
  EXPECT_EQ(world.reads(), Reads{}) << "the table inherits again";
}

TEST(TagOrder, ARefusedRevokeKeepsTheTagFromChanging) {
  OrderWorld world({{{"db", {{"level", "secret"}}}, {"items", {{"level", "public"}}}}, {{kRoles[0], "level = public"}}});
  const Way way = change(world, {{{"db", {{"level", "public"}}}, {"items", {{"level", "public"}}}}, {}},
                         [](int number) { return number < 2; });
  EXPECT_EQ(way.after, Reads{});
  EXPECT_EQ(way.gained, Reads{}) << text(way);
}

TEST(TagOrder, AGrantWaitsForTheTagThatKeepsItFromGivingTooMuch) {
  OrderWorld world({{{"db", {{"level", "public"}}}}, {}});
  const Way way = change(world, {{{"db", {{"level", "public"}}}, {"orders", {{"level", "secret"}}}}, {{kRoles[0], "level = public"}}},
                         [](int number) { return number < 2; });
  EXPECT_EQ(way.after, (Reads{"a items/sku", "a lines/line"}));
  EXPECT_EQ(way.gained, Reads{}) << text(way);
}

class RandomStates {
 public:
  explicit RandomStates(unsigned seed) : engine_(seed) {}

  State state() {
    State out;
    for (const char* resource : {"db", "orders", "items", "lines", "orders/customer"}) {
      TagText tags;
      const bool is_database = std::string(resource) == "db";
      if (is_database || chance(50)) tags["level"] = pick({"public", "internal", "secret"});
      if (is_database ? chance(70) : chance(30)) tags["team"] = pick({"x", "y"});
      if (!tags.empty()) out.tags[resource] = tags;
    }
    for (const std::string& role : kRoles) {
      if (chance(25)) continue;
      out.expressions[role] = pick({"level = public", "level = secret", "level in (public, internal)", "level = public and team = x",
                                    "team = y", "level in (internal, secret) and team = y", "level = \"*\" and team = x"});
      if (out.expressions[role].find('"') != std::string::npos) out.expressions[role] = "level = * and team = x";
    }
    return out;
  }
  bool chance(int percent) { return std::uniform_int_distribution<int>(1, 100)(engine_) <= percent; }

 private:
  std::string pick(const std::vector<std::string>& from) {
    return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(engine_)];
  }
  std::mt19937 engine_;
};

/// Level and team of anything may change together with who is granted what; a third of the writes may be refused in passing.
TEST(TagOrder, DISABLED_Measure) {
  const unsigned from = std::stoul(std::getenv("SEED_FROM")), to_seed = std::stoul(std::getenv("SEED_TO"));
  const bool verbose = std::getenv("VERBOSE") != nullptr;
  int n[2] = {0, 0}, gained[2] = {0, 0}, lost[2] = {0, 0}, wrong = 0;
  for (unsigned seed = from; seed <= to_seed; ++seed) {
    RandomStates random(seed);
    const State start = random.state();
    OrderWorld world(start);
    const State to = random.state();
    const int refused = seed % 3 == 0 ? 0 : 33;
    const Way way = change(world, to, [&](int number) { return number < 12 && random.chance(refused); });
    const int k = refused == 0 ? 0 : 1;
    ++n[k];
    gained[k] += !way.gained.empty();
    lost[k] += !way.lost.empty();
    OrderWorld fresh(to);
    wrong += way.after != fresh.reads();
    const bool bad = way.after != fresh.reads();
    if (verbose || !way.gained.empty() || bad) {
      if (!way.gained.empty() || !way.lost.empty() || bad) {
        if (bad) std::cout << "WRONG " << world.engine->status().dump(1).substr(0, 1500) << "\n";
        std::cout << "seed " << seed << " refused " << refused << " gained " << way.gained.size() << " lost " << way.lost.size() << "\n";
        for (const auto& x : way.gained) std::cout << "  +" << x << "\n";
        for (const auto& x : way.lost) std::cout << "  -" << x << "\n";
        for (const State* st : {&start, &to}) {
          for (const auto& [r, t] : st->tags) { std::cout << "  " << r << ":"; for (const auto& [k2, v] : t) std::cout << " " << k2 << "=" << v; std::cout << ";"; }
          for (const auto& [r, e] : st->expressions) std::cout << " | " << r.substr(r.size() - 1) << ": " << e;
          std::cout << "\n";
        }
        std::cout << text(way);
      }
    }
  }
  std::cout << "without failures: " << n[0] << " gained " << gained[0] << " lost " << lost[0] << "\nwith failures: " << n[1] << " gained " << gained[1] << " lost " << lost[1] << "\nwrong " << wrong << std::endl;
}

TEST(TagOrder, NobodyGetsOnTheWayWhatNeitherStateGives) {
  int gained = 0;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    RandomStates random(seed);
    OrderWorld world(random.state());
    const State to = random.state();
    const int refused = seed % 3 == 0 ? 0 : 33;
    const Way way = change(world, to, [&](int number) { return number < 12 && random.chance(refused); });
    EXPECT_EQ(way.gained, Reads{}) << "seed " << seed << "\n" << to.product() << text(way);
    gained += way.gained.empty() ? 0 : 1;
    OrderWorld fresh(to);
    EXPECT_EQ(way.after, fresh.reads()) << "seed " << seed << "\n" << to.product() << text(way);
  }
  EXPECT_EQ(gained, 0) << "of 60";
}

}  // namespace
}  // namespace datamesh::testing
