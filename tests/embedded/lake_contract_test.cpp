// The embedded lake passes the contract of aws::Api.
#include "tests/embedded/lake_world.h"

namespace datamesh::testing {

INSTANTIATE_TEST_SUITE_P(EmbeddedLake, AwsApiContract,
                         ::testing::Values(AwsWorldFactory([] { return std::make_unique<LakeWorld>(); })),
                         [](const auto&) { return std::string("Memory"); });

}  // namespace datamesh::testing
