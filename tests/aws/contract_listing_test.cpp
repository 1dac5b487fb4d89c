// ListPermissions: which rows, in which form, for whom.
// Source: lake-formation.md 2.4
#include <algorithm>

#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

Json for_principal(const std::string& principal) {
  return {{"DataLakePrincipalIdentifier", principal}};
}

std::vector<std::string> kinds_of(const std::vector<Json>& rows) {
  std::vector<std::string> out;
  for (const Json& row : rows) out.push_back(row["Resource"].begin().key());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

TEST_P(AwsApiContract, T3APrincipalWithoutAResourceIsRefused) {
  const Error error = lf_error(kOwner, "ListPermissions", {{"Principal", for_principal(kReader)}});
  EXPECT_EQ(error.message, "Resource is mandatory if Principal is set in the input");
}

TEST_P(AwsApiContract, T3APrincipalAndAResourceListWhatIsEffective) {
  make_sales();
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"SELECT"});
  const std::vector<Json> found = rows(
      kOwner, {{"Principal", for_principal(kReader)}, {"Resource", table(kOwner, "sales", "orders")}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["Resource"], all_columns(kOwner, "sales", "orders"));
  EXPECT_EQ(rows(kOwner, {{"Resource", table(kOwner, "sales", "orders")}}), std::vector<Json>());
}

TEST_P(AwsApiContract, T29EffectivePermissionsHoldWhatIamAllowedPrincipalsHold) {
  lf(kOwner, "PutDataLakeSettings",
     {{"DataLakeSettings",
       {{"DataLakeAdmins", Json::array({for_principal(role_arn(kOwner, "datamesh-operator"))})},
        {"CreateDatabaseDefaultPermissions",
         Json::array({{{"Principal", for_principal("IAM_ALLOWED_PRINCIPALS")}, {"Permissions", {"ALL"}}}})}}}});
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  const std::vector<Json> found =
      rows(kOwner, {{"Principal", for_principal(kReader)}, {"Resource", database(kOwner, "open")}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["Permissions"], Json({"ALL", "ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"}));
}

TEST_P(AwsApiContract, AResourceListsItsExplicitRowsOnly) {
  make_sales();
  make_table(kOwner, "sales", "returns");
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  grant(kOwner, kReader, table(kOwner, "sales", "returns"), {"SELECT"});
  grant(kOwner, kReader, database(kOwner, "sales"), {"DESCRIBE"});
  EXPECT_EQ(rows(kOwner, {{"Resource", table(kOwner, "sales", "orders")}}).size(), 2U);
  EXPECT_EQ(rows(kOwner, {{"Resource", database(kOwner, "sales")}}).size(), 1U);
  EXPECT_EQ(rows(kOwner, {{"Resource", all_tables(kOwner, "sales")}}).size(), 0U);
}

TEST_P(AwsApiContract, ADatabaseDoesNotListThoseWhoseNameBeginsAlike) {
  make_sales();
  make_database(kOwner, "sales_eu");
  grant(kOwner, kReader, database(kOwner, "sales_eu"), {"DESCRIBE"});
  EXPECT_EQ(rows(kOwner, {{"Resource", database(kOwner, "sales")}}), std::vector<Json>());
}

TEST_P(AwsApiContract, TableWithColumnsIsNoFilter) {
  make_sales();
  EXPECT_EQ(lf_error(kOwner, "ListPermissions", {{"Resource", columns(kOwner, "sales", "orders", {"id"})}}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, ATableListsItsColumnPermissions) {
  make_sales();
  grant(kOwner, kReader, columns(kOwner, "sales", "orders", {"id"}), {"SELECT"});
  EXPECT_EQ(rows(kOwner, {{"Resource", table(kOwner, "sales", "orders")}}).size(), 1U);
}

TEST_P(AwsApiContract, ATableListsItsFiltersOnlyWithIncludeRelated) {
  make_sales();
  lf(kOwner, "CreateDataCellsFilter",
     {{"TableData",
       {{"TableCatalogId", kOwner},
        {"DatabaseName", "sales"},
        {"TableName", "orders"},
        {"Name", "eu"},
        {"RowFilter", {{"AllRowsWildcard", Json::object()}}},
        {"ColumnWildcard", Json::object()}}}});
  grant(kOwner, kReader, filter_resource(kOwner, "sales", "orders", "eu"), {"SELECT"});
  Json input = {{"Resource", table(kOwner, "sales", "orders")}};
  EXPECT_EQ(rows(kOwner, input), std::vector<Json>());
  input["IncludeRelated"] = "TRUE";
  EXPECT_EQ(kinds_of(rows(kOwner, input)), std::vector<std::string>({"DataCellsFilter"}));
}

TEST_P(AwsApiContract, ResourceTypesListTheirKind) {
  make_sales();
  lf(kOwner, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"sales"}}});
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  grant(kOwner, kReader, catalog_resource(), {"CREATE_DATABASE"});
  grant(kOwner, kReader, database(kOwner, "sales"), {"DESCRIBE"});
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"DESCRIBE"});
  grant(kOwner, kReader, location(kOwner, "arn:aws:s3:::lake"), {"DATA_LOCATION_ACCESS"});
  grant(kOwner, kReader, tag_resource(kOwner, "domain", {"sales"}), {"DESCRIBE"});
  const auto kinds = [&](const char* type) { return kinds_of(rows(kOwner, {{"ResourceType", type}})); };
  EXPECT_EQ(kinds("CATALOG"), std::vector<std::string>({"Catalog"}));
  EXPECT_EQ(kinds("DATABASE"), std::vector<std::string>({"Database"}));
  EXPECT_EQ(kinds("TABLE"), std::vector<std::string>({"Table"}));
  EXPECT_EQ(kinds("DATA_LOCATION"), std::vector<std::string>({"DataLocation"}));
  EXPECT_EQ(kinds("LF_TAG"), std::vector<std::string>({"LFTag"}));
}

TEST_P(AwsApiContract, T22ListingTagPoliciesShowsThoseOnDatabasesOnly) {
  make_sales();
  lf(kOwner, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"sales"}}});
  grant(kOwner, kReader, policy(kOwner, "DATABASE", "domain", {"sales"}), {"DESCRIBE"});
  grant(kOwner, kReader, policy(kOwner, "TABLE", "domain", {"sales"}), {"SELECT", "DESCRIBE"});
  EXPECT_EQ(rows(kOwner, {{"ResourceType", "LF_TAG_POLICY"}}).size(), 1U);
  EXPECT_EQ(rows(kOwner, {{"ResourceType", "LF_TAG_POLICY_DATABASE"}}).size(), 1U);
  const std::vector<Json> on_tables = rows(kOwner, {{"ResourceType", "LF_TAG_POLICY_TABLE"}});
  ASSERT_EQ(on_tables.size(), 1U);
  EXPECT_EQ(on_tables[0]["Permissions"], Json({"DESCRIBE", "SELECT"}));
}

TEST_P(AwsApiContract, PagesTogetherAreTheWholeListing) {
  make_sales();
  for (int i = 0; i < 9; ++i) {
    grant(kOwner, role_arn(kOwner, "reader" + std::to_string(i)), table(kOwner, "sales", "orders"),
          {"SELECT", "DESCRIBE"});
  }
  const std::vector<Json> whole = rows(kOwner, {{"MaxResults", 1000}});
  EXPECT_EQ(whole.size(), 18U);
  for (const int size : {1, 2, 3, 7}) EXPECT_EQ(rows(kOwner, {{"MaxResults", size}}), whole) << size;
}

TEST_P(AwsApiContract, WhoIsNoAdministratorSeesOnlyItsOwnRowsAndThoseItCouldGrant) {
  make_sales();
  make_table(kOwner, "sales", "returns");
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE"}, {"DESCRIBE"});
  grant(kOwner, role_arn(kOwner, "friend"), table(kOwner, "sales", "orders"), {"DESCRIBE"});
  grant(kOwner, role_arn(kOwner, "friend"), table(kOwner, "sales", "returns"), {"DESCRIBE"});
  const Json answer = *lf_as("reader", kOwner, "ListPermissions", Json::object());
  for (const Json& row : answer["PrincipalResourcePermissions"]) {
    EXPECT_EQ(row["Resource"].dump().find("returns"), std::string::npos) << row;
  }
  EXPECT_EQ(answer["PrincipalResourcePermissions"].size(), 4U);  // reader, friend, and the creator's two rows
}

TEST_P(AwsApiContract, AReadOnlyAdministratorSeesEveryRow) {
  make_sales();
  lf(kOwner, "PutDataLakeSettings",
     {{"DataLakeSettings",
       {{"DataLakeAdmins", Json::array({for_principal(role_arn(kOwner, "datamesh-operator"))})},
        {"ReadOnlyAdmins", Json::array({for_principal(role_arn(kOwner, "auditor"))})}}}});
  grant(kOwner, kReader, database(kOwner, "sales"), {"DESCRIBE"});
  const Json answer = *lf_as("auditor", kOwner, "ListPermissions", {{"Resource", database(kOwner, "sales")}});
  EXPECT_EQ(answer["PrincipalResourcePermissions"].size(), 2U);
}

TEST_P(AwsApiContract, T8DefaultsOfADatabaseGoToItsTables) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  lock_down(kOwner);
  make_table(kOwner, "open", "visits");
  EXPECT_EQ(held(kOwner, "IAM_ALLOWED_PRINCIPALS", database(kOwner, "open")),
            "ALL,ALTER,CREATE_TABLE,DESCRIBE,DROP");
  EXPECT_EQ(held(kOwner, "IAM_ALLOWED_PRINCIPALS", all_columns(kOwner, "open", "visits")), "SELECT");
}

TEST_P(AwsApiContract, T8IamAllowedPrincipalsAreRevokedInAnySpelling) {
  glue(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "open"}}}});
  lock_down(kOwner);
  revoke(kOwner, "IAM_Allowed_Principals", database(kOwner, "open"), {"ALL"});
  EXPECT_EQ(held(kOwner, "IAM_ALLOWED_PRINCIPALS", database(kOwner, "open")), "");
}

TEST_P(AwsApiContract, PermissionsOnAPathAreFoundByIt) {
  lock_down(kOwner);
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  make_database(kOwner, "sales");
  Json input = table_input("orders");
  input["StorageDescriptor"]["Location"] = "s3://lake/sales/orders/";
  glue(kOwner, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", input}});
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  const auto principals = [&](const char* path) {
    const Json answer = lf(kOwner, "GetEffectivePermissionsForPath", {{"ResourceArn", path}, {"MaxResults", 1000}});
    return answer["Permissions"].dump();
  };
  EXPECT_NE(principals("arn:aws:s3:::lake/sales").find(kReader), std::string::npos);
  EXPECT_EQ(principals("arn:aws:s3:::lake/other").find(kReader), std::string::npos);
}

}  // namespace datamesh::testing
