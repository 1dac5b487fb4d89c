// What a DataProduct claims, in each model of governance.
#include <gtest/gtest.h>

#include "reconcilers/table_shape.h"
#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

/// What every model has in common, in the catalog of the account `owner`.
Lines in_the_governing_catalog(const std::string& owner) {
  const std::string at = " " + owner + ": ";
  return {
      "1" + at + "Location arn:aws:s3:::data/orders = service role stays <- Settings",
      "2" + at + "Database orders = 'All orders' at 's3://data/orders/', product=retail/orders stays <- Settings, "
                 "Location arn:aws:s3:::data/orders",
      "2" + at + "Table orders/lines = (id bigint, by day) at s3://data/orders/lines stays <- Database orders",
      "2" + at + "TagAssignment orders#domain = retail <- TagKey domain, Database orders",
      "2" + at + "TagAssignment orders/lines/id#pii = no <- TagKey pii, Table orders/lines",
      "2" + at + "TagKey domain = retail stays <- Settings",
      "2" + at + "TagKey pii = no stays <- Settings",
  };
}

/// What is claimed beside that where somebody else governs.
Lines shared_back(const std::string& owner) {
  const std::string at = " " + owner + ": ", there = owner + ": ";
  const std::string role = "@arn:aws:iam::P:role/e";
  return {
      "1" + at + "Permission location:" + owner + ":!arn%3Aaws%3As3%3A%3A%3Adata%2Forders@P = DATA_LOCATION_ACCESS, "
          "+DATA_LOCATION_ACCESS <- Location arn:aws:s3:::data/orders",
      "3" + at + "Permission alltables:" + owner + ":orders@P = SELECT, ALTER, DELETE, INSERT, DESCRIBE, +SELECT, "
          "+ALTER, +DELETE, +INSERT, +DESCRIBE <- Database orders",
      "3" + at + "Permission database:" + owner + ":orders@P = ALTER, DESCRIBE, CREATE_TABLE, +ALTER, +DESCRIBE, "
          "+CREATE_TABLE <- Database orders",
      "3 P: Link orders = to " + owner + " orders <- Settings",
      "4 P: Permission alltables:" + owner + ":orders" + role + " = ALTER, INSERT <- ShareAcceptance " + owner + ", " +
          there + "Permission alltables:" + owner + ":orders@P",
      "4 P: Permission database:P:orders" + role + " = DESCRIBE <- Link orders",
      "4 P: Permission database:" + owner + ":orders" + role + " = DESCRIBE <- ShareAcceptance " + owner + ", " +
          there + "Permission alltables:" + owner + ":orders@P",
      "4 P: Permission location:" + owner + ":!arn%3Aaws%3As3%3A%3A%3Adata%2Forders" + role +
          " = DATA_LOCATION_ACCESS <- " + there + "Permission location:" + owner +
          ":!arn%3Aaws%3As3%3A%3A%3Adata%2Forders@P",
      "5 P: ShareAcceptance " + owner + " = accepted stays <- " + there + "Permission database:" + owner + ":orders@P",
  };
}

Lines both(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  return a;
}

TEST(DataProductClaims, LiveInTheCentralAccountAndAreSharedBack) {
  const mesh::Declared mesh(kCentralMesh + kAccounts + kOrders);
  const ClaimSet set = claims(mesh, "DataProduct", "retail", "orders");
  EXPECT_EQ(lines(set), both(in_the_governing_catalog("C"), shared_back("C")));
  EXPECT_EQ(findings(set), Lines{});
}

TEST(DataProductClaims, LiveInTheAccountOfTheLineOfBusiness) {
  const mesh::Declared mesh(kLinesMesh + kAccounts + kOrders);
  EXPECT_EQ(lines(claims(mesh, "DataProduct", "retail", "orders")),
            both(in_the_governing_catalog("L"), shared_back("L")));
}

TEST(DataProductClaims, StayWithTheProducerWhereItGovernsItself) {
  const mesh::Declared mesh(kFederatedMesh + kAccounts + kOrders);
  const std::string role = "@arn:aws:iam::P:role/e";
  EXPECT_EQ(lines(claims(mesh, "DataProduct", "retail", "orders")),
            both(in_the_governing_catalog("P"),
                 {"4 P: Permission alltables:P:orders" + role + " = ALTER, INSERT <- Database orders",
                  "4 P: Permission database:P:orders" + role + " = DESCRIBE <- Database orders",
                  "4 P: Permission location:P:!arn%3Aaws%3As3%3A%3A%3Adata%2Forders" + role +
                      " = DATA_LOCATION_ACCESS <- Location arn:aws:s3:::data/orders"}));
}

TEST(DataProductClaims, AreMadeInEveryRegionOfTheProduct) {
  mesh::Declared mesh(kFederatedMesh + kAccounts +
                      mesh::object("DataProduct", "retail/p", "account: retail, database: p, regions: [eu-west-1, us-east-1]"));
  EXPECT_EQ(lines(claims(mesh, "DataProduct", "retail", "p")),
            (Lines{"2 P/us-east-1: Database p = '' at '', product=retail/p stays <- Settings",
                   "2 P: Database p = '' at '', product=retail/p stays <- Settings"}));
}

TEST(DataProductClaims, GoWithTheProductWhereThePolicyIsDelete) {
  mesh::Declared mesh(kFederatedMesh + kAccounts +
                      mesh::object("DataProduct", "retail/p", "account: retail, database: p, deletionPolicy: Delete, "
                                                              "tables: [{name: t, location: 's3://bucket/t', columns: []}]"));
  EXPECT_EQ(lines(claims(mesh, "DataProduct", "retail", "p")),
            (Lines{"2 P: Database p = '' at '', product=retail/p <- Settings",
                   "2 P: Table p/t = () at s3://bucket/t <- Database p"}));
}

TEST(DataProductClaims, NeverGiveDropOrAllOnADatabaseToAnotherAccount) {
  const mesh::Declared mesh(kCentralMesh + kAccounts + kOrders + kToLab);
  for (const char* kind : {"DataProduct", "Grant"}) {
    const ClaimSet set = claims(mesh, kind, "retail", kind[0] == 'D' ? "orders" : "to-lab");
    for (const Claim& claim : set.claims) {
      const auto* value = std::get_if<catalog::PermissionValue>(&claim.value);
      const auto id = catalog::parse_permission_id(claim.key.local.name);
      if (value == nullptr || !id || id->resource.type != catalog::ResourceType::Database) continue;
      EXPECT_FALSE(value->permissions.has(catalog::Permission::Drop)) << line(claim);
      EXPECT_FALSE(value->permissions.has(catalog::Permission::All)) << line(claim);
    }
  }
}

TEST(DataProductClaims, SayWhatTheyWaitFor) {
  const std::string product = mesh::object("DataProduct", "retail/p",
                                           "account: retail, database: p, producerAccess: [{persona: nobody, "
                                           "permissions: [SELECT]}]");
  const auto found = [&](const std::string& rest) {
    return findings(claims(mesh::Declared(rest + product), "DataProduct", "retail", "p"));
  };
  EXPECT_EQ(found(kAccounts), (Lines{"Waits MeshNotFound: no Mesh is declared: apply one to say who governs"}));
  EXPECT_EQ(found(kFederatedMesh), (Lines{"Waits AccountNotFound: Account retail/retail is not declared"}));
  EXPECT_EQ(found(kLinesMesh + mesh::account("retail/retail", "100000000002", "lineOfBusiness: south")),
            (Lines{"Waits LineOfBusinessNotFound: line of business south is not among the Mesh's linesOfBusiness"}));
  EXPECT_EQ(found(kFederatedMesh + kAccounts),
            (Lines{"Waits PersonaNotFound: persona nobody is not declared by Account retail/retail"}));
  EXPECT_EQ(found(kFederatedMesh + mesh::account("first/owner", "100000000002") + kAccounts),
            (Lines{"Invalid DuplicateAccount: Account retail/retail has the accountId of an older Account, which alone "
                   "counts"}));
}

/// A product that follows the database `raw` of its producer, with one table of its own.
const std::string kFollowing = mesh::object(
    "DataProduct", "retail/p",
    "account: retail, database: p, owner: us, schemaPolicy: FollowProducer, sourceDatabase: raw, tables: [{name: own, "
    "location: 's3://bucket/own', columns: [{name: id, type: int}]}]");
const CatalogRef kProducing{"100000000002", "eu-west-1"};

catalog::Table source_table(const std::string& column) {
  catalog::Table table;
  table.description = "as the producer has it";
  table.owner = "somebody";
  table.location = "s3://bucket/raw";
  table.columns = {{column, "string", ""}};
  table.parameters = {{"crawler", "x"}};
  return table;
}

TEST(FollowingProduct, TakesTheSchemaFromTheSourceAndTheRestFromItsDeclaration) {
  mesh::Declared mesh(kFederatedMesh + kAccounts + kFollowing);
  mesh.set_source(kProducing, "raw", {{"own", source_table("seen")}, {"other", source_table("more")}});
  const ClaimSet set = claims(mesh, "DataProduct", "retail", "p");
  EXPECT_EQ(lines(set), (Lines{"2 P: Database p = '' at '', product=retail/p stays <- Settings",
                               "2 P: Table p/own = (seen string) at s3://bucket/own stays <- Database p",
                               "6 P: Table p/other = (more string) at s3://bucket/raw stays <- Database p"}));
  EXPECT_EQ(findings(set), Lines{});
  EXPECT_FALSE(set.unknown_tables);
  for (const Claim& claim : set.claims) {
    if (claim.key.local.name != "p/other") continue;
    const auto& table = *std::get<catalog::Shared<catalog::Table>>(claim.value);
    EXPECT_EQ(table.owner, "us");
    EXPECT_EQ(table.parameters, (std::map<std::string, std::string>{{catalog::kOwnerParameter, "retail/p"}}));
  }
}

TEST(FollowingProduct, WaitsForASourceThatIsNotThereAndKnowsThatItCannotSayItsTables) {
  mesh::Declared mesh(kFederatedMesh + kAccounts + kFollowing);
  ClaimSet set = claims(mesh, "DataProduct", "retail", "p");
  EXPECT_EQ(findings(set), (Lines{"Waits CatalogNotObserved: sourceDatabase raw: catalog P has not been read yet"}));
  EXPECT_TRUE(set.unknown_tables);
  mesh.set_source(kProducing, "raw", {});
  set = claims(mesh, "DataProduct", "retail", "p");
  EXPECT_EQ(findings(set), (Lines{"Waits SourceNotFound: sourceDatabase raw holds no table in catalog P"}));
  EXPECT_TRUE(set.unknown_tables);
  EXPECT_EQ(lines(set), (Lines{"2 P: Database p = '' at '', product=retail/p stays <- Settings",
                               "2 P: Table p/own = (id int) at s3://bucket/own stays <- Database p"}));
}

TEST(DataProductClaims, AreNoneWhileItIsBeingDeleted) {
  mesh::Declared mesh(kFederatedMesh + kAccounts + kOrders);
  mesh.begin_deletion("DataProduct", "retail", "orders");
  EXPECT_EQ(claims(mesh, "DataProduct", "retail", "orders"), ClaimSet{});
}

TEST(DataProductClaims, RegisterAHybridLocationWhereTheAccountOrTheMeshSaysSo) {
  const std::string product =
      mesh::object("DataProduct", "retail/p", "account: retail, database: p, location: 's3://bucket/p', locationRole: "
                                              "'arn:aws:iam::100000000002:role/loc'");
  const std::string expected =
      "1 P: Location arn:aws:s3:::bucket/p = arn:aws:iam::P:role/loc, hybrid stays <- Settings";
  const mesh::Declared by_mesh(mesh::object("Mesh", "mesh", "governance: Federated, defaults: {accessMode: Hybrid}") +
                               mesh::account("retail/retail", "100000000002") + product);
  EXPECT_EQ(lines(claims(by_mesh, "DataProduct", "retail", "p"))[1], expected);
  EXPECT_EQ(lines(claims(by_mesh, "DataProduct", "retail", "p"))[0], "0 P: Settings = admins , version 4 stays")
      << "without which nothing of it is shared";
  const mesh::Declared by_account(kFederatedMesh + mesh::account("retail/retail", "100000000002", "accessMode: Hybrid") +
                                  product);
  EXPECT_EQ(lines(claims(by_account, "DataProduct", "retail", "p"))[1], expected);
}

TEST(TableShape, HoldsWhatTheCatalogStores) {
  api::DataProductSpec product;
  product.owner = "retail-team";
  product.location = "s3://data/orders";
  api::Table table;
  table.name = "Lines";
  table.description = "A line each";
  table.columns = {{"Id", "bigint", "the key", {}}};
  table.partition_keys = {{"Day", "date", "", {}}};
  table.parameters = {{"classification", "parquet"}};
  catalog::Table expected;
  expected.description = "A line each";
  expected.owner = "retail-team";
  expected.location = "s3://data/orders/Lines";
  expected.format = {"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                     "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                     "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"};
  expected.columns = {{"id", "bigint", "the key"}};
  expected.partition_keys = {{"day", "date", ""}};
  expected.parameters = {{"classification", "parquet"}, {catalog::kOwnerParameter, "retail/orders"}};
  EXPECT_EQ(table_shape(product, table, "retail/orders"), expected);
  product.schema_policy = api::SchemaPolicy::FollowProducer;
  expected.schema_rule = catalog::SchemaRule::Follow;
  table.location = "s3://elsewhere/lines";
  expected.location = "s3://elsewhere/lines";
  EXPECT_EQ(table_shape(product, table, "retail/orders"), expected);
}

TEST(TableShape, MarksIcebergTables) {
  api::Table table;
  table.format = api::TableFormat::Iceberg;
  const catalog::Table shape = table_shape({}, table, "a/b");
  EXPECT_EQ(shape.parameters.at("table_type"), "ICEBERG");
  EXPECT_EQ(shape.format, catalog::StorageFormat{});
}

}  // namespace
}  // namespace datamesh::reconcilers
