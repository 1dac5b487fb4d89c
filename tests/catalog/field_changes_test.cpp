// What a plan says of the fields that an update changes.
#include "controller/catalog/field_changes.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"

namespace datamesh::catalog {
namespace {

/// "~ field: a → b", "+ field: b", "- field: a".
Lines told(const EntryValue& observed, const EntryValue& wanted) {
  Lines out;
  for (const FieldChange& change : field_changes({{}, Verb::Update, wanted, Cause::Changed}, observed)) {
    const std::string sign = !change.from ? "+ " : !change.to ? "- " : "~ ";
    out.push_back(sign + change.field + ": " + change.from.value_or("") + (change.from && change.to ? " → " : "") + change.to.value_or(""));
  }
  return out;
}

TEST(FieldChanges, AreTheColumnsThatComeGoAndChange) {
  Table from, to;
  from.columns = {{"id", "int", ""}, {"note", "string", ""}, {"day", "date", "of the order"}};
  to.columns = {{"id", "bigint", ""}, {"day", "date", ""}, {"mail", "string", ""}};
  EXPECT_EQ(told(Shared<Table>(from), Shared<Table>(to)),
            (Lines{"- columns.note: string", "~ columns.id.type: int → bigint", "- columns.day.comment: of the order", "+ columns.mail: string"}));
  to.schema_rule = SchemaRule::Follow;
  EXPECT_EQ(told(Shared<Table>(from), Shared<Table>(to)), Lines{}) << "columns that are followed are left alone";
}

TEST(FieldChanges, AreTheOrderOfColumnsWhereNothingElseChanges) {
  Table from, to;
  from.columns = {{"a", "int", ""}, {"b", "int", ""}};
  to.columns = {{"b", "int", ""}, {"a", "int", ""}};
  EXPECT_EQ(told(Shared<Table>(from), Shared<Table>(to)), Lines{"~ columns: a, b → b, a"});
}

TEST(FieldChanges, AreOfTheParametersOnlyThoseThatAreClaimed) {
  Table from, to;
  from.parameters = {{"classification", "csv"}, {"crawler", "nightly"}};
  to.parameters = {{"classification", "parquet"}, {"team", "retail"}};
  EXPECT_EQ(told(Shared<Table>(from), Shared<Table>(to)), (Lines{"~ parameters.classification: csv → parquet", "+ parameters.team: retail"}));
}

TEST(FieldChanges, TellNoSecrets) {
  Table from, to;
  from.parameters = {{"dbPassword", "old"}, {"url", "jdbc:mysql://root:old@host/db"}};
  to.parameters = {{"dbPassword", "new"}, {"url", "jdbc:mysql://root:new@host/db2"}};
  EXPECT_EQ(told(Shared<Table>(from), Shared<Table>(to)),
            (Lines{"~ parameters.dbPassword: (not shown) → (not shown)",
                   "~ parameters.url: jdbc:mysql://(not shown)@host/db → jdbc:mysql://(not shown)@host/db2"}));
}

TEST(FieldChanges, AreThoseOfEveryOtherEntryThatIsUpdated) {
  Settings before, after;
  before.administrators = {"arn:aws:iam::111111111111:role/Other"};
  before.open_table_defaults = true;
  after.administrators = {"arn:aws:iam::111111111111:role/Operator"};
  after.open_table_defaults = false;
  after.cross_account_version = 4;
  EXPECT_EQ(told(Shared<Settings>(before), Shared<Settings>(after)),
            (Lines{"+ administrators: arn:aws:iam::111111111111:role/Operator", "~ tableDefaults: IAM_ALLOWED_PRINCIPALS → none",
                   "~ crossAccountVersion: 1 → 4"}));
  EXPECT_EQ(told(Location{"", false}, Location{"arn:aws:iam::111111111111:role/R", true}),
            (Lines{"~ locationRole: the service-linked role → arn:aws:iam::111111111111:role/R", "~ accessMode: LakeFormation → Hybrid"}));
  Database database, described;
  described.description = "All orders";
  EXPECT_EQ(told(Shared<Database>(database), Shared<Database>(described)), Lines{"+ description: All orders"});
  EXPECT_EQ(told(Shared<TagKey>({{"a", "b"}, {}, false}), Shared<TagKey>({{"b", "c"}, {}, true})), (Lines{"- values: a", "+ values: c"}));
  EXPECT_EQ(told(TagAssignment{"gold"}, TagAssignment{"silver"}), Lines{"~ value: gold → silver"});
  EXPECT_EQ(told(Shared<DataFilter>({"id = 1", {"a"}, {}}), Shared<DataFilter>({"id = 2", {"b"}, {}})),
            (Lines{"~ rowFilter: id = 1 → id = 2", "- columns: a", "+ columns: b"}));
}

TEST(FieldChanges, AreNoneOfWhatIsNoUpdate) {
  EXPECT_TRUE(field_changes({{}, Verb::Create, TagAssignment{"a"}, Cause::Declared}, TagAssignment{"b"}).empty());
}

}  // namespace
}  // namespace datamesh::catalog
