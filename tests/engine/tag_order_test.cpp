// What principals may read by tag while tags and Grants change together: looked at after every single write to the lake,
// with the lake's own eyes. In the small mesh's central account two roles are granted by tag.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>

#include "controller/catalog/tag_expression.h"
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
    return kOrdersHead + R"Y(  tagGrants: Allow
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

/// All the orders that there are for a change, without the engine: every set of calls that may have been made so far, and what
/// is read then.
class AllOrders {
 public:
  AllOrders(const State& from, const State& to) : from_(from), to_(to) {
    for (const std::string& resource : kResources) {
      const TagText before = tags_of(from, resource), after = tags_of(to, resource);
      TagText set;
      for (const auto& [key, value] : after) {
        if (effective(from.tags, resource, key) == value) {
          if (!before.contains(key)) steps_.push_back({resource, {{key, value}}, {}, "", false});  // it may be assigned at any time
        } else {
          set[key] = value;
        }
      }
      std::set<std::string> removed;
      for (const auto& [key, value] : before) {
        if (!after.contains(key)) removed.insert(key);
      }
      if (!set.empty()) steps_.push_back({resource, set, {}, "", false});
      if (!removed.empty()) steps_.push_back({resource, {}, removed, "", false});
    }
    for (const std::string& role : kRoles) {
      const auto before = from.expressions.find(role), after = to.expressions.find(role);
      const bool had = before != from.expressions.end(), has = after != to.expressions.end();
      if (had && has && before->second == after->second) continue;
      if (had) steps_.push_back({"", {}, {}, role, false});
      if (has) steps_.push_back({"", {}, {}, role, true});
    }
  }

  /// In some order nobody gains or loses anything on the way.
  bool one_is_harmless() const {
    const std::size_t all = (std::size_t{1} << steps_.size()) - 1;
    const Reads before = reads(0), after = reads(all), both = in_both(before, after);
    std::vector<bool> reached(all + 1);
    reached[0] = true;
    for (std::size_t done = 0; done <= all; ++done) {
      if (!reached[done]) continue;
      const Reads now = reads(done);
      if (!minus(minus(now, before), after).empty() || !minus(both, now).empty()) continue;
      if (done == all) return true;
      for (std::size_t n = 0; n < steps_.size(); ++n) reached[done | (std::size_t{1} << n)] = true;
    }
    return false;
  }

 private:
  struct Step {
    std::string resource;
    TagText set;
    std::set<std::string> removed;
    std::string role;
    bool grants = false;
  };

  static TagText tags_of(const State& state, const std::string& resource) {
    const auto found = state.tags.find(resource);
    return found == state.tags.end() ? TagText{} : found->second;
  }
  static std::string effective(const std::map<std::string, TagText>& tags, std::string resource, const std::string& key) {
    while (true) {
      const auto found = tags.find(resource);
      if (found != tags.end() && found->second.contains(key)) return found->second.at(key);
      if (resource == "db") return "";
      const std::size_t slash = resource.rfind('/');
      resource = slash == std::string::npos ? "db" : resource.substr(0, slash);
    }
  }

  Reads reads(std::size_t done) const {
    auto tags = from_.tags;
    std::set<std::pair<std::string, std::string>> held(from_.expressions.begin(), from_.expressions.end());
    for (std::size_t n = 0; n < steps_.size(); ++n) {
      if ((done >> n & 1) == 0) continue;
      const Step& step = steps_[n];
      for (const auto& [key, value] : step.set) tags[step.resource][key] = value;
      for (const std::string& key : step.removed) tags[step.resource].erase(key);
      if (step.role.empty()) continue;
      if (step.grants) held.emplace(step.role, to_.expressions.at(step.role));
      if (!step.grants) held.erase({step.role, from_.expressions.at(step.role)});
    }
    Reads out;
    for (const auto& [role, text] : held) {
      const auto expression = catalog::parse_tag_expression(text);
      for (const auto& [column, resource] : kColumns) {
        const bool matches = std::all_of(expression->terms.begin(), expression->terms.end(), [&](const auto& term) {
          const std::string has = effective(tags, resource, term.first);
          return !has.empty() && (term.second.contains(has) || term.second.contains("*"));
        });
        if (matches) out.insert(role.substr(role.size() - 1) + " " + column);
      }
    }
    return out;
  }

  static inline const std::vector<std::string> kResources = {"db", "orders", "items", "lines", "orders/customer"};
  static inline const std::map<std::string, std::string> kColumns = {
      {"orders/id", "orders"}, {"orders/customer", "orders/customer"}, {"items/sku", "items"}, {"lines/line", "lines"}};
  const State& from_;
  const State& to_;
  std::vector<Step> steps_;
};

/// How many random changes are tried; more with DATAMESH_TAG_CHANGES.
unsigned changes_to_try() {
  const char* text = std::getenv("DATAMESH_TAG_CHANGES");
  return text == nullptr ? 60 : static_cast<unsigned>(std::stoul(text));
}

/// Level and team of anything may change together with who is granted what; in two of three changes a third of the writes is
/// refused in passing. The figures of decision 0011 are from 3,000 of them.
TEST(TagOrder, NobodyGetsWhatNeitherStateGivesOrLosesWhatBothGiveWhereAnyOrderIsSo) {
  int whole = 0, taken = 0, avoidable = 0, refused = 0, taken_with_refusals = 0;
  for (unsigned seed = 1; seed <= changes_to_try(); ++seed) {
    RandomStates random(seed);
    const State from = random.state();
    OrderWorld world(from);
    const State to = random.state();
    const int percent = seed % 3 == 0 ? 0 : 33;
    const Way way = change(world, to, [&](int number) { return number < 12 && random.chance(percent); });
    EXPECT_EQ(way.gained, Reads{}) << "seed " << seed << "\n" << to.product() << text(way);
    if (percent == 0 && !way.lost.empty()) avoidable += AllOrders(from, to).one_is_harmless() ? 1 : 0;
    (percent == 0 ? whole : refused) += 1;
    (percent == 0 ? taken : taken_with_refusals) += way.lost.empty() ? 0 : 1;
    OrderWorld fresh(to);
    EXPECT_EQ(way.after, fresh.reads()) << "seed " << seed << "\n" << to.product() << text(way);
  }
  RecordProperty("changes", whole);
  RecordProperty("taken_for_a_moment", taken);
  RecordProperty("of_these_avoidable", avoidable);
  RecordProperty("changes_with_refusals", refused);
  RecordProperty("taken_for_a_moment_with_refusals", taken_with_refusals);
  EXPECT_LE(avoidable, whole / 100);
  EXPECT_LE(taken_with_refusals, refused / 10);
}

TEST(TagOrder, TheOldExpressionGoesAfterTheNewOneIsGiven) {
  OrderWorld world({{{"db", {{"level", "public"}}}}, {{kRoles[0], "level = public"}}});
  const Way way = change(world, {{{"db", {{"level", "public"}}}}, {{kRoles[0], "level in (public, internal)"}}});
  EXPECT_EQ(way.before.size(), 4u);
  EXPECT_EQ(way.lost, Reads{}) << text(way);
}

TEST(TagOrder, AGrantThatFailsInPassingKeepsTheOldOneForAMoment) {
  OrderWorld world({{{"db", {{"level", "public"}}}}, {{kRoles[0], "level = public"}}});
  const Way way = change(world, {{{"db", {{"level", "public"}}}}, {{kRoles[0], "level in (public, internal)"}}},
                         [](int number) { return number < 3; });
  EXPECT_EQ(way.lost, Reads{}) << text(way);
}

/// What somebody else's refusal keeps from being granted keeps nothing from being revoked (decision 0003).
class GrantsRefused : public ::testing::TestWithParam<const char*> {};

TEST_P(GrantsRefused, KeepTheOldOneForAMinuteAtMost) {
  const State from{{{"db", {{"level", "public"}}}}, {{kRoles[0], "level = public"}}};
  const State to{{{"db", {{"level", "public"}}}}, {{kRoles[0], "level in (public, internal)"}}};
  OrderWorld world(from);
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions") return std::nullopt;
    return aws::make_error(call, GetParam(), "no", 400);
  };
  world.go_to(to);
  world.advance(seconds(2));
  const bool may_come = std::string(GetParam()) == "ConcurrentModificationException";
  EXPECT_EQ(world.reads().empty(), !may_come);
  world.advance(seconds(62));
  EXPECT_EQ(world.reads(), Reads{});
}

INSTANTIATE_TEST_SUITE_P(TagOrder, GrantsRefused, ::testing::Values("ConcurrentModificationException", "InvalidInputException"));

TEST(TagOrder, ATagThatIsRefusedForGoodIsNotTriedAllTheTime) {
  OrderWorld world({{{"db", {{"level", "secret"}}}, {"items", {{"level", "internal"}}}}, {{kRoles[0], "level = public"}}});
  int asked = 0;
  world.hooks->before = [&](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "AddLFTagsToResource" || member(call.input, "Resource").contains("Database")) return std::nullopt;
    ++asked;
    return denied(call);
  };
  world.go_to({{{"db", {{"level", "public"}}}, {"items", {{"level", "secret"}}}, {"lines", {{"level", "secret"}}}}, {{kRoles[0], "level = public"}}});
  world.advance(minutes(5));
  EXPECT_LE(asked, 6);
  EXPECT_EQ(world.reads(), Reads{}) << "the database keeps its tag while its tables cannot get theirs";
}

/// A table that is made gets its tags a call later; whoever is about to lose what it would inherit has lost it by then.
TEST(TagOrder, WhatGoesIsGoneBeforeATableIsMadeThatItWouldReach) {
  OrderWorld world({{{"db", {{"level", "public"}}}}, {{kRoles[0], "level = public"}}});
  Reads seen;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    if (!is_write(call)) return std::nullopt;
    const auto found = world.call_as(kRoles[0], aws::Service::Glue, "GetTable", {{"DatabaseName", "orders"}, {"Name", "fresh"}});
    if (found) seen.insert(call.operation);
    return std::nullopt;
  };
  const State to{{{"db", {{"level", "public"}}}}, {{kRoles[0], "level in (public, internal) and team = x"}}};
  world.crash();
  world.apply(to.product() + "    - name: fresh\n      tags: {level: secret}\n      columns: [{name: id, type: bigint}]\n");
  world.apply(to.grant(0));
  world.start_engine();
  world.settle();
  EXPECT_EQ(seen, Reads{});
}

}  // namespace
}  // namespace datamesh::testing
