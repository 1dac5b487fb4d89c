// Every command on a small mesh, compared with tests/golden/*.txt as text.
#include <gtest/gtest.h>

#include "controller/cli/api_client.h"
#include "tests/cli/world.h"

namespace datamesh::cli {
namespace {

const std::string kMesh = source_path("tests/golden/mesh");
const std::string kAnalyst = "arn:aws:iam::777788889999:role/Analyst";

/// A world in which the small mesh is applied and has converged.
class Golden : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(world_.run({"apply", "-f", kMesh}).status, 0);
    const Outcome waited = world_.run({"status", "--wait-converged", "--timeout", "10m"});
    ASSERT_EQ(waited.status, 0) << waited.out << waited.err;
  }

  World world_;
};

TEST(GoldenEmpty, Apply) {
  World world;
  expect_golden("apply", world.transcript({{"apply", "--dry-run", "-f", kMesh},
                                           {"apply", "-f", kMesh},
                                           {"apply", "-f", kMesh},
                                           {"apply", "-f", source_path("tests/golden/changed.yaml")},
                                           {"apply", "-f", source_path("tests/golden/changed.yaml"), "-o", "json"}}));
}

TEST(GoldenEmpty, NothingThere) {
  World world;
  expect_golden("nothing-there", world.transcript({{"get", "grants"},
                                                   {"get", "all", "-A"},
                                                   {"get", "dp", "sales", "-n", "retail"},
                                                   {"describe", "dp/sales", "-n", "retail"},
                                                   {"delete", "dp", "sales", "-n", "retail"},
                                                   {"explain", kAnalyst, "SELECT", "retail/sales"},
                                                   {"plan"},
                                                   {"status"}}));
}

TEST_F(Golden, Get) {
  expect_golden("get", world_.transcript({{"get", "all", "-A"},
                                          {"get", "dp", "-A", "-o", "wide"},
                                          {"get", "dataproducts", "-n", "retail", "-o", "name"},
                                          {"get", "grants,rl", "-n", "analytics"},
                                          {"get", "grants", "-A", "-l", "team=retail"},
                                          {"get", "mesh/shop"},
                                          {"get", "grants", "-A", "-l", "team=retail=x"}}));
}

TEST_F(Golden, GetWhole) {
  expect_golden("get-whole", world_.transcript({{"get", "grant", "analysts", "-n", "analytics", "-o", "yaml"},
                                                {"get", "mesh", "-o", "json"}}));
}

TEST_F(Golden, Describe) {
  expect_golden("describe", world_.transcript({{"describe", "dp", "sales", "-n", "retail"},
                                               {"describe", "grant/analysts", "-n", "analytics"}}));
}

TEST_F(Golden, Plan) {
  const std::string changed = source_path("tests/golden/changed.yaml");
  expect_golden("plan", world_.transcript({{"plan"},
                                           {"plan", "-f", changed},
                                           {"plan", "-f", changed, "--exit-code", "-o", "json"},
                                           {"plan", "--remove", "grant/sales-readers", "-n", "retail", "--exit-code"},
                                           {"plan", "-f", source_path("tests/golden/orphan.yaml")}}));
}

TEST(GoldenTags, WhatIf) {
  World world;
  ASSERT_EQ(world.run({"apply", "-f", source_path("docs/examples/tags")}).status, 0);
  const Outcome waited = world.run({"status", "--wait-converged", "--timeout", "10m"});
  ASSERT_EQ(waited.status, 0) << waited.out << waited.err;
  const std::string weather = "DataProduct/climate/weather ";
  expect_golden("what-if", world.transcript({{"plan", "--with", weather + "tables.observations.tags.classification=confidential"},
                                             {"plan", "--with", weather + "tables.stations.tags.classification-"},
                                             {"plan", "--with", weather + "tags.classification=public"},
                                             {"plan", "--with", weather + "tagGrants=Deny"},
                                             {"plan", "--with", weather + "tables.nowhere.tags.classification=public"},
                                             {"plan", "--with", weather + "tagz.classification=public"},
                                             {"plan", "--with", "DataProduct/climate/none tags.classification=public"},
                                             {"plan", "--with", weather + "tags"},
                                             {"plan"}}));
}

TEST_F(Golden, Explain) {
  expect_golden("explain", world_.transcript({{"explain", kAnalyst, "SELECT", "retail/sales/orders/total"},
                                              {"explain", kAnalyst, "SELECT", "retail/sales/orders/customer_id", "-f", kMesh},
                                              {"explain", kAnalyst, "SELECT", "retail/sales/customers"},
                                              {"explain", kAnalyst, "SELECT", "retail/sales/orders/total", "-f", kMesh, "-o", "json"},
                                              {"explain", kAnalyst, "SELECT", "retail/sales/orderz"},
                                              {"explain", kAnalyst, "DATA_LOCATION_ACCESS", "s3://example-retail/sales"},
                                              {"explain", kAnalyst, "SELECT", "retail/none"}}));
}

/// The same product, read by tags and row by row, with a principal that has opted in.
TEST_F(Golden, ExplainDownToTheCell) {
  const std::string cells = source_path("tests/golden/cells.yaml");
  ASSERT_EQ(world_.run({"apply", "-f", cells}).status, 0);
  ASSERT_EQ(world_.run({"status", "--wait-converged", "--timeout", "10m"}).status, 0);
  const std::string auditor = "arn:aws:iam::111122223333:role/Auditor", steward = "arn:aws:iam::111122223333:role/Steward";
  ASSERT_EQ(world_.run({"lake", "lakeformation", "CreateLakeFormationOptIn", "--as", "arn:aws:iam::111122223333:role/datamesh-operator",
                        "--region", "eu-west-1", "--input",
                        R"({"Principal": {"DataLakePrincipalIdentifier": ")" + steward +
                            R"("}, "Resource": {"Table": {"DatabaseName": "stores", "TableWildcard": {}}}})"}).status, 0);
  world_.advance(std::chrono::minutes(6));
  expect_golden("explain-cells",
                world_.transcript({{"explain", auditor, "SELECT", "retail/stores/visits/visitor", "--row", "country = 'de'"},
                                   {"explain", auditor, "SELECT", "retail/stores/visits/visitor", "--row", "country=fr"},
                                   {"explain", auditor, "SELECT", "retail/stores/visits", "--row", "visitor=7", "-f", cells},
                                   {"explain", kAnalyst, "SELECT", "retail/stores/stores"},
                                   {"explain", kAnalyst, "SELECT", "retail/stores/visits/visitor"},
                                   {"explain", steward, "SELECT", "retail/stores/stores"},
                                   {"who-can", "SELECT", "retail/stores/visits", "-f", cells},
                                   {"who-can", "SELECT", "retail/stores/visits/visitor", "--row", "country=fr"}}));
}

TEST_F(Golden, WhoCan) {
  expect_golden("who-can", world_.transcript({{"who-can", "SELECT", "retail/sales/orders/total", "-f", kMesh},
                                              {"who-can", "SELECT", "retail/sales/orders/customer_id", "-o", "json"},
                                              {"who-can", "DROP", "retail/sales/customers"},
                                              {"who-can", "DATA_LOCATION_ACCESS", "s3://example-retail/sales/orders"},
                                              {"who-can", "READ", "retail/sales/customers"}}));
}

TEST_F(Golden, Status) {
  expect_golden("status", world_.transcript({{"status"}, {"status", "-o", "json"}}));
}

TEST_F(Golden, Lake) {
  const std::string admin = "arn:aws:iam::111122223333:role/Admin";
  expect_golden("lake", world_.transcript(
                            {{"lake", "sts", "GetCallerIdentity", "--as", kAnalyst, "--region", "eu-west-1"},
                             {"lake", "glue", "GetTable", "--as", kAnalyst, "--region", "eu-west-1", "--input",
                              R"({"DatabaseName": "sales", "Name": "customers"})"},
                             {"lake", "glue", "GetDatabase", "--as", admin, "--region", "eu-west-1", "--input",
                              R"({"Name": "none"})", "-o", "yaml"},
                             {"lake", "glue", "GetTables", "--as", "somebody"},
                             {"lake", "glue", "GetTables", "--as", admin, "--input", "{"}}));
}

TEST_F(Golden, Delete) {
  expect_golden("delete", world_.transcript({{"delete", "grant", "analysts", "-n", "analytics", "--wait"},
                                             {"delete", "grant", "analysts", "-n", "analytics"},
                                             {"delete", "grant", "analysts", "-n", "analytics", "--ignore-not-found"},
                                             {"delete", "dp"},
                                             {"delete", "-f", kMesh + "/products.yaml", "--ignore-not-found", "--wait",
                                              "--timeout", "10m"},
                                             {"get", "all", "-A", "-o", "name"}}));
}

TEST_F(Golden, Prune) {
  expect_golden("prune",
                world_.transcript({{"apply", "-f", source_path("tests/golden/changed.yaml"), "--prune", "-l",
                                    "team=retail", "--dry-run"},
                                   {"apply", "-f", source_path("tests/golden/changed.yaml"), "--prune", "-l",
                                    "team=retail"},
                                   {"apply", "-f", kMesh, "--prune", "-l", "team=retail"},
                                   {"apply", "-f", kMesh, "--prune"}}));
}

TEST(GoldenEmpty, Validate) {
  World world;
  const std::string broken = source_path("tests/golden/broken.yaml");
  expect_golden("validate", world.transcript({{"validate", "-f", kMesh},
                                              {"validate", "-f", broken},
                                              {"validate", "-f", broken, "-o", "json"},
                                              {"apply", "-f", broken},
                                              {"validate", "-f", source_path("tests/golden/misfits.yaml")},
                                              {"plan", "-f", source_path("tests/golden/misfits.yaml")},
                                              {"validate", "-f", source_path("tests/golden/none.yaml")}}));
}

TEST(GoldenEmpty, Usage) {
  World world;
  expect_golden("usage", world.transcript({{"--help"},
                                           {},
                                           {"gte", "dp"},
                                           {"get"},
                                           {"get", "grnts"},
                                           {"get", "dp", "-o", "xml"},
                                           {"apply"},
                                           {"describe", "all"},
                                           {"get", "dp/a", "b"},
                                           {"status", "--wait-converged", "--timeout", "soon"},
                                           {"get", "--help"},
                                           {"version"},
                                           {"version", "-o", "json"}}));
}

TEST_F(Golden, ColoursAreEscapesAroundTheSameText) {
  const Outcome plain = world_.run({"get", "dp", "-A", "--color", "never"});
  Outcome colored = world_.run({"--color", "always", "get", "dp", "-A"});
  EXPECT_NE(colored.out.find("\x1b[32mTrue\x1b[0m"), std::string::npos) << colored.out;
  for (std::size_t at = colored.out.find('\x1b'); at != std::string::npos; at = colored.out.find('\x1b')) {
    colored.out.erase(at, colored.out.find('m', at) - at + 1);
  }
  EXPECT_EQ(colored.out, plain.out);
}

TEST_F(Golden, WatchPrintsARowForEachChange) {
  int rounds = 0;
  world_.environment().interrupted = [&] {
    ++rounds;
    if (rounds == 2) {
      const auto connection = std::move(*world_.environment().connect(""));
      const auto removed = ApiClient(*connection).remove(*world_.schema().find("Grant"), "analytics", "analysts");
      EXPECT_TRUE(removed);
    }
    return rounds == 6;
  };
  expect_golden("watch", world_.transcript({{"get", "grants", "-n", "analytics", "--watch"}}));
}

TEST_F(Golden, ReadsManifestsFromStdin) {
  const Outcome outcome = world_.run({"apply", "-f", "-"},
                                     "apiVersion: datamesh.dev/v1alpha1\nkind: ResourceLink\n"
                                     "metadata: {namespace: analytics, name: second}\n"
                                     "spec: {account: analytics, product: {namespace: retail, name: sales}, name: b}\n");
  EXPECT_EQ(outcome.out, "resourcelink.datamesh.dev/second created\n") << outcome.err;
}

TEST_F(Golden, ApplyKeepsWhatOthersAnnotated) {
  const auto connection = std::move(*world_.environment().connect(""));
  ApiClient client(*connection);
  const api::KindFacts& kind = *world_.schema().find("Mesh");
  Json mesh = *client.get(kind, "", "shop");
  mesh["metadata"]["annotations"]["example.com/note"] = "kept";
  ASSERT_TRUE(client.update(kind, mesh));
  EXPECT_NE(world_.run({"apply", "-f", kMesh}).out.find("mesh.datamesh.dev/shop unchanged"), std::string::npos);
  EXPECT_EQ(string_at(at_path(*client.get(kind, "", "shop"), {"metadata", "annotations"}), "example.com/note"), "kept");
}

TEST(NoServer, IsOneLineThatSaysHowToStartIt) {
  World world;
  world.environment().connect = connect_to_state_folder;
  const Outcome outcome = world.run({"get", "dp"});
  EXPECT_EQ(outcome.status, exit_status::kFailure);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "error: datamesh is not running here; start it with: datamesh up --state-dir state\n");
}

TEST(Waiting, GivesUpInTimeAndSaysWhatIsOpen) {
  World world;
  // The account lacks its mesh, so it waits for good.
  ASSERT_EQ(world.run({"apply", "-f", "-"},
                      "apiVersion: datamesh.dev/v1alpha1\nkind: ResourceLink\n"
                      "metadata: {namespace: analytics, name: sales}\n"
                      "spec: {account: analytics, product: {namespace: retail, name: sales}}\n")
                .status,
            0);
  const Outcome outcome = world.run({"status", "--wait-converged", "--timeout", "3s"});
  EXPECT_EQ(outcome.status, exit_status::kFailure);
  EXPECT_NE(outcome.err.find("converging: "), std::string::npos) << "no progress after a second";
  EXPECT_NE(outcome.err.find("error: the mesh has not converged in time"), std::string::npos) << outcome.err;
}

}  // namespace
}  // namespace datamesh::cli
