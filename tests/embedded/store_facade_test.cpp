// What the store does for the Kubernetes API in front of it: the record of managers, statuses held to a revision, and
// lists of the past.
#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using api::ObjectKey;

const Json kManagers = Json::array({{{"manager", "m"}, {"operation", "Apply"}}});
const ObjectKey kOrders{"DataProduct", "retail", "orders"};

class StoreForFacade : public ::testing::Test {
 protected:
  StoreForFacade() {
    auto options = store_options(":memory:", clock_);
    options.managed_fields = embedded::ManagedFields::Keep;
    store_ = opened(std::move(options));
  }

  Json created(const std::string& name) {
    Json object = {{"apiVersion", "datamesh.dev/v1alpha1"}, {"kind", "DataProduct"},
                   {"metadata", {{"name", name}, {"namespace", "retail"}, {"managedFields", kManagers}}}, {"spec", {{"a", 1}}}};
    return *store_->create(object);
  }
  static api::Revision revision(const Json& object) { return std::stoll(object["metadata"]["resourceVersion"].get<std::string>()); }

  FakeClock clock_{kStart};
  std::unique_ptr<embedded::SqliteStore> store_;
};

TEST_F(StoreForFacade, ManagedFieldsStayWhereAWriteSaysNothingOfThem) {
  Json object = created("orders");
  EXPECT_EQ(object["metadata"]["managedFields"], kManagers);
  object["metadata"].erase("managedFields");
  object["spec"]["a"] = 2;
  EXPECT_EQ((*store_->update(object))["metadata"]["managedFields"], kManagers);
}

TEST_F(StoreForFacade, AStatusIsHeldToItsRevision) {
  const Json object = created("orders");
  const auto stale = store_->write_statuses({{kOrders, "", {{"x", 1}}, revision(object) - 1}});
  ASSERT_FALSE(stale[0]);
  EXPECT_EQ(stale[0].error().kind, ErrorKind::Conflict);
  EXPECT_TRUE(store_->write_statuses({{kOrders, "", {{"x", 1}}, revision(object)}})[0]);
}

TEST_F(StoreForFacade, AStatusMayBringItsManagers) {
  const Json object = created("orders");
  const Json managers = Json::array({{{"manager", "other"}}});
  const auto written = store_->write_statuses({{kOrders, "", {{"x", 1}}, std::nullopt, managers}});
  EXPECT_EQ((*written[0])["metadata"]["managedFields"], managers);
  const auto again = store_->write_statuses({{kOrders, "", {{"x", 1}}, std::nullopt, managers}});
  EXPECT_EQ(*again[0], *written[0]) << "the same once more is no write";
  const auto others = store_->write_statuses({{kOrders, "", {{"x", 1}}, std::nullopt, kManagers}});
  EXPECT_EQ((*others[0])["metadata"]["managedFields"], kManagers);
  EXPECT_GT(revision(*others[0]), revision(*written[0])) << "managers alone are a change";
}

TEST_F(StoreForFacade, AListShowsARevisionOfThePast) {
  const Json first = created("orders");
  created("payments");
  ASSERT_TRUE(store_->remove(kOrders));
  const auto then = store_->list({.kind = "DataProduct", .at = revision(first)});
  ASSERT_TRUE(then);
  EXPECT_EQ(then->items, std::vector<Json>{first});
  EXPECT_EQ(then->revision, revision(first));
  const auto future = store_->list({.kind = "DataProduct", .at = 1'000'000});
  ASSERT_FALSE(future);
  EXPECT_EQ(future.error().kind, ErrorKind::Invalid);
}

TEST_F(StoreForFacade, APastThatWasCompactedIsGone) {
  auto options = store_options(":memory:", clock_);
  options.history = 10;
  store_ = opened(std::move(options));
  const Json first = created("orders");
  for (int i = 0; i < 40; ++i) created("p" + std::to_string(i));
  const auto past = store_->list({.kind = "DataProduct", .at = revision(first)});
  ASSERT_FALSE(past);
  EXPECT_EQ(past.error().kind, ErrorKind::Gone);
}

TEST_F(StoreForFacade, ATokenThatIsTooOldComesWithOneThatGoesOn) {
  auto options = store_options(":memory:", clock_);
  options.history = 10;
  store_ = opened(std::move(options));
  for (const char* name : {"a", "b", "c"}) created(name);
  const std::string token = store_->list({.kind = "DataProduct", .limit = 1})->continue_token;
  for (int i = 0; i < 40; ++i) created("p" + std::to_string(i));
  const auto gone = store_->list({.kind = "DataProduct", .limit = 1, .continue_token = token});
  ASSERT_FALSE(gone);
  const auto rest = store_->list({.kind = "DataProduct", .limit = 1, .continue_token = gone.error().code});
  ASSERT_TRUE(rest) << to_string(rest.error());
  EXPECT_EQ(rest->items.at(0)["metadata"]["name"], "b");
}

}  // namespace
}  // namespace datamesh::testing
