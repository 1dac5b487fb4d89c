// Rights on some of the columns of a table, and what a schema shows.
// Source: lake-formation.md 2.2 (rules 1 to 5), 2.8
#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

using Names = std::vector<std::string>;

Json filter_data(Json more = Json::object()) {
  Json out = {{"TableCatalogId", kOwner}, {"DatabaseName", "sales"}, {"TableName", "orders"}, {"Name", "eu"}};
  out.update(more);
  return out;
}

const Json kAllRows = {{"AllRowsWildcard", Json::object()}};

}  // namespace

TEST_P(AwsApiContract, OnlySelectGoesWithAListOfColumns) {
  make_sales();
  const Error error = grant_error(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT", "DESCRIBE"});
  EXPECT_NE(error.message.find("Permissions modification is invalid"), std::string::npos);
}

TEST_P(AwsApiContract, AColumnThatDoesNotExistCannotBeGranted) {
  make_sales();
  const Error error = grant_error(kOwner, kReader, columns(kOwner, "sales", "orders", {"none"}), {"SELECT"});
  EXPECT_NE(error.message.find("non-existent column"), std::string::npos);
}

TEST_P(AwsApiContract, APartitionKeyCannotBeExcluded) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kReader, columns_except(kOwner, "sales", "orders", {"day"}), {"SELECT"}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, AColumnListShowsThoseColumnsOnly) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id", "amount"}), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "amount"}));
}

TEST_P(AwsApiContract, AColumnExclusionHidesThoseColumns) {
  make_sales();
  grant(kOwner, kReader, columns_except(kOwner, "sales", "orders", {"email"}), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "amount"}));
  EXPECT_EQ(held(kOwner, kReader, columns_except(kOwner, "sales", "orders", {"email"})), "SELECT");
}

TEST_P(AwsApiContract, GetTablesHidesColumnsToo) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  const Json list = (*glue_as("reader", kOwner, "GetTables", {{"DatabaseName", "sales"}}))["TableList"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["StorageDescriptor"]["Columns"].size(), 1U);
}

TEST_P(AwsApiContract, DescribeOnTheTableShowsTheWholeSchema) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id", "email", "amount"}));
}

TEST_P(AwsApiContract, ColumnListsOfOnePrincipalMerge) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"email"}), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"email", "id"})), "SELECT");
  revoke(kOwner, kReader, columns(kOwner, "sales", "orders", {"email"}), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"})), "SELECT");
}

TEST_P(AwsApiContract, ColumnsWithAndWithoutTheGrantOptionAreListedApart) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id", "email"}), {"SELECT"});
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"}, {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"})), "SELECT*");
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"email"})), "SELECT");
}

TEST_P(AwsApiContract, AColumnExclusionHasNoGrantOption) {
  make_sales();
  EXPECT_EQ(
      grant_error(kOwner, kReader, columns_except(kOwner, "sales", "orders", {"email"}), {"SELECT"}, {"SELECT"}).code,
      "InvalidInputException");
}

TEST_P(AwsApiContract, RightsOnTheTableAreRefusedBesideColumns) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  for (const char* permission : {"ALTER", "DROP", "DELETE", "INSERT", "DESCRIBE"}) {
    EXPECT_EQ(grant_error(kOwner, kReader, table(kOwner, "sales", "orders"), {permission}).code,
              "InvalidInputException")
        << permission;
  }
}

TEST_P(AwsApiContract, ColumnsAreWithoutEffectBesideRightsHeldBefore) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"INSERT"});
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"})), "");
}

TEST_P(AwsApiContract, ColumnsAreRefusedBesideDescribe) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE"});
  EXPECT_EQ(grant_error(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, T16SelectOnColumnsAndOnTheTableAreRevokedEachInItsOwnForm) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  revoke(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"})), "SELECT");
}

TEST_P(AwsApiContract, WhoHoldsColumnsWithGrantOptionGrantsThoseOrFewer) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id", "email"}), {"SELECT"}, {"SELECT"});
  const auto give = [&](Names names) {
    return lf_as("reader", kOwner, "GrantPermissions",
                 {{"Principal", {{"DataLakePrincipalIdentifier", role_arn(kOwner, "friend")}}},
                  {"Resource", columns(kOwner, "sales", "orders", std::move(names))},
                  {"Permissions", {"SELECT"}}})
        .has_value();
  };
  EXPECT_TRUE(give({"id"}));
  EXPECT_FALSE(give({"amount"}));
}

TEST_P(AwsApiContract, AFilterIsReadBack) {
  make_sales();
  lf(kOwner, "CreateDataCellsFilter",
     {{"TableData", filter_data({{"RowFilter", {{"FilterExpression", "amount > 5 AND email IS NOT NULL"}}},
                                 {"ColumnNames", {"id"}}})}});
  const Json filter = lf(kOwner, "GetDataCellsFilter", filter_data())["DataCellsFilter"];
  EXPECT_EQ(filter["RowFilter"]["FilterExpression"], "amount > 5 AND email IS NOT NULL");
  EXPECT_EQ(filter["ColumnNames"], Json({"id"}));
  EXPECT_EQ(lf(kOwner, "ListDataCellsFilter", {{"Table", table(kOwner, "sales", "orders")["Table"]}})
                ["DataCellsFilters"],
            Json::array({filter}));
}

TEST_P(AwsApiContract, T34AFilterNeedsExactlyOneFormOfRowsAndOneOfColumns) {
  make_sales();
  const auto refused = [&](Json more) {
    return lf_error(kOwner, "CreateDataCellsFilter", {{"TableData", filter_data(std::move(more))}}).code ==
           "InvalidInputException";
  };
  EXPECT_TRUE(refused({{"ColumnNames", {"id"}}}));
  EXPECT_TRUE(refused({{"RowFilter", Json::object()}, {"ColumnNames", {"id"}}}));
  EXPECT_TRUE(refused({{"RowFilter", {{"AllRowsWildcard", Json::object()}, {"FilterExpression", "id = 1"}}},
                       {"ColumnNames", {"id"}}}));
  EXPECT_TRUE(refused({{"RowFilter", kAllRows}}));
  EXPECT_TRUE(refused({{"RowFilter", kAllRows}, {"ColumnNames", {"id"}}, {"ColumnWildcard", Json::object()}}));
}

TEST_P(AwsApiContract, ARowExpressionMayOnlyCompareColumnsWithConstants) {
  make_sales();
  for (const char* expression : {"upper(email) = 'A'", "id = amount", "none = 1", "id =", "id = 1 OR", "'id' = 1"}) {
    EXPECT_EQ(lf_error(kOwner, "CreateDataCellsFilter",
                       {{"TableData", filter_data({{"RowFilter", {{"FilterExpression", expression}}},
                                                   {"ColumnNames", {"id"}}})}})
                  .code,
              "InvalidInputException")
        << expression;
  }
}

TEST_P(AwsApiContract, AFilterExistsOnceAndIsUpdated) {
  make_sales();
  Json body = filter_data({{"RowFilter", kAllRows}, {"ColumnNames", {"id"}}});
  lf(kOwner, "CreateDataCellsFilter", {{"TableData", body}});
  EXPECT_EQ(lf_error(kOwner, "CreateDataCellsFilter", {{"TableData", body}}).code, "AlreadyExistsException");
  body["ColumnNames"] = {"amount"};
  lf(kOwner, "UpdateDataCellsFilter", {{"TableData", body}});
  EXPECT_EQ(lf(kOwner, "GetDataCellsFilter", filter_data())["DataCellsFilter"]["ColumnNames"], Json({"amount"}));
}

TEST_P(AwsApiContract, AFilterShowsItsColumnsToWhoHoldsIt) {
  make_sales();
  lf(kOwner, "CreateDataCellsFilter",
     {{"TableData", filter_data({{"RowFilter", kAllRows}, {"ColumnNames", {"id"}}})}});
  grant(kOwner, kReader, filter_resource(kOwner, "sales", "orders", "eu"), {"SELECT"});
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"id"}));
}

TEST_P(AwsApiContract, DeletingAFilterDropsWhatWasGrantedOnIt) {
  make_sales();
  Json body = filter_data({{"RowFilter", kAllRows}, {"ColumnNames", {"id"}}});
  lf(kOwner, "CreateDataCellsFilter", {{"TableData", body}});
  grant(kOwner, kReader, filter_resource(kOwner, "sales", "orders", "eu"), {"SELECT"});
  lf(kOwner, "DeleteDataCellsFilter", filter_data());
  EXPECT_EQ(lf_error(kOwner, "GetDataCellsFilter", filter_data()).code, "EntityNotFoundException");
  EXPECT_EQ(columns_seen("reader", kOwner, "sales", "orders"), Names({"AccessDeniedException"}));
}

TEST_P(AwsApiContract, AFilterIsMadeByWhoMayGrantTheWholeTable) {
  make_sales();
  const Json input = {{"TableData", filter_data({{"RowFilter", kAllRows}, {"ColumnNames", {"id"}}})}};
  EXPECT_FALSE(lf_as("reader", kOwner, "CreateDataCellsFilter", input));
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  EXPECT_TRUE(lf_as("reader", kOwner, "CreateDataCellsFilter", input));
}

}  // namespace datamesh::testing
