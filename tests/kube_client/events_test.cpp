// Events are told once, counted after that, and never in a flood.
#include "controller/kube/events.h"

#include <gtest/gtest.h>

#include <future>

#include "controller/kube/event_recorder.h"

namespace datamesh::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart{seconds(1'800'000'000)};

Occurrence held(const std::string& note = "would revoke 14 permissions") {
  return {{"Grant", "retail", "readers"}, "u1", EventKind::Warning, "PlanHeld", "Reconciling", note};
}

EventSeries series() { return EventSeries(EventSource{"datamesh.dev/operator", "here"}); }

TEST(Events, TheFirstIsCreatedWithAllThatTheServerDemands) {
  EventSeries events = series();
  const auto write = events.note(held(), kStart);
  ASSERT_TRUE(write);
  EXPECT_EQ(write->verb, EventWrite::Verb::Create);
  EXPECT_EQ(write->ns, "retail");
  EXPECT_TRUE(write->name.starts_with("readers."));
  EXPECT_EQ(write->body.at("eventTime"), "2027-01-15T08:00:00.000000Z");
  EXPECT_EQ(write->body.at("type"), "Warning");
  EXPECT_EQ(write->body.at("regarding").at("uid"), "u1");
  for (const char* field : {"reportingController", "reportingInstance", "action", "reason", "note"}) {
    EXPECT_FALSE(write->body.at(field).get<std::string>().empty()) << field;
  }
}

TEST(Events, TheSecondMakesASeriesAndLaterOnesAreCounted) {
  EventSeries events = series();
  const auto first = events.note(held(), kStart);
  const auto second = events.note(held("would revoke 15 permissions"), kStart + seconds(10));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->verb, EventWrite::Verb::Patch);
  EXPECT_EQ(second->name, first->name);
  EXPECT_EQ(second->body.at("series").at("count"), 2);
  for (int n = 0; n < 100; ++n) EXPECT_FALSE(events.note(held(), kStart + seconds(11 + n)));
  EXPECT_TRUE(events.due(kStart + minutes(3)).empty());
}

TEST(Events, ACountIsWrittenEveryHalfHourAndWhenTheSeriesIsOver) {
  EventSeries events = series();
  Time now = kStart;
  (void)events.note(held(), now);
  int patches = 0;
  for (; now < kStart + minutes(31); now += seconds(60)) {
    (void)events.note(held(), now);
    patches += static_cast<int>(events.due(now).size());
  }
  EXPECT_EQ(patches, 1);
  (void)events.note(held(), now);
  const auto last = events.due(now + minutes(6));
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].body.at("series").at("count"), 33);
  EXPECT_EQ(events.note(held(), now + minutes(7))->verb, EventWrite::Verb::Create) << "a new series";
}

TEST(Events, AnEventThatIsGoneIsMadeAnew) {
  EventSeries events = series();
  const auto first = events.note(held(), kStart);
  events.lost(first->name);
  EXPECT_EQ(events.note(held(), kStart + seconds(1))->verb, EventWrite::Verb::Create);
}

TEST(Events, OneObjectCannotFillTheServer) {
  EventSeries events = series();
  int created = 0;
  for (int n = 0; n < 100; ++n) {
    Occurrence each = held();
    each.reason = "Reason" + std::to_string(n);
    created += events.note(each, kStart) ? 1 : 0;
  }
  EXPECT_EQ(created, 25);
  Occurrence later = held();
  later.reason = "Later";
  EXPECT_FALSE(events.note(later, kStart + minutes(4)));
  EXPECT_TRUE(events.note(later, kStart + minutes(5)));
}

TEST(Events, EventsAboutClusterScopedObjectsLiveInDefault) {
  EventSeries events = series();
  Occurrence about_mesh = held();
  about_mesh.about = {"Mesh", "", "mesh"};
  const auto write = events.note(about_mesh, kStart);
  EXPECT_EQ(write->ns, "default");
  EXPECT_FALSE(write->body.at("regarding").contains("namespace"));
}

TEST(Events, ALongNoteIsCutBetweenCharacters) {
  EventSeries events = series();
  std::string note(1020, 'x');
  for (int n = 0; n < 10; ++n) note += "ü";
  const std::string kept = events.note(held(note), kStart)->body.at("note");
  EXPECT_LE(kept.size(), 1024u);
  EXPECT_EQ(kept, std::string(1020, 'x') + "...");
}

TEST(EventRecorder, NeverWaitsForTheServer) {
  const FakeClock clock(kStart);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<int> written{0};
  {
    EventRecorder recorder({"c", "i"}, clock, [&](const EventWrite&) -> Result<void> {
      released.wait();
      ++written;
      return {};
    });
    for (int n = 0; n < 5000; ++n) {
      Occurrence each = held();
      each.uid = "u" + std::to_string(n);
      recorder.record(each);
    }
    release.set_value();
  }
  EXPECT_GE(written, 1);
  EXPECT_LE(written, 1002) << "what does not fit into the queue is dropped";
}

}  // namespace
}  // namespace datamesh::kube
