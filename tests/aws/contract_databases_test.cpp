// Databases and tables in their own catalog: create, read, update, delete, and who may.
// Source: lake-formation.md 1.3, 2.1
#include "tests/aws/api_contract.h"

namespace datamesh::testing {

TEST_P(AwsApiContract, ADatabaseIsReadBack) {
  lock_down(kOwner);
  glue(kOwner, "CreateDatabase",
       {{"DatabaseInput",
         {{"Name", "sales"}, {"Description", "what was sold"}, {"Parameters", {{"owner", "retail"}}}}}});
  const Json found = glue(kOwner, "GetDatabase", {{"Name", "sales"}})["Database"];
  EXPECT_EQ(found["Name"], "sales");
  EXPECT_EQ(found["Description"], "what was sold");
  EXPECT_EQ(found["Parameters"], Json({{"owner", "retail"}}));
  EXPECT_EQ(found["CatalogId"], kOwner);
}

TEST_P(AwsApiContract, ADatabaseExistsOnce) {
  lock_down(kOwner);
  make_database(kOwner, "sales");
  EXPECT_EQ(glue_error(kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "SALES"}}}}).code,
            "AlreadyExistsException");
}

TEST_P(AwsApiContract, AnAbsentDatabaseIsNotFound) {
  lock_down(kOwner);
  for (const char* operation : {"GetDatabase", "DeleteDatabase"}) {
    EXPECT_EQ(glue_error(kOwner, operation, {{"Name", "none"}}).code, "EntityNotFoundException") << operation;
  }
  EXPECT_EQ(glue_error(kOwner, "GetTables", {{"DatabaseName", "none"}}).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, RegionsHaveCatalogsOfTheirOwn) {
  make_sales();
  const Result<Json> answer =
      operator_.call({{kOwner, "us-east-1"}, Service::Glue, "GetDatabase", {{"Name", "sales"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, UpdatingADatabaseReplacesItAsAWhole) {
  lock_down(kOwner);
  glue(kOwner, "CreateDatabase",
       {{"DatabaseInput", {{"Name", "sales"}, {"Description", "old"}, {"Parameters", {{"a", "b"}}}}}});
  glue(kOwner, "UpdateDatabase", {{"Name", "sales"}, {"DatabaseInput", {{"Name", "sales"}, {"Description", "new"}}}});
  const Json found = glue(kOwner, "GetDatabase", {{"Name", "sales"}})["Database"];
  EXPECT_EQ(found["Description"], "new");
  EXPECT_FALSE(found.contains("Parameters"));
}

TEST_P(AwsApiContract, ADatabaseIsNotRenamed) {
  make_sales();
  const Error error =
      glue_error(kOwner, "UpdateDatabase", {{"Name", "sales"}, {"DatabaseInput", {{"Name", "sold"}}}});
  EXPECT_EQ(error.message, "Database cannot be renamed");
}

TEST_P(AwsApiContract, DatabasesAreListedByPagesInOrder) {
  lock_down(kOwner);
  for (const char* name : {"c", "a", "b"}) make_database(kOwner, name);
  std::string names;
  for (const Json& one : all_pages(kOwner, Service::Glue, "GetDatabases", {{"MaxResults", 1}}, "DatabaseList")) {
    names += one["Name"];
  }
  EXPECT_EQ(names, "abc");
}

TEST_P(AwsApiContract, AttributesToGetLeavesTheRestOut) {
  make_sales();
  const Json list = glue(kOwner, "GetDatabases", {{"AttributesToGet", {"NAME"}}})["DatabaseList"];
  EXPECT_EQ(list, Json::array({{{"Name", "sales"}}}));
}

TEST_P(AwsApiContract, ADatabaseOfOthersIsNeitherListedNorShown) {
  make_sales();
  EXPECT_EQ(glue_as("reader", kOwner, "GetDatabase", {{"Name", "sales"}}).error().code, "AccessDeniedException");
  EXPECT_EQ((*glue_as("reader", kOwner, "GetDatabases", Json::object()))["DatabaseList"], Json::array());
}

TEST_P(AwsApiContract, ARightOnAllTablesShowsTheDatabase) {
  make_sales();
  grant(kOwner, kReader, all_tables(kOwner, "sales"), {"SELECT"});
  EXPECT_TRUE(glue_as("reader", kOwner, "GetDatabase", {{"Name", "sales"}}));
}

TEST_P(AwsApiContract, OnlyWhoMayMakeDatabasesMakesThem) {
  lock_down(kOwner);
  const Json input = {{"DatabaseInput", {{"Name", "mine"}}}};
  const Result<Json> refused = glue_as("reader", kOwner, "CreateDatabase", input);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("Required Create Database on Catalog"), std::string::npos);
  grant(kOwner, kReader, catalog_resource(), {"CREATE_DATABASE"});
  EXPECT_TRUE(glue_as("reader", kOwner, "CreateDatabase", input));
}

TEST_P(AwsApiContract, T28AnAdministratorDropsOnlyWhatItHoldsDropOn) {
  lock_down(kOwner);
  grant(kOwner, kReader, catalog_resource(), {"CREATE_DATABASE"});
  ASSERT_TRUE(glue_as("reader", kOwner, "CreateDatabase", {{"DatabaseInput", {{"Name", "theirs"}}}}));
  const Error error = glue_error(kOwner, "DeleteDatabase", {{"Name", "theirs"}});
  EXPECT_NE(error.message.find("Insufficient Lake Formation permission(s): Required Drop"), std::string::npos);
  grant(kOwner, role_arn(kOwner, "datamesh-operator"), database(kOwner, "theirs"), {"DROP"});
  glue(kOwner, "DeleteDatabase", {{"Name", "theirs"}});
}

TEST_P(AwsApiContract, ATableIsReadBack) {
  make_sales();
  const Json found = glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}})["Table"];
  EXPECT_EQ(found["Name"], "orders");
  EXPECT_EQ(found["DatabaseName"], "sales");
  EXPECT_EQ(found["CatalogId"], kOwner);
  EXPECT_EQ(found["VersionId"], "0");
  EXPECT_EQ(found["CreatedBy"], role_arn(kOwner, "datamesh-operator"));
  EXPECT_EQ(found["StorageDescriptor"], table_input("orders")["StorageDescriptor"]);
}

TEST_P(AwsApiContract, ATableExistsOnce) {
  make_sales();
  EXPECT_EQ(glue_error(kOwner, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}}).code,
            "AlreadyExistsException");
}

TEST_P(AwsApiContract, AColumnExistsOnce) {
  make_sales();
  Json input = table_input("twice");
  input["PartitionKeys"][0]["Name"] = "ID";
  EXPECT_EQ(glue_error(kOwner, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", input}}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, UpdatingATableReplacesItAndAdvancesItsVersion) {
  make_sales();
  Json input = table_input("orders");
  input["Description"] = "new";
  glue(kOwner, "UpdateTable", {{"DatabaseName", "sales"}, {"TableInput", input}, {"VersionId", "0"}});
  const Json found = glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}})["Table"];
  EXPECT_EQ(found["Description"], "new");
  EXPECT_EQ(found["VersionId"], "1");
}

TEST_P(AwsApiContract, AStaleVersionIsAConcurrentModification) {
  make_sales();
  glue(kOwner, "UpdateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}});
  const Error error = glue_error(
      kOwner, "UpdateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}, {"VersionId", "0"}});
  EXPECT_EQ(error.code, "ConcurrentModificationException");
  EXPECT_EQ(error.kind, ErrorKind::Conflict);
}

TEST_P(AwsApiContract, EarlierVersionsAreKeptUnlessSkipped) {
  make_sales();
  glue(kOwner, "UpdateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}});
  glue(kOwner, "UpdateTable",
       {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}, {"SkipArchive", true}});
  std::string versions;
  for (const Json& one : all_pages(kOwner, Service::Glue, "GetTableVersions",
                                   {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"MaxResults", 1}},
                                   "TableVersions")) {
    versions += one["VersionId"];
  }
  EXPECT_EQ(versions, "20");
  EXPECT_EQ(glue_error(kOwner, "GetTableVersion",
                       {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"VersionId", "1"}})
                .code,
            "EntityNotFoundException");
}

TEST_P(AwsApiContract, TablesAreListedByPagesAndByExpression) {
  make_sales();
  for (const char* name : {"returns", "order_lines"}) make_table(kOwner, "sales", name);
  EXPECT_EQ(
      all_pages(kOwner, Service::Glue, "GetTables", {{"DatabaseName", "sales"}, {"MaxResults", 2}}, "TableList").size(),
      3U);
  const Json found = glue(kOwner, "GetTables",
                          {{"DatabaseName", "sales"}, {"Expression", "order.*"}, {"AttributesToGet", {"NAME"}}});
  EXPECT_EQ(found["TableList"], Json::parse(R"([{"Name":"order_lines"},{"Name":"orders"}])"));
}

TEST_P(AwsApiContract, TablesOfADatabaseWhoseNameBeginsAlikeAreNotListed) {
  make_sales();
  make_database(kOwner, "sales_eu");
  make_table(kOwner, "sales_eu", "invoices");
  EXPECT_EQ(glue(kOwner, "GetTables", {{"DatabaseName", "sales"}})["TableList"].size(), 1U);
}

TEST_P(AwsApiContract, ATableNobodyMaySeeIsDenied) {
  make_sales();
  EXPECT_EQ(glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}).error().code,
            "AccessDeniedException");
}

TEST_P(AwsApiContract, ChangingATableNeedsAlterAndDroppingItDrop) {
  make_sales();
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"ALTER"});
  EXPECT_TRUE(glue_as("reader", kOwner, "UpdateTable",
                      {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}}));
  EXPECT_FALSE(glue_as("reader", kOwner, "DeleteTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}));
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"DROP"});
  EXPECT_TRUE(glue_as("reader", kOwner, "DeleteTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}));
}

TEST_P(AwsApiContract, MakingATableNeedsCreateTable) {
  make_sales();
  const Json input = {{"DatabaseName", "sales"}, {"TableInput", table_input("returns")}};
  EXPECT_FALSE(glue_as("reader", kOwner, "CreateTable", input));
  grant(kOwner, kReader, database(kOwner, "sales"), {"CREATE_TABLE"});
  EXPECT_TRUE(glue_as("reader", kOwner, "CreateTable", input));
}

TEST_P(AwsApiContract, ATableAtARegisteredPathNeedsDataLocationAccess) {
  make_sales();
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  grant(kOwner, kReader, database(kOwner, "sales"), {"CREATE_TABLE"});
  Json input = table_input("returns");
  input["StorageDescriptor"]["Location"] = "s3://lake/sales/returns/";
  const Json create = {{"DatabaseName", "sales"}, {"TableInput", input}};
  EXPECT_EQ(glue_as("reader", kOwner, "CreateTable", create).error().code, "AccessDeniedException");
  grant(kOwner, kReader, location(kOwner, "arn:aws:s3:::lake/sales"), {"DATA_LOCATION_ACCESS"});
  EXPECT_TRUE(glue_as("reader", kOwner, "CreateTable", create));
}

TEST_P(AwsApiContract, GetTableAloneKnowsWhetherTheLocationIsRegistered) {
  make_sales();
  lf(kOwner, "RegisterResource", {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
  Json input = table_input("returns");
  input["StorageDescriptor"]["Location"] = "s3://lake/sales/returns/";
  glue(kOwner, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", input}});
  EXPECT_EQ(glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "returns"}})["Table"]
                ["IsRegisteredWithLakeFormation"],
            true);
  const Json list = glue(kOwner, "GetTables", {{"DatabaseName", "sales"}, {"Expression", "returns"}})["TableList"];
  EXPECT_EQ(list[0]["IsRegisteredWithLakeFormation"], false);
}

TEST_P(AwsApiContract, T11BatchDeleteTableTellsWhatFailedInsideASuccess) {
  make_sales();
  const Json answer =
      glue(kOwner, "BatchDeleteTable", {{"DatabaseName", "sales"}, {"TablesToDelete", {"orders", "none"}}});
  ASSERT_EQ(answer["Errors"].size(), 1U);
  EXPECT_EQ(answer["Errors"][0]["TableName"], "none");
  EXPECT_EQ(answer["Errors"][0]["ErrorDetail"]["ErrorCode"], "EntityNotFoundException");
}

TEST_P(AwsApiContract, SearchTablesFindsByTextAndSkipsWhatIsHidden) {
  make_sales();
  make_table(kOwner, "sales", "returns");
  EXPECT_EQ(all_pages(kOwner, Service::Glue, "SearchTables", {{"SearchText", "ret"}}, "TableList").size(), 1U);
  EXPECT_EQ(all_pages(kOwner, Service::Glue, "SearchTables",
                      {{"Filters", Json::array({{{"Key", "DatabaseName"}, {"Value", "sales"}}})}, {"MaxResults", 1}},
                      "TableList")
                .size(),
            2U);
  EXPECT_EQ((*glue_as("reader", kOwner, "SearchTables", Json::object()))["TableList"], Json::array());
}

TEST_P(AwsApiContract, SearchTablesNowAndThenAnswersAnEmptyPageWithAToken) {
  make_sales();
  int empty_pages = 0;
  for (int i = 0; i < 14; ++i) {
    const Json page = glue(kOwner, "SearchTables");
    if (page["TableList"].empty() && page.contains("NextToken")) ++empty_pages;
  }
  EXPECT_EQ(empty_pages, 2);
}

TEST_P(AwsApiContract, TheResourcePolicyIsGuardedByItsHash) {
  EXPECT_EQ(glue_error(kOwner, "GetResourcePolicy").code, "EntityNotFoundException");
  const std::string text = R"({"Version":"2012-10-17","Statement":[]})";
  const Json put = glue(kOwner, "PutResourcePolicy", {{"PolicyInJson", text}, {"PolicyExistsCondition", "NOT_EXIST"}});
  EXPECT_EQ(glue(kOwner, "GetResourcePolicy")["PolicyInJson"], text);
  EXPECT_EQ(glue_error(kOwner, "PutResourcePolicy", {{"PolicyInJson", text}, {"PolicyHashCondition", "stale"}}).code,
            "ConditionCheckFailureException");
  glue(kOwner, "DeleteResourcePolicy", {{"PolicyHashCondition", put["PolicyHash"]}});
  EXPECT_EQ(glue_error(kOwner, "PutResourcePolicy", {{"PolicyInJson", text}, {"PolicyExistsCondition", "MUST_EXIST"}})
                .code,
            "ConditionCheckFailureException");
}

TEST_P(AwsApiContract, PartitionsAreReadBackByValuesAndByExpression) {
  make_sales();
  const Json of_table = {{"DatabaseName", "sales"}, {"TableName", "orders"}};
  Json list = Json::array();
  for (const char* day : {"2026-01-01", "2026-01-02", "2026-01-03"}) list.push_back({{"Values", {day}}});
  Json input = of_table;
  input["PartitionInputList"] = list;
  EXPECT_EQ(glue(kOwner, "BatchCreatePartition", input)["Errors"], Json::array());
  input = of_table;
  input["Expression"] = "day >= '2026-01-02'";
  EXPECT_EQ(glue(kOwner, "GetPartitions", input)["Partitions"].size(), 2U);
  input = of_table;
  input["MaxResults"] = 2;
  EXPECT_EQ(all_pages(kOwner, Service::Glue, "GetPartitions", input, "Partitions").size(), 3U);
  input = of_table;
  input["PartitionValues"] = {"2026-01-01"};
  EXPECT_EQ(glue(kOwner, "GetPartition", input)["Partition"]["Values"], Json({"2026-01-01"}));
  glue(kOwner, "DeletePartition", input);
  EXPECT_EQ(glue_error(kOwner, "GetPartition", input).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, APartitionHasAValueForEveryKeyAndExistsOnce) {
  make_sales();
  Json input = {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"PartitionInput", {{"Values", {"a", "b"}}}}};
  EXPECT_EQ(glue_error(kOwner, "CreatePartition", input).code, "InvalidInputException");
  input["PartitionInput"]["Values"] = {"a"};
  glue(kOwner, "CreatePartition", input);
  EXPECT_EQ(glue_error(kOwner, "CreatePartition", input).code, "AlreadyExistsException");
}

TEST_P(AwsApiContract, APartitionIsMovedByUpdatingIt) {
  make_sales();
  glue(kOwner, "CreatePartition",
       {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"PartitionInput", {{"Values", {"old"}}}}});
  glue(kOwner, "UpdatePartition",
       {{"DatabaseName", "sales"},
        {"TableName", "orders"},
        {"PartitionValueList", {"old"}},
        {"PartitionInput", {{"Values", {"new"}}}}});
  const Json wanted = Json::array({{{"Values", {"old"}}}, {{"Values", {"new"}}}});
  const Json answer = glue(kOwner, "BatchGetPartition",
                           {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"PartitionsToGet", wanted}});
  ASSERT_EQ(answer["Partitions"].size(), 1U);
  EXPECT_EQ(answer["Partitions"][0]["Values"], Json({"new"}));
}

}  // namespace datamesh::testing
