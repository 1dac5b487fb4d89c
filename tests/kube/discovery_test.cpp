// What a client asks before it asks for objects.
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

class Discovery : public FacadeTest {};

const char* const kAggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;"
                                "v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The resource of that name in a list.
Json resource(const Json& list, const std::string& name) {
  for (const Json& entry : list["resources"]) {
    if (entry["name"] == name) return entry;
  }
  return nullptr;
}

TEST_F(Discovery, GroupsAreListed) {
  EXPECT_EQ(send("GET", "/api").body["versions"], Json::array({"v1"}));
  std::string groups;
  const Json list = send("GET", "/apis").body;
  for (const Json& group : list["groups"]) groups += string_at(group, "name") + " ";
  EXPECT_EQ(groups, "apiextensions.k8s.io coordination.k8s.io events.k8s.io demo.example.com authorization.k8s.io authentication.k8s.io ");
  EXPECT_EQ(send("GET", "/apis/demo.example.com").body,
            *parse_json(R"({"kind":"APIGroup","apiVersion":"v1","name":"demo.example.com","versions":[{"groupVersion":"demo.example.com/v1","version":"v1"}],"preferredVersion":{"groupVersion":"demo.example.com/v1","version":"v1"}})"));
}

TEST_F(Discovery, ResourcesAreListedWithTheirVerbs) {
  const Json list = send("GET", "/apis/demo.example.com/v1").body;
  const Json expected = *parse_json(R"({"name":"widgets","singularName":"widget","namespaced":true,"kind":"Widget","shortNames":["wd"],"categories":["all","demo"],"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]})");
  EXPECT_EQ(resource(list, "widgets"), expected);
  EXPECT_EQ(resource(list, "widgets/status"), *parse_json(R"({"name":"widgets/status","singularName":"","namespaced":true,"kind":"Widget","verbs":["get","patch","update"]})"));
  const Json core = send("GET", "/api/v1").body;
  for (const char* name : {"namespaces", "namespaces/status", "namespaces/finalize", "secrets", "configmaps", "events", "serviceaccounts"}) {
    EXPECT_FALSE(resource(core, name).is_null()) << name;
  }
  EXPECT_EQ(resource(core, "services")["verbs"], (Json{"get", "list", "watch"}));
  EXPECT_EQ(send("POST", "/api/v1/namespaces/default/services", Json::object()).status, 405);
  EXPECT_EQ(send("GET", "/api/v2").status, 404);
}

TEST_F(Discovery, OneDocumentIsServedToThoseWhoKnowIt) {
  const Reply reply = send("GET", "/apis", nullptr, {{"Accept", kAggregated}});
  EXPECT_EQ(reply.response.content_type, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(string_at(reply.body, "apiVersion"), "apidiscovery.k8s.io/v2");
  EXPECT_EQ(reply.header("Vary"), "Accept");
  const Reply again = send("GET", "/apis", nullptr, {{"Accept", kAggregated}, {"If-None-Match", reply.header("ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.text, "");
  const Reply beta = send("GET", "/api", nullptr, {{"Accept", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"}});
  EXPECT_EQ(string_at(beta.body, "apiVersion"), "apidiscovery.k8s.io/v2beta1");
  EXPECT_EQ(beta.body["items"].size(), 1U);
}

TEST_F(Discovery, TheSchemasAreServedAsOpenApi) {
  const Json v2 = send("GET", "/openapi/v2").body;
  const Json& widget_schema = v2["definitions"]["com.example.demo.v1.Widget"];
  EXPECT_EQ(widget_schema["description"], "Widget is a demo.");
  EXPECT_EQ(at_path(widget_schema, {"properties", "spec", "properties", "free"}).contains("properties"), false);
  EXPECT_TRUE(v2["paths"].contains("/apis/demo.example.com/v1/namespaces/{namespace}/widgets/{name}"));
  const Reply protobuf = send("GET", "/openapi/v2", nullptr, {{"Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"}});
  EXPECT_EQ(protobuf.response.content_type, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  EXPECT_EQ(protobuf.text.substr(0, 5), "\x0a\x03" "2.0");

  const Json index = send("GET", "/openapi/v3").body;
  const std::string url = string_at(index["paths"]["apis/demo.example.com/v1"], "serverRelativeURL");
  const Reply hashed = send("GET", url);
  EXPECT_EQ(hashed.header("Cache-Control"), "public, immutable");
  EXPECT_TRUE(hashed.body["components"]["schemas"].contains("com.example.demo.v1.Widget"));
  const Reply moved = send("GET", "/openapi/v3/apis/demo.example.com/v1?hash=OLD");
  EXPECT_EQ(moved.status, 301);
  EXPECT_EQ(moved.header("Location"), url);
  EXPECT_EQ(send("GET", "/openapi/v3/apis/nosuch/v1").status, 404);
}

TEST_F(Discovery, VersionAndHealthAreTold) {
  const Json version = send("GET", "/version").body;
  EXPECT_EQ(string_at(version, "major") + "." + string_at(version, "minor"), "1.32");
  EXPECT_TRUE(string_at(version, "gitVersion").starts_with("v1.32."));
  for (const char* path : {"/healthz", "/livez", "/readyz", "/healthz/ping"}) EXPECT_EQ(send("GET", path).text, "ok") << path;
  EXPECT_TRUE(send("GET", "/readyz?verbose").text.ends_with("readyz check passed\n"));
}

TEST_F(Discovery, QuestionsOfAccessAreAnswered) {
  const Json question = {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"},
                         {"spec", {{"resourceAttributes", {{"verb", "get"}, {"resource", "secrets"}}}}}};
  const Reply reply = send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", question);
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body["status"], (Json{{"allowed", true}}));
  EXPECT_EQ(reply.body["spec"], question["spec"]);
  EXPECT_EQ(send("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", question,
                 {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}).status, 406);
  const Json who = {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}};
  EXPECT_EQ(at_path(send("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", who).body, {"status", "userInfo", "username"}), "datamesh:admin");
  EXPECT_EQ(send("GET", "/apis/authentication.k8s.io/v1/selfsubjectreviews").status, 405);
}

TEST_F(Discovery, DefinitionsAreVisibleAndFixed) {
  const std::string path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const Reply reply = send("GET", path + "/widgets.demo.example.com");
  ASSERT_EQ(reply.status, 200) << reply.text;
  EXPECT_EQ(at_path(reply.body, {"spec", "conversion", "strategy"}), "None");
  EXPECT_EQ(reply.body["status"]["conditions"][1]["type"], "Established");
  EXPECT_EQ(reply.body["status"]["storedVersions"], Json::array({"v1"}));
  EXPECT_EQ(merge(path + "/widgets.demo.example.com", {{"spec", {{"scope", "Cluster"}}}}).status, 422);
  EXPECT_EQ(merge(path + "/widgets.demo.example.com", {{"metadata", {{"labels", {{"a", "b"}}}}}}).status, 200);
  EXPECT_EQ(send("DELETE", path + "/widgets.demo.example.com").status, 403);
  Json same = reply.body;
  same["metadata"] = {{"name", "widgets.demo.example.com"}};
  EXPECT_EQ(send("POST", path, same).status, 409);
}

}  // namespace
}  // namespace datamesh::kube
