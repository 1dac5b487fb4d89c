// Lists: pages, revisions, selectors and shapes, as a real server was recorded (1.32).
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

const char* const kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

class List : public FacadeTest {
 protected:
  List() {
    for (int i = 0; i < 5; ++i) {
      Json object = widget("p" + std::to_string(i), {{"color", i % 2 == 0 ? "red" : "blue"}});
      object["metadata"]["labels"] = {{"n", std::to_string(i)}, {"par", i % 2 == 0 ? "even" : "odd"}};
      last_ = send("POST", kWidgets, object).body;
    }
  }

  Reply list(const std::string& query, const std::string& accept = "application/json") {
    return send("GET", kWidgets + "?" + query, nullptr, {{"Accept", accept}});
  }
  static std::string names(const Reply& reply) {
    std::string text;
    for (const Json& item : member(reply.body, "items")) text += string_at(item["metadata"], "name") + " ";
    return text;
  }
  static std::string encoded(const std::string& text) { return http::percent_encode(text); }

  Json last_;
};

TEST_F(List, PagesShowOneRevision) {
  const Reply first = list("limit=2");
  EXPECT_EQ(names(first), "p0 p1 ");
  EXPECT_EQ(at_path(first.body, {"metadata", "remainingItemCount"}), 3);
  send("DELETE", kWidgets + "/p3");
  const Reply second = list("limit=2&continue=" + encoded(string_at(first.body["metadata"], "continue")));
  EXPECT_EQ(names(second), "p2 p3 ");
  EXPECT_EQ(revision_in(second.body), revision_in(first.body));
  const Reply third = list("limit=2&continue=" + encoded(string_at(second.body["metadata"], "continue")));
  EXPECT_EQ(names(third), "p4 ");
  EXPECT_EQ(third.body["metadata"], (Json{{"continue", ""}, {"resourceVersion", revision_in(first.body)}}));
  EXPECT_EQ(list("continue=x&resourceVersion=5").message(), "specifying resource version is not allowed when using continue");
  EXPECT_EQ(list("limit=2&continue=garbage").status, 400);
  EXPECT_EQ(list("limit=abc").message(), "strconv.ParseInt: parsing \"abc\": invalid syntax");
  EXPECT_EQ(names(list("limit=-1")), "p0 p1 p2 p4 ");
}

TEST_F(List, ATokenThatIsTooOldComesWithOneThatGoesOn) {
  const std::string token = string_at(list("limit=2").body["metadata"], "continue");
  for (int i = 0; i < 300; ++i) merge(kWidgets + "/p0", {{"spec", {{"size", i}}}});
  const Reply gone = list("limit=2&continue=" + encoded(token));
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(string_at(gone.body, "reason"), "Expired");
  EXPECT_EQ(names(list("limit=2&continue=" + encoded(string_at(gone.body["metadata"], "continue")))), "p2 p3 ");
}

TEST_F(List, RevisionsAreHeldToTheirRules) {
  const std::string now = revision_in(list("").body);
  EXPECT_EQ(list("resourceVersion=0").status, 200);
  EXPECT_EQ(list("resourceVersion=" + now + "&resourceVersionMatch=NotOlderThan").status, 200);
  const Reply future = list("resourceVersion=99999999");
  EXPECT_EQ(future.body, (Json{{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Failure"},
                               {"message", "Timeout: Too large resource version: 99999999, current: " + now}, {"reason", "Timeout"},
                               {"details", {{"causes", Json::array({{{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}}})},
                                            {"retryAfterSeconds", 1}}}, {"code", 504}}));
  EXPECT_EQ(future.header("Retry-After"), "1");
  EXPECT_EQ(send("GET", kWidgets + "/p1?resourceVersion=99999999").status, 504);
  const auto refused = [&](const std::string& query) {
    const Reply reply = list(query);
    EXPECT_EQ(reply.status, 422) << query;
    return reply.message();
  };
  const std::string start = "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: ";
  EXPECT_EQ(refused("resourceVersion=0&resourceVersionMatch=Exact"),
            start + "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  EXPECT_EQ(refused("resourceVersionMatch=NotOlderThan"), start + "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
  EXPECT_EQ(refused("resourceVersion=1&resourceVersionMatch=Foo"),
            start + "Unsupported value: \"Foo\": supported values: \"Exact\", \"NotOlderThan\", \"\"");
  EXPECT_EQ(list("resourceVersion=abc").message(),
            "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax");
}

TEST_F(List, AnExactRevisionShowsWhatWasThen) {
  const std::string then = revision_in(list("").body);
  send("DELETE", kWidgets + "/p3");
  const Reply exact = list("resourceVersion=" + then + "&resourceVersionMatch=Exact");
  EXPECT_EQ(names(exact), "p0 p1 p2 p3 p4 ");
  EXPECT_EQ(revision_in(exact.body), then);
  EXPECT_EQ(names(list("")), "p0 p1 p2 p4 ");
}

TEST_F(List, SelectorsSelectAsRecorded) {
  const auto by_labels = [&](const std::string& selector) { return names(list("labelSelector=" + encoded(selector))); };
  EXPECT_EQ(by_labels("par=even"), "p0 p2 p4 ");
  EXPECT_EQ(by_labels("par in (even,odd),n!=1"), "p0 p2 p3 p4 ");
  EXPECT_EQ(by_labels("!nope,n"), "p0 p1 p2 p3 p4 ");
  EXPECT_EQ(by_labels("n notin (1,2)"), "p0 p3 p4 ");
  EXPECT_EQ(by_labels("n>2"), "p3 p4 ");
  const auto by_fields = [&](const std::string& selector) { return names(list("fieldSelector=" + encoded(selector))); };
  EXPECT_EQ(by_fields("metadata.name=p1"), "p1 ");
  EXPECT_EQ(by_fields("metadata.namespace=default"), "p0 p1 p2 p3 p4 ");
  EXPECT_EQ(by_fields("metadata.name!=p1"), "p0 p2 p3 p4 ");
  EXPECT_EQ(by_fields("spec.color=red,metadata.name=p2"), "p2 ");
  EXPECT_EQ(list("labelSelector=a%20b").message(), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
  EXPECT_EQ(list("fieldSelector=metadata.uid%3Dx").message(), "field label not supported: metadata.uid");
  EXPECT_EQ(list("fieldSelector=bogus").message(), "invalid selector: 'bogus'; can't understand 'bogus'");
}

TEST_F(List, TablesHaveTheColumnsOfTheDefinition) {
  clock_.advance(std::chrono::seconds(192));
  const Reply reply = list("limit=1", kTable);
  EXPECT_EQ(string_at(reply.body, "kind"), "Table");
  EXPECT_EQ(at_path(reply.body, {"metadata", "remainingItemCount"}), 4);
  std::string columns;
  for (const Json& column : reply.body["columnDefinitions"]) {
    columns += string_at(column, "name") + ":" + string_at(column, "type") + ":" + column["priority"].dump() + " ";
  }
  EXPECT_EQ(columns, "Name:string:0 Color:string:0 Replicas:integer:0 Ready:string:0 Age:date:0 Size:number:1 ");
  EXPECT_EQ(reply.body["columnDefinitions"][1]["description"], "Custom resource definition column (in JSONPath format): .spec.color");
  const Json& row = reply.body["rows"][0];
  EXPECT_EQ(row["cells"], *parse_json(R"(["p0","red",1,null,"3m12s",null])"));
  EXPECT_EQ(at_path(row, {"object", "kind"}), "PartialObjectMetadata");
  EXPECT_EQ(list("includeObject=None", kTable).body["rows"][0]["object"], nullptr);
  EXPECT_EQ(list("includeObject=Object", kTable).body["rows"][0]["object"]["kind"], "Widget");
  EXPECT_EQ(send("GET", kWidgets + "/p1", nullptr, {{"Accept", kTable}}).body["rows"].size(), 1U);
  EXPECT_EQ(list("", "application/json;as=Nope;g=meta.k8s.io;v=v1").status, 406);
}

TEST_F(List, MetadataAloneIsServed) {
  const Reply reply = list("limit=1", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(string_at(reply.body, "kind"), "PartialObjectMetadataList");
  EXPECT_EQ(reply.body["items"][0]["kind"], "PartialObjectMetadata");
  EXPECT_FALSE(reply.body["items"][0].contains("spec"));
}

}  // namespace
}  // namespace datamesh::kube
