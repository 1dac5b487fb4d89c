// Namespaces, secrets, events and leases, as real servers were recorded (1.20).
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

const std::string kNamespaces = "/api/v1/namespaces";

class CoreKinds : public FacadeTest {
 protected:
  CoreKinds() { send("POST", kNamespaces, core("Namespace", "nsx")); }

  static Json core(const std::string& kind, const std::string& name, const std::string& version = "v1") {
    return {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}}}};
  }
};

TEST_F(CoreKinds, TheFirstNamespacesAreThere) {
  std::string names;
  const Json list = send("GET", kNamespaces).body;
  for (const Json& item : list["items"]) {
    names += string_at(item["metadata"], "name") + " ";
    EXPECT_FALSE(item.contains("kind")) << "items of builtin lists say no kind";
  }
  EXPECT_EQ(names, "default kube-node-lease kube-public kube-system nsx ");
  const Json made = send("GET", kNamespaces + "/nsx").body;
  EXPECT_EQ(made["spec"], (Json{{"finalizers", {"kubernetes"}}}));
  EXPECT_EQ(made["status"], (Json{{"phase", "Active"}}));
  EXPECT_EQ(at_path(made, {"metadata", "labels", "kubernetes.io/metadata.name"}), "nsx");
  EXPECT_FALSE(made["metadata"].contains("finalizers"));
  EXPECT_EQ(send("DELETE", kNamespaces + "/default").message(), "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

/// Source: kube-apiserver 1.32.5, asked
TEST_F(CoreKinds, AnObjectNeedNotSayWhatThePathSays) {
  const Reply made = send("POST", kNamespaces + "/nsx/configmaps", {{"metadata", {{"name", "short"}}}});
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["kind"], "ConfigMap");
  EXPECT_EQ(made.body["apiVersion"], "v1");
}

TEST_F(CoreKinds, ANamespaceGoesWithItsContent) {
  const std::string maps = kNamespaces + "/nsx/configmaps";
  send("POST", maps, core("ConfigMap", "a"));
  Json held = core("ConfigMap", "held");
  held["metadata"]["finalizers"] = {"example.com/x"};
  ASSERT_EQ(send("POST", maps, held).status, 201);
  const Reply going = send("DELETE", kNamespaces + "/nsx");
  EXPECT_EQ(going.status, 200);
  EXPECT_EQ(at_path(going.body, {"status", "phase"}), "Terminating");
  EXPECT_EQ(send("GET", maps + "/a").status, 404) << "its content is deleted";
  const Reply late = send("POST", maps, core("ConfigMap", "b"));
  EXPECT_EQ(late.status, 403);
  EXPECT_EQ(late.body["details"]["causes"],
            *parse_json(R"([{"reason":"NamespaceTerminating","message":"namespace nsx is being terminated","field":"metadata.namespace"}])"));
  EXPECT_EQ(late.message(), "configmaps \"b\" is forbidden: unable to create new content in namespace nsx because it is being terminated");
  EXPECT_EQ(send("GET", kNamespaces + "/nsx").status, 200) << "one object waits for its finalizer";
  merge(maps + "/held", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(send("GET", kNamespaces + "/nsx").status, 404);
}

TEST_F(CoreKinds, ANamespaceCanBeFinalizedByHand) {
  Json object = send("GET", kNamespaces + "/nsx").body;
  object["spec"]["finalizers"] = Json::array({"example.com/own", "kubernetes"});
  EXPECT_EQ(send("PUT", kNamespaces + "/nsx/finalize", object).status, 200);
  send("DELETE", kNamespaces + "/nsx");
  EXPECT_EQ(at_path(send("GET", kNamespaces + "/nsx").body, {"spec", "finalizers"}), Json::array({"example.com/own"}));
  object = core("Namespace", "nsx");
  object["spec"] = {{"finalizers", Json::array()}};
  EXPECT_EQ(send("PUT", kNamespaces + "/nsx/finalize", object).status, 200);
  EXPECT_EQ(send("GET", kNamespaces + "/nsx").status, 404);
}

TEST_F(CoreKinds, SecretsKeepBase64AndTheirType) {
  const std::string secrets = kNamespaces + "/nsx/secrets";
  Json secret = core("Secret", "s");
  secret["stringData"] = {{"a", "b"}};
  const Reply made = send("POST", secrets, secret);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["data"], (Json{{"a", "Yg=="}}));
  EXPECT_EQ(made.body["type"], "Opaque");
  EXPECT_FALSE(made.body.contains("stringData"));
  EXPECT_EQ(merge(secrets + "/s", {{"type", "x"}}).message(), "Secret \"s\" is invalid: type: Invalid value: \"x\": field is immutable");
  EXPECT_EQ(merge(secrets + "/s", {{"data", {{"bad", "%%"}}}}).status, 422);
  EXPECT_EQ(merge(secrets + "/s", {{"data", {{"a", nullptr}, {"c", "ZA=="}}}}).body["data"], (Json{{"c", "ZA=="}}));
  Json again = core("Secret", "s");
  again["data"] = {{"e", "Zg=="}};
  EXPECT_EQ(send("PUT", secrets + "/s", again).status, 200) << "a PUT without a revision is allowed";
  Json empty_key = core("Secret", "t");
  empty_key["data"] = {{"", "Zg=="}};
  EXPECT_EQ(send("POST", secrets, empty_key).status, 422);
}

TEST_F(CoreKinds, LeasesAreCheckedAndMayBeMadeByUpdate) {
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/nsx/leases";
  Json lease = core("Lease", "l", "coordination.k8s.io/v1");
  lease["spec"] = {{"leaseDurationSeconds", 0}, {"leaseTransitions", -1}};
  EXPECT_EQ(send("POST", leases, lease).message(),
            "Lease.coordination.k8s.io \"l\" is invalid: [spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0, "
            "spec.leaseTransitions: Invalid value: -1: must to greater or equal than 0]");
  lease["spec"] = {{"holderIdentity", "me"}, {"leaseDurationSeconds", 15}, {"renewTime", "2026-01-01T00:00:00.000000Z"}};
  EXPECT_EQ(send("PUT", leases + "/l", lease).status, 201);
  EXPECT_EQ(send("PUT", leases + "/l", lease).status, 422) << "but not changed without a revision";
  Json held = send("GET", leases + "/l").body;
  held["spec"]["holderIdentity"] = "other";
  EXPECT_EQ(send("PUT", leases + "/l", held).status, 200);
  EXPECT_EQ(send("PUT", leases + "/l", held).status, 409);
}

TEST_F(CoreKinds, EventsAreSelectedByWhatTheyAreAbout) {
  const std::string events = kNamespaces + "/nsx/events";
  Json event = core("Event", "e1");
  event["involvedObject"] = {{"kind", "ConfigMap"}, {"name", "a"}, {"namespace", "nsx"}};
  event.update({{"reason", "R"}, {"message", "m"}, {"type", "Normal"}, {"count", 1}, {"source", {{"component", "c"}}},
                {"firstTimestamp", "2026-11-22T07:59:00Z"}, {"lastTimestamp", "2026-11-22T07:59:30Z"}});
  ASSERT_EQ(send("POST", events, event).status, 201);
  EXPECT_EQ(send("GET", events + "?fieldSelector=involvedObject.name%3Da,involvedObject.kind%3DConfigMap").body["items"].size(), 1U);
  EXPECT_EQ(send("GET", events + "?fieldSelector=involvedObject.name%3Db").body["items"].size(), 0U);
  EXPECT_EQ(send("GET", events + "?fieldSelector=foo.bar%3Da").message(), "field label not supported: foo.bar");
  const Json row = send("GET", events, nullptr, {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}).body["rows"][0];
  EXPECT_EQ(row["cells"], *parse_json(R"(["30s","Normal","R","configmap/a","","c","m","60s",1,"e1"])"));
  const Json other = send("GET", "/apis/events.k8s.io/v1/namespaces/nsx/events/e1").body;
  EXPECT_EQ(other["note"], "m");
  EXPECT_EQ(other["deprecatedCount"], 1);
  event["metadata"]["name"] = "e2";
  event["involvedObject"]["namespace"] = "elsewhere";
  EXPECT_EQ(send("POST", events, event).status, 422);
  Json fresh = core("Event", "e3", "events.k8s.io/v1");
  fresh["regarding"] = {{"kind", "ConfigMap"}, {"name", "a"}, {"namespace", "nsx"}};
  EXPECT_EQ(send("POST", "/apis/events.k8s.io/v1/namespaces/nsx/events", fresh).message(),
            "Event \"e3\" is invalid: eventTime: Required value");
}

TEST_F(CoreKinds, OldEventsGo) {
  const std::string events = kNamespaces + "/nsx/events";
  Json event = core("Event", "e1");
  event["involvedObject"] = {{"kind", "ConfigMap"}, {"name", "a"}, {"namespace", "nsx"}};
  send("POST", events, event);
  clock_.advance(std::chrono::minutes(40));
  ASSERT_EQ(merge(events + "/e1", {{"count", 2}}).status, 200);
  clock_.advance(std::chrono::minutes(40));
  settle();
  EXPECT_EQ(send("GET", events + "/e1").status, 200) << "it happened again meanwhile";
  clock_.advance(std::chrono::minutes(21));
  settle();
  EXPECT_EQ(send("GET", events + "/e1").status, 404);
}

TEST_F(CoreKinds, StrategicPatchesMergeListsByTheirKeys) {
  Json object = core("ConfigMap", "m");
  object["metadata"]["finalizers"] = {"example.com/a", "example.com/b"};
  object["data"] = {{"x", "1"}};
  send("POST", kNamespaces + "/nsx/configmaps", object);
  const std::string path = kNamespaces + "/nsx/configmaps/m";
  const char* const type = "application/strategic-merge-patch+json";
  Json reply = patch(path, type, *parse_json(R"({"data":{"y":"2","x":null},"metadata":{"labels":{"l":"v"},"finalizers":["example.com/c"],
      "$deleteFromPrimitiveList/finalizers":["example.com/a"],"$setElementOrder/finalizers":["example.com/b","example.com/c"]}})")).body;
  EXPECT_EQ(reply["data"], (Json{{"y", "2"}}));
  EXPECT_EQ(reply["metadata"]["finalizers"], (Json{"example.com/b", "example.com/c"}));
  reply = patch(path, type, *parse_json(R"({"metadata":{"ownerReferences":[{"uid":"1","kind":"K","name":"n","apiVersion":"x.io/v1"}]}})")).body;
  reply = patch(path, type, *parse_json(R"({"metadata":{"ownerReferences":[{"uid":"1","name":"m"},{"uid":"2","kind":"K","name":"o","apiVersion":"x.io/v1"}]}})")).body;
  EXPECT_EQ(reply["metadata"]["ownerReferences"].size(), 2U) << reply;
  EXPECT_EQ(reply["metadata"]["ownerReferences"][0]["name"], "m");
  reply = patch(path, type, *parse_json(R"({"metadata":{"ownerReferences":[{"$patch":"delete","uid":"1"}]},"data":{"$patch":"replace","z":"3"}})")).body;
  EXPECT_EQ(reply["metadata"]["ownerReferences"].size(), 1U);
  EXPECT_EQ(reply["data"], (Json{{"z", "3"}}));
}

}  // namespace
}  // namespace datamesh::kube
