// The local API as a client of Kubernetes' shapes sees it, on the real store.
#include "controller/cli/local_api.h"

#include <gtest/gtest.h>

#include "controller/cli/object_routes.h"
#include "controller/embedded/sqlite_store.h"
#include "tests/cli/world.h"

namespace datamesh::cli {
namespace {

const std::string kRoot = "/apis/datamesh.dev/v1alpha1";
const std::string kLinks = kRoot + "/namespaces/team/resourcelinks";

Json link(const std::string& name, const Json& labels = Json::object()) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "ResourceLink"},
          {"metadata", {{"name", name}, {"namespace", "team"}, {"labels", labels}}},
          {"spec", {{"account", "a"}, {"product", {{"name", "p"}}}}}};
}

class LocalApiTest : public ::testing::Test {
 protected:
  struct Reply {
    int status = 0;
    Json body;
  };

  LocalApiTest() {
    embedded::SqliteStore::Options options;
    options.file = ":memory:";
    options.clock = &clock_;
    options.kinds = {{"Namespace", {"", "namespaces", embedded::Scope::Cluster}},
                     {"CustomResourceDefinition", {"apiextensions.k8s.io", "customresourcedefinitions", embedded::Scope::Cluster}},
                     {"ResourceLink", {"datamesh.dev", "resourcelinks", embedded::Scope::Namespaced}}};
    store_ = std::move(*embedded::SqliteStore::open(std::move(options)));
    facade_ = std::move(*kube::Facade::open({store_.get(), &schema_, &clock_, &executor_, "0"}));
    LocalApiParts parts{store_.get(), facade_.get(), &schema_, &clock_, &executor_, "secret", {}};
    parts.answers.status = [](const Answers::Done& done) { done(Json{{"converged", true}}); };
    parts.answers.explain = [](const engine::AccessQuestion& question, const Answers::Done& done) {
      if (question.object == "a/none") return done(fail(ErrorKind::NotFound, "a/none is not declared"));
      done(Json{{"object", question.object}, {"principal", question.principal}, {"action", question.action}});
    };
    parts.answers.who_can = [](const engine::AccessQuestion& question, const Answers::Done& done) {
      done(Json{{"object", question.object}, {"action", question.action}, {"row", question.row}});
    };
    parts.answers.plan = [this](engine::PlanRequest request, const Answers::Done& done) {
      planned_ = std::move(request);
      done(Json::object());
    };
    parts.answers.lake = [](const std::string& principal, const aws::Call& call) -> Result<Json> {
      if (call.operation == "GetTable") {
        return fail(ErrorKind::NotFound, "no table", "glue:GetTable", "EntityNotFoundException");
      }
      return Json{{"as", principal}, {"account", call.target.account}, {"region", call.target.region}};
    };
    api_ = std::make_unique<LocalApi>(std::move(parts));
    const Json space = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "team"}}}};
    send("POST", "/api/v1/namespaces", space);
  }

  http::Request request(const std::string& method, const std::string& target, const Json& body = nullptr) {
    http::Request made;
    made.method = method;
    EXPECT_TRUE(http::parse_target(target, made));
    made.headers.add("Authorization", "Bearer secret");
    if (!body.is_null()) made.body = body.dump();
    return made;
  }

  Reply send(http::Request sent) {
    std::optional<http::Response> response;
    api_->handle(std::move(sent), [&](http::Response answer) { response = std::move(answer); });
    while (!response) {
      if (!run_due(executor_, clock_) && !skip_to_timer(executor_, clock_)) throw std::logic_error("no answer");
    }
    return {response->status, *parse_json(response->body)};
  }
  Reply send(const std::string& method, const std::string& target, const Json& body = nullptr) {
    return send(request(method, target, body));
  }

  FakeClock clock_{*parse_rfc3339("2026-11-22T08:00:00Z")};
  api::SchemaRegistry schema_ = api::SchemaRegistry::builtin();
  std::unique_ptr<embedded::SqliteStore> store_;
  testing::ManualExecutor executor_{clock_};
  engine::PlanRequest planned_;
  std::unique_ptr<kube::Facade> facade_;
  std::unique_ptr<LocalApi> api_;
};

TEST_F(LocalApiTest, AsksForTheToken) {
  for (const char* given : {"", "Bearer", "Bearer wrong", "Bearer secret2", "Basic secret"}) {
    auto sent = request("GET", "/datamesh/v1/status");
    sent.headers = {{"Authorization", given}};
    EXPECT_EQ(send(sent).status, 401) << given;
  }
  EXPECT_EQ(send("GET", "/datamesh/v1/status").status, 200);
}

TEST_F(LocalApiTest, ObjectsAreServedAsKubernetesServesThem) {
  const Reply created = send("POST", kLinks, link("a"));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(send("GET", kLinks + "/a").body, created.body);
  EXPECT_EQ(string_at(send("GET", kLinks + "/none").body, "message"), R"(resourcelinks.datamesh.dev "none" not found)");
  EXPECT_EQ(string_at(send("GET", kRoot).body, "kind"), "APIResourceList");
}

TEST_F(LocalApiTest, AWatchAnswersWhenSomethingHappens) {
  const Reply listed = send("GET", kLinks);
  const std::string since = string_at(member(listed.body, "metadata"), "resourceVersion");
  std::optional<http::Response> answer;
  api_->handle(request("GET", "/datamesh/v1/watch" + kLinks + "?resourceVersion=" + since),
               [&](http::Response response) { answer = std::move(response); });
  executor_.run_ready();
  EXPECT_FALSE(answer) << "nothing has happened yet";
  const Reply created = send("POST", kLinks, link("a"));
  executor_.run_ready();
  ASSERT_TRUE(answer);
  const Json body = *parse_json(answer->body);
  EXPECT_EQ(body["events"], Json::array({{{"type", "ADDED"}, {"object", created.body}}}));
  EXPECT_EQ(body["resourceVersion"], at_path(created.body, {"metadata", "resourceVersion"}));
}

TEST_F(LocalApiTest, AWatchEndsEmptyWhenItsTimeIsUp) {
  const std::string since = string_at(member(send("GET", kLinks).body, "metadata"), "resourceVersion");
  const Time begin = clock_.now();
  const Reply reply = send("GET", "/datamesh/v1/watch" + kLinks + "?resourceVersion=" + since + "&timeoutSeconds=5");
  EXPECT_EQ(reply.body["events"], Json::array());
  EXPECT_EQ(clock_.now() - begin, std::chrono::seconds(5));
}

TEST_F(LocalApiTest, QuestionsThatNobodyAnswersAreNotFound) {
  for (const char* path : {"/datamesh/v1/none", "/datamesh/v1/watch/apis/datamesh.dev/v1alpha1/none"}) {
    EXPECT_EQ(send("GET", path).status, 404) << path;
  }
}

TEST_F(LocalApiTest, ExplainPassesTheQuestionOn) {
  const Json question = {{"principal", "p"}, {"action", "SELECT"}, {"object", "a/b"}};
  EXPECT_EQ(send("POST", "/datamesh/v1/explain", question).body, question);
  EXPECT_EQ(send("POST", "/datamesh/v1/explain", {{"object", "a/none"}}).status, 404);
}

TEST_F(LocalApiTest, WhoCanPassesTheQuestionOn) {
  const Json question = {{"action", "SELECT"}, {"object", "a/b/c"}, {"row", "id=1"}};
  EXPECT_EQ(send("POST", "/datamesh/v1/who-can", question).body, question);
  EXPECT_EQ(send("GET", "/datamesh/v1/who-can").status, 404);
}

TEST_F(LocalApiTest, PlanRefusesInvalidObjectsWithAllProblems) {
  Json broken = link("a");
  broken["spec"]["tabel"] = "t";
  broken["spec"].erase("account");
  const Reply reply = send("POST", "/datamesh/v1/plan", {{"apply", Json::array({broken})}});
  EXPECT_EQ(reply.status, 422);
  EXPECT_NE(string_at(reply.body, "message").find("tabel"), std::string::npos) << reply.body;
  EXPECT_NE(string_at(reply.body, "message").find("account"), std::string::npos) << reply.body;
}

TEST_F(LocalApiTest, PlanHandsOverWhatIsAppliedAndRemoved) {
  const Json removed = {{"kind", "Grant"}, {"namespace", "team"}, {"name", "x"}};
  ASSERT_EQ(send("POST", "/datamesh/v1/plan", {{"apply", {link("a")}}, {"remove", {removed}}}).status, 200);
  ASSERT_EQ(planned_.apply.size(), 1U);
  EXPECT_EQ(to_string(api::key_of(planned_.apply[0])), "ResourceLink/team/a");
  EXPECT_EQ(planned_.remove, (std::vector<api::ObjectKey>{{"Grant", "team", "x"}}));
}

TEST_F(LocalApiTest, TheLakeIsCalledAsThePrincipal) {
  const Json call = {{"as", "arn:aws:iam::111122223333:role/Admin"}, {"region", "eu-west-1"}, {"service", "glue"},
                     {"operation", "GetDatabases"}};
  const Json expected = {{"as", call["as"]}, {"account", "111122223333"}, {"region", "eu-west-1"}};
  EXPECT_EQ(send("POST", "/datamesh/v1/lake", call).body, (Json{{"output", expected}}));
}

TEST_F(LocalApiTest, WhatTheLakeRefusesIsAnAnswer) {
  const Json call = {{"as", "arn:aws:iam::111122223333:role/Admin"}, {"region", "eu-west-1"}, {"service", "glue"},
                     {"operation", "GetTable"}};
  const Json expected = {{"error", {{"code", "EntityNotFoundException"}, {"message", "no table"}}}};
  const Reply reply = send("POST", "/datamesh/v1/lake", call);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, expected);
}

TEST_F(LocalApiTest, LakeCallsThatNameTooLittleAreRefused) {
  const Json call = {{"as", "arn:aws:iam::111122223333:role/Admin"}, {"region", "eu-west-1"}, {"service", "glue"},
                     {"operation", "GetTables"}};
  for (const char* field : {"as", "region", "service", "operation"}) {
    Json less = call;
    less.erase(field);
    EXPECT_EQ(send("POST", "/datamesh/v1/lake", less).status, 422) << field;
  }
  Json unknown = call;
  unknown["service"] = "s3";
  EXPECT_EQ(send("POST", "/datamesh/v1/lake", unknown).status, 422);
}

TEST(Selector, ReadsEqualityOnly) {
  EXPECT_EQ(*parse_selector("a=b,c==d,e="), (std::map<std::string, std::string>{{"a", "b"}, {"c", "d"}, {"e", ""}}));
  for (const char* text : {"a", "a!=b", "=b", "a in (b)"}) EXPECT_FALSE(parse_selector(text)) << text;
}

}  // namespace
}  // namespace datamesh::cli
