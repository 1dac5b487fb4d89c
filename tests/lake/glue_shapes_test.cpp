// Between databases and tables of Glue and entries.
#include "controller/lake/glue_shapes.h"

#include <gtest/gtest.h>

namespace datamesh::lake {
namespace {

catalog::Table wanted_table() {
  catalog::Table table;
  table.description = "All orders";
  table.owner = "sales";
  table.location = "s3://b/orders";
  table.format = {"in", "out", "serde"};
  table.columns = {{"id", "bigint", "the key"}, {"name", "string", ""}};
  table.partition_keys = {{"day", "date", ""}};
  table.parameters = {{"datamesh.dev/product", "a/b"}};
  return table;
}

/// A table as GetTable tells it, with members that we know nothing of.
Json existing_table() {
  return Json::parse(R"({
    "Name": "orders", "DatabaseName": "sales", "CreateTime": 1, "UpdateTime": 2, "CreatedBy": "arn:x", "CatalogId": "1",
    "IsRegisteredWithLakeFormation": true, "VersionId": "7", "Retention": 3, "TableType": "MANAGED_TABLE",
    "Description": "old", "Owner": "old",
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://b/m.json", "datamesh.dev/product": "old"},
    "PartitionKeys": [{"Name": "month", "Type": "date"}],
    "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "int"}], "Location": "s3://b/old", "Compressed": true,
                          "InputFormat": "old", "OutputFormat": "old", "BucketColumns": ["id"],
                          "SerdeInfo": {"SerializationLibrary": "old", "Parameters": {"field.delim": ","}}}})");
}

TEST(GlueTable, IsReadBackAsItWasWritten) {
  catalog::Table read = decode_table(encode_table("orders", wanted_table(), Json()));
  EXPECT_EQ(read.created, Time{}) << "Glue says when, and nobody else";
  read.created.reset();
  EXPECT_EQ(read, wanted_table());
}

TEST(GlueTable, IsLaidOverWhatIsThere) {
  EXPECT_EQ(encode_table("orders", wanted_table(), existing_table()), Json::parse(R"({
    "Name": "orders", "Retention": 3, "TableType": "MANAGED_TABLE", "Description": "All orders", "Owner": "sales",
    "Parameters": {"table_type": "ICEBERG", "metadata_location": "s3://b/m.json", "datamesh.dev/product": "a/b"},
    "PartitionKeys": [{"Name": "day", "Type": "date"}],
    "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint", "Comment": "the key"}, {"Name": "name", "Type": "string"}],
                          "Location": "s3://b/orders", "Compressed": true, "InputFormat": "in", "OutputFormat": "out",
                          "BucketColumns": ["id"],
                          "SerdeInfo": {"SerializationLibrary": "serde", "Parameters": {"field.delim": ","}}}})"));
}

TEST(GlueTable, KeepsTheColumnsThatTheProducerLeads) {
  catalog::Table wanted = wanted_table();
  wanted.schema_rule = catalog::SchemaRule::Follow;
  const Json input = encode_table("orders", wanted, existing_table());
  EXPECT_EQ(input["StorageDescriptor"]["Columns"], existing_table()["StorageDescriptor"]["Columns"]);
  EXPECT_EQ(input["PartitionKeys"], existing_table()["PartitionKeys"]);
  EXPECT_EQ(encode_table("orders", wanted, Json())["StorageDescriptor"]["Columns"].size(), 2u) << "at its creation";
}

TEST(GlueTable, LosesADescriptionThatIsDeclaredNoMore) {
  catalog::Table wanted = wanted_table();
  wanted.description.clear();
  EXPECT_FALSE(encode_table("orders", wanted, existing_table()).contains("Description"));
}

TEST(GlueDatabase, IsReadBackAsItWasWritten) {
  catalog::Database wanted;
  wanted.description = "Sales";
  wanted.location_uri = "s3://b/sales";
  wanted.parameters = {{"datamesh.dev/product", "a/b"}};
  EXPECT_EQ(decode_database(encode_database("sales", wanted, Json())), wanted);
  wanted.open_table_defaults = true;
  EXPECT_EQ(decode_database(encode_database("sales", wanted, Json())), wanted);
}

TEST(GlueDatabase, AlwaysSaysWhatNewTablesShallHave) {
  EXPECT_EQ(encode_database("sales", {}, Json())["CreateTableDefaultPermissions"], Json::array());
}

TEST(GlueDatabase, LeavesTheDefaultAsItIsWhereThatIsDeclared) {
  catalog::Database wanted;
  wanted.keeps_table_defaults = true;
  const Json open = {{"CreateTableDefaultPermissions",
                      {{{"Principal", {{"DataLakePrincipalIdentifier", "IAM_ALLOWED_PRINCIPALS"}}}, {"Permissions", {"ALL"}}}}}};
  EXPECT_TRUE(decode_database(encode_database("sales", wanted, open)).open_table_defaults);
  EXPECT_FALSE(decode_database(encode_database("sales", wanted, Json::object())).open_table_defaults);
  EXPECT_FALSE(decode_database(encode_database("sales", wanted, Json())).open_table_defaults) << "new ones are closed";
}

TEST(GlueDatabase, KeepsParametersOfOthers) {
  catalog::Database wanted;
  wanted.parameters = {{"ours", "1"}};
  const Json existing = Json::parse(R"({"Parameters": {"theirs": "2", "ours": "0"}})");
  EXPECT_EQ(encode_database("sales", wanted, existing)["Parameters"], Json::parse(R"({"theirs": "2", "ours": "1"})"));
}

TEST(GlueLink, IsReadBackAsItWasWritten) {
  const catalog::Link database{"222222222222", "sales", "", ""};
  const Json target = encode_link_target(database, "eu-west-1");
  EXPECT_EQ(target, Json::parse(R"({"CatalogId": "222222222222", "DatabaseName": "sales"})"));
  EXPECT_EQ(decode_link({{"TargetDatabase", target}}), database);
  const catalog::Link table{"222222222222", "sales", "orders", "us-east-1"};
  EXPECT_EQ(decode_link({{"TargetTable", encode_link_target(table, "eu-west-1")}}), table);
  EXPECT_FALSE(encode_link_target(table, "us-east-1").contains("Region")) << "its own region goes without saying";
}

TEST(GlueLink, IsToldFromWhatItLooksLike) {
  EXPECT_TRUE(is_link(Json::parse(R"({"TargetDatabase": {}})")));
  EXPECT_TRUE(is_link(Json::parse(R"({"TargetTable": {}})")));
  EXPECT_FALSE(is_link(existing_table()));
}

}  // namespace
}  // namespace datamesh::lake
