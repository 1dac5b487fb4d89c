// Watches, as a real server was recorded (1.32): what they send, and when they end.
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

class Watch : public FacadeTest {
 protected:
  Watch() {
    send("POST", kWidgets, labelled("w1", "1"));
    since_ = revision_in(send("POST", kWidgets, labelled("w2", "9")).body);
  }

  static Json labelled(const std::string& name, const std::string& value) {
    Json object = widget(name);
    object["metadata"]["labels"] = {{"a", value}};
    return object;
  }

  std::shared_ptr<http::BodySource> open(const std::string& query, const std::string& accept = "application/json") {
    const Reply reply = send("GET", kWidgets + "?watch=1&" + query, nullptr, {{"Accept", accept}});
    EXPECT_EQ(reply.status, 200) << reply.text;
    return reply.response.stream;
  }

  /// The events that there are now: "ADDED w1 7", one a line; " end" after the last.
  static std::string events(http::BodySource& stream) {
    std::string lines;
    for (;;) {
      const auto piece = stream.take(1 << 20);
      std::size_t begin = 0;
      for (std::size_t end = piece.data.find('\n'); end != std::string::npos; end = piece.data.find('\n', begin)) {
        lines += described(*parse_json(piece.data.substr(begin, end - begin))) + "\n";
        begin = end + 1;
      }
      if (piece.last) return lines + "end\n";
      if (piece.data.empty()) return lines;
    }
  }
  static std::string described(const Json& event) {
    const Json& object = event["object"];
    const std::string type = string_at(event, "type");
    if (type == "ERROR") return type + " " + string_at(object, "message");
    if (type == "BOOKMARK") return type + (at_path(object, {"metadata", "annotations", "k8s.io/initial-events-end"}) == "true" ? " initial" : "");
    return type + " " + string_at(object["metadata"], "name") + " a=" + string_at(at_path(object, {"metadata", "labels"}), "a");
  }

  void relabel(const std::string& name, const char* value) { merge(kWidgets + "/" + name, {{"metadata", {{"labels", {{"a", value}}}}}}); }

  std::string since_;
};

TEST_F(Watch, SendsEveryChangeBehindItsRevisionOnce) {
  const auto stream = open("resourceVersion=" + since_);
  EXPECT_EQ(events(*stream), "");
  relabel("w1", "2");
  send("POST", kWidgets, labelled("w3", "3"));
  EXPECT_EQ(events(*stream), "MODIFIED w1 a=2\nADDED w3 a=3\n");
  const std::string before = revision_in(send("GET", kWidgets + "/w3").body);
  send("DELETE", kWidgets + "/w3");
  const auto piece = stream->take(1 << 20);
  const Json deleted = *parse_json(piece.data);
  EXPECT_EQ(deleted["type"], "DELETED");
  EXPECT_GT(std::stoll(revision_in(deleted["object"])), std::stoll(before)) << "the revision is the deletion's";
  EXPECT_EQ(events(*open("resourceVersion=" + since_)), "MODIFIED w1 a=2\nADDED w3 a=3\nDELETED w3 a=3\n") << "what is kept is sent again";
}

TEST_F(Watch, WakesWhoWaits) {
  const auto stream = open("resourceVersion=" + since_);
  int woken = 0;
  stream->on_ready([&] { ++woken; });
  EXPECT_EQ(events(*stream), "");
  relabel("w1", "2");
  EXPECT_GE(woken, 1);
}

TEST_F(Watch, WithoutARevisionTheObjectsComeFirst) {
  for (const char* query : {"", "resourceVersion=0"}) {
    const auto stream = open(query);
    EXPECT_EQ(events(*stream), "ADDED w1 a=1\nADDED w2 a=9\n") << query;
  }
  EXPECT_EQ(events(*send("GET", "/apis/demo.example.com/v1/watch/namespaces/default/widgets").response.stream), "ADDED w1 a=1\nADDED w2 a=9\n");
}

TEST_F(Watch, EnteringAndLeavingASelectorIsAddedAndDeleted) {
  const auto stream = open("labelSelector=a%3D2&resourceVersion=" + since_);
  relabel("w1", "2");
  merge(kWidgets + "/w1", {{"spec", {{"size", 1}}}});
  relabel("w1", "3");
  relabel("w2", "8");
  EXPECT_EQ(events(*stream), "ADDED w1 a=2\nMODIFIED w1 a=2\nDELETED w1 a=2\n");
  EXPECT_EQ(events(*open("fieldSelector=metadata.name%3Dw2&resourceVersion=0")), "ADDED w2 a=8\n");
}

TEST_F(Watch, OtherNamespacesAndKindsAreNotSent) {
  const auto stream = open("resourceVersion=" + since_);
  send("POST", "/api/v1/namespaces", {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "other"}}}});
  send("POST", "/apis/demo.example.com/v1/namespaces/other/widgets", widget("x"));
  EXPECT_EQ(events(*stream), "");
  const auto everywhere = send("GET", "/apis/demo.example.com/v1/widgets?watch=true&resourceVersion=" + since_).response.stream;
  EXPECT_EQ(events(*everywhere), "ADDED x a=\n");
}

TEST_F(Watch, ARevisionThatWasCompactedIsExpired) {
  for (int i = 0; i < 300; ++i) merge(kWidgets + "/w1", {{"spec", {{"size", i}}}});
  const std::string told = events(*open("resourceVersion=1"));
  EXPECT_EQ(told.find("ERROR too old resource version: 1 ("), 0U) << told;
  EXPECT_TRUE(told.ends_with("\nend\n")) << told;
}

TEST_F(Watch, AReaderWhosePlaceIsLostMustListAgain) {
  const auto slow = open("resourceVersion=" + since_);
  for (int i = 0; i < 10'050; ++i) {
    Json object = *store_->get({"Widget", "default", "w1"});
    object["spec"]["size"] = i;
    ASSERT_TRUE(store_->update(object));
    if (i % 100 == 0) settle();
  }
  settle();
  const std::string told = events(*slow);
  EXPECT_EQ(told.find("ERROR too old resource version: " + since_ + " ("), 0U) << told.substr(0, 200);
}

TEST_F(Watch, EndsWhenItsTimeIsUp) {
  const auto stream = open("timeoutSeconds=30&allowWatchBookmarks=true&resourceVersion=" + since_);
  clock_.advance(std::chrono::seconds(29));
  settle();
  EXPECT_EQ(events(*stream), "BOOKMARK\n");
  clock_.advance(std::chrono::seconds(1));
  settle();
  EXPECT_EQ(events(*stream), "end\n");
}

TEST_F(Watch, AShortWatchHasABookmarkBeforeItsEndToo) {
  const auto stream = open("timeoutSeconds=5&allowWatchBookmarks=true&resourceVersion=" + since_);
  const auto shortest = open("timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion=" + since_);
  clock_.advance(std::chrono::seconds(4));
  settle();
  EXPECT_EQ(events(*stream), "BOOKMARK\n");
  EXPECT_EQ(events(*shortest), "end\n");
}

TEST_F(Watch, BookmarksComeEveryMinute) {
  const auto stream = open("allowWatchBookmarks=true&resourceVersion=" + since_);
  for (int minute = 0; minute < 3; ++minute) {
    clock_.advance(std::chrono::seconds(60));
    settle();
    EXPECT_EQ(events(*stream), "BOOKMARK\n") << minute;
  }
}

TEST_F(Watch, InitialEventsEndWithABookmark) {
  const std::string query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
  EXPECT_EQ(events(*open(query + "&allowWatchBookmarks=true")), "ADDED w1 a=1\nADDED w2 a=9\nBOOKMARK initial\n");
  EXPECT_EQ(events(*open(query)), "ADDED w1 a=1\nADDED w2 a=9\n");
  EXPECT_EQ(events(*open(query + "&resourceVersion=99999999")).find("ERROR Timeout: Too large resource version: 99999999, current: "), 0U);
  EXPECT_EQ(events(*open("sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=" + since_)), "");
  const std::string start = "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: ";
  EXPECT_EQ(send("GET", kWidgets + "?watch=1&sendInitialEvents=true").message(),
            start + "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  EXPECT_EQ(send("GET", kWidgets + "?watch=1&resourceVersion=5&resourceVersionMatch=NotOlderThan").message(),
            start + "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  EXPECT_EQ(send("GET", kWidgets + "?watch=1&resourceVersion=abc").status, 500);
}

TEST_F(Watch, TablesSayTheirColumnsOnce) {
  const auto stream = open("resourceVersion=0", "application/json;as=Table;v=v1;g=meta.k8s.io");
  const std::string text = stream->take(1 << 20).data;
  const Json first = *parse_json(text.substr(0, text.find('\n')));
  const Json second = *parse_json(text.substr(text.find('\n') + 1));
  EXPECT_EQ(first["object"]["columnDefinitions"].size(), 6U);
  EXPECT_EQ(second["object"]["columnDefinitions"], nullptr);
  EXPECT_EQ(second["object"]["rows"][0]["cells"][0], "w2");
  relabel("w1", "5");
  const Json later = *parse_json(stream->take(1 << 20).data);
  EXPECT_EQ(later["object"]["columnDefinitions"], nullptr);
  EXPECT_EQ(later["object"]["rows"][0]["cells"][0], "w1");
}

TEST_F(Watch, ManyWatchesShareOneFeed) {
  std::vector<std::shared_ptr<http::BodySource>> streams;
  for (int i = 0; i < 2000; ++i) streams.push_back(open("resourceVersion=" + since_));
  relabel("w1", "2");
  for (const auto& stream : streams) ASSERT_EQ(events(*stream), "MODIFIED w1 a=2\n");
}

TEST_F(Watch, EventsOfBothGroupsAreOneStorageInTwoForms) {
  const auto stream = send("GET", "/apis/events.k8s.io/v1/namespaces/default/events?watch=1").response.stream;
  send("POST", "/api/v1/namespaces/default/events",
       {{"apiVersion", "v1"}, {"kind", "Event"}, {"metadata", {{"name", "e"}}}, {"message", "m"}, {"reason", "R"}, {"type", "Normal"},
        {"involvedObject", {{"kind", "Widget"}, {"name", "w1"}, {"namespace", "default"}}}});
  const Json event = *parse_json(stream->take(1 << 20).data);
  EXPECT_EQ(event["object"]["apiVersion"], "events.k8s.io/v1");
  EXPECT_EQ(event["object"]["note"], "m");
  EXPECT_EQ(at_path(event, {"object", "regarding", "name"}), "w1");
}

}  // namespace
}  // namespace datamesh::kube
