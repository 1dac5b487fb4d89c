// What goes with what it belongs to.
#include "tests/kube/facade_fixture.h"

namespace datamesh::kube {
namespace {

class GarbageCollection : public FacadeTest {
 protected:
  GarbageCollection() {
    owner_ = send("POST", kWidgets, widget("owner")).body;
    for (const char* name : {"d1", "d2"}) send("POST", kWidgets, owned(name, {owner_}));
  }

  static Json owned(const std::string& name, const std::vector<Json>& owners, bool blocks = true) {
    Json object = widget(name);
    for (const Json& owner : owners) {
      object["metadata"]["ownerReferences"].push_back({{"apiVersion", owner["apiVersion"]}, {"kind", owner["kind"]},
                                                       {"name", owner["metadata"]["name"]}, {"uid", owner["metadata"]["uid"]},
                                                       {"blockOwnerDeletion", blocks}});
    }
    return object;
  }
  bool there(const std::string& name) { return send("GET", kWidgets + "/" + name).status == 200; }
  Reply remove(const std::string& name, const char* policy) { return send("DELETE", kWidgets + "/" + name, {{"propagationPolicy", policy}}); }

  Json owner_;
};

TEST_F(GarbageCollection, DependentsGoAfterTheirOwner) {
  remove("owner", "Background");
  EXPECT_FALSE(there("d1"));
  EXPECT_FALSE(there("d2"));
}

TEST_F(GarbageCollection, ADependentStaysWhileItHasAnotherOwner) {
  const Json second = send("POST", kWidgets, widget("second")).body;
  send("POST", kWidgets, owned("shared", {owner_, second}));
  remove("owner", "Background");
  EXPECT_TRUE(there("shared"));
  remove("second", "Background");
  EXPECT_FALSE(there("shared"));
}

TEST_F(GarbageCollection, InTheForegroundTheOwnerGoesLast) {
  Json held = owned("held", {owner_});
  held["metadata"]["finalizers"] = {"demo.example.com/x"};
  send("POST", kWidgets, held);
  const Reply reply = remove("owner", "Foreground");
  EXPECT_EQ(at_path(reply.body, {"metadata", "finalizers"}), Json::array({"foregroundDeletion"})) << reply.text;
  EXPECT_FALSE(there("d1"));
  EXPECT_TRUE(there("owner")) << "one dependent holds it up";
  merge(kWidgets + "/held", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_FALSE(there("held"));
  EXPECT_FALSE(there("owner"));
}

TEST_F(GarbageCollection, OrphansStayWithoutTheirOwner) {
  remove("owner", "Orphan");
  EXPECT_FALSE(there("owner"));
  ASSERT_TRUE(there("d1"));
  EXPECT_FALSE(send("GET", kWidgets + "/d1").body["metadata"].contains("ownerReferences"));
}

TEST_F(GarbageCollection, AnOwnerThatNeverWasIsNoOwner) {
  Json stranger = owner_;
  stranger["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000";
  send("POST", kWidgets, owned("lost", {stranger}));
  EXPECT_FALSE(there("lost"));
  stranger["apiVersion"] = "apps/v1";
  stranger["kind"] = "Deployment";
  send("POST", kWidgets, owned("foreign", {stranger}));
  EXPECT_TRUE(there("foreign")) << "this server cannot know whether its owner is there";
}

TEST_F(GarbageCollection, ACircleOfOwnersIsNoObstacle) {
  const Json a = send("POST", kWidgets, widget("a")).body;
  const Json b = send("POST", kWidgets, owned("b", {a})).body;
  merge(kWidgets + "/a", {{"metadata", owned("a", {b})["metadata"]}});
  remove("a", "Background");
  EXPECT_FALSE(there("a"));
  EXPECT_FALSE(there("b"));
}

}  // namespace
}  // namespace datamesh::kube
