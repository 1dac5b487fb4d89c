// A no-op is a no-op: what was applied and is then observed differs in nothing from what is claimed, whichever rows
// Lake Formation lists it as.
#include <gtest/gtest.h>

#include "controller/catalog/diff.h"
#include "controller/engine/catalog_state.h"
#include "controller/lake/permission_rows.h"
#include "tests/properties/generators.h"

namespace datamesh::properties {
namespace {

using catalog::Action;
using catalog::DiffInput;
using catalog::EntryValue;
using catalog::LocalKey;
using catalog::PermissionValue;
using catalog::Verb;

const CatalogRef kCatalog{"100000000001", "eu-west-1"};

Entries folded(const std::vector<Json>& rows) {
  Entries out;
  for (const Json& row : rows) {
    if (const auto decoded = lake::decode_row(row, kCatalog)) lake::fold_row(out, *decoded);
  }
  return out;
}

catalog::ResourceType type_of(const LocalKey& key) { return catalog::parse_permission_id(key.name)->resource.type; }

const EntryValue* find(const Entries& entries, const LocalKey& key) {
  const auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

DiffInput input_for(const LocalKey& key, const EntryValue* claimed, const EntryValue* observed, const EntryValue* owned) {
  DiffInput input;
  input.key = {kCatalog, key};
  input.claimed = claimed;
  input.observed = observed;
  input.owned = owned;
  return input;
}

PermissionValue spelled_out(const EntryValue* value, const LocalKey& key) {
  return value == nullptr ? PermissionValue{} : expanded(std::get<PermissionValue>(*value), type_of(key));
}

TEST(Canonical, AListingOfWhatIsClaimedDiffsToNothing) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sim::Random random(seed);
    const Entries claimed = permissions(random);
    const Entries observed = folded(listed_rows(random, claimed));
    ASSERT_EQ(observed.size(), claimed.size()) << "seed " << seed;
    for (const auto& [key, value] : claimed) {
      const auto actions = diff(input_for(key, &value, find(observed, key), &value));
      EXPECT_TRUE(actions.empty()) << "seed " << seed << ": " << describe(actions.front());
    }
  }
}

TEST(Canonical, TheOrderOfRowsDoesNotMatter) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sim::Random random(seed);
    auto rows = listed_rows(random, permissions(random));
    const Entries before = folded(rows);
    for (std::size_t n = rows.size(); n > 1; --n) std::swap(rows[n - 1], rows[random.below(n)]);
    EXPECT_EQ(folded(rows), before) << "seed " << seed;
  }
}

TEST(Canonical, RowsThatAreListedTwiceCountOnce) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sim::Random random(seed);
    auto rows = listed_rows(random, permissions(random));
    const Entries once = folded(rows);
    // A page that begins where rows were added meanwhile repeats the last ones of the page before.
    if (!rows.empty()) rows.push_back(rows[random.below(rows.size())]);
    EXPECT_EQ(folded(rows), once) << "seed " << seed;
  }
}

TEST(Canonical, AnEntryIsReadBackFromItsRequest) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    sim::Random random(seed);
    const catalog::PermissionId id = permission_id(random);
    PermissionValue value = permission_value(random, id.resource.type);
    if (!value.columns.empty() && !value.grantable.empty()) value.grantable_columns = value.columns;
    const auto row = lake::decode_row(lake::encode_entry(id, value), kCatalog);
    ASSERT_TRUE(row) << "seed " << seed;
    EXPECT_EQ(row->id, id) << "seed " << seed;
    EXPECT_EQ(row->value, value) << "seed " << seed;
  }
}

/// Any claim, observation and record of one permission.
struct Case {
  LocalKey key;
  std::optional<EntryValue> claimed, observed, owned;
};

Case any_case(sim::Random& random) {
  const catalog::PermissionId id = permission_id(random);
  const auto maybe = [&](int percent) -> std::optional<EntryValue> {
    if (!random.chance(percent)) return std::nullopt;
    return permission_value(random, id.resource.type);
  };
  return {catalog::permission_key(id), maybe(75), maybe(75), maybe(60)};
}

DiffInput input_for(const Case& each) {
  const auto pointer = [](const auto& value) { return value ? &*value : nullptr; };
  return input_for(each.key, pointer(each.claimed), pointer(each.observed), pointer(each.owned));
}

TEST(Diff, DoingItsActionsSatisfiesTheClaimAndLeavesNothingToDo) {
  for (std::uint64_t seed = 1; seed <= 10 * kSeeds; ++seed) {
    sim::Random random(seed);
    const Case each = any_case(random);
    catalog::Snapshot snapshot;
    if (each.observed) snapshot.entries.emplace(each.key, *each.observed);
    for (const Action& action : diff(input_for(each))) engine::note_effect(snapshot, action);
    const EntryValue* after = snapshot.find(each.key);
    if (each.claimed) {
      EXPECT_TRUE(satisfies(each.key, after, *each.claimed)) << "seed " << seed << " " << each.key.name;
    }
    // What was ours and is wanted is ours still; the rest of it is gone.
    const EntryValue* wanted = each.claimed ? &*each.claimed : nullptr;
    const auto more = diff(input_for(each.key, wanted, after, wanted));
    EXPECT_TRUE(more.empty()) << "seed " << seed << ": " << describe(more.front());
  }
}

TEST(Diff, NeverTakesWhatIsNotOurs) {
  for (std::uint64_t seed = 1; seed <= 10 * kSeeds; ++seed) {
    sim::Random random(seed);
    const Case each = any_case(random);
    catalog::Snapshot snapshot;
    if (each.observed) snapshot.entries.emplace(each.key, *each.observed);
    for (const Action& action : diff(input_for(each))) engine::note_effect(snapshot, action);
    const PermissionValue before = spelled_out(each.observed ? &*each.observed : nullptr, each.key);
    const PermissionValue owned = spelled_out(each.owned ? &*each.owned : nullptr, each.key);
    const PermissionValue after = spelled_out(snapshot.find(each.key), each.key);
    const auto theirs = before.permissions - owned.permissions;
    if (before.columns.empty()) {
      EXPECT_TRUE(after.permissions.contains(theirs)) << "seed " << seed << " " << each.key.name;
    }
    for (const std::string& column : before.columns) {
      const bool ours = std::binary_search(owned.columns.begin(), owned.columns.end(), column);
      const bool left = std::binary_search(after.columns.begin(), after.columns.end(), column);
      EXPECT_TRUE(ours || left) << "seed " << seed << " " << each.key.name << " " << column;
    }
  }
}

TEST(Diff, NeverGivesWhatIsNotClaimed) {
  for (std::uint64_t seed = 1; seed <= 10 * kSeeds; ++seed) {
    sim::Random random(seed);
    const Case each = any_case(random);
    catalog::Snapshot snapshot;
    if (each.observed) snapshot.entries.emplace(each.key, *each.observed);
    const PermissionValue before = spelled_out(each.observed ? &*each.observed : nullptr, each.key);
    const PermissionValue claimed = spelled_out(each.claimed ? &*each.claimed : nullptr, each.key);
    for (const Action& action : diff(input_for(each))) {
      engine::note_effect(snapshot, action);
      const PermissionValue now = spelled_out(snapshot.find(each.key), each.key);
      EXPECT_TRUE(covers(united(before, claimed), now)) << "seed " << seed << ": " << describe(action);
    }
  }
}

TEST(Diff, RevokesBeforeItGrantsUnlessItKeepsWhatBothStatesGive) {
  for (std::uint64_t seed = 1; seed <= 10 * kSeeds; ++seed) {
    sim::Random random(seed);
    bool granted = false;
    for (const Action& action : diff(input_for(any_case(random)))) {
      EXPECT_FALSE(granted && action.verb == Verb::Revoke) << "seed " << seed << ": " << describe(action);
      granted = granted || (action.verb == Verb::Grant && action.cause != catalog::Cause::Preserve);
    }
  }
}

}  // namespace
}  // namespace datamesh::properties
