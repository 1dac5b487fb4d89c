// What the engine tells whoever measures it, and what a DataProduct's status says beside its conditions.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

struct Counting final : engine::Observer {
  void queued(std::string_view queue) override { ++adds[std::string(queue)]; }
  void started(std::string_view queue, Millis) override { ++starts[std::string(queue)]; }
  void finished(std::string_view queue, engine::Outcome, Millis) override { ++ends[std::string(queue)]; }
  void retried(std::string_view) override {}
  void batch(std::string_view, std::size_t) override {}
  void drift(engine::DriftClass, std::string_view) override {}
  void swept(const CatalogRef&, std::size_t, Millis) override {}
  void converged(std::string_view, Millis) override {}
  void gauges(const engine::Gauges& gauges) override { last = gauges; }
  void noticed(engine::NoticeFate fate, std::optional<Millis>) override { ++fates[fate]; }

  std::map<std::string, int> adds, starts, ends;
  std::map<engine::NoticeFate, int> fates;
  engine::Gauges last;
};

TEST(Observer, SeesEveryItemQueuedThatIsWorkedOn) {
  Counting seen;
  SmallWorld world(kCentralMesh, &seen);
  world.converge();
  for (const char* queue : {"catalog", "DataProduct", "Grant", "ResourceLink", "Account"}) {
    EXPECT_GT(seen.adds[queue], 0) << queue;
    EXPECT_EQ(seen.starts[queue], seen.adds[queue]) << queue;
    EXPECT_EQ(seen.ends[queue], seen.adds[queue]) << queue;
  }
}

TEST(Observer, IsToldWhichObjectsAreStalled) {
  Counting seen;
  SmallWorld world(kCentralMesh, &seen);
  world.converge();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: take, namespace: governance}
spec: {product: {namespace: retail, name: orders}, to: {principals: ["arn:aws:iam::100000000001:role/boss"]}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: early, namespace: retail}
spec: {product: {name: to-come}, to: {principals: ["arn:aws:iam::100000000001:role/boss"]}}
)Y");
  world.run_until_idle();
  world.advance(seconds(10));
  std::map<std::string, std::int64_t> grants;
  for (const auto& [labels, count] : seen.last.resources) {
    if (labels.first == "Grant") grants[labels.second] = count;
  }
  EXPECT_EQ(grants, (std::map<std::string, std::int64_t>{{"Ready", 2}, {"NotReady", 1}, {"Stalled", 1}}));
}

TEST(ProductStatus, NamesTheGovernorAndTheCatalogs) {
  SmallWorld world;
  world.converge();
  const Json status = member(world.get("DataProduct", "retail", "orders"), "status");
  EXPECT_EQ(status["owner"], kCentral);
  EXPECT_EQ(status["catalogs"], Json::array({"100000000001/eu-west-1", "100000000002/eu-west-1"}));
  world.apply("apiVersion: datamesh.dev/v1alpha1\nkind: Mesh\nmetadata: {name: mesh}\nspec: {governance: Federated}\n");
  world.run_until_idle();
  const Json moved = member(world.get("DataProduct", "retail", "orders"), "status");
  EXPECT_EQ(moved["owner"], kRetail);
  EXPECT_EQ(moved["catalogs"], Json::array({"100000000002/eu-west-1"}));
}

}  // namespace
}  // namespace datamesh::testing
