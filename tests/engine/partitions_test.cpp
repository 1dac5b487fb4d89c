// A mesh in another partition of AWS: every ARN is of that partition, and what was written is read back as it was claimed.
#include <gmock/gmock.h>

#include <regex>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

struct Partition {
  const char* region;
  const char* name;
};

std::string in(const Partition& partition, const char* text) {
  const std::string moved = std::regex_replace(text, std::regex("eu-west-1"), partition.region);
  return std::regex_replace(moved, std::regex("arn:aws:"), "arn:" + std::string(partition.name) + ":");
}

class Partitions : public ::testing::TestWithParam<Partition> {};

TEST_P(Partitions, AMeshConvergesAndHasNothingToDoAfterwards) {
  const Partition& partition = GetParam();
  SmallWorld world(in(partition, kCentralMesh));
  for (const char* part : {kOrders, kOrdersToAnalytics, kAnalysts}) world.apply(in(partition, part));
  world.start_engine();
  ASSERT_TRUE(world.run_until_idle()) << world.engine->status().dump(2);
  ASSERT_TRUE(world.engine->converged()) << world.engine->status().dump(2);

  const auto api = world.lake->as_role("datamesh-operator");
  const auto snapshot = lake::observe(*api, {kCentral, partition.region}, world.clock.now());
  ASSERT_TRUE(snapshot) << to_string(snapshot.error());
  const std::string location = "arn:" + std::string(partition.name) + ":s3:::retail-data/orders";
  EXPECT_TRUE(snapshot->entries.contains({catalog::EntryKind::Location, location}));
  if (std::string(partition.name) != "aws") {
    for (const auto& [key, value] : snapshot->entries) {
      EXPECT_THAT(key.name, ::testing::Not(::testing::HasSubstr("arn:aws:")));
    }
  }

  world.writes();
  world.sweep();
  world.restart();
  ASSERT_TRUE(world.run_until_idle());
  EXPECT_THAT(world.writes(), ::testing::IsEmpty());
  EXPECT_TRUE(world.engine->plan({})["summary"].empty());
}

INSTANTIATE_TEST_SUITE_P(Beijing, Partitions, ::testing::Values(Partition{"cn-north-1", "aws-cn"}));
INSTANTIATE_TEST_SUITE_P(GovCloud, Partitions, ::testing::Values(Partition{"us-gov-west-1", "aws-us-gov"}));
INSTANTIATE_TEST_SUITE_P(Commercial, Partitions, ::testing::Values(Partition{"eu-central-1", "aws"}));

}  // namespace
}  // namespace datamesh::testing
