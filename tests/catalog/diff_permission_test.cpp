// The difference of permissions: what is granted, what is taken back, and in which order.
#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

using P = Permission;

/// One comparison; what a test does not set is absent.
struct Compare {
  std::optional<PermissionValue> claimed, observed, owned;
  Surplus surplus = Surplus::OursOnly;
  Cause release_cause = Cause::Released;
  EntryKey key = table_permission();

  Lines actions() const {
    const auto value = [](const std::optional<PermissionValue>& from) {
      return from ? EntryValue(*from) : EntryValue();
    };
    const EntryValue c = value(claimed), o = value(observed), w = value(owned);
    DiffInput input;
    input.key = key;
    input.claimed = claimed ? &c : nullptr;
    input.observed = observed ? &o : nullptr;
    input.owned = owned ? &w : nullptr;
    input.surplus = surplus;
    input.release_cause = release_cause;
    return lines(diff(input));
  }
};

const std::string kOn = " on table sales/orders";
const std::string kTo = kOn + " to " + kRole;
const std::string kFrom = kOn + " from " + kRole;

TEST(PermissionDiff, LeavesATableToIamByAllItself) {
  // What ALL stands for gives IAM_ALLOWED_PRINCIPALS nothing of the kind: Lake Formation goes by ALL.
  Compare compare;
  compare.key = table_permission(kIamAllowedPrincipals);
  compare.claimed = perms({P::All});
  const Lines opens = {"Declared: grant ALL" + kOn + " to IAM_ALLOWED_PRINCIPALS"};
  EXPECT_EQ(compare.actions(), opens);
  compare.observed = perms({P::All});
  EXPECT_EQ(compare.actions(), Lines{});
}

TEST(PermissionDiff, GrantsWhatIsMissing) {
  Compare compare;
  compare.claimed = perms({P::Select, P::Describe});
  EXPECT_EQ(compare.actions(), (Lines{"Declared: grant SELECT, DESCRIBE" + kTo}));
  compare.observed = perms({P::Select});
  EXPECT_EQ(compare.actions(), (Lines{"Changed: grant DESCRIBE" + kTo}));
}

TEST(PermissionDiff, AdoptsWithZeroActionsWhatEqualsTheClaim) {
  Compare compare;
  compare.claimed = perms({P::Select, P::Describe}, {P::Select});
  compare.observed = compare.claimed;
  EXPECT_EQ(compare.actions(), Lines{});
  compare.owned = compare.claimed;
  EXPECT_EQ(compare.actions(), Lines{});
}

TEST(PermissionDiff, AdoptsWhatStandsForTheClaimInAnotherSpelling) {
  Compare compare;
  compare.claimed = perms({P::Select, P::Alter, P::Drop, P::Delete, P::Insert, P::Describe});
  compare.observed = perms({P::All});
  EXPECT_EQ(compare.actions(), Lines{});
  std::swap(compare.claimed, compare.observed);
  EXPECT_EQ(compare.actions(), Lines{});
}

TEST(PermissionDiff, RevokesOnlyWhatIsOurs) {
  Compare compare;
  compare.claimed = perms({P::Select});
  compare.observed = perms({P::Select, P::Insert, P::Alter});
  compare.owned = perms({P::Select, P::Insert});
  EXPECT_EQ(compare.actions(), (Lines{"Surplus: revoke INSERT" + kFrom}));
  compare.owned.reset();
  EXPECT_EQ(compare.actions(), Lines{}) << "what somebody else granted stays";
}

TEST(PermissionDiff, RevokesWhatIsClaimedNoMoreAndSaysWhy) {
  Compare compare;
  compare.observed = perms({P::Select, P::Insert});
  compare.owned = perms({P::Select});
  EXPECT_EQ(compare.actions(), (Lines{"Released: revoke SELECT" + kFrom}));
  compare.release_cause = Cause::Expired;
  EXPECT_EQ(compare.actions(), (Lines{"Expired: revoke SELECT" + kFrom}));
}

TEST(PermissionDiff, RevokesEverythingWhereTheAccountSaysSo) {
  Compare compare;
  compare.observed = perms({P::Select, P::Insert}, {P::Select});
  compare.surplus = Surplus::All;
  EXPECT_EQ(compare.actions(), (Lines{"Undeclared: revoke SELECT, INSERT (grantable: SELECT)" + kFrom}));
}

TEST(PermissionDiff, RevokesTheUndeclaredBeforeGrantingTheDeclared) {
  Compare compare;
  compare.claimed = perms({P::Select});
  compare.observed = perms({P::Insert});
  compare.owned = perms({P::Insert});
  EXPECT_EQ(compare.actions(), (Lines{"Surplus: revoke INSERT" + kFrom, "Changed: grant SELECT" + kTo}));
}

TEST(PermissionDiff, RevokesWhatIsRecordedEvenWhenTheListingLags) {
  Compare compare;
  compare.owned = perms({P::Select});
  EXPECT_EQ(compare.actions(), (Lines{"Confirm: revoke SELECT" + kFrom}));
}

TEST(PermissionDiff, KeepsDescribeThatAnotherPermissionImplies) {
  Compare compare;
  compare.claimed = perms({P::Select});
  compare.observed = perms({P::Select, P::Describe});
  compare.owned = perms({P::Select, P::Describe});
  EXPECT_EQ(compare.actions(), Lines{});
  compare.claimed.reset();
  EXPECT_EQ(compare.actions(), (Lines{"Released: revoke SELECT, DESCRIBE" + kFrom}));
}

TEST(PermissionDiff, ShrinksAllAfterGrantingWhatStays) {
  Compare compare;
  compare.claimed = perms({P::Select, P::Describe});
  compare.observed = perms({P::All});
  compare.owned = perms({P::All});
  EXPECT_EQ(compare.actions(), (Lines{"Preserve: grant SELECT, DESCRIBE" + kTo,
                                      "Surplus: revoke ALL, ALTER, DROP, DELETE, INSERT" + kFrom}));
}

TEST(PermissionDiff, LeavesAllAloneThatIsOnlyPartlyOurs) {
  Compare compare;
  compare.claimed = perms({P::Select});
  compare.observed = perms({P::All});
  compare.owned = perms({P::Select, P::Insert});
  EXPECT_EQ(compare.actions(), (Lines{"Surplus: revoke INSERT" + kFrom}));
}

TEST(PermissionDiff, DropsAnOptionByRevokingAndGrantingAgain) {
  Compare compare;
  compare.claimed = perms({P::Select});
  compare.observed = perms({P::Select}, {P::Select});
  compare.owned = perms({P::Select}, {P::Select});
  EXPECT_EQ(compare.actions(), (Lines{"Surplus: revoke SELECT (grantable: SELECT)" + kFrom,
                                      "Changed: grant SELECT" + kTo}));
}

TEST(PermissionDiff, AddsAnOptionWithThePermissionThatItIsOf) {
  Compare compare;
  compare.claimed = perms({P::Select}, {P::Select});
  compare.observed = perms({P::Select});
  EXPECT_EQ(compare.actions(), (Lines{"Changed: grant SELECT (grantable: SELECT)" + kTo}));
}

TEST(PermissionDiff, MovesColumnsOneByOne) {
  Compare compare;
  compare.key = {kCatalog, permission_key({ResourceId::of_columns(kOwner, "sales", "orders"), kRole})};
  compare.claimed = on_columns({"a", "c"});
  compare.observed = on_columns({"a", "b", "x"});
  compare.owned = on_columns({"a", "b"});
  EXPECT_EQ(compare.actions(), (Lines{"Surplus: revoke SELECT on columns b of table sales/orders from " + kRole,
                                      "Changed: grant SELECT on columns c of table sales/orders to " + kRole}));
}

TEST(PermissionDiff, DropsTheOptionOfAColumnByRevokingAndGrantingAgain) {
  Compare compare;
  compare.key = {kCatalog, permission_key({ResourceId::of_columns(kOwner, "sales", "orders"), kRole})};
  const PermissionValue both{{P::Select}, {P::Select}, {"a", "b", "c"}, {"a", "b", "c"}, false};
  compare.claimed = PermissionValue{{P::Select}, {P::Select}, {"a", "b"}, {"b"}, false};
  compare.observed = compare.owned = both;
  EXPECT_EQ(compare.actions(),
            (Lines{"Surplus: revoke SELECT (grantable: SELECT) on columns a, c of table sales/orders from " + kRole,
                   "Changed: grant SELECT on columns a of table sales/orders to " + kRole}));
}

TEST(PermissionDiff, MakesABrokenShareAnew) {
  Compare compare;
  compare.key = table_permission("222222222222");
  compare.claimed = perms({P::Select}, {P::Select});
  compare.observed = perms({P::Select, P::Insert}, {P::Select});
  compare.observed->share_broken = true;
  EXPECT_EQ(compare.actions(), (Lines{"Repair: revoke SELECT (grantable: SELECT)" + kOn + " from 222222222222",
                                      "Repair: grant SELECT (grantable: SELECT)" + kOn + " to 222222222222"}));
  compare.claimed.reset();
  EXPECT_EQ(compare.actions(), Lines{}) << "somebody else's broken share is not ours to mend";
}

}  // namespace
}  // namespace datamesh::catalog
