// What was acknowledged is there after a restart, however the process ended.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <random>
#include <sstream>

#include "tests/embedded/store_fixture.h"

namespace datamesh::testing {
namespace {

using api::PatchType;

/// Opens a store, uses it, closes it, and opens it again.
class StoreDurability : public ::testing::Test {
 protected:
  std::unique_ptr<embedded::SqliteStore> open() { return opened(store_options(folder_.file(), clock_)); }

  TemporaryFolder folder_;
  FakeClock clock_{kStart};
};

TEST_F(StoreDurability, ObjectsOutliveTheirProcess) {
  const Json object = *open()->create(product("retail", "orders"));
  EXPECT_EQ(*open()->get(kOrders), object);
}

TEST_F(StoreDurability, RevisionsGoOnAfterARestart) {
  auto store = open();
  ASSERT_TRUE(store->create(product("retail", "orders")));
  const api::Revision deleted = revision_in(*store->remove(kOrders));
  store.reset();
  EXPECT_EQ(revision_in(*open()->create(product("retail", "orders"))), deleted + 1);
}

TEST_F(StoreDurability, UidsDifferAfterARestartWithTheSameSeed) {
  const Json first = *open()->create(product("retail", "a"));
  const Json second = *open()->create(product("retail", "b"));
  EXPECT_NE(first.at("metadata").at("uid"), second.at("metadata").at("uid"));
}

TEST_F(StoreDurability, WatchesGoOnAfterARestart) {
  const api::Revision seen = revision_in(*open()->create(product("retail", "a")));
  ASSERT_TRUE(open()->create(product("retail", "b")));
  const auto store = open();
  Follower follower(*store, {.kind = "DataProduct", .since = seen});
  const auto events = follower.take(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(api::key_of(events[0].object).name, "b");
}

TEST_F(StoreDurability, ContinuedListsGoOnAfterARestart) {
  std::string token;
  {
    const auto store = open();
    for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(store->create(product("retail", name)));
    token = store->list({.kind = "DataProduct", .limit = 1})->continue_token;
    ASSERT_TRUE(store->remove({"DataProduct", "retail", "b"}));
  }
  const auto rest = open()->list({.kind = "DataProduct", .continue_token = token});
  ASSERT_TRUE(rest) << to_string(rest.error());
  EXPECT_EQ(rest->items.size(), 2U);
}

TEST_F(StoreDurability, OnlyTheOwnerMayReadTheFiles) {
  const auto store = open();
  ASSERT_TRUE(store->create(product("retail", "orders")));
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    const auto rights = std::filesystem::status(folder_.file() + suffix).permissions();
    EXPECT_EQ(rights & std::filesystem::perms::all,
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << suffix;
  }
}

// ---- kill -9 --------------------------------------------------------------------------------------------------

/// Writes `text` to `descriptor`, as a child after fork does: without streams.
void say(int descriptor, const std::string& text) {
  if (::write(descriptor, text.data(), text.size()) < 0) ::_exit(3);
}

/// Acknowledges a write to the parent: "name revision value", where the value is "" for a deletion.
void acknowledge(int descriptor, const Result<Json>& result, const std::string& value) {
  if (!result) ::_exit(4);
  const api::ObjectKey key = api::key_of(*result);
  say(descriptor, key.name + " " + std::to_string(revision_in(*result)) + " " + value + "\n");
}

/// Creates, updates, writes statuses and deletes until it is killed.
[[noreturn]] void write_forever(const std::string& file, int descriptor, int round) {
  const FakeClock clock(kStart);
  auto opened = embedded::SqliteStore::open(store_options(file, clock));
  if (!opened) ::_exit(2);
  embedded::SqliteStore& store = **opened;
  for (int i = 0;; ++i) {
    const std::string name = "p" + std::to_string(round) + "-" + std::to_string(i);
    const api::ObjectKey key{"DataProduct", "retail", name};
    acknowledge(descriptor, store.create(product("retail", name, "created")), "created");
    const Json patch = {{"spec", {{"description", "patched"}}}};
    acknowledge(descriptor, store.patch(key, PatchType::Merge, patch), "patched");
    for (const auto& written : store.write_statuses({{key, "", {{"round", round}}}})) {
      acknowledge(descriptor, written, "patched");
    }
    if (i % 3 == 0) acknowledge(descriptor, store.remove(key), "deleted");
  }
}

struct Acknowledged {
  api::Revision revision = 0;
  std::string value;
};

/// What a child acknowledged, the last for each name, and the highest revision of all.
struct Journal {
  std::map<std::string, Acknowledged> last;
  api::Revision highest = 0;

  void read(const std::string& text) {
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    std::string name;
    Acknowledged entry;
    while (lines >> name >> entry.revision >> entry.value) {
      last[name] = entry;
      highest = std::max(highest, entry.revision);
    }
  }
};

/// Starts a writer, kills it once it has acknowledged about `bytes` of text, and returns all that it acknowledged.
std::string killed_writer(const std::string& file, int round, std::size_t bytes) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_forever(file, ends[1], round);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  ssize_t size = 0;
  bool killed = false;
  while ((size = ::read(ends[0], buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
    if (!killed && text.size() >= bytes) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << WEXITSTATUS(status);
  return text;
}

void expect_all_present(embedded::SqliteStore& store, const Journal& journal) {
  for (const auto& [name, entry] : journal.last) {
    const auto object = store.get({"DataProduct", "retail", name});
    if (!object) {
      // The last write that was not acknowledged may have been the deletion.
      const bool maybe_deleted = entry.value == "deleted" || entry.revision == journal.highest;
      EXPECT_TRUE(maybe_deleted) << name << " was acknowledged at " << entry.revision << " and is gone";
      continue;
    }
    EXPECT_NE(entry.value, "deleted") << name;
    EXPECT_GE(revision_in(*object), entry.revision) << name;
    if (revision_in(*object) == entry.revision) {
      EXPECT_EQ(object->at("spec").at("description"), entry.value) << name;
    }
  }
}

TEST_F(StoreDurability, AcknowledgedWritesSurviveKill9) {
  std::mt19937 random(20261122);
  Journal journal;
  for (int round = 0; round < 8; ++round) {
    const api::Revision before = journal.highest;
    journal.read(killed_writer(folder_.file(), round, 200 + random() % 4000));
    EXPECT_GT(journal.highest, before) << "revisions go on";
    const auto store = open();
    expect_all_present(*store, journal);
    const Json next = *store->create(product("retail", "after-" + std::to_string(round)));
    EXPECT_GT(revision_in(next), journal.highest) << "a revision is never given out twice";
    journal.highest = revision_in(next);
  }
}

}  // namespace
}  // namespace datamesh::testing
