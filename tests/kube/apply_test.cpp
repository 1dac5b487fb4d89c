// Server-side apply: the transcript that a real server was recorded with (1.32), step by step.
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

const std::string kS = kWidgets + "/s";

class Apply : public FacadeTest {
 protected:
  Reply apply(const std::string& manager, const char* spec, const std::string& query = {}) {
    return apply_object(manager, widget("s", *parse_json(spec)), query);
  }
  Reply apply_object(const std::string& manager, const Json& object, const std::string& query = {}, const std::string& path = kS) {
    return patch(path + "?fieldManager=" + manager + query, "application/apply-patch+yaml", object);
  }
  Reply apply_status(const std::string& manager, const char* status) {
    Json object = widget("s");
    object.erase("spec");
    object["status"] = *parse_json(status);
    return apply_object(manager, object, "", kS + "/status");
  }

  /// "m1 Apply {…}" of every manager, one a line.
  static std::string managers(const Reply& reply) {
    std::string lines;
    for (const Json& entry : at_path(reply.body, {"metadata", "managedFields"})) {
      const std::string part = string_at(entry, "subresource");
      lines += string_at(entry, "manager") + " " + string_at(entry, "operation") + (part.empty() ? "" : " " + part) + " " +
               entry["fieldsV1"].dump() + "\n";
    }
    return lines;
  }
};

const char* const kFirst =
    R"({"color":"red","ports":[{"port":80,"name":"http"}],"tags":["a"],"args":["x"],"free":{"k":{"z":1}},"limits":{"cpu":1}})";

TEST_F(Apply, OwnsWhatItSetsAndWritesNothingTwice) {
  const Reply made = apply("m1", kFirst);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(managers(made),
            "m1 Apply {\"f:spec\":{\"f:args\":{},\"f:color\":{},\"f:free\":{\"f:k\":{\".\":{},\"f:z\":{}}},\"f:limits\":{\"f:cpu\":{}},"
            "\"f:ports\":{\"k:{\\\"port\\\":80}\":{\".\":{},\"f:name\":{},\"f:port\":{}}},\"f:tags\":{\"v:\\\"a\\\"\":{}}}}\n");
  EXPECT_EQ(at_path(made.body, {"spec", "replicas"}), 1);
  clock_.advance(std::chrono::seconds(5));
  EXPECT_EQ(apply("m1", kFirst).body, made.body);
}

TEST_F(Apply, TwoManagersShareAndConflictAsRecorded) {
  apply("m1", kFirst);
  const Reply second = apply("m2", R"({"color":"red","ports":[{"port":81}],"tags":["b"],"size":2})");
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(at_path(second.body, {"spec", "tags"}), (Json{"a", "b"}));
  EXPECT_EQ(at_path(second.body, {"spec", "ports"}), *parse_json(R"([{"name":"http","port":80},{"port":81}])"));
  EXPECT_NE(managers(second).find("m2 Apply {\"f:spec\":{\"f:color\":{},\"f:ports\":{\"k:{\\\"port\\\":81}\":{\".\":{},\"f:port\":{}}},"
                                  "\"f:size\":{},\"f:tags\":{\"v:\\\"b\\\"\":{}}}}\n"), std::string::npos) << managers(second);

  const char* const conflicting = R"({"color":"blue","ports":[{"port":81}],"tags":["b"],"args":["y"],"size":2})";
  const Reply refused = apply("m2", conflicting);
  EXPECT_EQ(refused.body, *parse_json(R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.args\n- .spec.color","reason":"Conflict","details":{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"m1\"","field":".spec.args"},{"reason":"FieldManagerConflict","message":"conflict with \"m1\"","field":".spec.color"}]},"code":409})"));

  const Reply forced = apply("m2", conflicting, "&force=true");
  ASSERT_EQ(forced.status, 200) << forced.text;
  EXPECT_EQ(managers(forced).find("f:args"), managers(forced).rfind("f:args")) << "m1 has lost it: " << managers(forced);

  const Reply dropped = apply("m1", R"({"color":"blue","free":{"k":{"z":1}}})");
  EXPECT_EQ(dropped.body["spec"], *parse_json(R"({"args":["y"],"color":"blue","free":{"k":{"z":1}},"ports":[{"port":81}],"replicas":1,"size":2,"tags":["b"]})"));
}

TEST_F(Apply, AnUpdateTakesOverAndIsNamedInConflicts) {
  apply("m1", R"({"color":"blue","free":{"k":{"z":1}}})");
  apply("m2", R"({"color":"blue","size":2,"tags":["b"]})");
  const Reply edited = send("PATCH", kS + "?fieldManager=kubectl-edit", {{"spec", {{"color", "green"}, {"size", 9}}}},
                            {{"Content-Type", "application/merge-patch+json"}});
  EXPECT_EQ(managers(edited),
            "m1 Apply {\"f:spec\":{\"f:free\":{\"f:k\":{\".\":{},\"f:z\":{}}}}}\n"
            "m2 Apply {\"f:spec\":{\"f:tags\":{\"v:\\\"b\\\"\":{}}}}\n"
            "kubectl-edit Update {\"f:spec\":{\"f:color\":{},\"f:size\":{}}}\n");
  EXPECT_EQ(apply("m2", R"({"color":"blue","size":2})").message(),
            "Apply failed with 2 conflicts: conflicts with \"kubectl-edit\" using demo.example.com/v1:\n- .spec.color\n- .spec.size");
  EXPECT_EQ(apply("m2", R"({"color":"blue"})").message(),
            "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using demo.example.com/v1: .spec.color");
  const Reply given_up = apply("m1", R"({"free":{"k":{"z":1}}})");
  EXPECT_EQ(at_path(given_up.body, {"spec", "color"}), "green");
}

TEST_F(Apply, TheStatusHasManagersOfItsOwn) {
  apply("m1", R"({"color":"red"})");
  const Reply first = apply_status("ctrl", R"({"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","reason":"R","message":""}]})");
  ASSERT_EQ(first.status, 200) << first.text;
  EXPECT_NE(managers(first).find("ctrl Apply status {\"f:status\":{\"f:conditions\":{\"k:{\\\"type\\\":\\\"Ready\\\"}\":{\".\":{},"
                                 "\"f:message\":{},\"f:reason\":{},\"f:status\":{},\"f:type\":{}}},\"f:observedGeneration\":{}}}\n"),
            std::string::npos) << managers(first);
  const Reply other = apply_status("ctrl2", R"({"conditions":[{"type":"Synced","status":"True"}]})");
  EXPECT_EQ(at_path(other.body, {"status", "conditions"}).size(), 2U) << other.text;
  EXPECT_EQ(apply_status("ctrl2", R"({"conditions":[{"type":"Ready","status":"False","reason":"R2","message":""}]})").message(),
            "Apply failed with 2 conflicts: conflicts with \"ctrl\" with subresource \"status\":\n"
            "- .status.conditions[type=\"Ready\"].reason\n- .status.conditions[type=\"Ready\"].status");
  const Reply dropped = apply_status("ctrl2", "{}");
  EXPECT_EQ(at_path(dropped.body, {"status", "conditions"}).size(), 1U) << dropped.text;
  EXPECT_NE(managers(dropped).find("ctrl2 Apply status {\"f:status\":{}}\n"), std::string::npos) << managers(dropped);
  Json with_status = widget("s");
  with_status["status"] = {{"observedGeneration", 77}};
  EXPECT_EQ(at_path(apply_object("m1", with_status).body, {"status", "observedGeneration"}), 1);
}

TEST_F(Apply, AnObjectFromBeforeTheFirstApplyIsItsCreators) {
  send("POST", kWidgets, widget("s"));
  EXPECT_EQ(apply("m1", R"({"color":"blue"})").message(),
            "Apply failed with 1 conflict: conflict with \"unknown\" using demo.example.com/v1: .spec.color");
  EXPECT_EQ(apply("m1", R"({"color":"blue"})", "&force=true").status, 200);
}

TEST_F(Apply, RefusesWhatItCannotType) {
  apply("m1", R"({"color":"red"})");
  const std::string start = "failed to create typed patch object (/s; demo.example.com/v1, Kind=Widget): ";
  const auto refused = [&](const char* spec) {
    const Reply reply = apply("m1", spec);
    EXPECT_EQ(reply.status, 500) << reply.text;
    return reply.message();
  };
  EXPECT_EQ(refused(R"({"nosuch":1})"), start + ".spec.nosuch: field not declared in schema");
  EXPECT_EQ(refused(R"({"size":"x"})"), start + ".spec.size: expected numeric (int or float), got string");
  EXPECT_EQ(refused(R"({"ports":[{"port":1},{"port":1}]})"), start + ".spec.ports: duplicate entries for key [port=1]");
  EXPECT_EQ(refused(R"({"ports":[{"name":"z"}]})"),
            start + ".spec.ports: element 0: associative list with keys has an element that omits key field \"port\" (and doesn't have "
                    "default value)");
  EXPECT_EQ(refused(R"({"tags":["q","q"]})"), start + ".spec.tags: duplicate entries for key [=\"q\"]");
  EXPECT_EQ(apply("m1", R"({"color":"pink"})").status, 422);
}

TEST_F(Apply, RefusesRequestsThatAreNotInOrder) {
  apply("m1", R"({"color":"red"})");
  EXPECT_EQ(patch(kS, "application/apply-patch+yaml", widget("s")).message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
  Json object = widget("s");
  object["metadata"]["managedFields"] = Json::array({{{"manager", "x"}}});
  EXPECT_EQ(apply_object("m1", object).message(), "metadata.managedFields must be nil");
  object = widget("s");
  object["metadata"]["resourceVersion"] = "1";
  object["spec"]["size"] = 7;
  EXPECT_EQ(apply_object("m1", object).status, 409);
  EXPECT_EQ(apply_object("m1", widget("zzz")).message(), "the name of the object (zzz) does not match the name on the URL (s)");
  object = widget("missing");
  object["metadata"]["uid"] = "aaaa";
  EXPECT_EQ(apply_object("m1", object, "", kWidgets + "/missing").message(),
            "Operation cannot be fulfilled on widgets.demo.example.com \"missing\": uid mismatch: the provided object specified uid aaaa, "
            "and no existing object was found");
  EXPECT_EQ(apply_object("m1", widget("missing"), "", kWidgets + "/missing/status").status, 404);
  object["metadata"] = {{"name", "missing"}, {"resourceVersion", "5"}};
  EXPECT_EQ(apply_object("m1", object, "", kWidgets + "/missing").status, 201);
}

TEST_F(Apply, AClientMayReplaceTheRecordOfItsManagers) {
  send("POST", kWidgets + "?fieldManager=kubectl-client-side-apply", widget("s"));
  const Json live = send("GET", kS).body;
  Json migrated = live["metadata"]["managedFields"];
  migrated[0]["manager"] = "kubectl";
  migrated[0]["operation"] = "Apply";
  const Reply moved = patch(kS, "application/json-patch+json",
                            Json::array({{{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", migrated}},
                                         {{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", revision_in(live)}}}));
  ASSERT_EQ(moved.status, 200) << moved.text;
  EXPECT_EQ(managers(moved).find("kubectl Apply"), 0U) << managers(moved);
  EXPECT_EQ(apply("kubectl", R"({"color":"blue"})").status, 200);
}

}  // namespace
}  // namespace datamesh::kube
