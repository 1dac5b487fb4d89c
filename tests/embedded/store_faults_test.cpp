// The fault injector does what it is told, at every call.
#include "controller/embedded/faulty_store.h"
#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using embedded::FaultyStore;
using embedded::StoreFault;
using embedded::StoreOperation;

class StoreFaults : public ::testing::Test {
 protected:
  StoreFault decide(StoreOperation operation, const api::ObjectKey& key) {
    asked_.push_back(std::string(embedded::to_string(operation)) + " " + api::to_string(key));
    return fault_;
  }

  FakeClock clock_{kStart};
  std::unique_ptr<embedded::SqliteStore> inner_ = opened(store_options(":memory:", clock_));
  FaultyStore store_{*inner_, [this](StoreOperation operation, const api::ObjectKey& key) {
                       return decide(operation, key);
                     }};
  StoreFault fault_;
  std::vector<std::string> asked_;
};

TEST_F(StoreFaults, EveryCallIsDecidedUpon) {
  ASSERT_TRUE(store_.create(product("retail", "orders")));
  (void)store_.get(kOrders);
  (void)store_.list({.kind = "DataProduct", .ns = "retail"});
  (void)store_.update(product("retail", "orders", "second"));
  (void)store_.patch(kOrders, api::PatchType::Merge, Json::object());
  (void)store_.write_statuses({{kOrders, "", {{"n", 1}}}});
  (void)(*store_.watch({.kind = "DataProduct"}, nullptr))->poll();
  (void)store_.remove(kOrders);
  EXPECT_EQ(asked_, (std::vector<std::string>{
                        "create DataProduct/retail/orders", "get DataProduct/retail/orders",
                        "list DataProduct/retail/", "update DataProduct/retail/orders",
                        "patch DataProduct/retail/orders", "write_statuses DataProduct/retail/orders",
                        "watch DataProduct/", "poll DataProduct/", "remove DataProduct/retail/orders"}));
}

TEST_F(StoreFaults, AFaultBeforeACallLeavesTheStoreAlone) {
  fault_ = {StoreFault::Point::Before, ErrorKind::Throttled};
  EXPECT_EQ(outcome(store_.create(product("retail", "orders"))), "Throttled");
  EXPECT_EQ(outcome(inner_->get(kOrders)), "NotFound");
}

TEST_F(StoreFaults, ALostAnswerLeavesTheCallDone) {
  fault_ = {StoreFault::Point::After};
  EXPECT_EQ(outcome(store_.create(product("retail", "orders"))), "Transient");
  EXPECT_EQ(outcome(inner_->get(kOrders)), "");
}

TEST_F(StoreFaults, ALostBatchOfStatusesFailsEachOfThem) {
  ASSERT_TRUE(store_.create(product("retail", "orders")));
  fault_ = {StoreFault::Point::After};
  const auto outcomes = store_.write_statuses({{kOrders, "", {{"n", 1}}}, {kOrders, "", {{"n", 2}}}});
  ASSERT_EQ(outcomes.size(), 2U);
  for (const auto& each : outcomes) EXPECT_EQ(outcome(each), "Transient");
  EXPECT_EQ(inner_->get(kOrders)->at("status"), Json({{"n", 2}}));
}

TEST_F(StoreFaults, ADroppedWatchIsGoneForGood) {
  int wakes = 0;
  auto watch = *store_.watch({.kind = "DataProduct", .since = 1}, [&] { ++wakes; });
  fault_ = {StoreFault::Point::Before};
  EXPECT_EQ(outcome(watch->poll()), "Gone");
  fault_ = {};
  EXPECT_EQ(outcome(watch->poll()), "Gone");
  ASSERT_TRUE(store_.create(product("retail", "orders")));
  EXPECT_EQ(wakes, 0);
}

}  // namespace
}  // namespace datamesh::testing
