// The eight steps of the reference workflow, on the real embedded store and lake.
#include <gtest/gtest.h>

#include "tests/engine/mesh_text.h"
#include "tests/world/world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kAnalyst = "arn:aws:iam::100000000003:role/analyst";

/// A world in which the whole small mesh has converged.
struct Converged : World {
  Converged() {
    apply(kCentralMesh);
    apply(kOrders);
    apply(kOrdersToAnalytics);
    apply(kAnalysts);
    start_engine();
    EXPECT_TRUE(run_until_idle()) << engine->status().dump(2);
  }
};

TEST(Workflow, ConvergesACentralMeshFromNothing) {
  Converged world;
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  for (const char* kind : {"DataProduct", "Grant", "ResourceLink", "Account"}) {
    const auto page = world.store->list({kind, std::nullopt, {}, 0, ""});
    for (const Json& object : page->items) EXPECT_TRUE(world.engine->converged()) << object["status"].dump(2);
  }
}

TEST(Workflow, TheAnalystReadsTheTableThroughTheLink) {
  Converged world;
  const auto table = world.call_as(kAnalyst, aws::Service::Glue, "GetTable",
                                   {{"DatabaseName", "orders"}, {"Name", "orders"}});
  ASSERT_TRUE(table) << to_string(table.error());
  EXPECT_EQ(at_path(*table, {"Table", "StorageDescriptor", "Columns"}).size(), 3u);
}

TEST(Workflow, AFurtherSweepWritesNothing) {
  Converged world;
  world.calls->reset();
  world.advance(std::chrono::minutes(6));
  EXPECT_GT(world.calls->total(), 0);
  EXPECT_EQ(world.calls->writes(), 0) << Json(world.calls->counts()).dump();
}

}  // namespace
}  // namespace datamesh::testing
