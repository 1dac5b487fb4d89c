// What the ledger keeps beside the claims, so that nobody has to walk over all of them.
#include "controller/engine/ledger.h"
#include "controller/engine/tag_rules.h"

#include <gtest/gtest.h>

namespace datamesh::engine {
namespace {

using catalog::EntryKind;

catalog::EntryKey entry(const std::string& account, const std::string& name) {
  return {{account, "eu-west-1"}, {EntryKind::Database, name}};
}

reconcilers::ClaimSet claims_on(const std::vector<catalog::EntryKey>& keys, reconcilers::Release release) {
  reconcilers::ClaimSet out;
  for (const auto& key : keys) {
    out.claims.push_back({key, catalog::Shared<catalog::Database>(catalog::Database{}), {}, reconcilers::Step::CreateEntities, release});
  }
  return out;
}

class ClaimedIn : public ::testing::Test {
 protected:
  std::vector<std::string> names(const std::string& account) const {
    std::vector<std::string> out;
    for (const KeyId id : ledger.claimed_in(account)) out.push_back(ledger.key(id).local.name);
    return out;
  }
  using Names = std::vector<std::string>;
  Ledger ledger;
  ResourceState& second = ledger.at({"DataProduct", "b", "x"});
  ResourceState& first = ledger.at({"DataProduct", "a", "x"});
};

TEST_F(ClaimedIn, FollowsTheClaimsOfEachAccount) {
  ledger.set_claims(first, claims_on({entry("1", "sales"), entry("2", "hr")}, reconcilers::Release::Remove));
  ledger.set_claims(second, claims_on({entry("1", "sales"), entry("1", "stock")}, reconcilers::Release::Remove));
  EXPECT_EQ(names("1"), (Names{"sales", "stock"}));
  EXPECT_EQ(names("2"), (Names{"hr"}));
  EXPECT_EQ(names("3"), Names());
  ledger.set_claims(first, {});
  EXPECT_EQ(names("1"), (Names{"sales", "stock"})) << "another claims it still";
  EXPECT_EQ(names("2"), Names());
  ledger.erase(second.key);
  EXPECT_EQ(names("1"), Names());
}

TEST_F(ClaimedIn, TheFirstClaimantIsFirstByNameAndNotByTime) {
  ledger.set_claims(second, claims_on({entry("1", "sales")}, reconcilers::Release::Remove));
  ledger.set_claims(first, claims_on({entry("1", "sales")}, reconcilers::Release::Retain));
  EXPECT_EQ(ledger.first_claim(*ledger.lookup(entry("1", "sales"))).release, reconcilers::Release::Retain);
}

/// A product that had tagged the column `c` of its table, and has dropped that from what it declares.
class DroppedColumn : public ::testing::Test {
 protected:
  void declare(std::vector<catalog::ColumnShape> columns, catalog::SchemaRule rule) {
    catalog::Table shape;
    shape.columns = std::move(columns);
    shape.schema_rule = rule;
    reconcilers::ClaimSet claims;
    claims.claims.push_back({table, catalog::Shared<catalog::Table>(shape), {}, reconcilers::Step::CreateEntities, reconcilers::Release::Remove});
    ledger.set_claims(product, claims);
    Recorded record;
    record.tag_value = "x";
    ledger.set_recorded(product, {{tag, record}});
  }
  void see(std::vector<catalog::ColumnShape> columns) {
    catalog::Table shape;
    shape.columns = std::move(columns);
    snapshot.entries.insert_or_assign(table.local, catalog::Shared<catalog::Table>(shape));
  }
  const catalog::EntryKey table{{"1", "eu-west-1"}, catalog::table_key("db", "t")};
  Ledger ledger;
  ResourceState& product = ledger.at({"DataProduct", "a", "x"});
  const KeyId tag = ledger.intern({table.catalog, {EntryKind::TagAssignment, "db/t/c#level"}});
  catalog::Snapshot snapshot;
};

TEST_F(DroppedColumn, KeepsItsTagOnRecordWhereTheProductSaysWhichColumnsThereAre) {
  declare({{"a", "int", ""}}, catalog::SchemaRule::Exact);
  see({{"a", "int", ""}});
  EXPECT_TRUE(ledger.keeps(product, tag));
  EXPECT_EQ(awaited_with_column(ledger, snapshot, tag), std::nullopt);
  declare({{"a", "int", ""}}, catalog::SchemaRule::Follow);
  EXPECT_FALSE(ledger.keeps(product, tag));
  EXPECT_EQ(awaited_with_column(ledger, snapshot, tag), std::nullopt) << "nobody knows whether the column ever comes back";
}

TEST_F(DroppedColumn, IsAwaitedAndThenLosesTheTag) {
  declare({{"a", "int", ""}, {"c", "int", ""}}, catalog::SchemaRule::Exact);
  see({{"a", "int", ""}});
  EXPECT_FALSE(ledger.keeps(product, tag));
  EXPECT_EQ(awaited_with_column(ledger, snapshot, tag), ledger.lookup(table));
  EXPECT_TRUE(is_absent(believed_tag(ledger, snapshot, tag)));
  see({{"a", "int", ""}, {"c", "int", ""}});
  EXPECT_EQ(awaited_with_column(ledger, snapshot, tag), std::nullopt);
  EXPECT_EQ(believed_tag(ledger, snapshot, tag), catalog::EntryValue(catalog::TagAssignment{"x"}));
}

}  // namespace
}  // namespace datamesh::engine
