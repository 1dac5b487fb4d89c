// Many threads at one store: every write counts once, and every watch ends up with what is stored.
#include <atomic>
#include <map>
#include <thread>

#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using api::PatchType;
using embedded::SqliteStore;
using State = std::map<std::string, api::Revision>;

constexpr int kWriters = 4;
constexpr int kWrites = 40;

class StoreThreads : public ::testing::TestWithParam<const char*> {
 protected:
  std::string file() const { return std::string(GetParam()) == "memory" ? ":memory:" : folder_.file(); }

  TemporaryFolder folder_;
  FakeClock clock_{kStart};
  std::unique_ptr<SqliteStore> store_ = opened(store_options(file(), clock_));
};

State listed_state(SqliteStore& store) {
  State state;
  const auto page = store.list({.kind = "DataProduct"});
  for (const Json& item : page->items) {
    state[api::key_of(item).name] = revision_in(item);
  }
  return state;
}

/// Creates, changes and partly deletes objects of its own.
void write_own(SqliteStore& store, int writer, std::atomic<int>& failures) {
  for (int i = 0; i < kWrites; ++i) {
    const std::string name = "w" + std::to_string(writer) + "-" + std::to_string(i);
    const api::ObjectKey key{"DataProduct", "retail", name};
    if (!store.create(product("retail", name))) ++failures;
    if (!store.patch(key, PatchType::Merge, {{"spec", {{"description", "second"}}}})) ++failures;
    if (!store.write_statuses({{key, "", {{"n", i}}}}).at(0)) ++failures;
    if (i % 2 == 0 && !store.remove(key)) ++failures;
  }
}

/// Follows a watch until `done` and nothing is left; what the events amount to.
State follow(SqliteStore& store, const std::atomic<bool>& done, std::atomic<int>& failures) {
  Follower follower(store, {.kind = "DataProduct", .since = 1});
  State state;
  api::Revision last = 1;
  for (bool finishing = false;;) {
    const bool was_done = done;
    const auto events = follower.watch().poll(7);
    if (!events) ++failures;
    if (!events) return state;
    for (const auto& event : *events) {
      if (event.revision <= last) ++failures;
      last = event.revision;
      const std::string name = api::key_of(event.object).name;
      if (event.type == api::EventType::Deleted) {
        state.erase(name);
      } else {
        state[name] = event.revision;
      }
    }
    if (finishing && events->empty()) return state;
    finishing = was_done;
    if (events->empty()) std::this_thread::yield();
  }
}

TEST_P(StoreThreads, WatchesAgreeWithTheListInTheEnd) {
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::vector<State> followed(3);
  std::vector<std::thread> followers;
  for (State& state : followed) {
    followers.emplace_back([&] { state = follow(*store_, done, failures); });
  }
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] { write_own(*store_, writer, failures); });
  }
  std::thread reader([&] {
    while (!done) {
      if (!store_->list({.kind = "DataProduct", .limit = 10})) ++failures;
    }
  });
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  for (std::thread& follower : followers) follower.join();
  EXPECT_EQ(failures, 0);
  const State state = listed_state(*store_);
  EXPECT_EQ(state.size(), static_cast<std::size_t>(kWriters * kWrites / 2));
  for (const State& each : followed) EXPECT_EQ(each, state);
}

TEST_P(StoreThreads, OptimisticLockingCountsEveryIncrementOnce) {
  Json object = product("retail", "orders");
  object["metadata"]["annotations"] = {{"count", "0"}};
  ASSERT_TRUE(store_->create(object));
  std::atomic<int> conflicts{0};
  std::atomic<int> failures{0};
  const auto increment = [&] {
    for (int done = 0; done < 25;) {
      Json now = *store_->get(kOrders);
      auto& count = now["metadata"]["annotations"]["count"];
      count = std::to_string(std::stoi(count.get<std::string>()) + 1);
      const auto updated = store_->update(now);
      if (updated) ++done;
      if (!updated && updated.error().kind == ErrorKind::Conflict) ++conflicts;
      if (!updated && updated.error().kind != ErrorKind::Conflict) ++failures;
      if (failures > 0) return;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kWriters; ++i) threads.emplace_back(increment);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(store_->get(kOrders)->at("metadata").at("annotations").at("count"), std::to_string(kWriters * 25));
}

TEST_P(StoreThreads, WatchesMayComeAndGoWhileOthersWrite) {
  std::atomic<int> failures{0};
  std::atomic<bool> done{false};
  std::thread churner([&] {
    while (!done) {
      std::atomic<int> wakes{0};
      auto watch = store_->watch({.kind = "DataProduct", .since = store_->list({})->revision}, [&] { ++wakes; });
      if (!watch || !(*watch)->poll()) ++failures;
    }
  });
  write_own(*store_, 0, failures);
  done = true;
  churner.join();
  EXPECT_EQ(failures, 0);
}

TEST(StoreReaders, DoNotWaitForAWriteThatTakesItsTime) {
  const TemporaryFolder folder;
  const FakeClock clock(kStart);
  SqliteStore* store = nullptr;
  std::vector<std::string> seen;
  auto options = store_options(folder.file(), clock);
  // Admission runs in the middle of the write; it ends only when the other thread has read.
  options.admission = [&](Json object) -> Result<Json> {
    std::thread([&] { seen.push_back(outcome(store->get(kOrders))); }).join();
    return object;
  };
  const auto owner = opened(std::move(options));
  store = owner.get();
  ASSERT_TRUE(store->create(product("retail", "orders")));
  ASSERT_TRUE(store->patch(kOrders, PatchType::Merge, {{"spec", {{"description", "second"}}}}));
  EXPECT_EQ(seen, (std::vector<std::string>{"NotFound", ""}));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreThreads, ::testing::Values("file", "memory"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace datamesh::testing
