// Granting and revoking within an account: merging, splitting, expanding, and what cannot be granted.
// Source: lake-formation.md 2.2, 2.4
#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

Json listed_select(const char* name) { return all_columns(kOwner, "sales", name); }

Json listed_all_tables() {
  Json out = all_tables(kOwner, "sales");
  out["Table"]["Name"] = "ALL_TABLES";
  return out;
}

}  // namespace

TEST_P(AwsApiContract, T1SelectOnATableIsListedOnItsColumns) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT", "DESCRIBE"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "DESCRIBE");
  EXPECT_EQ(held(kOwner, kReader, listed_select("orders")), "SELECT");
}

TEST_P(AwsApiContract, T1SelectOnAllColumnsIsSelectOnTheTable) {
  make_sales();
  grant(kOwner, kReader, all_columns(kOwner, "sales", "orders"), {"SELECT"});
  revoke(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(held(kOwner, kReader, listed_select("orders")), "");
}

TEST_P(AwsApiContract, T2AllIsListedBesideWhatItStandsFor) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALL"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "ALL,ALTER,DELETE,DESCRIBE,DROP,INSERT");
  EXPECT_EQ(held(kOwner, kReader, listed_select("orders")), "SELECT");
}

TEST_P(AwsApiContract, T2AllOnADatabaseIsExpanded) {
  make_sales();
  grant(kOwner, kReader, database(kOwner, "sales"), {"ALL"}, {"ALL"});
  EXPECT_EQ(held(kOwner, kReader, database(kOwner, "sales")), "ALL*,ALTER*,CREATE_TABLE*,DESCRIBE*,DROP*");
}

TEST_P(AwsApiContract, RevokingAllLeavesWhatWasGrantedBesideIt) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALL"});
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT", "INSERT"});
  revoke(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALL"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "INSERT");
  EXPECT_EQ(held(kOwner, kReader, listed_select("orders")), "SELECT");
}

TEST_P(AwsApiContract, RevokingWhatAllStandsForDoesNotTakeAllAway) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALL"});
  revoke_error(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALTER", "INSERT"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "ALL,ALTER,DELETE,DESCRIBE,DROP,INSERT");
}

TEST_P(AwsApiContract, T24AllTablesIsListedForAWildcardGrant) {
  make_sales();
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"SELECT", "DESCRIBE"});
  EXPECT_EQ(held(kOwner, kReader, listed_all_tables()), "DESCRIBE");
  EXPECT_EQ(held(kOwner, kReader, listed_select("ALL_TABLES")), "SELECT");
}

TEST_P(AwsApiContract, T24TheListedNameIsAcceptedBesideTheWildcard) {
  make_sales();
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"DESCRIBE"});
  revoke(kOwner, kReader, listed_all_tables(), {"DESCRIBE"});
  EXPECT_EQ(held(kOwner, kReader, listed_all_tables()), "");
}

TEST_P(AwsApiContract, ATableNameAndAWildcardExcludeEachOther) {
  make_sales();
  Json both = all_tables(kOwner, "sales");
  both["Table"]["Name"] = "orders";
  EXPECT_EQ(grant_error(kOwner, kReader, both, {"SELECT"}).code, "InvalidInputException");
}

TEST_P(AwsApiContract, GrantsToOnePrincipalOnOneResourceMerge) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE"});
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"INSERT"}, {"INSERT"});
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"INSERT"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "DESCRIBE,INSERT*");
}

TEST_P(AwsApiContract, RevokingAPermissionTakesItsGrantOption) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE", "INSERT"}, {"DESCRIBE", "INSERT"});
  revoke(kOwner, kReader, table(kOwner, "sales", "orders"), {"INSERT"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "DESCRIBE*");
}

TEST_P(AwsApiContract, RevokingOnlyTheGrantOptionKeepsThePermission) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"INSERT"}, {"INSERT"});
  revoke(kOwner, kReader, table(kOwner, "sales", "orders"), {}, {"INSERT"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "INSERT");
}

TEST_P(AwsApiContract, RevokingWhatNobodyHoldsFails) {
  make_sales();
  const Error error = revoke_error(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(error.code, "InvalidInputException");
  EXPECT_NE(error.message.find("No permissions revoked. Grantee has no permissions"), std::string::npos);
}

TEST_P(AwsApiContract, T7TheRightsOfACreatorAreListedAndCannotBeRevoked) {
  make_sales();
  const std::string creator = role_arn(kOwner, "datamesh-operator");
  EXPECT_EQ(held(kOwner, creator, database(kOwner, "sales")), "ALTER*,CREATE_TABLE*,DROP*");
  EXPECT_EQ(held(kOwner, creator, listed_select("orders")), "SELECT*");
  const Error error = revoke_error(kOwner, creator, table(kOwner, "sales", "orders"), {"DROP"});
  EXPECT_NE(error.message.find("No permissions revoked"), std::string::npos);
}

TEST_P(AwsApiContract, PermissionsThatDoNotFitTheResourceAreRefused) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kReader, database(kOwner, "sales"), {"SELECT"}).code, "InvalidInputException");
  EXPECT_EQ(grant_error(kOwner, kReader, table(kOwner, "sales", "orders"), {"CREATE_TABLE"}).code,
            "InvalidInputException");
  EXPECT_EQ(grant_error(kOwner, kReader, catalog_resource(), {"ALL"}).code, "InvalidInputException");
}

TEST_P(AwsApiContract, TheGrantOptionIsForWhatIsGranted) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"}, {"INSERT"}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, GrantsOnWhatDoesNotExistAreRefused) {
  make_sales();
  EXPECT_EQ(grant_error(kOwner, kReader, database(kOwner, "none"), {"DESCRIBE"}).code, "EntityNotFoundException");
  EXPECT_EQ(grant_error(kOwner, kReader, table(kOwner, "sales", "none"), {"SELECT"}).code,
            "EntityNotFoundException");
  EXPECT_EQ(grant_error(kOwner, kReader, tag_resource(kOwner, "none", {"a"}), {"DESCRIBE"}).code,
            "EntityNotFoundException");
}

TEST_P(AwsApiContract, AGrantOnAnUnregisteredLocationNamesThePath) {
  lock_down(kOwner);
  const Error error =
      grant_error(kOwner, kReader, location(kOwner, "arn:aws:s3:::lake/sales"), {"DATA_LOCATION_ACCESS"});
  EXPECT_NE(error.message.find("register the S3 path"), std::string::npos);
  EXPECT_EQ(error.kind, ErrorKind::Eventual);
}

TEST_P(AwsApiContract, ALocationIsGrantedBelowARegisteredOne) {
  lock_down(kOwner);
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  grant(kOwner, kReader, location(kOwner, "arn:aws:s3:::lake/sales"), {"DATA_LOCATION_ACCESS"});
  EXPECT_EQ(held(kOwner, kReader, location(kOwner, "arn:aws:s3:::lake/sales")), "DATA_LOCATION_ACCESS");
}

TEST_P(AwsApiContract, T13ARoleThatIsNotKnownYetIsAnInvalidPrincipal) {
  make_sales();
  const Error error = grant_error(kOwner, role_arn(kOwner, "unknown-role"), table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_NE(error.message.find("Invalid principal"), std::string::npos);
  EXPECT_EQ(error.kind, ErrorKind::Eventual);
}

TEST_P(AwsApiContract, T23TheRootArnOfAnAccountIsNoPrincipal) {
  make_sales();
  const Error error = grant_error(kOwner, "arn:aws:iam::444455556666:root", table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_EQ(error.code, "InvalidInputException");
}

TEST_P(AwsApiContract, NamesAreFoldedToLowerCase) {
  lock_down(kOwner);
  make_database(kOwner, "Sales");
  make_table(kOwner, "SALES", "Orders");
  grant(kOwner, kReader, table(kOwner, "Sales", "ORDERS"), {"DESCRIBE"});
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "DESCRIBE");
  EXPECT_EQ(glue(kOwner, "GetTable", {{"DatabaseName", "sALES"}, {"Name", "oRDERS"}})["Table"]["Name"], "orders");
}

TEST_P(AwsApiContract, T11ABatchTellsPerEntryWhatFailed) {
  make_sales();
  const Json good = {{"Id", "good"},
                     {"Principal", {{"DataLakePrincipalIdentifier", kReader}}},
                     {"Resource", table(kOwner, "sales", "orders")},
                     {"Permissions", {"DESCRIBE"}}};
  Json bad = good;
  bad["Id"] = "bad";
  bad["Resource"] = table(kOwner, "sales", "none");
  const Json answer = lf(kOwner, "BatchGrantPermissions", {{"Entries", {bad, good}}});
  ASSERT_EQ(answer["Failures"].size(), 1U);
  EXPECT_EQ(answer["Failures"][0]["RequestEntry"], bad);
  EXPECT_EQ(answer["Failures"][0]["Error"]["ErrorCode"], "EntityNotFoundException");
  EXPECT_EQ(held(kOwner, kReader, table(kOwner, "sales", "orders")), "DESCRIBE");
}

TEST_P(AwsApiContract, ABatchOfRevokesTellsPerEntryWhatFailed) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DESCRIBE"});
  const Json entry = {{"Id", "1"},
                      {"Principal", {{"DataLakePrincipalIdentifier", kReader}}},
                      {"Resource", table(kOwner, "sales", "orders")},
                      {"Permissions", {"DESCRIBE"}}};
  EXPECT_EQ(lf(kOwner, "BatchRevokePermissions", {{"Entries", {entry}}})["Failures"], Json::array());
  EXPECT_EQ(lf(kOwner, "BatchRevokePermissions", {{"Entries", {entry}}})["Failures"].size(), 1U);
}

TEST_P(AwsApiContract, DeletingATableDropsWhatWasGrantedOnIt) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  glue(kOwner, "DeleteTable", {{"DatabaseName", "sales"}, {"Name", "orders"}});
  make_table(kOwner, "sales", "orders");
  EXPECT_EQ(held(kOwner, kReader, listed_select("orders")), "");
}

TEST_P(AwsApiContract, DroppingADatabaseDropsItsTablesAndWhatWasGrantedOnThem) {
  make_sales();
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"SELECT"});
  grant(kOwner, kReader, database(kOwner, "sales"), {"DESCRIBE"});
  glue(kOwner, "DeleteDatabase", {{"Name", "sales"}});
  make_database(kOwner, "sales");
  EXPECT_EQ(rows(kOwner, {{"ResourceType", "TABLE"}}), std::vector<Json>());
  EXPECT_EQ(glue(kOwner, "GetTables", {{"DatabaseName", "sales"}})["TableList"], Json::array());
}

TEST_P(AwsApiContract, WhoHoldsNoGrantOptionCannotGrant) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  const Result<Json> answer = lf_as("reader", kOwner, "GrantPermissions",
                                    {{"Principal", {{"DataLakePrincipalIdentifier", role_arn(kOwner, "friend")}}},
                                     {"Resource", table(kOwner, "sales", "orders")},
                                     {"Permissions", {"SELECT"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "AccessDeniedException");
}

TEST_P(AwsApiContract, WhoHoldsTheGrantOptionCanGrant) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"}, {"SELECT"});
  const Json input = {{"Principal", {{"DataLakePrincipalIdentifier", role_arn(kOwner, "friend")}}},
                      {"Resource", table(kOwner, "sales", "orders")},
                      {"Permissions", {"SELECT"}}};
  EXPECT_TRUE(lf_as("reader", kOwner, "GrantPermissions", input));
  EXPECT_EQ(held(kOwner, role_arn(kOwner, "friend"), listed_select("orders")), "SELECT");
  EXPECT_TRUE(lf_as("reader", kOwner, "RevokePermissions", input));
}

TEST_P(AwsApiContract, AConditionHasARowOfItsOwnAndNoGrantOption) {
  make_sales();
  Json input = {{"Principal", {{"DataLakePrincipalIdentifier", kReader}}},
                {"Resource", table(kOwner, "sales", "orders")},
                {"Permissions", {"DESCRIBE"}},
                {"Condition", {{"Expression", "context.iam.principalTags.hasTag(\"team\", \"a\")"}}}};
  lf(kOwner, "GrantPermissions", input);
  const std::vector<Json> found = rows(kOwner, {{"Resource", table(kOwner, "sales", "orders")}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["Condition"], input["Condition"]);
  input["PermissionsWithGrantOption"] = {"DESCRIBE"};
  EXPECT_EQ(lf_error(kOwner, "GrantPermissions", input).code, "InvalidInputException");
}

}  // namespace datamesh::testing
