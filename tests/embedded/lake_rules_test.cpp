// Parts of the lake that can be told apart: row expressions, resources, principals, request shapes, changes undone.
#include <gtest/gtest.h>

#include <stdexcept>

#include "controller/embedded/lake_expression.h"
#include "controller/embedded/lake_input.h"
#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_resource.h"
#include "controller/embedded/lake_state.h"

namespace datamesh::embedded::lake {
namespace {

bool row_passes(std::string_view expression, const std::map<std::string, std::string>& row) {
  const Result<RowExpression> parsed = parse_row_expression(expression);
  if (!parsed) throw std::runtime_error(parsed.error().message);
  return passes(*parsed, [&](const std::string& column) -> const std::string* {
    const auto found = row.find(column);
    return found == row.end() ? nullptr : &found->second;
  });
}

}  // namespace

TEST(RowExpression, ComparesNumbersAsNumbersAndTextAsText) {
  EXPECT_TRUE(row_passes("amount > 9", {{"amount", "10"}}));
  EXPECT_TRUE(row_passes("day < '2026-10-01'", {{"day", "2026-09-30"}}));
  EXPECT_FALSE(row_passes("name = 'a'", {{"name", "A"}}));
}

TEST(RowExpression, BindsNotBeforeAndBeforeOr) {
  const std::map<std::string, std::string> row = {{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(row_passes("a = 1 OR a = 2 AND b = 3", row));
  EXPECT_FALSE(row_passes("(a = 1 OR a = 2) AND b = 3", row));
  EXPECT_FALSE(row_passes("NOT a = 1 AND b = 3", row));
}

TEST(RowExpression, KnowsEveryOperator) {
  const std::map<std::string, std::string> row = {{"n", "5"}, {"s", "it's"}};
  for (const char* yes : {"n <> 4", "n != 4", "n <= 5", "n >= 5", "n BETWEEN 4 AND 6", "n NOT BETWEEN 6 AND 9",
                          "n IN (1, 5)", "n NOT IN (1, 2)", "s LIKE 'i%_s'", "s NOT LIKE 'x%'", "x IS NULL",
                          "n IS NOT NULL", "s = 'it''s'", "\"n\" = 5"}) {
    EXPECT_TRUE(row_passes(yes, row)) << yes;
  }
}

TEST(RowExpression, HidesRowsOfWhichItCannotSay) {
  const std::map<std::string, std::string> row = {{"b", "1"}};
  for (const char* no : {"a = 1", "a <> 1", "NOT a = 1", "NOT (a = 1 AND b = 1)", "a NOT IN (1)", "a = 1 OR b = 2"}) {
    EXPECT_FALSE(row_passes(no, row)) << no;
  }
  for (const char* yes : {"NOT (a = 1 AND b = 2)", "a = 1 OR b = 1", "NOT a IS NOT NULL"}) {
    EXPECT_TRUE(row_passes(yes, row)) << yes;
  }
}

TEST(RowExpression, RefusesWhatItDoesNotKnow) {
  for (const char* no : {"", "n", "n = ", "n = m", "f(n) = 1", "n = 1 OR", "(n = 1", "n = 1)", "n IN ()", "n = 'open",
                         "n BETWEEN 1", "SELECT 1", "n = 1; DROP"}) {
    EXPECT_FALSE(parse_row_expression(no)) << no;
  }
}

TEST(RowExpression, RefusesDeepNesting) {
  EXPECT_FALSE(parse_row_expression(std::string(100000, '(') + "n = 1" + std::string(100000, ')')));
}

TEST(RowExpression, MatchesLikeInLinearStack) {
  const std::string text(5000, 'a');
  EXPECT_FALSE(row_passes("s LIKE '%a%a%a%a%b'", {{"s", text}}));
}

TEST(Resource, ComesBackFromItsKey) {
  for (const char* wire : {
           R"({"Catalog":{"Id":"111122223333"}})",
           R"({"Database":{"CatalogId":"111122223333","Name":"sales"}})",
           R"({"Table":{"CatalogId":"111122223333","DatabaseName":"sales","Name":"orders"}})",
           R"({"Table":{"CatalogId":"111122223333","DatabaseName":"sales","Name":"ALL_TABLES","TableWildcard":{}}})",
           R"({"TableWithColumns":{"CatalogId":"111122223333","ColumnWildcard":{"ExcludedColumnNames":["a","b"]},"DatabaseName":"sales","Name":"orders"}})",
           R"({"DataLocation":{"CatalogId":"111122223333","ResourceArn":"arn:aws:s3:::lake/sales"}})",
           R"({"DataCellsFilter":{"DatabaseName":"sales","Name":"eu","TableCatalogId":"111122223333","TableName":"orders"}})",
           R"({"LFTag":{"CatalogId":"111122223333","TagKey":"domain","TagValues":["hr","sales"]}})",
           R"({"LFTagPolicy":{"CatalogId":"111122223333","Expression":[{"TagKey":"domain","TagValues":["a","b"]}],"ResourceType":"TABLE"}})",
           R"({"LFTagPolicy":{"CatalogId":"111122223333","ExpressionName":"retail","ResourceType":"DATABASE"}})",
           R"({"LFTagExpression":{"CatalogId":"111122223333","Name":"retail"}})",
       }) {
    const Json json = Json::parse(wire);
    const Result<Resource> resource = read_resource(json, "999999999999");
    ASSERT_TRUE(resource) << wire;
    EXPECT_EQ(to_json(resource_of_key(key_of(*resource))), json) << wire;
  }
}

TEST(Resource, TakesTheDefaultCatalogWhereNoneIsNamed) {
  EXPECT_EQ(read_resource(Json::parse(R"({"Database":{"Name":"Sales"}})"), "111122223333")->catalog, "111122223333");
}

TEST(Resource, HasExactlyOneMember) {
  EXPECT_FALSE(read_resource(Json::object(), "111122223333"));
  EXPECT_FALSE(read_resource(Json::parse(R"({"Catalog":{},"Database":{"Name":"a"}})"), "111122223333"));
}

TEST(Principal, IsOneOfTheFormsThatLakeFormationKnows) {
  for (const char* good :
       {"111122223333", "arn:aws:iam::111122223333:role/path/reader", "arn:aws:iam::111122223333:user/jo",
        "arn:aws:organizations::111122223333:organization/o-abc", "arn:aws:organizations::111122223333:ou/o-abc/ou-x",
        "arn:aws:iam::111122223333:saml-provider/idp:group/g", "arn:aws:identitystore:::group/id",
        "arn:aws:quicksight:eu-west-1:111122223333:group/default/g", "111122223333:IAMPrincipals",
        "IAM_Allowed_Principals"}) {
    EXPECT_TRUE(read_principal(good)) << good;
  }
  for (const char* bad : {"", "11112222333", "arn:aws:iam::111122223333:root", "arn:aws:iam::1:role/r", "everyone",
                          "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/unknown-x",
                          "arn:aws:s3:::bucket", "arn:aws:sts::111122223333:assumed-role/r/s"}) {
    EXPECT_FALSE(read_principal(bad)) << bad;
  }
}

TEST(RequestShape, NamesTheFirstFaultWithItsPath) {
  const Shape shape = read_shape("Name*:s1-3 Size:i1-10 Kind:e(A|B) Tags:[s]0-2 More:m Table:@TableIdentifier");
  const auto fault = [&](const char* text) { return fault_of(Json::parse(text), shape).message; };
  EXPECT_EQ(fault(R"({"Name":"a","Size":10,"Kind":"A","Tags":["x"],"More":{"a":"b"}})"), "");
  EXPECT_EQ(fault("{}"), "Name is missing");
  EXPECT_EQ(fault(R"({"Name":"long"})"), "Name: its length must be between 1 and 3");
  EXPECT_EQ(fault(R"({"Name":"a","Size":11})"), "Size must be between 1 and 10");
  EXPECT_EQ(fault(R"({"Name":"a","Kind":"C"})"), "Kind must be one of A, B");
  EXPECT_EQ(fault(R"({"Name":"a","Tags":["x","y","z"]})"), "Tags: its size must be between 0 and 2");
  EXPECT_EQ(fault(R"({"Name":"a","Tags":["x",1]})"), "Tags[1] must be a text");
  EXPECT_EQ(fault(R"({"Name":"a","More":{"a":1}})"), "More.a must be a text");
  EXPECT_EQ(fault(R"({"Name":"a","Table":{"Nme":"x"}})"), "Table.Nme is not a member of the request");
}

TEST(RequestShape, RefusesTextsThatAreNoUtf8OrHoldOurSeparators) {
  const Shape shape = read_shape("Name:s");
  EXPECT_NE(fault_of({{"Name", "\xff"}}, shape).message, "");
  EXPECT_NE(fault_of({{"Name", "\xc3"}}, shape).message, "");
  EXPECT_NE(fault_of({{"Name", "a\x1f"}}, shape).message, "");
  EXPECT_EQ(fault_of({{"Name", "\xc3\xa9"}}, shape).message, "");
  EXPECT_EQ(fault_of({{"Name", "\xc3\xa9\xc3\xa9\xc3\xa9"}}, shape).message, "") << "three characters in six bytes";
}

TEST(Journal, UndoesTheLatestChangeFirst) {
  Journal journal;
  TextShelf<Json> shelf({}, "test", journal);
  shelf.put("a", 1);
  journal.clear();
  shelf.put("a", 2);
  const std::size_t mark = journal.mark();
  shelf.put("a", 3);
  shelf.erase("a");
  shelf.put("b", 4);
  journal.undo_to(mark);
  ASSERT_NE(shelf.find("a"), nullptr);
  EXPECT_EQ(*shelf.find("a"), 2);
  EXPECT_EQ(shelf.find("b"), nullptr);
  journal.undo_to(0);
  EXPECT_EQ(*shelf.find("a"), 1);
}

TEST(PermissionCodec, BringsRowsBack) {
  Interner interner;
  const PermissionCodec codec{&interner};
  Rights rights;
  rights.granted = {Permission::Select};
  rights.grantable = {Permission::Select};
  rights.implicit = {Permission::All};
  rights.columns = std::make_shared<const ColumnRights>(ColumnRights{{"a", "b"}, {"a"}});
  rights.share = interner.intern(join_parts({"eu-west-1", "111122223333", "444455556666", "1"}));
  rights.updated = 1'780'000'000'123;
  rights.updated_by = interner.intern("arn:aws:iam::111122223333:role/Admin");
  EXPECT_EQ(codec.value_text(codec.value_of_text(codec.value_text(rights))), codec.value_text(rights));
  EXPECT_EQ(codec.value_of_text(codec.value_text(rights)).columns->readable, rights.columns->readable);
  EXPECT_EQ(*codec.value_of_text(codec.value_text(rights)).share, *rights.share);
}

}  // namespace datamesh::embedded::lake
