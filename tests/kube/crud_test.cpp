// Creating objects, and refusing to, in the words that a real server was recorded with (1.32).
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

class Crud : public FacadeTest {
 protected:
  Reply create(const Json& object, const std::string& query = {}) { return send("POST", kWidgets + query, object); }
};

TEST_F(Crud, ACreatedObjectHasTheServersMetadataAndItsDefaults) {
  const Reply reply = create(widget("a1"));
  ASSERT_EQ(reply.status, 201) << reply.text;
  const Json fields = *parse_json(R"({"f:spec":{".":{},"f:color":{},"f:replicas":{}}})");
  const Json& metadata = reply.body["metadata"];
  EXPECT_EQ(metadata["managedFields"],
            Json::array({{{"apiVersion", "demo.example.com/v1"}, {"fieldsType", "FieldsV1"}, {"fieldsV1", fields},
                          {"manager", "unknown"}, {"operation", "Update"}, {"time", "2026-11-22T08:00:00Z"}}}));
  EXPECT_EQ(metadata["generation"], 1);
  EXPECT_EQ(metadata["creationTimestamp"], "2026-11-22T08:00:00Z");
  EXPECT_EQ(string_at(metadata, "uid").size(), 36U);
  EXPECT_EQ(reply.body["spec"], (Json{{"color", "red"}, {"replicas", 1}}));
  EXPECT_EQ(reply.header("Cache-Control"), "no-cache, private");
  EXPECT_EQ(reply.header("Audit-Id").size(), 36U);
}

TEST_F(Crud, WhatIsTheServersIsIgnored) {
  Json object = widget("a2");
  object["metadata"]["uid"] = "abc";
  object["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z";
  object["metadata"]["deletionTimestamp"] = "2001-01-01T00:00:00Z";
  object["metadata"]["generation"] = 77;
  object["status"] = {{"observedGeneration", 9}};
  const Reply reply = create(object);
  ASSERT_EQ(reply.status, 201) << reply.text;
  EXPECT_EQ(at_path(reply.body, {"metadata", "generation"}), 1);
  EXPECT_FALSE(reply.body["metadata"].contains("deletionTimestamp"));
  EXPECT_FALSE(reply.body.contains("status"));
}

TEST_F(Crud, ASecondObjectOfTheNameIsRefusedWithDetails) {
  create(widget("a1"));
  const Json expected = *parse_json(
      R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"widgets.demo.example.com \"a1\" already exists","reason":"AlreadyExists","details":{"name":"a1","group":"demo.example.com","kind":"widgets"},"code":409})");
  EXPECT_EQ(create(widget("a1")).body, expected);
}

TEST_F(Crud, ANameIsGeneratedWhenAskedFor) {
  Json object = widget("");
  object["metadata"] = {{"generateName", "gen-"}};
  const Reply reply = create(object);
  ASSERT_EQ(reply.status, 201) << reply.text;
  const std::string name = string_at(reply.body["metadata"], "name");
  EXPECT_EQ(name.size(), 9U);
  EXPECT_TRUE(name.starts_with("gen-")) << name;
}

TEST_F(Crud, InvalidObjectsAreRefusedInTheRecordedWords) {
  struct Case {
    const char* spec;
    const char* message;
    const char* reason;
  };
  for (const Case& one : {
           Case{R"({"color":"purple"})", R"(spec.color: Unsupported value: "purple": supported values: "red", "green", "blue")",
                "FieldValueNotSupported"},
           Case{R"({"color":"red","replicas":1000})",
                "spec.replicas: Invalid value: 1000: spec.replicas in body should be less than or equal to 100", "FieldValueInvalid"},
           Case{R"({"color":"red","size":"string"})",
                R"(spec.size: Invalid value: "string": spec.size in body must be of type number: "string")", "FieldValueTypeInvalid"},
           Case{R"({"color":"red","name":"ABC"})", R"(spec.name: Invalid value: "ABC": spec.name in body should match '^[a-z]*$')",
                "FieldValueInvalid"},
           Case{R"({"color":"red","name":"abcdefghijklm"})", "spec.name: Too long: may not be more than 10 bytes", "FieldValueTooLong"},
           Case{R"({"color":"red","args":["a","b","c","d"]})", "spec.args: Too many: 4: must have at most 3 items", "FieldValueTooMany"},
           Case{R"({"size":1})", "spec.color: Required value", "FieldValueRequired"},
           Case{R"({"color":"red","tags":["a","a"]})", R"(spec.tags[1]: Duplicate value: "a")", "FieldValueDuplicate"},
           Case{R"({"color":"red","ports":[{"port":1},{"port":1}]})",
                R"(spec.ports[1]: Duplicate value: map[string]interface {}{"port":1})", "FieldValueDuplicate"},
           Case{R"({"color":"red","ports":[{"name":"x"}]})", "spec.ports[0].port: Required value", "FieldValueRequired"},
       }) {
    const Reply reply = create(widget("v", *parse_json(one.spec)));
    EXPECT_EQ(reply.status, 422) << one.spec;
    EXPECT_EQ(reply.message(), std::string("Widget.demo.example.com \"v\" is invalid: ") + one.message);
    EXPECT_EQ(at_path(reply.body, {"details", "kind"}), "Widget");
    const Json& causes = at_path(reply.body, {"details", "causes"});
    ASSERT_EQ(causes.size(), 1U) << reply.text;
    EXPECT_EQ(causes[0]["reason"], one.reason) << one.spec;
  }
}

TEST_F(Crud, SeveralProblemsAreToldTogether) {
  Json object = widget("Bad_Name");
  object["metadata"]["labels"] = {{"ok", "bad value!"}};
  object["metadata"]["ownerReferences"] = Json::array({{{"apiVersion", "v1"}, {"kind", "X"}, {"name", "n"}}});
  const Reply reply = create(object);
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(at_path(reply.body, {"details", "causes"}).size(), 3U) << reply.text;
  EXPECT_NE(reply.message().find("is invalid: [metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of"),
            std::string::npos) << reply.text;
  EXPECT_NE(reply.message().find("metadata.ownerReferences.uid: Invalid value: \"\": uid must not be empty"), std::string::npos);
}

TEST_F(Crud, BodiesThatAreNoSuchObjectAreBadRequests) {
  const auto refused = [&](const std::string& text) {
    const Reply reply = send_text("POST", kWidgets, text, {{"Content-Type", "application/json"}});
    EXPECT_EQ(reply.status, 400) << text;
    EXPECT_EQ(string_at(reply.body, "reason"), "BadRequest");
    return reply.message();
  };
  EXPECT_EQ(refused("{bad json"),
            "the object provided is unrecognized (must be of type Widget): couldn't get version/kind; json parse error: invalid "
            "character 'b' looking for beginning of object key string ({bad json)");
  EXPECT_EQ(refused(""),
            "the object provided is unrecognized (must be of type Widget): couldn't get version/kind; json parse error: unexpected "
            "end of JSON input (<empty>)");
  EXPECT_EQ(refused(R"({"apiVersion": "demo.example.com/v9", "kind": "Widget", "metadata": {"name": "a2"}})"),
            "the API version in the data (demo.example.com/v9) does not match the expected API version (demo.example.com/v1)");
  EXPECT_EQ(refused(R"({"apiVersion": "demo.example.com/v1", "metadata": {"name": "a2"}, "spec": {"color": "red"}})"),
            "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in '{\"apiVersion\": "
            "\"demo.example.com/v1\", \"metadata\": {\"name\": \"a2\"}, \"spec\": {\"color\": \"red\"}}' ({\"apiVersion\": "
            "\"demo.example.c ...)");
  EXPECT_EQ(refused(R"({"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"a","namespace":"other"}})"),
            "the namespace of the provided object does not match the namespace sent on the request");
  EXPECT_EQ(refused(R"({"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"a","labels":{"a":1}}})"),
            "Widget in version \"v1\" cannot be handled as a Widget: json: cannot unmarshal number into Go struct field "
            "ObjectMeta.labels of type string");
  EXPECT_EQ(refused("[]").find("the object provided is unrecognized"), 0U);
  EXPECT_EQ(refused(std::string(200, '[')).find("the object provided is unrecognized"), 0U);
  EXPECT_EQ(refused("{\"a\":\"\xff\"}").find("the object provided is unrecognized"), 0U);
}

TEST_F(Crud, AnotherKindIsInvalid) {
  Json object = widget("a2");
  object["kind"] = "Foo";
  EXPECT_EQ(create(object).message(), R"(Foo.demo.example.com "a2" is invalid: kind: Invalid value: "Foo": must be Widget)");
}

TEST_F(Crud, ARevisionOnANewObjectIsAnError) {
  Json object = widget("a2");
  object["metadata"]["resourceVersion"] = "5";
  const Reply reply = create(object);
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.message(), "resourceVersion should not be set on objects to be created");
}

TEST_F(Crud, BodiesAndAnswersComeInSeveralForms) {
  const std::string yaml = "apiVersion: demo.example.com/v1\nkind: Widget\nmetadata: {name: y}\nspec: {color: red}\n";
  const Reply made = send_text("POST", kWidgets, yaml, {{"Content-Type", "application/yaml"}, {"Accept", "application/yaml"}});
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.response.content_type, "application/yaml");
  EXPECT_NE(made.text.find("\nkind: Widget\n"), std::string::npos) << made.text;

  const Reply plain = send_text("POST", kWidgets, "{}", {{"Content-Type", "text/plain"}});
  EXPECT_EQ(plain.status, 415);
  EXPECT_EQ(plain.message(), "the body of the request was in an unknown format - accepted media types include: application/json, "
                             "application/yaml, application/vnd.kubernetes.protobuf");
  const Reply html = send("GET", kWidgets + "/y", nullptr, {{"Accept", "text/html"}});
  EXPECT_EQ(html.status, 406);
  EXPECT_TRUE(html.text.starts_with("{\n  \"")) << html.text;
  EXPECT_EQ(send("GET", kWidgets + "/y", nullptr, {{"Accept", "application/vnd.kubernetes.protobuf,application/json"}}).status, 200);
  EXPECT_EQ(send("GET", kWidgets + "/y", nullptr, {{"Accept", "application/vnd.kubernetes.protobuf"}}).status, 406);
  EXPECT_TRUE(send("GET", kWidgets + "/y?pretty=true").text.starts_with("{\n  \"apiVersion\""));
}

TEST_F(Crud, UnknownFieldsAreRefusedWarnedOfOrDropped) {
  const std::string text =
      R"({"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"v9","foo":1},"spec":{"color":"red","color":"blue","nosuch":1}})";
  const http::Headers json = {{"Content-Type", "application/json"}};
  const Reply strict = send_text("POST", kWidgets + "?fieldValidation=Strict", text, json);
  EXPECT_EQ(strict.status, 400);
  EXPECT_EQ(strict.message(), "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: duplicate field "
                              "\"spec.color\", unknown field \"metadata.foo\", unknown field \"spec.nosuch\"");
  const Reply warned = send_text("POST", kWidgets, text, json);
  EXPECT_EQ(warned.status, 201) << warned.text;
  EXPECT_EQ(at_path(warned.body, {"spec", "color"}), "blue");
  EXPECT_FALSE(warned.body["spec"].contains("nosuch"));
  std::vector<std::string> warnings;
  for (const auto& [name, value] : warned.response.headers) {
    if (name == "Warning") warnings.push_back(value);
  }
  EXPECT_EQ(warnings, (std::vector<std::string>{R"(299 - "duplicate field \"spec.color\"")", R"(299 - "unknown field \"metadata.foo\"")",
                                                R"(299 - "unknown field \"spec.nosuch\"")"}));
  EXPECT_EQ(send_text("PUT", kWidgets + "/v9?fieldValidation=Ignore", text, json).header("Warning"), "");
}

TEST_F(Crud, ADryRunStoresNothing) {
  const Reply dry = create(widget("a5"), "?dryRun=All");
  EXPECT_EQ(dry.status, 201) << dry.text;
  EXPECT_FALSE(dry.body["metadata"].contains("resourceVersion"));
  EXPECT_TRUE(dry.body["metadata"].contains("uid"));
  EXPECT_EQ(send("GET", kWidgets + "/a5").status, 404);
  const Reply some = create(widget("a5"), "?dryRun=Some");
  EXPECT_EQ(some.status, 422);
  EXPECT_EQ(some.message(), R"(CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All")");
}

TEST_F(Crud, PathsThatNameNothingAreNotFound) {
  for (const char* path : {"/apis/demo.example.com/v2/namespaces/default/widgets", "/apis/demo.example.com/v1/namespaces/default/gizmos",
                           "/apis/nosuch.group/v1", "/apis/demo.example.com/v1/namespaces/default/widgets/a/scale",
                           "/apis/demo.example.com/v1/namespaces/default/widgets/a/status/b", "/apis/demo.example.com/v1/widgets/a"}) {
    const Reply reply = send("GET", path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.text, "404 page not found\n") << path;
  }
  const Reply none = send("GET", kWidgets + "/none");
  EXPECT_EQ(none.body, *parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"widgets.demo.example.com \"none\" not found","reason":"NotFound","details":{"name":"none","group":"demo.example.com","kind":"widgets"},"code":404})"));
  EXPECT_EQ(send("POST", "/apis/demo.example.com/v1/widgets", widget("a1")).text, "404 page not found\n");
  EXPECT_EQ(send("GET", "/nope").status, 404);
  EXPECT_TRUE(send("GET", "/nope").body["paths"].is_array());
  EXPECT_EQ(merge(kWidgets, Json::object()).message(), "name must be provided");
  EXPECT_EQ(send("OPTIONS", kWidgets + "/a").status, 405);
}

TEST_F(Crud, ObjectsNeedTheirNamespace) {
  const Reply reply = send("POST", "/apis/demo.example.com/v1/namespaces/nope/widgets", widget("a"));
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.message(), "namespaces \"nope\" not found");
  EXPECT_EQ(reply.body["details"], (Json{{"name", "nope"}, {"kind", "namespaces"}}));
}

}  // namespace
}  // namespace datamesh::kube
