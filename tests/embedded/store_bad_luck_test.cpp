// Damaged files, full disks, missing rights, files in use: a message that says what to do, and nothing lost.
#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using ::testing::TestWithParam;

class StoreBadLuck : public ::testing::Test {
 protected:
  std::unique_ptr<embedded::SqliteStore> open() { return opened(store_options(folder_.file(), clock_)); }
  Result<std::unique_ptr<embedded::SqliteStore>> try_open(const std::string& file) {
    return embedded::SqliteStore::open(store_options(file, clock_));
  }
  /// Fills the store at the fixture's file with some pages of objects.
  void fill(int objects) {
    const auto store = open();
    for (int i = 0; i < objects; ++i) {
      ASSERT_TRUE(store->create(product("retail", "p" + std::to_string(i), std::string(2000, 'x'))));
    }
  }
  /// Opening `file` fails as Unavailable with a message that names the file and holds `advice`.
  void expect_refused(const std::string& file, const std::string& advice) {
    const auto refused = try_open(file);
    ASSERT_EQ(outcome(refused), "Unavailable");
    EXPECT_NE(refused.error().message.find(file), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find(advice), std::string::npos) << refused.error().message;
  }

  TemporaryFolder folder_;
  FakeClock clock_{kStart};
};

TEST_F(StoreBadLuck, AFileThatIsNoDatabaseIsRefusedAndKept) {
  const std::string text(10'000, 'x');
  std::ofstream(folder_.file()) << text;
  expect_refused(folder_.file(), "put a backup in its place");
  EXPECT_EQ(contents(folder_.file()), text);
}

TEST_F(StoreBadLuck, ADamagedHeaderIsRefusedAndKept) {
  fill(20);
  overwrite(folder_.file(), 0, std::string(64, '\0'));
  const std::string before = contents(folder_.file());
  expect_refused(folder_.file(), "damaged");
  EXPECT_EQ(contents(folder_.file()), before);
}

TEST_F(StoreBadLuck, ADamagedPageIsFoundWhenTheStoreIsOpened) {
  fill(50);
  const std::string whole = contents(folder_.file());
  overwrite(folder_.file(), 8 * 4096, std::string(4096, '\xa5'));
  overwrite(folder_.file(), 12 * 4096, std::string(4096, '\xa5'));
  const std::string before = contents(folder_.file());
  expect_refused(folder_.file(), "damaged");
  EXPECT_EQ(contents(folder_.file()), before);
}

TEST_F(StoreBadLuck, ATruncatedFileIsRefusedAndKept) {
  fill(50);
  std::filesystem::resize_file(folder_.file(), 5 * 4096 + 100);
  const std::string before = contents(folder_.file());
  expect_refused(folder_.file(), "damaged");
  EXPECT_EQ(contents(folder_.file()), before);
}

TEST_F(StoreBadLuck, AnObjectThatIsNoJsonIsDamageAndNotACrash) {
  {
    const auto store = open();
    ASSERT_TRUE(store->create(product("retail", "orders")));
  }
  {
    auto database = embedded::Database::open(folder_.file(), embedded::OpenMode::ReadWrite);
    ASSERT_TRUE((*database)->execute("UPDATE bodies SET body = '{\"half'"));
  }
  const auto store = open();
  const auto object = store->get(kOrders);
  ASSERT_EQ(outcome(object), "Unavailable");
  EXPECT_NE(object.error().message.find("damaged"), std::string::npos) << object.error().message;
  EXPECT_EQ(outcome(store->list({})), "Unavailable");
  EXPECT_EQ(outcome(store->remove(kOrders)), "Unavailable");
}

TEST_F(StoreBadLuck, AnotherProgramsDatabaseIsRefusedAndKept) {
  {
    auto database = embedded::Database::open(folder_.file(), embedded::OpenMode::ReadWrite);
    ASSERT_TRUE((*database)->execute("CREATE TABLE recipes (name TEXT)"));
  }
  const std::string before = contents(folder_.file());
  expect_refused(folder_.file(), "another program");
  EXPECT_EQ(contents(folder_.file()), before);
}

TEST_F(StoreBadLuck, AFileOfANewerVersionIsRefusedAndKept) {
  fill(1);
  {
    auto database = embedded::Database::open(folder_.file(), embedded::OpenMode::ReadWrite);
    ASSERT_TRUE((*database)->execute("PRAGMA user_version = 99"));
  }
  const std::string before = contents(folder_.file());
  expect_refused(folder_.file(), "newer datamesh");
  EXPECT_EQ(contents(folder_.file()), before);
}

TEST_F(StoreBadLuck, AFileInUseIsRefusedWithTheProcessThatUsesIt) {
  const auto store = open();
  expect_refused(folder_.file(), "in use by process " + std::to_string(::getpid()));
  EXPECT_TRUE(store->create(product("retail", "orders")));
}

TEST_F(StoreBadLuck, AClosedStoreIsFreeAgain) {
  open().reset();
  EXPECT_EQ(outcome(try_open(folder_.file())), "");
}

TEST_F(StoreBadLuck, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_.file("plain")) << "a file";
  const auto refused = try_open(folder_.file("plain") + "/below/store.db");
  ASSERT_EQ(outcome(refused), "Unavailable");
  EXPECT_NE(refused.error().message.find(folder_.file("plain")), std::string::npos) << refused.error().message;
  EXPECT_NE(refused.error().message.find("choose another folder"), std::string::npos) << refused.error().message;
}

TEST_F(StoreBadLuck, AFolderInPlaceOfTheFileIsNamed) {
  std::filesystem::create_directory(folder_.file());
  expect_refused(folder_.file(), "check that its folder exists and that this user may write there");
}

TEST_F(StoreBadLuck, AMissingFolderIsMade) {
  EXPECT_EQ(outcome(try_open(folder_.file("one") + "/two/store.db")), "");
}

// ---- a full disk ------------------------------------------------------------------------------------------------

class FullDisk : public StoreBadLuck {
 protected:
  static constexpr std::size_t kSize = 60 * 4096;

  std::unique_ptr<embedded::SqliteStore> open_small() {
    auto options = store_options(folder_.file(), clock_);
    options.max_file_bytes = kSize;
    return opened(std::move(options));
  }
  static std::string name(int i) { return "p" + std::to_string(i); }
  /// Creates objects until one is refused; the number that were acknowledged, and the refusal.
  static std::pair<int, Error> fill_up(embedded::SqliteStore& store) {
    for (int i = 0; i < 1000; ++i) {
      const auto object = store.create(product("retail", name(i), std::string(2000, 'x')));
      if (!object) return {i, object.error()};
    }
    return {1000, {}};
  }
};

TEST_F(FullDisk, AWriteSaysWhatToDo) {
  const auto store = open_small();
  const auto [written, error] = fill_up(*store);
  EXPECT_EQ(error.kind, ErrorKind::Unavailable);
  EXPECT_NE(error.message.find(folder_.file()), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("free some space"), std::string::npos) << error.message;
}

TEST_F(FullDisk, NothingAcknowledgedIsLost) {
  int written = 0;
  {
    const auto store = open_small();
    written = fill_up(*store).first;
    ASSERT_GT(written, 10);
    EXPECT_EQ(store->list({.kind = "DataProduct"})->items.size(), static_cast<std::size_t>(written));
  }
  const auto store = open();
  EXPECT_EQ(store->list({.kind = "DataProduct"})->items.size(), static_cast<std::size_t>(written));
}

TEST_F(FullDisk, ARefusedWriteLeavesNoTraceAndTakesNoRevision) {
  api::Revision last = 0;
  {
    const auto store = open_small();
    Follower follower(*store, {.kind = "DataProduct", .since = 1});
    const int written = fill_up(*store).first;
    last = store->list({.kind = "DataProduct"})->revision;
    EXPECT_EQ(follower.take(static_cast<std::size_t>(written)).size(), static_cast<std::size_t>(written));
    EXPECT_EQ(outcome(store->get({"DataProduct", "retail", name(written)})), "NotFound");
  }
  EXPECT_EQ(revision_in(*open()->create(product("retail", "later"))), last + 1);
}

TEST_F(FullDisk, ABatchOfStatusesIsWrittenWhollyOrNotAtAll) {
  const auto store = open_small();
  const int written = fill_up(*store).first;
  std::vector<api::StatusWrite> writes;
  for (int i = 0; i < written; ++i) {
    writes.push_back({{"DataProduct", "retail", name(i)}, "", {{"text", std::string(3000, 's')}}});
  }
  const auto outcomes = store->write_statuses(writes);
  ASSERT_EQ(outcomes.size(), writes.size());
  for (const auto& each : outcomes) EXPECT_EQ(outcome(each), "Unavailable");
  const auto page = store->list({.kind = "DataProduct"});
  for (const Json& item : page->items) EXPECT_FALSE(item.contains("status"));
}

TEST_F(FullDisk, WritesGoOnOnceThereIsSpace) {
  fill_up(*open_small());
  EXPECT_EQ(outcome(open()->create(product("retail", "later"))), "");
}

}  // namespace
}  // namespace datamesh::testing
