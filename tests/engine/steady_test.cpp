// What is in order is left alone: steady state, adoption, status.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

/// Counts what the engine takes for drift.
class DriftCounter final : public engine::Observer {
 public:
  void queued(std::string_view) override {}
  void started(std::string_view, Millis) override {}
  void finished(std::string_view, engine::Outcome, Millis) override {}
  void retried(std::string_view) override {}
  void batch(std::string_view, std::size_t) override {}
  void drift(engine::DriftClass, std::string_view kind) override { ++seen[std::string(kind)]; }
  void swept(const CatalogRef&, std::size_t, Millis) override { ++sweeps; }
  void converged(std::string_view, Millis) override {}
  void gauges(const engine::Gauges&) override {}
  void noticed(engine::NoticeFate, std::optional<Millis>) override {}

  std::map<std::string, int> seen;
  int sweeps = 0;
};

using None = std::map<std::string, int>;

TEST(SteadyState, WritesNothing) {
  SmallWorld world;
  world.converge();
  world.writes();
  for (int i = 0; i < 3; ++i) {
    world.sweep();
    EXPECT_EQ(world.writes(), None{});
  }
}

TEST(SteadyState, WritesNothingAfterARestart) {
  SmallWorld world;
  world.converge();
  world.writes();
  world.restart();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged());
  world.sweep();
  EXPECT_EQ(world.writes(), None{});
}

TEST(SteadyState, IsNoDrift) {
  DriftCounter observer;
  SmallWorld world(kCentralMesh, &observer);
  world.converge();
  observer.sweeps = 0;
  observer.seen.clear();
  world.sweep();
  EXPECT_GE(observer.sweeps, 3);
  EXPECT_EQ(observer.seen, None{}) << "what the engine did itself is not drift";
}

TEST(SteadyState, MakesNoRevisionInTheStore) {
  SmallWorld world;
  world.converge();
  const auto before = world.store->list({"", std::nullopt, {}, 0, ""});
  world.sweep();
  world.restart();
  world.run_until_idle();
  world.sweep();
  const auto after = world.store->list({"", std::nullopt, {}, 0, ""});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->revision, before->revision);
  EXPECT_EQ(after->items, before->items);
}

TEST(SteadyState, ReadsTheLakeByPages) {
  SmallWorld world;
  world.converge();
  world.calls->reset();
  world.sweep();
  EXPECT_LE(world.calls->counts().at("lakeformation:ListPermissions"), 3 * 2) << "three catalogs, at most two readings";
  EXPECT_FALSE(world.calls->counts().contains("glue:GetTable"));
}

// ---- adoption -------------------------------------------------------------------------------------------------

/// A world whose lake holds all that the small mesh claims, and whose store has never heard of it.
struct Made {
  SmallWorld world;
  Lines before;

  Made() {
    world.converge();
    world.crash();
    // Another operator made all this: forget that it was us.
    for (const auto& [kind, ns, name] :
         {std::tuple("Grant", "analytics", "analysts"), std::tuple("ResourceLink", "analytics", "orders"),
          std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("DataProduct", "retail", "orders")}) {
      EXPECT_TRUE(world.store->patch({kind, ns, name}, api::PatchType::Merge, {{"metadata", {{"finalizers", nullptr}}}}));
      world.remove(kind, ns, name);
    }
    before = world.everything();
    world.writes();
    world.converge();
  }
};

TEST(Adoption, OfWhatEqualsTheClaimsWritesNothing) {
  Made made;
  EXPECT_EQ(made.world.writes(), None{});
  EXPECT_EQ(made.world.everything(), made.before);
}

TEST(Adoption, SurvivesTheDeletionOfTheProduct) {
  Made made;
  for (const auto& [kind, ns, name] :
       {std::tuple("Grant", "analytics", "analysts"), std::tuple("ResourceLink", "analytics", "orders"),
        std::tuple("Grant", "retail", "orders-to-analytics"), std::tuple("DataProduct", "retail", "orders")}) {
    made.world.remove(kind, ns, name);
  }
  EXPECT_TRUE(made.world.run_until_idle());
  EXPECT_EQ(made.world.get("DataProduct", "retail", "orders"), Json()) << "its finalizer went";
  const Lines after = made.world.everything();
  for (const std::string& line : made.before) {
    if (line.find("Permission") != std::string::npos || line.find("ShareAcceptance") != std::string::npos) continue;
    EXPECT_NE(std::find(after.begin(), after.end(), line), after.end()) << line << " was adopted and is gone";
  }
}

TEST(Adoption, BringsWhatDiffersInLine) {
  SmallWorld world;
  world.by_hand(kCentral, aws::Service::LakeFormation, "PutDataLakeSettings",
                R"({"DataLakeSettings": {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": "arn:aws:iam::100000000001:role/datamesh-operator"}],
                    "CreateDatabaseDefaultPermissions": [], "CreateTableDefaultPermissions": []}})");
  world.by_hand(kCentral, aws::Service::Glue, "CreateDatabase",
                R"({"DatabaseInput": {"Name": "orders", "Description": "made by hand", "Parameters": {"theirs": "1"}}})");
  world.converge();
  const Lines entries = world.entries(kCentral);
  EXPECT_NE(std::find(entries.begin(), entries.end(),
                      "Database orders = '' at 's3://retail-data/orders', product=retail/orders, theirs=1"),
            entries.end())
      << ::testing::PrintToString(entries);
}

/// A database that anybody with IAM rights could read is closed when a product takes it over, also when its catalog was
/// read long before.
TEST(Adoption, ClosesWhatIsOpenToIam) {
  SmallWorld world;
  world.start_engine();
  ASSERT_TRUE(world.run_until_idle());
  world.by_hand(kCentral, aws::Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "orders"}})");
  world.by_hand(kCentral, aws::Service::Glue, "CreateTable",
                R"({"DatabaseName": "orders", "TableInput": {"Name": "items", "StorageDescriptor": {"Columns": [{"Name": "order_id", "Type": "bigint"}]}}})");
  const Json whole = {"ALL"};
  world.hand_grants(kCentral, "GrantPermissions", "IAM_ALLOWED_PRINCIPALS", R"({"Database": {"Name": "orders"}})", whole);
  world.hand_grants(kCentral, "GrantPermissions", "IAM_ALLOWED_PRINCIPALS", R"({"Table": {"DatabaseName": "orders", "Name": "items"}})", whole);
  world.sweep();
  world.declare_all();
  ASSERT_TRUE(world.run_until_idle());
  for (const std::string& line : world.entries(kCentral)) {
    EXPECT_EQ(line.find("IAM_ALLOWED_PRINCIPALS"), std::string::npos) << line;
  }
}

// ---- status ---------------------------------------------------------------------------------------------------

TEST(Status, ListsEveryEntryThatIsInForce) {
  SmallWorld world;
  world.converge();
  const Json grant = world.get("Grant", "analytics", "analysts");
  Lines entries;
  for (const Json& entry : at_path(grant, {"status", "entries"})) {
    std::string line = string_at(entry, "kind") + " " + string_at(entry, "name") + " " + string_at(entry, "state");
    for (const Json& each : member(entry, "permissions")) line += " " + each.get<std::string>();
    entries.push_back(reconcilers::with_letters(line));
  }
  EXPECT_EQ(entries, (Lines{"Permission alltables:C:orders@arn:aws:iam::K:role/analyst InForce SELECT DESCRIBE",
                            "Permission database:C:orders@arn:aws:iam::K:role/analyst InForce DESCRIBE",
                            "Permission database:K:orders@arn:aws:iam::K:role/analyst InForce DESCRIBE"}));
  EXPECT_EQ(at_path(grant, {"metadata", "finalizers"}), Json::array({"datamesh.dev/release"}));
}

TEST(Status, NamesTheGenerationThatItIsOf) {
  SmallWorld world;
  world.converge();
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: analysts, namespace: analytics}
spec:
  link: orders
  tables: [orders]
  to: {personas: [{account: {name: analytics}, name: analysts}]}
)Y");
  world.run_until_idle();
  const Json grant = world.get("Grant", "analytics", "analysts");
  EXPECT_EQ(at_path(grant, {"metadata", "generation"}), 2);
  EXPECT_EQ(at_path(grant, {"status", "observedGeneration"}), 2);
  EXPECT_EQ(world.ready("Grant", "analytics", "analysts"), "True:InForce");
  EXPECT_EQ(at_path(grant, {"status", "entries"}).size(), 3u) << "the former entry is off the record";
  const Lines entries = world.entries(kAnalytics);
  EXPECT_EQ(std::count_if(entries.begin(), entries.end(), [](const auto& line) { return line.find("alltables") != line.npos; }), 0);
}

}  // namespace
}  // namespace datamesh::testing
