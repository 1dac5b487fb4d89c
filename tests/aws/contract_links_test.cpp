// Resource links: what follows them, what acts on the target, and what stays with the link.
// Source: lake-formation.md 2.6
#include "tests/aws/api_contract.h"

namespace datamesh::testing {
namespace {

Json make_link_input(Json database_input) { return {{"DatabaseInput", std::move(database_input)}}; }

}  // namespace

TEST_P(AwsApiContract, ALinkNeedsNoTarget) {
  lock_down(kOwner);
  glue(kOwner, "CreateDatabase", make_link_input(database_link("dangling", kConsumer, "none")));
  const Json found = glue(kOwner, "GetDatabase", {{"Name", "dangling"}})["Database"];
  EXPECT_EQ(found["TargetDatabase"]["DatabaseName"], "none");
}

TEST_P(AwsApiContract, ALinkHasNoDescription) {
  lock_down(kOwner);
  Json input = database_link("sales_rl", kConsumer, "sales");
  input["Description"] = "ours";
  EXPECT_EQ(glue_error(kOwner, "CreateDatabase", make_link_input(input)).message,
            "Description and resource link cannot exist together in a database!");
  input["Description"] = "";
  glue(kOwner, "CreateDatabase", make_link_input(input));
}

TEST_P(AwsApiContract, ATableLinkHasNoSchema) {
  make_sales();
  Json input = table_link("orders_rl", kConsumer, "sales", "orders");
  input["StorageDescriptor"] = Json::object();
  EXPECT_EQ(glue_error(kOwner, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", input}}).code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, ALinkShowsTheTargetUnderItsOwnName) {
  make_sales();
  glue(kOwner, "UpdateDatabase",
       {{"Name", "sales"}, {"DatabaseInput", {{"Name", "sales"}, {"Description", "what was sold"}}}});
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  const Json found = glue(kOwner, "GetDatabase", {{"Name", "sales_rl"}})["Database"];
  EXPECT_EQ(found["Name"], "sales_rl");
  EXPECT_EQ(found["Description"], "what was sold");
  EXPECT_EQ(found["TargetDatabase"]["DatabaseName"], "sales");
}

TEST_P(AwsApiContract, OneHopIsFollowedOnly) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("first", kOwner, "sales")));
  glue(kOwner, "CreateDatabase", make_link_input(database_link("second", kOwner, "first")));
  EXPECT_EQ(glue(kOwner, "GetTables", {{"DatabaseName", "first"}})["TableList"].size(), 1U);
  EXPECT_EQ(glue_error(kOwner, "GetTables", {{"DatabaseName", "second"}}).code, "EntityNotFoundException");
}

TEST_P(AwsApiContract, GetTablesThroughALinkNamesTheTargetsDatabase) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  const Json list = glue(kOwner, "GetTables", {{"DatabaseName", "sales_rl"}})["TableList"];
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["DatabaseName"], "sales");
}

TEST_P(AwsApiContract, ATableLinkShowsTheTargetsSchemaUnderItsOwnName) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  const Json found = glue(kOwner, "GetTable", {{"DatabaseName", "local"}, {"Name", "orders_rl"}})["Table"];
  EXPECT_EQ(found["Name"], "orders_rl");
  EXPECT_EQ(found["DatabaseName"], "local");
  EXPECT_EQ(found["TargetTable"]["Name"], "orders");
  EXPECT_EQ(found["StorageDescriptor"]["Columns"].size(), 3U);
  EXPECT_EQ(glue(kOwner, "GetTables", {{"DatabaseName", "local"}})["TableList"][0]["StorageDescriptor"]["Columns"].size(),
            3U);
}

TEST_P(AwsApiContract, ATableLinkWithoutAVisibleTargetIsBare) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  grant(kOwner, kReader, table(kOwner, "local", "orders_rl"), {"DESCRIBE"});
  const Json found =
      (*glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "local"}, {"Name", "orders_rl"}}))["Table"];
  EXPECT_EQ(found["TargetTable"]["Name"], "orders");
  EXPECT_FALSE(found.contains("StorageDescriptor"));
}

TEST_P(AwsApiContract, CreatingATableThroughALinkCreatesItInTheTarget) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  make_table(kOwner, "sales_rl", "returns");
  EXPECT_EQ(glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "returns"}})["Table"]["Name"], "returns");
}

TEST_P(AwsApiContract, ATableLinkInALinkedDatabaseIsRefused) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  EXPECT_EQ(glue_error(kOwner, "CreateTable",
                       {{"DatabaseName", "sales_rl"}, {"TableInput", table_link("a", kOwner, "sales", "orders")}})
                .code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, T5DeletingATableThroughALinkDeletesTheTargets) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  glue(kOwner, "BatchDeleteTable", {{"DatabaseName", "sales_rl"}, {"TablesToDelete", {"orders"}}});
  EXPECT_EQ(glue_error(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}).code,
            "EntityNotFoundException");
}

TEST_P(AwsApiContract, DeletingALinkLeavesTheTarget) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  glue(kOwner, "DeleteDatabase", {{"Name", "sales_rl"}});
  glue(kOwner, "DeleteTable", {{"DatabaseName", "local"}, {"Name", "orders_rl"}});
  glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}});
}

TEST_P(AwsApiContract, T6UpdatingALinkChangesTheTarget) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  Json input = database_link("sales_rl", kOwner, "elsewhere");
  input["Parameters"] = {{"touched", "yes"}};
  glue(kOwner, "UpdateDatabase", {{"Name", "sales_rl"}, {"DatabaseInput", input}});
  EXPECT_EQ(glue(kOwner, "GetDatabase", {{"Name", "sales"}})["Database"]["Parameters"]["touched"], "yes");
  EXPECT_EQ(glue(kOwner, "GetDatabase", {{"Name", "sales_rl"}})["Database"]["TargetDatabase"]["DatabaseName"],
            "sales");
}

TEST_P(AwsApiContract, UpdatingATableLinkChangesTheTarget) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  Json input = table_input("orders_rl");
  input["Description"] = "touched";
  glue(kOwner, "UpdateTable", {{"DatabaseName", "local"}, {"TableInput", input}});
  const Json found = glue(kOwner, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}})["Table"];
  EXPECT_EQ(found["Name"], "orders");
  EXPECT_EQ(found["Description"], "touched");
}

TEST_P(AwsApiContract, OnlyDescribeAndDropAreGrantedOnALink) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  EXPECT_EQ(grant_error(kOwner, kReader, database(kOwner, "sales_rl"), {"ALTER"}).code, "InvalidInputException");
  grant(kOwner, kReader, database(kOwner, "sales_rl"), {"DESCRIBE", "DROP"});
}

TEST_P(AwsApiContract, AGrantOnALinkGivesNoAccessToTheTarget) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  grant(kOwner, kReader, database(kOwner, "sales_rl"), {"DESCRIBE"});
  EXPECT_EQ((*glue_as("reader", kOwner, "GetTables", {{"DatabaseName", "sales_rl"}}))["TableList"], Json::array());
}

TEST_P(AwsApiContract, ReadingThroughALinkNeedsTheLinkAndTheTarget) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  grant(kOwner, kReader, table(kOwner, "sales", "orders"), {"SELECT"});
  EXPECT_FALSE(glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "sales_rl"}, {"Name", "orders"}}));
  grant(kOwner, kReader, database(kOwner, "sales_rl"), {"DESCRIBE"});
  EXPECT_TRUE(glue_as("reader", kOwner, "GetTable", {{"DatabaseName", "sales_rl"}, {"Name", "orders"}}));
}

TEST_P(AwsApiContract, T4TablesOfALinkedDatabaseAreNeitherListedNorGranted) {
  make_sales();
  glue(kOwner, "CreateDatabase", make_link_input(database_link("sales_rl", kOwner, "sales")));
  const std::string message = "Database cannot be a link for this operation when called on a table.";
  EXPECT_EQ(lf_error(kOwner, "ListPermissions", {{"Resource", table(kOwner, "sales_rl", "orders")}}).message, message);
  EXPECT_EQ(grant_error(kOwner, kReader, table(kOwner, "sales_rl", "orders"), {"SELECT"}).message, message);
}

TEST_P(AwsApiContract, PartitionsActOnTheTargetOfOneLinkAndNotOfTwo) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateDatabase", make_link_input(database_link("local_rl", kOwner, "local")));
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  const Json partition = {{"Values", {"2026-01-01"}}};
  glue(kOwner, "CreatePartition",
       {{"DatabaseName", "local"}, {"TableName", "orders_rl"}, {"PartitionInput", partition}});
  EXPECT_EQ(glue(kOwner, "GetPartitions", {{"DatabaseName", "sales"}, {"TableName", "orders"}})["Partitions"].size(),
            1U);
  EXPECT_EQ(
      glue(kOwner, "GetPartitions", {{"DatabaseName", "local_rl"}, {"TableName", "orders_rl"}})["Partitions"].size(),
      0U);
  EXPECT_EQ(glue_error(kOwner, "CreatePartition",
                       {{"DatabaseName", "local_rl"}, {"TableName", "orders_rl"}, {"PartitionInput", partition}})
                .code,
            "InvalidInputException");
}

TEST_P(AwsApiContract, SearchTablesListsLinksWithoutFollowingThem) {
  make_sales();
  make_database(kOwner, "local");
  glue(kOwner, "CreateTable",
       {{"DatabaseName", "local"}, {"TableInput", table_link("orders_rl", kOwner, "sales", "orders")}});
  const std::vector<Json> found = all_pages(kOwner, Service::Glue, "SearchTables", {{"SearchText", "orders_rl"}}, "TableList");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].contains("StorageDescriptor"));
}

}  // namespace datamesh::testing
