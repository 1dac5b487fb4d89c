// Between rows of Lake Formation and canonical permissions.
#include "controller/lake/permission_rows.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"
#include "tests/lake/scripted_api.h"

namespace datamesh::lake {
namespace {

using catalog::Permission;
using catalog::PermissionId;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;

Json row(const char* resource, const char* permissions, const char* grantable = "[]",
         const std::string& principal = "arn:aws:iam::111111111111:role/a") {
  return {{"Principal", {{"DataLakePrincipalIdentifier", principal}}},
          {"Resource", Json::parse(resource)},
          {"Permissions", Json::parse(permissions)},
          {"PermissionsWithGrantOption", Json::parse(grantable)}};
}

/// "table:…@… = SELECT" of the rows folded together.
std::vector<std::string> folded(const std::vector<Json>& rows) {
  std::map<catalog::LocalKey, catalog::EntryValue> entries;
  for (const Json& each : rows) {
    if (const auto decoded = decode_row(each, kCatalog)) fold_row(entries, *decoded);
  }
  std::vector<std::string> out;
  for (const auto& [key, value] : entries) {
    out.push_back(key.name + " = " + catalog::text(std::get<PermissionValue>(value)));
  }
  return out;
}

const std::string kRole = "@arn:aws:iam::111111111111:role/a";
using Lines = std::vector<std::string>;

TEST(PermissionRows, OnSeveralValuesOfATagAreOneForEach) {
  const Json listed = row(R"({"LFTag": {"CatalogId": "111111111111", "TagKey": "domain", "TagValues": ["b", "a"]}})", R"(["DESCRIBE"])");
  std::vector<std::string> ids;
  for (const Json& each : single_rows(listed)) ids.push_back(to_string(decode_row(each, kCatalog)->id.resource));
  EXPECT_EQ(ids, (std::vector<std::string>{"tag:111111111111:!domain=b", "tag:111111111111:!domain=a"}));
  const Json other = row(R"({"Database": {"Name": "sales"}})", R"(["DESCRIBE"])");
  EXPECT_EQ(single_rows(other), std::vector<Json>{other});
}

TEST(Rows, OfEveryResourceDecode) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {R"({"Catalog": {}})", "catalog:111111111111:"},
      {R"({"Database": {"CatalogId": "222222222222", "Name": "Sales"}})", "database:222222222222:sales"},
      {R"({"Database": {"Name": "sales"}})", "database:111111111111:sales"},
      {R"({"Table": {"DatabaseName": "Sales", "Name": "Orders"}})", "table:111111111111:sales/orders"},
      {R"({"Table": {"DatabaseName": "sales", "TableWildcard": {}, "Name": "ALL_TABLES"}})", "alltables:111111111111:sales"},
      {R"({"Table": {"DatabaseName": "sales", "TableWildcard": {}}})", "alltables:111111111111:sales"},
      {R"({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {}}})",
       "table:111111111111:sales/orders"},
      {R"({"TableWithColumns": {"DatabaseName": "sales", "Name": "ALL_TABLES", "ColumnWildcard": {}}})",
       "alltables:111111111111:sales"},
      {R"({"TableWithColumns": {"DatabaseName": "sales", "Name": "orders", "ColumnWildcard": {"ExcludedColumnNames": ["B", "a"]}}})",
       "columns-except:111111111111:sales/orders!a,b"},
      {R"({"DataLocation": {"ResourceArn": "arn:aws:s3:::b/p"}})", "location:111111111111:!arn%3Aaws%3As3%3A%3A%3Ab%2Fp"},
      {R"({"DataCellsFilter": {"TableCatalogId": "111111111111", "DatabaseName": "sales", "TableName": "orders", "Name": "f"}})",
       "filter:111111111111:sales/orders!f"},
      {R"({"LFTag": {"CatalogId": "111111111111", "TagKey": "domain", "TagValues": ["b", "a"]}})",
       "tag:111111111111:!domain=a,b"},
      {R"({"LFTagPolicy": {"ResourceType": "TABLE", "Expression": [{"TagKey": "z", "TagValues": ["1"]}, {"TagKey": "a", "TagValues": ["y", "x"]}]}})",
       "table-policy:111111111111:!a=x,y;z=1"},
      {R"({"LFTagPolicy": {"ResourceType": "DATABASE", "Expression": [{"TagKey": "a", "TagValues": ["*"]}]}})",
       "database-policy:111111111111:!a=*"},
      {R"({"LFTagExpression": {"Name": "e"}})", "tag-expression:111111111111:!e"},
  };
  for (const auto& [resource, expected] : cases) {
    const auto decoded = decode_row(row(resource, R"(["DESCRIBE"])"), kCatalog);
    ASSERT_TRUE(decoded) << resource;
    EXPECT_EQ(to_string(decoded->id.resource), expected) << resource;
  }
}

TEST(Rows, OfUnknownResourcesAreLeftOut) {
  EXPECT_EQ(decode_row(row(R"({"Something": {}})", "[]"), kCatalog), std::nullopt);
}

TEST(Rows, OfColumnsKeepThemSorted) {
  const Json columns = row(R"({"TableWithColumns": {"DatabaseName": "s", "Name": "t", "ColumnNames": ["B", "a"]}})",
                           R"(["SELECT"])", R"(["SELECT"])");
  EXPECT_EQ(folded({columns}), (Lines{"columns:111111111111:s/t" + kRole + " = SELECT, +SELECT (a, b, +a, +b)"}));
}

TEST(Rows, ThatSplitSelectAreOnePermission) {
  EXPECT_EQ(folded({row(R"({"Table": {"DatabaseName": "s", "Name": "t"}})", R"(["DESCRIBE", "INSERT"])", R"(["INSERT"])"),
                    row(R"({"TableWithColumns": {"DatabaseName": "s", "Name": "t", "ColumnWildcard": {}}})", R"(["SELECT"])")}),
            (Lines{"table:111111111111:s/t" + kRole + " = SELECT, INSERT, DESCRIBE, +INSERT"}));
}

TEST(Rows, OfIamAllowedPrincipalsAreOneInAnySpelling) {
  const char* table = R"({"Table": {"DatabaseName": "s", "Name": "t"}})";
  EXPECT_EQ(folded({row(table, R"(["ALL"])", "[]", "IAM_Allowed_Principals"),
                    row(table, R"(["DROP"])", "[]", "IAM_ALLOWED_PRINCIPALS")}),
            (Lines{"table:111111111111:s/t@IAM_ALLOWED_PRINCIPALS = ALL, DROP"}));
}

TEST(Rows, ThatAreEncodedDecodeToTheSame) {
  const std::vector<std::pair<ResourceId, PermissionValue>> cases = {
      {ResourceId::of_database("222222222222", "sales"), catalog::perms({Permission::Describe}, {Permission::Describe})},
      {ResourceId::of_table("222222222222", "sales", "orders"), catalog::perms({Permission::Select, Permission::All})},
      {ResourceId::of_all_tables("222222222222", "sales"), catalog::perms({Permission::Insert})},
      {ResourceId::of_columns("222222222222", "sales", "orders"), catalog::on_columns({"a", "b"}, {"a", "b"})},
      {{ResourceType::ColumnsExcept, "222222222222", "sales", "orders", "a,b"}, catalog::perms({Permission::Select})},
      {ResourceId::of_location("222222222222", "arn:aws:s3:::b/p"), catalog::perms({Permission::DataLocationAccess})},
      {{ResourceType::DataFilter, "222222222222", "sales", "orders", "f"}, catalog::perms({Permission::Select})},
      {{ResourceType::Tag, "222222222222", "", "", "domain=a,b"}, catalog::perms({Permission::Associate})},
      {{ResourceType::TablePolicy, "222222222222", "", "", "a=x;b=y,z"}, catalog::perms({Permission::Select})},
      {{ResourceType::DatabasePolicy, "222222222222", "", "", "a=x"}, catalog::perms({Permission::Describe})},
      {{ResourceType::TagExpression, "222222222222", "", "", "e"}, catalog::perms({Permission::Describe})},
  };
  for (const auto& [resource, value] : cases) {
    const PermissionId id{resource, "333333333333"};
    const auto decoded = decode_row(encode_entry(id, value), kCatalog);
    ASSERT_TRUE(decoded) << to_string(resource);
    EXPECT_EQ(decoded->id, id) << to_string(resource);
    EXPECT_EQ(decoded->value, value) << to_string(resource);
  }
}

TEST(Rows, ThatAreEncodedNameTheOwnerOnEveryLevel) {
  EXPECT_EQ(encode_resource(ResourceId::of_table("222222222222", "s", "t"), {}),
            Json::parse(R"({"Table": {"CatalogId": "222222222222", "DatabaseName": "s", "Name": "t"}})"));
  EXPECT_EQ(encode_resource({ResourceType::Tag, "222222222222", "", "", "k=v"}, {}),
            Json::parse(R"({"LFTag": {"CatalogId": "222222222222", "TagKey": "k", "TagValues": ["v"]}})"));
  EXPECT_EQ(encode_resource(ResourceId::of_location("222222222222", "arn:x"), {}),
            Json::parse(R"({"DataLocation": {"CatalogId": "222222222222", "ResourceArn": "arn:x"}})"));
}

TEST(Expressions, AreTheSameInAnyOrder) {
  const Json a = Json::parse(R"([{"TagKey": "b", "TagValues": ["2", "1"]}, {"TagKey": "a", "TagValues": ["x"]}])");
  const Json b = Json::parse(R"([{"TagKey": "a", "TagValues": ["x"]}, {"TagKey": "b", "TagValues": ["1", "2"]}])");
  EXPECT_EQ(encode_expression(a), "a=x;b=1,2");
  EXPECT_EQ(encode_expression(b), encode_expression(a));
  EXPECT_EQ(decode_expression(encode_expression(a)), b);
}

}  // namespace
}  // namespace datamesh::lake
