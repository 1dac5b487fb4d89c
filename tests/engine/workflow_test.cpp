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
    for (const Json& object : page->items) {
      const api::ObjectKey key = api::key_of(object);
      EXPECT_TRUE(world.condition(key.kind, key.ns, key.name, "Ready").starts_with("True:")) << object.dump(2);
    }
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

TEST(Workflow, EachResourceIsSaidToBeReadyOnce) {
  Converged world;
  std::map<std::string, int> ready;
  for (const engine::Transition& each : world.transitions) ready[to_string(each.about)] += each.status == "True" ? 1 : 0;
  EXPECT_EQ(ready.size(), world.store->list({})->items.size());
  for (const auto& [about, times] : ready) EXPECT_EQ(times, 1) << about;
  world.transitions.clear();
  world.advance(std::chrono::minutes(6));
  EXPECT_TRUE(world.transitions.empty()) << "a sweep that finds nothing says nothing";
}

TEST(Workflow, AResourceThatCeasesToBeReadyIsSaidToWithItsReason) {
  Converged world;
  world.transitions.clear();
  Json grant = world.get("Grant", "retail", "orders-to-analytics");
  ASSERT_FALSE(grant.is_null());
  grant["spec"]["expiresAt"] = to_rfc3339(world.clock.now() - std::chrono::hours(1));
  world.apply_object(grant);
  EXPECT_TRUE(world.run_until_idle());
  std::vector<std::string> reasons;
  for (const engine::Transition& each : world.transitions) {
    if (to_string(each.about) == "Grant/retail/orders-to-analytics") reasons.push_back(each.reason);
    EXPECT_FALSE(each.message.empty() || each.uid.empty()) << to_string(each.about);
  }
  EXPECT_EQ(reasons, (std::vector<std::string>{"Releasing", "Expired"}));
}

}  // namespace
}  // namespace datamesh::testing
