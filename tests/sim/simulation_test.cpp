// A thousand lives. A failure names its seed: `./simulate --seeds 1 --from SEED --verbose` lives it again.
#include "tests/sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace datamesh::sim {
namespace {

constexpr int kShards = 20;
constexpr int kSeedsAShard = 50;
constexpr int kSeedsASanitizedShard = 2;

/// Lives that are known to end otherwise than the model expects; still open (docs/scope.md, "Open defects"):
/// 299: the lake still shows a share whose last table was dropped by hand, and the ResourceLink says Ready.
constexpr int kOpenDefects[] = {299};

bool is_open_defect(int seed) {
  return std::find(std::begin(kOpenDefects), std::end(kOpenDefects), seed) != std::end(kOpenDefects);
}

class Convergence : public ::testing::TestWithParam<int> {};

TEST_P(Convergence, EveryLifeKeepsTheInvariantsAndEndsAsDeclared) {
  const int seeds = std::getenv("DATAMESH_SANITIZED") != nullptr ? kSeedsASanitizedShard : kSeedsAShard;
  for (int n = 0; n < seeds; ++n) {
    const int seed = GetParam() * kSeedsAShard + n + 1;
    if (is_open_defect(seed)) continue;
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
