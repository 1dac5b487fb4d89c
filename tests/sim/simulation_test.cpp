// A thousand lives. A failure names its seed: `./simulate --seeds 1 --from SEED --verbose` lives it again.
#include "tests/sim/simulation.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace datamesh::sim {
namespace {

constexpr int kShards = 20;
constexpr int kSeedsAShard = 50;
constexpr int kSeedsASanitizedShard = 2;

class Convergence : public ::testing::TestWithParam<int> {};

TEST_P(Convergence, EveryLifeKeepsTheInvariantsAndEndsAsDeclared) {
  const int seeds = std::getenv("DATAMESH_SANITIZED") != nullptr ? kSeedsASanitizedShard : kSeedsAShard;
  for (int n = 0; n < seeds; ++n) {
    const int seed = GetParam() * kSeedsAShard + n + 1;
    const Outcome outcome = simulate(static_cast<std::uint64_t>(seed));
    ASSERT_TRUE(outcome.ok) << outcome.journal << "seed " << seed << ": " << outcome.failure;
  }
}

INSTANTIATE_TEST_SUITE_P(Shard, Convergence, ::testing::Range(0, kShards));

TEST(Simulation, ASeedRepeatsItsLifeExactly) {
  EXPECT_EQ(simulate(7).journal, simulate(7).journal);
}

}  // namespace
}  // namespace datamesh::sim
