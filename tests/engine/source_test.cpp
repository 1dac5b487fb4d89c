// Products whose schema follows a database of the producer's own.
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

constexpr const char* kFollowing = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  location: s3://retail-data/orders
  schemaPolicy: FollowProducer
  sourceDatabase: raw
  deletionPolicy: Delete
)Y";

/// The small mesh, whose product follows the database `raw` of its producer.
struct Following : SmallWorld {
  void make_source() {
    by_hand(kRetail, Service::Glue, "CreateDatabase", R"({"DatabaseInput": {"Name": "raw"}})");
    put_table("CreateTable", "items", {"sku"});
    put_table("CreateTable", "orders", {"id", "customer"});
  }
  void put_table(const std::string& operation, const std::string& name, const Lines& columns) {
    Json list = Json::array();
    for (const std::string& column : columns) list.push_back({{"Name", column}, {"Type", "string"}});
    const Json input = {{"Name", name},
                        {"StorageDescriptor", {{"Columns", list}, {"Location", "s3://retail-data/orders/" + name}}}};
    by_hand(kRetail, Service::Glue, operation, Json({{"DatabaseName", "raw"}, {"TableInput", input}}).dump());
  }
  void follow() {
    for (const char* part : {kFollowing, kOrdersToAnalytics, kAnalysts}) apply(part);
    start_engine();
    run_until_idle();
  }
  bool governed(const std::string& table) { return mentions(entries(kCentral), "Table orders/" + table); }
  std::string ready_message() {
    const Json product = get("DataProduct", "retail", "orders");
    for (const Json& condition : at_path(product, {"status", "conditions"})) {
      if (string_at(condition, "type") == "Ready") return string_at(condition, "message");
    }
    return "";
  }
};

struct Followed : Following {
  Followed() {
    make_source();
    follow();
    EXPECT_TRUE(engine->converged()) << engine->status().dump(2);
  }
};

TEST(Source, LeadsTheSchemaOfTheGoverningCatalog) {
  Followed world;
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/orders = (id string, customer string) at s3://retail-data/orders/orders"));
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/items = (sku string)"));
  EXPECT_TRUE(world.analyst_reads());
  world.writes();
  world.sweep();
  EXPECT_EQ(world.writes(), (std::map<std::string, int>{}));
}

TEST(Source, PassesOnAColumnThatIsAddedByHand) {
  Followed world;
  world.put_table("UpdateTable", "orders", {"id", "customer", "amount"});
  world.sweep();
  EXPECT_TRUE(mentions(world.entries(kCentral), "Table orders/orders = (id string, customer string, amount string)"));
  EXPECT_TRUE(world.engine->converged());
}

TEST(Source, PassesOnTablesThatComeAndGo) {
  Followed world;
  world.put_table("CreateTable", "returns", {"id"});
  world.by_hand(kRetail, Service::Glue, "DeleteTable", R"({"DatabaseName": "raw", "Name": "items"})");
  world.sweep();
  world.run_until_idle();
  EXPECT_TRUE(world.governed("returns"));
  EXPECT_FALSE(world.governed("items"));
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

TEST(Source, IsWaitedForByNameWhileItIsAbsent) {
  Following world;
  world.follow();
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:SourceNotFound");
  EXPECT_EQ(world.ready_message(), "sourceDatabase raw holds no table in catalog 100000000002/eu-west-1");
  EXPECT_EQ(world.condition("DataProduct", "retail", "orders", "Reconciling"), "True:SourceNotFound");
  EXPECT_TRUE(mentions(world.entries(kCentral), "Database orders")) << "what can be made is made";
  world.make_source();
  world.sweep();
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  EXPECT_TRUE(world.governed("orders"));
}

TEST(Source, ThatVanishesTakesNoTableWithIt) {
  Followed world;
  world.by_hand(kRetail, Service::Glue, "DeleteDatabase", R"({"Name": "raw"})");
  world.sweep();
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "False:SourceNotFound");
  EXPECT_TRUE(world.governed("orders"));
  EXPECT_TRUE(world.governed("items"));
  world.restart();
  world.run_until_idle();
  world.sweep();
  EXPECT_TRUE(world.governed("orders")) << "nor does a restart";
  world.make_source();
  world.sweep();
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
  world.remove("DataProduct", "retail", "orders");
  world.run_until_idle();
  EXPECT_FALSE(world.governed("orders")) << "they are still the operator's to delete";
}

TEST(Source, ThatCannotBeReadAfterARestartTakesNoTableWithIt) {
  Followed world;
  world.crash();
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.target.account != kRetail) return std::nullopt;
    return lost(call);
  };
  world.start_engine();
  world.advance(minutes(12));
  EXPECT_TRUE(world.governed("orders"));
  EXPECT_TRUE(world.governed("items"));
  world.hooks->before = nullptr;
  world.advance(minutes(6));
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
}

TEST(Source, IsFoundByAProductThatComesToFollowItLater) {
  Following world;
  world.make_source();
  world.start_engine();
  world.run_until_idle();
  world.apply(kFollowing);
  EXPECT_TRUE(world.run_until_idle());
  EXPECT_TRUE(world.governed("orders"));
  EXPECT_EQ(world.ready("DataProduct", "retail", "orders"), "True:InForce");
}

}  // namespace
}  // namespace datamesh::testing
