// History is bounded: what was compacted is Gone, and what is still needed is kept.
#include "controller/embedded/sqlite_store_token.h"
#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using api::ListRequest;
using embedded::ContinueToken;
using embedded::SqliteStore;

constexpr std::size_t kHistory = 20;

class StoreHistory : public ::testing::Test {
 protected:
  SqliteStore::Options options() {
    auto options = store_options(folder_.file(), clock_);
    options.history = kHistory;
    return options;
  }
  /// Makes `count` events of one object.
  void churn(const std::string& ns, int count) {
    const api::ObjectKey key{"DataProduct", ns, "churned"};
    (void)store_->create(product(ns, "churned"));
    for (int i = 1; i < count; ++i) {
      ASSERT_TRUE(store_->patch(key, api::PatchType::Merge, {{"spec", {{"description", std::to_string(++churned_)}}}}));
    }
  }
  std::int64_t rows(const char* sql) {
    store_.reset();
    auto database = embedded::Database::open(folder_.file(), embedded::OpenMode::ReadOnly);
    return *(*database)->integer(sql);
  }

  TemporaryFolder folder_;
  FakeClock clock_{kStart};
  std::unique_ptr<SqliteStore> store_ = opened(options());
  int churned_ = 0;
};

TEST_F(StoreHistory, AWatchFromBeforeTheHistoryIsGone) {
  churn("retail", 60);
  const auto watch = store_->watch({.kind = "DataProduct", .since = 1}, nullptr);
  ASSERT_EQ(outcome(watch), "Gone");
  EXPECT_EQ(watch.error().message.substr(0, 27), "too old resource version: 1");
}

TEST_F(StoreHistory, AWatchFromWithinTheHistoryIsNot) {
  churn("retail", 60);
  const api::Revision now = store_->list({})->revision;
  Follower follower(*store_, {.kind = "DataProduct", .since = now - 10});
  EXPECT_EQ(follower.take(10).size(), 10U);
}

TEST_F(StoreHistory, AWatchThatFallsBehindIsGoneForGood) {
  Follower follower(*store_, {.kind = "DataProduct", .since = 1});
  churn("retail", 60);
  EXPECT_EQ(outcome(follower.watch().poll()), "Gone");
  EXPECT_EQ(outcome(follower.watch().poll()), "Gone");
}

TEST_F(StoreHistory, AWatchIsNotPushedOutByEventsOfOthers) {
  Follower follower(*store_, {.kind = "Account", .since = store_->list({})->revision});
  EXPECT_TRUE(follower.take(0).empty());
  churn("retail", 60);
  ASSERT_TRUE(store_->create(account("retail", "producer")));
  EXPECT_EQ(follower.take(1).size(), 1U);
}

TEST_F(StoreHistory, AWatchOfOneNamespaceIsNotWokenByAnother) {
  Follower follower(*store_, {.kind = "DataProduct", .ns = "bank", .since = store_->list({})->revision});
  EXPECT_TRUE(follower.take(0).empty());
  const int before = follower.wakes();
  churn("retail", 5);
  EXPECT_EQ(follower.wakes(), before);
}

TEST_F(StoreHistory, AFullBatchWakesAgain) {
  const api::Revision start = store_->list({})->revision;
  churn("retail", 5);
  Follower follower(*store_, {.kind = "DataProduct", .since = start});
  const int before = follower.wakes();
  EXPECT_EQ(follower.watch().poll(3)->size(), 3U);
  EXPECT_GT(follower.wakes(), before);
  EXPECT_EQ(follower.watch().poll(3)->size(), 2U);
}

TEST_F(StoreHistory, APollForNothingSkipsNothing) {
  const api::Revision start = store_->list({})->revision;
  churn("retail", 2);
  Follower follower(*store_, {.kind = "DataProduct", .since = start});
  EXPECT_TRUE(follower.watch().poll(0)->empty());
  EXPECT_EQ(follower.watch().poll()->size(), 2U);
}

TEST_F(StoreHistory, ADestroyedWatchIsNeverWoken) {
  int wakes = 0;
  auto watch = store_->watch({.kind = "DataProduct", .since = store_->list({})->revision}, [&] { ++wakes; });
  ASSERT_TRUE(watch);
  watch->reset();
  const int before = wakes;
  churn("retail", 3);
  EXPECT_EQ(wakes, before);
}

TEST_F(StoreHistory, ObjectsOutliveTheirEvents) {
  ASSERT_TRUE(store_->create(product("bank", "loans")));
  churn("retail", 60);
  EXPECT_EQ(store_->list({})->items.size(), 2U);
  EXPECT_EQ(outcome(store_->get({"DataProduct", "bank", "loans"})), "");
}

TEST_F(StoreHistory, OneBodyIsKeptForEachObjectAndEachEvent) {
  churn("retail", 500);
  churn("bank", 500);
  EXPECT_LE(rows("SELECT count(*) FROM bodies"), static_cast<std::int64_t>(kHistory) + 2);
}

TEST_F(StoreHistory, DeletionsAreForgottenWithTheirEvents) {
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(store_->create(product("retail", "orders")));
    ASSERT_TRUE(store_->remove(kOrders));
  }
  churn("bank", 60);
  EXPECT_EQ(rows("SELECT count(*) FROM versions WHERE ns = 'retail'"), 0);
}

// ---- continued lists --------------------------------------------------------------------------------------------

class ContinuedList : public StoreHistory {
 protected:
  ContinuedList() {
    for (const char* name : {"a", "b", "c", "d"}) {
      if (!store_->create(product("retail", name))) throw std::runtime_error("create failed");
    }
  }
  std::string token_after_first_page() { return store_->list({.kind = "DataProduct", .limit = 2})->continue_token; }
};

TEST_F(ContinuedList, IsGoneOnceItsRevisionWasCompacted) {
  const std::string token = token_after_first_page();
  churn("bank", 60);
  const auto page = store_->list({.kind = "DataProduct", .limit = 2, .continue_token = token});
  ASSERT_EQ(outcome(page), "Gone");
  EXPECT_EQ(page.error().message.substr(0, 75),
            "The provided continue parameter is too old to display a consistent list res");
}

TEST_F(ContinuedList, GoesOnWithTheLatestWhenTheClientAccepts) {
  const std::string token = token_after_first_page();
  ASSERT_TRUE(store_->create(product("retail", "e")));
  churn("bank", 60);
  const auto latest = embedded::inconsistent_continuation(token);
  ASSERT_TRUE(latest);
  const auto page = store_->list({.kind = "DataProduct", .limit = 2, .continue_token = *latest});
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(api::key_of(page->items.at(0)).name, "c");
  EXPECT_EQ(page->remaining, 1U);
  EXPECT_EQ(page->revision, store_->list({})->revision);
}

TEST_F(ContinuedList, IsHeldToTheListThatItContinues) {
  const std::string token = token_after_first_page();
  EXPECT_EQ(outcome(store_->list({.kind = "Account", .continue_token = token})), "Invalid");
  EXPECT_EQ(outcome(store_->list({.kind = "DataProduct", .ns = "bank", .continue_token = token})), "Invalid");
}

TEST_F(ContinuedList, OfOneNamespaceShowsNoOther) {
  churn("bank", 1);
  const auto first = store_->list({.kind = "DataProduct", .ns = "retail", .limit = 3});
  const auto second =
      store_->list({.kind = "DataProduct", .ns = "retail", .limit = 3, .continue_token = first->continue_token});
  ASSERT_EQ(second->items.size(), 1U);
  EXPECT_EQ(api::key_of(second->items[0]).name, "d");
}

TEST_F(ContinuedList, OfEveryKindGoesFromKindToKind) {
  ASSERT_TRUE(store_->create(account("retail", "x")));
  ASSERT_TRUE(store_->create(mesh("main")));
  ListRequest request{.limit = 1};
  std::vector<std::string> kinds;
  do {
    const auto page = store_->list(request);
    ASSERT_TRUE(page);
    kinds.push_back(api::key_of(page->items.at(0)).kind);
    request.continue_token = page->continue_token;
  } while (!request.continue_token.empty());
  EXPECT_EQ(kinds, (std::vector<std::string>{"Account", "DataProduct", "DataProduct", "DataProduct", "DataProduct",
                                             "Mesh"}));
}

TEST_F(ContinuedList, OfLabelsCountsOnlyThem) {
  for (const char* name : {"x", "y", "z"}) {
    Json object = product("retail", name);
    object["metadata"]["labels"] = {{"tier", "gold"}};
    ASSERT_TRUE(store_->create(object));
  }
  const auto page = store_->list({.kind = "DataProduct", .labels = {{"tier", "gold"}}, .limit = 2});
  EXPECT_EQ(page->remaining, 1U);
}

TEST(ContinueTokens, AreReadAsTheyWereWritten) {
  const ContinueToken token{42, {"DataProduct", "retail", "ümläut/\"quoted\""}, 7};
  EXPECT_EQ(*embedded::decode_token(embedded::encode(token)), token);
}

TEST(ContinueTokens, HoldOnlyWhatUrlsMayHold) {
  const std::string text = embedded::encode({42, {"DataProduct", "retail", "~~~\x7f{{{"}, 7});
  EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}

TEST(ContinueTokens, OfAnyOtherShapeAreInvalid) {
  const std::string good = embedded::encode({42, {"DataProduct", "retail", "orders"}, 7});
  for (const std::string& text : {std::string("garbage"), std::string("!!!"), std::string("e30"), good + "=",
                                  good.substr(4), good.substr(0, good.size() - 4)}) {
    EXPECT_EQ(outcome(embedded::decode_token(text)), "Invalid") << text;
  }
}

}  // namespace
}  // namespace datamesh::testing
