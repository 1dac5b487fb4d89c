// The difference of everything but permissions, what satisfies a claim, and how claims unite.
#include "controller/catalog/diff.h"

#include <gtest/gtest.h>

#include <memory>

#include "controller/catalog/snapshot.h"
#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

/// The actions for `key`; null stands for absent.
Lines difference(const LocalKey& key, const EntryValue* claimed, const EntryValue* observed,
                 const EntryValue* owned = nullptr, const EntryValue* inherited = nullptr) {
  DiffInput input;
  input.key = {kCatalog, key};
  input.claimed = claimed;
  input.observed = observed;
  input.owned = owned;
  input.inherited = inherited;
  return lines(diff(input));
}

Table orders() {
  Table table;
  table.description = "All orders";
  table.owner = "sales-team";
  table.location = "s3://bucket/orders";
  table.format = {"in", "out", "serde"};
  table.columns = {{"id", "bigint", ""}, {"day", "date", ""}};
  table.parameters = {{kOwnerParameter, "retail/orders"}};
  return table;
}

struct KindCase {
  std::string name;
  LocalKey key;
  EntryValue claimed;
  EntryValue different;
  std::string what;  ///< as actions name it
  bool deletable = true;
};

std::vector<KindCase> kinds() {
  Table other = orders();
  other.columns[0].type = "int";
  Database database, changed_database;
  database.description = "sales";
  changed_database.description = "something else";
  Settings settings, poor_settings;
  settings.administrators = {"arn:aws:iam::111111111111:role/operator"};
  settings.open_table_defaults = false;
  poor_settings.open_table_defaults = true;
  return {
      {"Settings", {EntryKind::Settings, ""}, Shared<Settings>(settings), Shared<Settings>(poor_settings),
       "data lake settings", false},
      {"Location", {EntryKind::Location, "arn:aws:s3:::b"}, Location{"arn:aws:iam::1:role/x", false},
       Location{"", false}, "location arn:aws:s3:::b"},
      {"Database", database_key("sales"), Shared<Database>(database), Shared<Database>(changed_database),
       "database sales"},
      {"Table", table_key("sales", "orders"), Shared<Table>(orders()), Shared<Table>(other), "table sales/orders"},
      {"TagKey", {EntryKind::TagKey, "domain"}, Shared<TagKey>({{"sales"}}), Shared<TagKey>({{"other"}}),
       "tag domain"},
      {"TagAssignment", {EntryKind::TagAssignment, "sales#domain"}, TagAssignment{"sales"}, TagAssignment{"other"},
       "tag of sales#domain = "},
      {"DataFilter", {EntryKind::DataFilter, "sales/orders/f"}, Shared<DataFilter>({"x = 1", {}, {}}),
       Shared<DataFilter>({"x = 2", {}, {}}), "data filter sales/orders/f"},
  };
}

std::string shown(const KindCase& each, const EntryValue& value) {
  const auto* tag = std::get_if<TagAssignment>(&value);
  return each.what + (tag != nullptr ? tag->value : "");
}

TEST(Diff, CreatesWhatIsAbsent) {
  for (const KindCase& each : kinds()) {
    EXPECT_EQ(difference(each.key, &each.claimed, nullptr), (Lines{"Declared: create " + shown(each, each.claimed)}))
        << each.name;
  }
}

TEST(Diff, UpdatesWhatDiffers) {
  for (const KindCase& each : kinds()) {
    EXPECT_EQ(difference(each.key, &each.claimed, &each.different),
              (Lines{"Changed: update " + shown(each, each.claimed)}))
        << each.name;
  }
}

TEST(Diff, LeavesAloneWhatEqualsTheClaim) {
  for (const KindCase& each : kinds()) {
    EXPECT_EQ(difference(each.key, &each.claimed, &each.claimed), Lines{}) << each.name;
  }
}

TEST(Diff, DeletesWhatIsOursAndClaimedNoMore) {
  const EntryValue ours = OptIn{};
  for (const KindCase& each : kinds()) {
    const Lines expected = each.deletable ? Lines{"Released: delete " + shown(each, each.claimed)} : Lines{};
    EXPECT_EQ(difference(each.key, nullptr, &each.claimed, &ours), expected) << each.name;
  }
}

TEST(Diff, NeverDeletesWhatIsNotOurs) {
  for (const KindCase& each : kinds()) {
    EXPECT_EQ(difference(each.key, nullptr, &each.claimed), Lines{}) << each.name;
  }
}

TEST(Diff, HasNothingToDeleteWhereNothingIs) {
  const EntryValue ours = OptIn{};
  for (const KindCase& each : kinds()) EXPECT_EQ(difference(each.key, nullptr, nullptr, &ours), Lines{}) << each.name;
}

TEST(Diff, RetargetsALinkByDeletingAndMakingItAnew) {
  const EntryValue wanted = Shared<Link>({"222222222222", "orders", "", ""});
  const EntryValue there = Shared<Link>({"333333333333", "orders", "", ""});
  EXPECT_EQ(difference(database_link_key("orders"), &wanted, &there),
            (Lines{"Changed: delete link orders", "Changed: create link orders"}));
  EXPECT_EQ(difference(database_link_key("orders"), &wanted, &wanted), Lines{});
}

TEST(Diff, LeavesALinkInTheWayOfADatabaseToItself) {
  // A link and a database of the same name are different entries: nothing here replaces one by the other.
  const EntryValue wanted = Shared<Link>({"222222222222", "orders", "", ""});
  EXPECT_EQ(difference(database_link_key("orders"), &wanted, nullptr), (Lines{"Declared: create link orders"}));
}

TEST(Diff, AcceptsPendingInvitationsOfASenderThatIsClaimed) {
  const LocalKey key{EntryKind::ShareAcceptance, "222222222222"};
  const EntryValue wanted = Shared<ShareAcceptance>();
  const EntryValue pending = Shared<ShareAcceptance>({ShareState::Pending, {"arn:invitation"}});
  const EntryValue broken = Shared<ShareAcceptance>({ShareState::Broken, {}});
  EXPECT_EQ(difference(key, &wanted, &pending), (Lines{"Declared: accept share from 222222222222"}));
  EXPECT_EQ(difference(key, nullptr, &pending), Lines{}) << "nobody asked for it";
  EXPECT_EQ(difference(key, &wanted, nullptr), Lines{}) << "it can only be waited for";
  EXPECT_EQ(difference(key, &wanted, &broken), Lines{}) << "the other side makes it anew";
}

TEST(Diff, TakesAnInheritedTagForTheClaimedOne) {
  const LocalKey key{EntryKind::TagAssignment, "sales/orders#domain"};
  const EntryValue claimed = TagAssignment{"sales"}, other = TagAssignment{"other"};
  EXPECT_EQ(difference(key, &claimed, nullptr, nullptr, &claimed), Lines{});
  EXPECT_EQ(difference(key, &claimed, nullptr, nullptr, &other),
            (Lines{"Declared: create tag of sales/orders#domain = sales"}));
  EXPECT_EQ(difference(key, &claimed, &other, nullptr, &claimed),
            (Lines{"Changed: update tag of sales/orders#domain = sales"}))
      << "its own assignment overrides what it inherits";
}

TEST(InheritedTag, ComesFromTheNearestLevelAbove) {
  Snapshot snapshot;
  const auto assign = [&](const std::string& name, const std::string& value) {
    snapshot.entries[{EntryKind::TagAssignment, name}] = TagAssignment{value};
  };
  const LocalKey column{EntryKind::TagAssignment, "sales/orders/id#domain"};
  EXPECT_EQ(inherited_tag(snapshot, column), nullptr);
  assign("sales#domain", "from the database");
  ASSERT_NE(inherited_tag(snapshot, column), nullptr);
  EXPECT_EQ(*inherited_tag(snapshot, column), EntryValue(TagAssignment{"from the database"}));
  assign("sales/orders#domain", "from the table");
  EXPECT_EQ(*inherited_tag(snapshot, column), EntryValue(TagAssignment{"from the table"}));
  assign("sales/orders/id#domain", "its own");
  EXPECT_EQ(*inherited_tag(snapshot, column), EntryValue(TagAssignment{"from the table"}));
  EXPECT_EQ(inherited_tag(snapshot, {EntryKind::TagAssignment, "sales#domain"}), nullptr);
}

TEST(Satisfies, ADatabaseWhoseDefaultMayStayAsItIs) {
  Database open;
  open.open_table_defaults = true;
  const EntryValue seen = Shared<Database>(open);
  Database wanted;
  EXPECT_FALSE(satisfies(database_key("sales"), &seen, Shared<Database>(wanted)));
  wanted.keeps_table_defaults = true;
  EXPECT_TRUE(satisfies(database_key("sales"), &seen, Shared<Database>(wanted)));
}

TEST(Describe, SaysOfAnOptInWhoAndOnWhat) {
  const EntryKey key{kCatalog, {EntryKind::OptIn, to_string(PermissionId{ResourceId::of_all_tables(kOwner, "sales"), kRole})}};
  EXPECT_EQ(describe({key, Verb::Create, OptIn{}}), "opt " + kRole + " in to Lake Formation on all tables of sales");
  EXPECT_EQ(describe({key, Verb::Delete, OptIn{}}), "opt " + kRole + " out of Lake Formation on all tables of sales");
}

TEST(Satisfies, SettingsThatHaveMoreThanIsClaimed) {
  Settings wanted;
  wanted.administrators = {"a"};
  wanted.open_table_defaults = false;
  wanted.cross_account_version = 3;
  Settings seen = wanted;
  seen.administrators = {"a", "b"};
  seen.open_database_defaults = true;
  seen.cross_account_version = 4;
  const LocalKey key{EntryKind::Settings, ""};
  const auto holds = [&](const Settings& observed) {
    const EntryValue value = Shared<Settings>(observed);
    return satisfies(key, &value, Shared<Settings>(wanted));
  };
  EXPECT_TRUE(holds(seen));
  Settings lower = seen;
  lower.cross_account_version = 2;
  EXPECT_FALSE(holds(lower));
  lower.cross_account_version.reset();
  EXPECT_FALSE(holds(lower)) << "none is version 1";
  Settings open = seen;
  open.open_table_defaults = true;
  EXPECT_FALSE(holds(open));
  Settings fewer = seen;
  fewer.administrators = {"b"};
  EXPECT_FALSE(holds(fewer));
}

TEST(Satisfies, ATableWithForeignParameters) {
  Table seen = orders();
  seen.parameters["classification"] = "parquet";
  const EntryValue observed = Shared<Table>(seen);
  EXPECT_TRUE(satisfies(table_key("sales", "orders"), &observed, Shared<Table>(orders())));
  seen.parameters[kOwnerParameter] = "somebody/else";
  const EntryValue taken = Shared<Table>(seen);
  EXPECT_FALSE(satisfies(table_key("sales", "orders"), &taken, Shared<Table>(orders())));
}

TEST(Satisfies, AnyColumnsWhereTheProducerLeads) {
  Table wanted = orders(), seen = orders();
  seen.columns.push_back({"added", "string", ""});
  const EntryValue observed = Shared<Table>(seen);
  EXPECT_FALSE(satisfies(table_key("sales", "orders"), &observed, Shared<Table>(wanted)));
  wanted.schema_rule = SchemaRule::Follow;
  EXPECT_TRUE(satisfies(table_key("sales", "orders"), &observed, Shared<Table>(wanted)));
}

TEST(Satisfies, NothingOfAnotherKind) {
  const EntryValue link = Shared<Link>({"222222222222", "orders", "", ""});
  EXPECT_FALSE(satisfies(database_key("orders"), &link, Shared<Database>(Database{})));
}

TEST(Merged, PermissionsAndTagValuesUnite) {
  const EntryValue a = perms({Permission::Select}), b = perms({Permission::Insert}, {Permission::Insert});
  EXPECT_EQ(text(std::get<PermissionValue>(*merged(a, b))), "SELECT, INSERT, +INSERT");
  const EntryValue tags = *merged(Shared<TagKey>({{"a"}}), Shared<TagKey>({{"b"}}));
  EXPECT_EQ(tags, EntryValue(Shared<TagKey>({{"a", "b"}})));
}

TEST(Merged, SettingsMergeFieldByField) {
  Settings a, b, both;
  a.administrators = {"a"};
  a.cross_account_version = 3;
  b.administrators = {"b"};
  b.open_table_defaults = false;
  b.cross_account_version = 4;
  both.administrators = {"a", "b"};
  both.open_table_defaults = false;
  both.cross_account_version = 4;
  EXPECT_EQ(merged(Shared<Settings>(a), Shared<Settings>(b)), EntryValue(Shared<Settings>(both)));
  a.open_table_defaults = true;
  EXPECT_EQ(merged(Shared<Settings>(a), Shared<Settings>(b)), std::nullopt) << "open and closed contradict";
}

TEST(Merged, AllElseMustBeEqual) {
  for (const KindCase& each : kinds()) {
    EXPECT_EQ(merged(each.claimed, each.claimed), each.claimed) << each.name;
  }
  Table other = orders();
  other.owner = "somebody";
  EXPECT_EQ(merged(Shared<Table>(orders()), Shared<Table>(other)), std::nullopt);
  EXPECT_EQ(merged(TagAssignment{"a"}, TagAssignment{"b"}), std::nullopt);
  EXPECT_EQ(merged(TagAssignment{"a"}, OptIn{}), std::nullopt);
}

TEST(Diff, RemovesOnlyWhatAnExactTagNeitherWantsNorKeeps) {
  const LocalKey level{EntryKind::TagKey, "level"};
  const EntryValue wanted = Shared<TagKey>(TagKey{{"a", "b"}, {"c"}, true});
  EXPECT_TRUE(satisfies(level, std::make_unique<const EntryValue>(Shared<TagKey>({{"a", "b"}})).get(), wanted)) << "c is not made";
  EXPECT_TRUE(satisfies(level, std::make_unique<const EntryValue>(Shared<TagKey>({{"a", "b", "c"}})).get(), wanted)) << "c is kept";
  EXPECT_FALSE(satisfies(level, std::make_unique<const EntryValue>(Shared<TagKey>({{"a", "b", "d"}})).get(), wanted));
  EXPECT_EQ(surplus_values({{"a", "c", "d", "e"}, {}, false}, {{"a", "b"}, {"c"}, true}), (std::set<std::string>{"d", "e"}));
  EXPECT_EQ(surplus_values({{"a", "d"}, {}, false}, {{"a"}, {}, false}), std::set<std::string>{}) << "not exact";
}

}  // namespace
}  // namespace datamesh::catalog
