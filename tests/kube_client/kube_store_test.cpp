// What KubeStore asks of an API server, and what it makes of the answers; the server is a script.
#include "controller/kube/kube_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>

#include "controller/kube/kube_watch.h"

namespace datamesh::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

http::Response answer(int status, Json body) { return http::json_response(status, body); }

/// Answers in turn and remembers the requests. Streams deliver their pieces, then wait to be stopped.
class Script final : public Transport {
 public:
  Result<http::Response> send(const http::Request& request) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    if (answers.empty()) return fail(ErrorKind::Transient, "the script has ended");
    http::Response out = answers.front();
    answers.pop_front();
    return out;
  }

  Result<http::Response> stream(const http::Request& request, const TakePiece& take, std::stop_token stop) override {
    std::vector<std::string> pieces;
    {
      const std::lock_guard lock(mutex_);
      streamed.push_back(request);
      if (!streams.empty()) {
        pieces = streams.front();
        streams.pop_front();
      }
      arrived_.notify_all();
    }
    for (const std::string& piece : pieces) {
      if (!take(piece)) return answer(200, {});
    }
    if (!pieces.empty()) return answer(200, {});  // the server closes
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, stop, [] { return false; });
    return answer(200, {});
  }

  void wait_for_streams(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return streamed.size() >= count; });
  }

  std::vector<http::Request> requests;
  std::deque<http::Response> answers;
  std::vector<http::Request> streamed;
  std::deque<std::vector<std::string>> streams;

 private:
  std::mutex mutex_;
  std::condition_variable_any arrived_;
};

const api::SchemaRegistry& schema() {
  static const api::SchemaRegistry kSchema = api::SchemaRegistry::builtin();
  return kSchema;
}

struct Subject {
  Script script;
  KubeStore store{script, {.schema = &schema(), .first_backoff = Millis(1), .last_backoff = Millis(2)}};
};

Json grant(const std::string& name, const std::string& revision) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "Grant"},
          {"metadata", {{"name", name}, {"namespace", "retail"}, {"resourceVersion", revision}, {"uid", "u-" + name}}}};
}

Json list_of(std::vector<Json> items, const std::string& revision, const std::string& token = {}) {
  return {{"kind", "GrantList"}, {"metadata", {{"resourceVersion", revision}, {"continue", token}}}, {"items", items}};
}

std::string line(const char* type, const Json& object) { return Json{{"type", type}, {"object", object}}.dump() + "\n"; }

TEST(KubeStore, ListsAreReadInPages) {
  Subject subject;
  subject.script.answers = {answer(200, list_of({grant("a", "3")}, "9", "next")), answer(200, list_of({grant("b", "4")}, "9"))};
  const auto page = subject.store.list({.kind = "Grant", .ns = "retail", .labels = {{"team", "x"}}});
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_EQ(page->revision, 9);
  const auto& requests = subject.script.requests;
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].path, "/apis/datamesh.dev/v1alpha1/namespaces/retail/grants");
  EXPECT_EQ(requests[0].query, (std::map<std::string, std::string>{{"limit", "500"}, {"labelSelector", "team=x"}}));
  EXPECT_EQ(requests[1].query.at("continue"), "next");
}

TEST(KubeStore, AListOfAllKindsHasTheSmallestRevisionAndItsWatchTellsNothingTwice) {
  Subject subject;
  const std::size_t kinds = schema().kinds().size();
  for (std::size_t n = 0; n < kinds; ++n) {
    subject.script.answers.push_back(answer(200, list_of({}, std::to_string(100 + n))));
  }
  const auto page = subject.store.list({});
  ASSERT_TRUE(page) << to_string(page.error());
  EXPECT_EQ(page->revision, 100);
  const auto watch = subject.store.watch({.since = page->revision}, [] {});
  subject.script.wait_for_streams(kinds);
  std::set<std::string> revisions;
  for (const auto& request : subject.script.streamed) revisions.insert(request.query.at("resourceVersion"));
  EXPECT_EQ(revisions.size(), kinds) << "each kind is watched from its own list";
}

TEST(KubeStore, ManagedFieldsAreNotKept) {
  Subject subject;
  Json object = grant("a", "3");
  object["metadata"]["managedFields"] = Json::array({{{"manager", "x"}}});
  subject.script.answers = {answer(200, object)};
  EXPECT_FALSE(subject.store.get({"Grant", "retail", "a"})->at("metadata").contains("managedFields"));
}

TEST(KubeStore, RefusalsKeepTheirReason) {
  Subject subject;
  const auto status = [](int code, const char* reason) {
    return answer(code, {{"kind", "Status"}, {"reason", reason}, {"message", "no"}, {"code", code}});
  };
  const std::pair<http::Response, ErrorKind> cases[] = {
      {status(404, "NotFound"), ErrorKind::NotFound},     {status(409, "AlreadyExists"), ErrorKind::AlreadyExists},
      {status(409, "Conflict"), ErrorKind::Conflict},     {status(410, "Expired"), ErrorKind::Gone},
      {status(422, "Invalid"), ErrorKind::Invalid},       {status(403, "Forbidden"), ErrorKind::Denied},
      {status(429, "TooManyRequests"), ErrorKind::Throttled}, {status(500, "InternalError"), ErrorKind::Transient},
      {http::text_response(502, "<html>"), ErrorKind::Transient}};
  for (const auto& [response, kind] : cases) {
    subject.script.answers = {response};
    EXPECT_EQ(subject.store.get({"Grant", "retail", "a"}).error().kind, kind) << response.body;
  }
}

TEST(KubeStore, RetryAfterIsPassedOn) {
  Subject subject;
  http::Response busy = answer(429, {{"kind", "Status"}, {"message", "later"}});
  busy.headers.add("Retry-After", "7");
  subject.script.answers = {busy};
  EXPECT_EQ(subject.store.get({"Grant", "retail", "a"}).error().retry_after, Millis(7'000));
}

TEST(KubeStore, StatusesAreAppliedByForceUnderAManagerOfTheirOwn) {
  Subject subject;
  Json present = grant("a", "3");
  present["metadata"]["uid"] = "u-a";
  const auto conflict = answer(409, {{"kind", "Status"}, {"reason", "Conflict"}, {"message", "stale"}});
  subject.script.answers = {answer(200, present), conflict, answer(200, present), answer(200, grant("a", "4"))};
  const auto written = subject.store.write_statuses({{{"Grant", "retail", "a"}, "u-a", {{"expired", false}}}});
  ASSERT_TRUE(written.at(0)) << to_string(written.at(0).error());
  EXPECT_EQ(subject.script.requests.at(0).method, "GET");
  const http::Request& request = subject.script.requests.at(3);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/apis/datamesh.dev/v1alpha1/namespaces/retail/grants/a/status");
  EXPECT_EQ(request.query.at("fieldManager"), "datamesh-status");
  EXPECT_EQ(request.query.at("force"), "true");
  EXPECT_EQ(*request.headers.find("Content-Type"), "application/apply-patch+yaml");
  EXPECT_EQ(parse_json(request.body)->at("metadata").at("resourceVersion"), "3") << "so that it is the object meant";
}

TEST(KubeStore, AStatusOfAnObjectThatIsAsItWasSeenIsOneRequest) {
  Subject subject;
  subject.script.answers = {answer(200, grant("a", "4"))};
  const api::StatusWrite write{{"Grant", "retail", "a"}, "u-a", {{"expired", false}}, std::nullopt, 3, {}};
  ASSERT_TRUE(subject.store.write_statuses({write}).at(0));
  ASSERT_EQ(subject.script.requests.size(), 1U);
  EXPECT_EQ(parse_json(subject.script.requests[0].body)->at("metadata").at("resourceVersion"), "3");
}

TEST(KubeStore, AStatusOfAnObjectThatHasChangedSinceIsWrittenOnWhatItIsNow) {
  Subject subject;
  Json present = grant("a", "5");
  present["metadata"]["uid"] = "u-a";
  const auto conflict = answer(409, {{"kind", "Status"}, {"reason", "Conflict"}, {"message", "stale"}});
  subject.script.answers = {conflict, answer(200, present), answer(200, grant("a", "6"))};
  const api::StatusWrite write{{"Grant", "retail", "a"}, "u-a", {{"expired", false}}, std::nullopt, 3, {}};
  ASSERT_TRUE(subject.store.write_statuses({write}).at(0));
  EXPECT_EQ(parse_json(subject.script.requests.at(2).body)->at("metadata").at("resourceVersion"), "5");
}

TEST(KubeStore, AStatusOfARecreatedObjectIsNotFound) {
  Subject subject;
  Json present = grant("a", "3");
  present["metadata"]["uid"] = "new";
  subject.script.answers = {answer(200, present)};
  const auto written = subject.store.write_statuses({{{"Grant", "retail", "a"}, "old", Json::object()}});
  EXPECT_EQ(written.at(0).error().kind, ErrorKind::NotFound);
}

TEST(KubeStore, AnUpdateWithoutARevisionTriesAgainWhenSomebodyWasFaster) {
  Subject subject;
  const auto conflict = answer(409, {{"kind", "Status"}, {"reason", "Conflict"}, {"message", "stale"}});
  subject.script.answers = {answer(200, grant("a", "3")), conflict, answer(200, grant("a", "4")), answer(200, grant("a", "5"))};
  Json wanted = grant("a", "");
  ASSERT_TRUE(subject.store.update(wanted));
  EXPECT_EQ(parse_json(subject.script.requests.at(3).body)->at("metadata").at("resourceVersion"), "4");
}

TEST(KubeStore, WatchesDeliverLinesWhereverTheyAreCut) {
  Subject subject;
  const std::string text = line("ADDED", grant("a", "11")) + line("BOOKMARK", grant("", "20")) + line("DELETED", grant("a", "21"));
  subject.script.streams = {{text.substr(0, 30), text.substr(30, 150), text.substr(180)}};
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  const auto watch = subject.store.watch({.kind = "Grant", .since = 10}, [&] {
    const std::lock_guard lock(mutex);
    ++wakes;
    woken.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(woken.wait_for(lock, std::chrono::seconds(10), [&] { return wakes == 2; }));
  }
  const auto events = (*watch)->poll();
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).type, api::EventType::Added);
  EXPECT_EQ(events->at(1).type, api::EventType::Deleted);
  EXPECT_EQ(events->at(1).revision, 21);
  subject.script.wait_for_streams(2);
  EXPECT_EQ(subject.script.streamed.at(1).query.at("resourceVersion"), "21") << "the next stream goes on where it ended";
}

TEST(KubeStore, ACompactedHistoryEndsTheWatch) {
  Subject subject;
  subject.script.streams = {{line("ERROR", {{"kind", "Status"}, {"code", 410}, {"message", "too old resource version"}})}};
  std::mutex mutex;
  std::condition_variable woken;
  bool woke = false;
  const auto watch = subject.store.watch({.kind = "Grant", .since = 10}, [&] {
    const std::lock_guard lock(mutex);
    woke = true;
    woken.notify_all();
  });
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(woken.wait_for(lock, std::chrono::seconds(10), [&] { return woke; }));
  }
  const auto events = (*watch)->poll();
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().kind, ErrorKind::Gone);
  EXPECT_THAT(events.error().message, HasSubstr("too old"));
}

TEST(KubeWatch, TellsOfAWatchThatFailsAgainAndAgainAndWhenItIsWell) {
  Script script;
  const std::string denied = line("ERROR", {{"kind", "Status"}, {"code", 403}, {"message", "grants is forbidden"}});
  script.streams = {{denied}, {denied}, {denied}, {denied}, {line("ADDED", grant("a", "11"))}};
  std::mutex mutex;
  std::vector<std::string> told;
  const auto trouble = [&](const std::string& path, const std::optional<Error>& error) {
    const std::lock_guard lock(mutex);
    told.push_back(path + ": " + (error ? error->message : "well"));
  };
  {
    const KubeWatch watch(script, {{"/grants", 10}}, {Millis(1), Millis(2), 10}, [] {}, trouble);
    script.wait_for_streams(6);
  }
  EXPECT_THAT(told, ElementsAre("/grants: grants is forbidden", "/grants: well"));
}

TEST(WatchLines, WhatIsNotUnderstoodIsAnError) {
  for (const char* text : {"", "{", "{\"type\":\"ADDED\"}", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"x\"}}}",
                           "{\"type\":\"MADE_UP\",\"object\":{\"metadata\":{\"resourceVersion\":\"1\"}}}"}) {
    EXPECT_EQ(parse_watch_line(text).kind, WatchLine::Kind::Error) << text;
  }
}

TEST(WatchBackoff, DoublesUpToItsLimitAndSpreads) {
  const WatchPace pace;
  EXPECT_EQ(backoff_after(1, pace, 0), Millis(800));
  EXPECT_EQ(backoff_after(2, pace, 0), Millis(1'600));
  EXPECT_EQ(backoff_after(1, pace, 0.5), Millis(1'200));
  EXPECT_EQ(backoff_after(30, pace, 0), Millis(30'000));
}

}  // namespace
}  // namespace datamesh::kube
