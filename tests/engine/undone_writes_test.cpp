// What is said of writes that do not stay, and when they are made again.
#include "controller/engine/undone_writes.h"

#include <gtest/gtest.h>

namespace datamesh::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

const Time kStart = *parse_rfc3339("2026-11-22T08:00:00Z");
constexpr KeyId kEntry = 7;
constexpr Millis kInterval = minutes(5);

/// A write at `minute`, which the reading five minutes later finds undone.
std::vector<KeyId> undo(UndoneWrites& writes, int minute) {
  writes.written(kEntry, kStart + minutes(minute));
  const Time read = kStart + minutes(minute + 5);
  return writes.judge({kEntry}, read, read, kInterval);
}

TEST(UndoneWrites, AreSuspiciousTheThirdTime) {
  UndoneWrites writes;
  EXPECT_TRUE(undo(writes, 0).empty());
  EXPECT_TRUE(undo(writes, 5).empty());
  EXPECT_EQ(writes.times(kEntry), 0);
  EXPECT_EQ(undo(writes, 10), std::vector<KeyId>{kEntry});
  EXPECT_EQ(writes.times(kEntry), 3);
  EXPECT_EQ(writes.since(kEntry), kStart);
}

TEST(UndoneWrites, RestTwiceAsLongEachTimeUpToAnHour) {
  UndoneWrites writes;
  for (int n = 0; n < 3; ++n) undo(writes, 5 * n);
  const Time read = kStart + minutes(15);
  EXPECT_TRUE(writes.rests(kEntry, read));
  EXPECT_EQ(writes.next(), read + minutes(5));
  EXPECT_TRUE(writes.due(read).empty());
  EXPECT_EQ(writes.due(read + minutes(5)), std::vector<KeyId>{kEntry});
  undo(writes, 20);
  EXPECT_EQ(writes.next(), kStart + minutes(25 + 10));
  for (int n = 0; n < 9; ++n) undo(writes, 100 + 5 * n);
  EXPECT_EQ(writes.next(), kStart + minutes(145 + 60));
}

TEST(UndoneWrites, ThatStayAreForgotten) {
  UndoneWrites writes;
  for (int n = 0; n < 3; ++n) undo(writes, 5 * n);
  writes.written(kEntry, kStart + minutes(20));
  EXPECT_EQ(writes.times(kEntry), 3) << "not before a reading has shown it";
  const Time read = kStart + minutes(25);
  EXPECT_EQ(writes.judge({}, read, read, kInterval), std::vector<KeyId>{kEntry});
  EXPECT_EQ(writes.times(kEntry), 0);
  EXPECT_EQ(writes.next(), std::nullopt);
}

TEST(UndoneWrites, AreNotJudgedByAReadingThatCameTooSoon) {
  UndoneWrites writes;
  for (int n = 0; n < 5; ++n) {
    writes.written(kEntry, kStart);
    writes.judge({kEntry}, kStart + seconds(4), kStart + seconds(4), kInterval);
  }
  EXPECT_EQ(writes.times(kEntry), 0);
}

TEST(UndoneWrites, AreJudgedOnceUntilTheyAreMadeAgain) {
  UndoneWrites writes;
  writes.written(kEntry, kStart);
  for (int n = 1; n < 9; ++n) writes.judge({kEntry}, kStart + minutes(n), kStart + minutes(n), kInterval);
  EXPECT_EQ(writes.times(kEntry), 0);
}

TEST(UndoneWrites, SettleWhenSomebodyElseHasMadeThem) {
  UndoneWrites writes;
  for (int n = 0; n < 3; ++n) undo(writes, 5 * n);
  writes.settle(kEntry);
  EXPECT_EQ(writes.times(kEntry), 0);
}

}  // namespace
}  // namespace datamesh::engine
