// What of AWS's quotas is used, and what an action would use.
#include "controller/catalog/quotas.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

const std::string kReceiver = "222222222222";

Snapshot snapshot_with(std::vector<std::pair<LocalKey, EntryValue>> entries) {
  Snapshot out;
  for (auto& [key, value] : entries) out.entries.insert_or_assign(key, std::move(value));
  return out;
}

LocalKey shared_table(const std::string& table, const std::string& to = kReceiver) {
  return permission_key({ResourceId::of_table(kOwner, "sales", table), to});
}

EntryValue version(int number) {
  Settings settings;
  settings.administrators = {kRole};
  settings.cross_account_version = number;
  return Shared<Settings>(settings);
}

std::vector<std::string> uses(Verb verb, const LocalKey& key, EntryValue value, const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const QuotaUse& use : uses_of({{kCatalog, key}, verb, std::move(value), Cause::Declared}, snapshot)) {
    out.push_back(describe(use.scope) + (use.amount < 0 ? " " : " +") + std::to_string(use.amount));
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Quotas, StandInTheOrderOfTheirNames) {
  for (const QuotaRule& rule : quota_rules()) EXPECT_EQ(&rule_of(rule.quota), &rule) << rule.name;
}

TEST(Quotas, AreThoseThatAwsAgreedTo) {
  EXPECT_EQ(limit_of(Quota::Databases, {}), 10'000u);
  EXPECT_EQ(limit_of(Quota::Databases, {{"databases", 12'000}, {"tables", 3}}), 12'000u);
}

TEST(Quotas, CountWhatACatalogHolds) {
  const Snapshot snapshot = snapshot_with({{{EntryKind::Settings, ""}, version(4)},
                                           {database_key("sales"), Shared<Database>()},
                                           {database_link_key("orders"), Shared<Link>()},
                                           {table_key("sales", "orders"), Shared<Table>()},
                                           {table_link_key("sales", "items"), Shared<Link>()},
                                           {{EntryKind::TagKey, "domain"}, Shared<TagKey>({{"a", "b"}})},
                                           {{EntryKind::TagAssignment, "sales#domain"}, TagAssignment{"a"}},
                                           {shared_table("orders"), perms({Permission::Select})},
                                           {shared_table("orders", "333333333333"), perms({Permission::Select})},
                                           {shared_table("items", kRole), perms({Permission::Select})}});
  const std::map<QuotaScope, int> expected = {{{Quota::Administrators, ""}, 1}, {{Quota::Databases, ""}, 2},
                               {{Quota::TablesPerDatabase, "sales"}, 2}, {{Quota::Tables, ""}, 2},
                               {{Quota::Tags, ""}, 1},           {{Quota::ValuesPerTag, "domain"}, 2},
                               {{Quota::TagsPerResource, "sales"}, 1}, {{Quota::SharedResources, ""}, 1}};
  EXPECT_EQ(usage_of(snapshot, kCatalog).used, expected);
  EXPECT_EQ(usage_of(snapshot, kCatalog).receivers, (std::set<std::string>{kReceiver, "333333333333"}));
}

TEST(Quotas, SharesThatNamePatternsAreNotCounted) {
  const Snapshot snapshot =
      snapshot_with({{{EntryKind::Settings, ""}, version(5)}, {shared_table("orders"), perms({Permission::Select})}});
  EXPECT_FALSE(usage_of(snapshot, kCatalog).used.contains({Quota::SharedResources, ""}));
  EXPECT_EQ(uses(Verb::Grant, shared_table("items"), perms({Permission::Select}), snapshot), Lines{});
}

TEST(Quotas, AreUsedByWhatIsNew) {
  const Snapshot snapshot = snapshot_with({{{EntryKind::Settings, ""}, version(4)},
                                           {{EntryKind::TagKey, "domain"}, Shared<TagKey>({{"a", "b"}})},
                                           {table_key("sales", "orders"), Shared<Table>()},
                                           {shared_table("orders"), perms({Permission::Describe})}});
  EXPECT_EQ(uses(Verb::Create, table_key("sales", "items"), Shared<Table>(), snapshot),
            (Lines{"tables of database sales +1", "tables +1"}));
  EXPECT_EQ(uses(Verb::Delete, table_key("sales", "orders"), {}, snapshot), (Lines{"tables of database sales -1", "tables -1"}));
  EXPECT_EQ(uses(Verb::Update, table_key("sales", "orders"), Shared<Table>(), snapshot), Lines{});
  EXPECT_EQ(uses(Verb::Update, {EntryKind::TagKey, "domain"}, Shared<TagKey>({{"b", "c"}}), snapshot),
            Lines{"values of LF-tag domain +1"});
  EXPECT_EQ(uses(Verb::Create, {EntryKind::TagKey, "layer"}, Shared<TagKey>({{"raw"}}), snapshot),
            (Lines{"LF-tags +1", "values of LF-tag layer +1"}));
  EXPECT_EQ(uses(Verb::Grant, shared_table("orders", "333333333333"), perms({Permission::Select}), snapshot), Lines{})
      << "it is shared already";
  EXPECT_EQ(uses(Verb::Grant, shared_table("items"), perms({Permission::Select}), snapshot),
            Lines{"databases and tables that are shared with other accounts +1"});
  EXPECT_EQ(uses(Verb::Grant, shared_table("items", kRole), perms({Permission::Select}), snapshot), Lines{});
}

TEST(Quotas, CountTheFiltersOfEachPrincipalOnEachTable) {
  ResourceId filter = ResourceId::of_table(kOwner, "sales", "orders");
  filter.type = ResourceType::DataFilter;
  filter.detail = "young";
  const LocalKey key = permission_key({filter, kRole});
  const std::string scope = "data filters of " + kRole + " on sales/orders";
  EXPECT_EQ(uses(Verb::Grant, key, perms({Permission::Select}), {}), Lines{scope + " +1"});
  const Snapshot snapshot = snapshot_with({{key, perms({Permission::Select})}});
  EXPECT_EQ(usage_of(snapshot, kCatalog).used, (std::map<QuotaScope, int>{{{Quota::FiltersPerPrincipal, kRole + " on sales/orders"}, 1}}));
}

TEST(Quotas, AreWarnedOfFromFourFifthsOn) {
  const QuotaScope tags{Quota::Tags, ""};
  EXPECT_TRUE(warnings_of({{{tags, 799}}, {}}, {}).empty());
  EXPECT_EQ(warnings_of({{{tags, 800}}, {}}, {}), (std::vector<QuotaWarning>{{tags, 800, 1000}}));
  EXPECT_TRUE(warnings_of({{{tags, 800}}, {}}, {{"tags", 2000}}).empty());
}

}  // namespace
}  // namespace datamesh::catalog
