// Changing and deleting objects: the truth table that a real server was recorded with (1.32).
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

const std::string kG = kWidgets + "/g";

class Update : public FacadeTest {
 protected:
  Update() { revision_ = created_ = send("POST", kWidgets, widget("g")).body; }

  /// "gen 2 new" or "gen 2 same": the generation, and whether the revision moved.
  std::string after(const Reply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.text;
    const bool moved = revision_in(reply.body) != revision_in(revision_);
    revision_ = reply.body;
    return "gen " + at_path(reply.body, {"metadata", "generation"}).dump() + (moved ? " new" : " same");
  }

  Json created_, revision_;
};

TEST_F(Update, GenerationAndRevisionMoveAsRecorded) {
  EXPECT_EQ(after(merge(kG, {{"spec", {{"color", "blue"}}}})), "gen 2 new");
  EXPECT_EQ(after(merge(kG, {{"spec", {{"color", "blue"}}}})), "gen 2 same");
  EXPECT_EQ(after(merge(kG, {{"metadata", {{"labels", {{"a", "b"}}}}}})), "gen 2 new");
  EXPECT_EQ(after(merge(kG, {{"status", {{"observedGeneration", 3}}}})), "gen 2 same");
  EXPECT_EQ(after(merge(kG + "/status", {{"status", {{"observedGeneration", 3}}}})), "gen 2 new");
  EXPECT_EQ(after(merge(kG + "/status", {{"spec", {{"color", "red"}}}, {"status", {{"observedGeneration", 4}}}})), "gen 2 new");
  EXPECT_EQ(at_path(revision_, {"spec", "color"}), "blue");
  EXPECT_EQ(after(merge(kG + "/status", {{"metadata", {{"labels", {{"a", "z"}}}}}, {"status", {{"observedGeneration", 5}}}})), "gen 2 new");
  EXPECT_EQ(at_path(revision_, {"metadata", "labels"}), (Json{{"a", "b"}}));
  EXPECT_EQ(after(merge(kG + "/status", {{"status", {{"observedGeneration", 5}}}})), "gen 2 same");
  EXPECT_EQ(after(merge(kG, {{"metadata", {{"generation", 99}, {"creationTimestamp", "2001-01-01T00:00:00Z"}}}})), "gen 2 same");
  EXPECT_EQ(after(merge(kG, {{"metadata", {{"annotations", {{"x", "y"}}}}}, {"spec", {{"size", 1}}}})), "gen 3 new");
  EXPECT_EQ(revision_["status"], (Json{{"observedGeneration", 5}}));
}

/// Source: kube-apiserver 1.32.5, asked
TEST_F(Update, OnlyADeletionMarksAnObjectAsBeingDeleted) {
  const Reply marked = merge(kG, {{"metadata", {{"deletionTimestamp", "2001-01-01T00:00:00Z"}, {"deletionGracePeriodSeconds", 5}}}});
  EXPECT_EQ(marked.status, 422);
  EXPECT_EQ(marked.message(),
            "Widget.demo.example.com \"g\" is invalid: [metadata.deletionTimestamp: Invalid value: 2001-01-01 00:00:00 "
            "+0000 UTC: field is immutable, metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable]");
  const Reply status = merge(kG + "/status", {{"metadata", {{"deletionTimestamp", "2001-01-01T00:00:00Z"}}}});
  EXPECT_EQ(status.status, 200);
  EXPECT_FALSE(status.body["metadata"].contains("deletionTimestamp"));
}

TEST_F(Update, APutNeedsTheRevisionThatIsThere) {
  Json wanted = created_;
  wanted["spec"]["color"] = "green";
  EXPECT_EQ(send("PUT", kG, wanted).status, 200);
  const Reply stale = send("PUT", kG, wanted);
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.message(), "Operation cannot be fulfilled on widgets.demo.example.com \"g\": the object has been modified; please apply "
                             "your changes to the latest version and try again");
  EXPECT_EQ(stale.body["details"], (Json{{"name", "g"}, {"group", "demo.example.com"}, {"kind", "widgets"}}));
  for (const char* revision : {"", "0"}) {
    wanted["metadata"]["resourceVersion"] = revision;
    const Reply none = send("PUT", kG, wanted);
    EXPECT_EQ(none.status, 422);
    EXPECT_EQ(none.message(), "widgets.demo.example.com \"g\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified "
                              "for an update");
  }
  wanted["metadata"]["resourceVersion"] = "abc";
  EXPECT_EQ(send("PUT", kG, wanted).message(), "strconv.ParseUint: parsing \"abc\": invalid syntax");
}

TEST_F(Update, APutOfAnotherObjectIsRefused) {
  Json wanted = created_;
  wanted["metadata"]["name"] = "other";
  EXPECT_EQ(send("PUT", kG, wanted).message(), "the name of the object (other) does not match the name on the URL (g)");
  wanted = created_;
  wanted["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(send("PUT", kG, wanted).status, 409);
  EXPECT_EQ(send("PUT", kWidgets + "/newone", widget("newone")).message(), "widgets.demo.example.com \"newone\" not found");
}

TEST_F(Update, PatchesAreHeldToTheirRevision) {
  const Reply stale = merge(kG, {{"metadata", {{"resourceVersion", "1"}}}, {"spec", {{"color", "blue"}}}});
  EXPECT_EQ(stale.status, 409) << stale.text;
  const Reply uid = merge(kG, {{"metadata", {{"uid", "zzz"}}}});
  EXPECT_EQ(uid.message(), "Widget.demo.example.com \"g\" is invalid: metadata.uid: Invalid value: \"zzz\": field is immutable");
  EXPECT_EQ(merge(kWidgets + "/none", Json::object()).status, 404);
}

TEST_F(Update, JsonPatchesApplyWhollyOrNotAtAll) {
  const char* const type = "application/json-patch+json";
  for (const char* text : {R"([{"op":"test","path":"/spec/color","value":"blue"}])", R"([{"op":"remove","path":"/spec/nothing"}])",
                           R"([{"op":"nonsense","path":"/spec"}])", R"([{"op":"add","path":"/spec/color/deeper","value":1}])",
                           R"([{"op":"add","path":"no-slash","value":1}])", R"([7])"}) {
    const Reply reply = patch(kG, type, *parse_json(text));
    EXPECT_EQ(reply.status, 422) << text;
    EXPECT_EQ(reply.message(), "the server rejected our request due to an error in our request") << text;
  }
  EXPECT_EQ(patch(kG, type, Json::object()).message(),
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
  const Reply good = patch(kG, type, *parse_json(R"([{"op":"add","path":"/metadata/labels","value":{"a":"b"}},
      {"op":"add","path":"/metadata/labels/k~1x","value":"v"},{"op":"copy","from":"/metadata/labels/a","path":"/metadata/labels/c"}])"));
  EXPECT_EQ(at_path(good.body, {"metadata", "labels"}), (Json{{"a", "b"}, {"k/x", "v"}, {"c", "b"}}));
}

TEST_F(Update, PatchesThatAreNoneAreBadRequests) {
  EXPECT_EQ(merge(kG, Json::array()).message(),
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
  EXPECT_EQ(send_text("PATCH", kG, "", {{"Content-Type", "application/merge-patch+json"}}).message(),
            "error decoding patch: unexpected end of JSON input");
  EXPECT_EQ(patch(kG, "application/strategic-merge-patch+json", {{"a", 1}}).message(),
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
            "application/merge-patch+json, application/apply-patch+yaml");
  EXPECT_EQ(merge(kG + "?force=true", {{"spec", {{"size", 2}}}}).message(),
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch");
  const Reply strict = merge(kG + "?fieldValidation=Strict", {{"spec", {{"nosuch", 2}}}});
  EXPECT_EQ(strict.status, 422);
  EXPECT_EQ(strict.message().find(" \"\" is invalid: patch: Invalid value: \"{"), 0U) << strict.text;
  EXPECT_NE(strict.message().find("strict decoding error: unknown field \"spec.nosuch\""), std::string::npos);
  EXPECT_EQ(merge(kG, {{"spec", {{"nosuch", 2}}}}).header("Warning"), R"(299 - "unknown field \"spec.nosuch\"")");
  EXPECT_EQ(merge(kG, {{"kind", "Foo"}}).message(), "Foo.demo.example.com \"g\" is invalid: kind: Invalid value: \"Foo\": must be Widget");
  EXPECT_EQ(merge(kG, {{"spec", {{"color", "nope"}}}}).status, 422);
}

TEST_F(Update, ADryRunOfAChangeShowsItAndStoresNothing) {
  const Reply dry = merge(kG + "?dryRun=All", {{"spec", {{"color", "blue"}}}});
  EXPECT_EQ(at_path(dry.body, {"spec", "color"}), "blue");
  EXPECT_EQ(at_path(dry.body, {"metadata", "generation"}), 2);
  EXPECT_EQ(send("GET", kG).body, created_);
}

// ---- deletion -----------------------------------------------------------------------------------------------------

TEST_F(Update, ADeletionAnswersWithTheUid) {
  const std::string uid = string_at(created_["metadata"], "uid");
  const Json success = {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Success"},
                        {"details", {{"name", "g"}, {"group", "demo.example.com"}, {"kind", "widgets"}, {"uid", uid}}}};
  EXPECT_EQ(send("DELETE", kG + "?dryRun=All").body, success);
  EXPECT_EQ(send("GET", kG).status, 200);
  EXPECT_EQ(send("DELETE", kG, {{"propagationPolicy", "Background"}}).body, success);
  EXPECT_EQ(send("DELETE", kG).status, 404);
}

TEST_F(Update, DeletionsAreHeldToTheirPreconditions) {
  const std::string uid = string_at(created_["metadata"], "uid");
  const Reply wrong_uid = send("DELETE", kG, {{"preconditions", {{"uid", "nope"}}}});
  EXPECT_EQ(wrong_uid.status, 409);
  EXPECT_EQ(wrong_uid.message(), "Operation cannot be fulfilled on Widget.demo.example.com \"g\": the UID in the precondition (nope) does "
                                 "not match the UID in record (" + uid + "). The object might have been deleted and then recreated");
  EXPECT_EQ(at_path(wrong_uid.body, {"details", "kind"}), "Widget");
  EXPECT_EQ(send("DELETE", kG, {{"preconditions", {{"resourceVersion", "1"}}}}).status, 409);
  EXPECT_EQ(send("DELETE", kG, {{"propagationPolicy", "Foo"}}).message(),
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Foo\": supported values: \"Foreground\", "
            "\"Background\", \"Orphan\", \"nil\"");
  EXPECT_EQ(send("DELETE", kG, {{"propagationPolicy", "Background"}, {"orphanDependents", true}}).message(),
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid value: \"Background\": orphanDependents and "
            "deletionPropagation cannot be both set");
}

TEST_F(Update, AnObjectWithFinalizersWaitsForThem) {
  const std::string f = kWidgets + "/f";
  Json object = widget("f");
  object["metadata"]["finalizers"] = {"demo.example.com/x"};
  send("POST", kWidgets, object);
  const Reply going = send("DELETE", f);
  EXPECT_EQ(at_path(going.body, {"metadata", "generation"}), 2) << going.text;
  EXPECT_EQ(at_path(going.body, {"metadata", "deletionGracePeriodSeconds"}), 0);
  EXPECT_EQ(send("DELETE", f).body, going.body);
  EXPECT_EQ(send("POST", kWidgets, widget("f")).message(), "object is being deleted: widgets.demo.example.com \"f\" already exists");
  EXPECT_EQ(merge(f, {{"metadata", {{"finalizers", {"demo.example.com/x", "demo.example.com/y"}}}}}).message(),
            "Widget.demo.example.com \"f\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is "
            "being deleted, found new finalizers []string{\"demo.example.com/y\"}");
  EXPECT_TRUE(merge(f, {{"metadata", {{"deletionTimestamp", nullptr}}}}).body["metadata"].contains("deletionTimestamp"));
  EXPECT_EQ(merge(f, {{"metadata", {{"finalizers", nullptr}}}}).status, 200);
  EXPECT_EQ(send("GET", f).status, 404);
}

TEST_F(Update, ACollectionIsDeletedBySelector) {
  Json labelled = widget("da");
  labelled["metadata"]["labels"] = {{"a", "b"}};
  send("POST", kWidgets, labelled);
  EXPECT_EQ(send("DELETE", kWidgets + "?labelSelector=none%3Dx").body["items"], Json::array());
  const Reply some = send("DELETE", kWidgets + "?labelSelector=a%3Db");
  EXPECT_EQ(string_at(some.body, "kind"), "WidgetList");
  ASSERT_EQ(some.body["items"].size(), 1U);
  EXPECT_EQ(send("GET", kWidgets + "/da").status, 404);
  EXPECT_EQ(send("GET", kG).status, 200);
}

}  // namespace
}  // namespace datamesh::kube
