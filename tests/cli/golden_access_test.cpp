// What the commands say of access that waits or is left to IAM, of quotas and of Accounts that contradict each other, compared
// with tests/golden/*.txt as text.
#include <gtest/gtest.h>

#include "tests/cli/world.h"

namespace datamesh::cli {
namespace {

const std::string kOperator = "arn:aws:iam::444455556666:role/datamesh-operator";
const std::string kSteward = "arn:aws:iam::444455556666:role/Steward";
const std::string kJob = "arn:aws:iam::444455556666:role/Job";  // has no Grant

void apply(World& world, const std::string& path) {
  const Outcome applied = world.run({"apply", "-f", source_path(path)});
  ASSERT_EQ(applied.status, 0) << applied.err;
  const Outcome waited = world.run({"status", "--wait-converged", "--timeout", "10m"});
  ASSERT_EQ(waited.status, 0) << waited.out << waited.err;
}

/// docs/examples/hybrid, in force.
class GoldenHybrid : public ::testing::Test {
 protected:
  void SetUp() override { apply(world_, "docs/examples/hybrid"); }

  void by_hand(const std::string& operation, const std::string& input, const std::string& service = "glue") {
    const Outcome outcome =
        world_.run({"lake", service, operation, "--as", kOperator, "--region", "us-east-1", "--input", input});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
  }

  World world_;
};

TEST_F(GoldenHybrid, IsShownByEveryCommand) {
  expect_golden("hybrid", world_.transcript({{"plan"},
                                             {"plan", "--with", "DataProduct/mobility/taxi tables.drivers.accessMode=LakeFormation"},
                                             {"describe", "dp/taxi", "-n", "mobility"},
                                             {"explain", kSteward, "SELECT", "mobility/taxi/drivers/driver"},
                                             {"explain", kSteward, "SELECT", "mobility/taxi/drivers/licence"},
                                             {"explain", kSteward, "SELECT", "mobility/taxi/zones"},
                                             {"explain", kJob, "SELECT", "mobility/taxi/trips"},
                                             {"explain", "arn:aws:iam::888899990000:role/Analyst", "SELECT", "mobility/taxi/zones"},
                                             {"who-can", "SELECT", "mobility/taxi/drivers"},
                                             {"who-can", "SELECT", "mobility/taxi"}}));
}

TEST_F(GoldenHybrid, TableThatWasMadeAgainAwaitsApproval) {
  world_.advance(std::chrono::seconds(10));
  by_hand("DeleteTable", R"({"DatabaseName": "taxi", "Name": "drivers"})");
  by_hand("CreateTable", R"({"DatabaseName": "taxi", "TableInput": {"Name": "drivers", "StorageDescriptor": {"Location":
      "s3://mobility-lake/taxi/drivers", "Columns": [{"Name": "driver", "Type": "int"}]}}})");
  world_.advance(std::chrono::minutes(6));
  world_.advance(std::chrono::minutes(6));
  expect_golden("recreated", world_.transcript({{"describe", "dp/taxi", "-n", "mobility"},
                                                {"describe", "grant/stewards-drivers", "-n", "mobility"},
                                                {"plan"},
                                                {"explain", kSteward, "SELECT", "mobility/taxi/drivers/driver"},
                                                {"explain", kJob, "SELECT", "mobility/taxi/drivers"},
                                                {"who-can", "SELECT", "mobility/taxi/drivers"}}));
}

TEST_F(GoldenHybrid, AccountIsDescribedWithWhatNobodyDeclaresAndItsQuotas) {
  by_hand("GrantPermissions", R"({"Principal": {"DataLakePrincipalIdentifier": "arn:aws:iam::444455556666:role/Guest"},
      "Resource": {"Table": {"DatabaseName": "taxi", "Name": "zones"}}, "Permissions": ["SELECT"]})", "lakeformation");
  ASSERT_EQ(world_.run({"apply", "-f", source_path("tests/golden/few-tables.yaml")}).status, 0);
  world_.advance(std::chrono::minutes(6));
  expect_golden("undeclared", world_.transcript({{"describe", "account/mobility", "-n", "mobility"}}));
}

TEST(GoldenPlan, NamesTheFieldsThatChange) {
  World world;
  apply(world, "tests/golden/mesh");
  const std::string sales = "DataProduct/retail/sales ";
  expect_golden("plan-fields",
                world.transcript({{"plan", "--with", sales + "tables.orders.columns.total.type=double",
                                   "--with", sales + "description=" + std::string(70, 'x') + "yz"},
                                  {"plan", "--with", sales + "owner=somebody-else", "-o", "json"}}));
}

TEST(GoldenPlan, SaysWhichQuotaItExceedsAndWhatTakesLessOfIt) {
  World world;
  apply(world, "tests/golden/mesh");
  ASSERT_EQ(world.run({"apply", "-f", source_path("tests/golden/few-shares.yaml")}).status, 0);
  world.advance(std::chrono::minutes(1));
  expect_golden("quotas", world.transcript({{"plan"},
                                            {"plan", "--with", "Grant/retail/stock-readers tables-"},
                                            {"plan", "--with", "Account/governance/central crossAccountVersion=5"},
                                            {"plan", "--with", "Account/governance/central quotas.sharedResources=8"},
                                            {"describe", "grant/stock-readers", "-n", "retail"}}));
}

TEST(GoldenAccounts, OfOneIdContradictEachOtherAndTheOldestCounts) {
  World world;
  apply(world, "tests/golden/mesh");
  world.advance(std::chrono::minutes(1));
  const std::string planned = world.transcript({{"plan", "-f", source_path("tests/golden/twice.yaml")},
                                                {"apply", "-f", source_path("tests/golden/twice.yaml")}});
  world.advance(std::chrono::minutes(1));
  expect_golden("accounts-twice", planned + world.transcript({{"describe", "account/central-too", "-n", "governance"},
                                                              {"plan"}}));
}

}  // namespace
}  // namespace datamesh::cli
