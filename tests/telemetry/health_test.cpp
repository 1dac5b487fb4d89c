#include "controller/telemetry/health.h"

#include <gtest/gtest.h>

namespace datamesh::telemetry {
namespace {

http::Request get(const std::string& target) {
  http::Request request;
  request.method = "GET";
  EXPECT_TRUE(http::parse_target(target, request));
  return request;
}

const std::vector<Check> kMixed = {{"ping", true}, {"store", false}};

struct Case {
  const char* name;
  const char* target;
  std::vector<Check> checks;
  int status;
  const char* body;
};

class Health : public testing::TestWithParam<Case> {};

TEST_P(Health, AnswersAsKubernetesProbesExpect) {
  const auto response = health_response("readyz", get(GetParam().target), GetParam().checks);
  EXPECT_EQ(response.status, GetParam().status);
  EXPECT_EQ(response.body, GetParam().body);
}

INSTANTIATE_TEST_SUITE_P(
    Readyz, Health,
    testing::Values(
        Case{"OkIsShort", "/readyz", {{"ping", true}}, 200, "ok"},
        Case{"VerboseListsAll", "/readyz?verbose", {{"ping", true}}, 200, "[+]ping ok\nreadyz check passed\n"},
        Case{"FailureListsAll", "/readyz", kMixed, 500,
             "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n"},
        Case{"OneCheckAlone", "/readyz/ping", kMixed, 200, "ok"},
        Case{"OneFailedCheckAlone", "/readyz/store", kMixed, 500,
             "[-]store failed: reason withheld\nreadyz check failed\n"},
        Case{"ExcludedChecksDoNotCount", "/readyz?exclude=store", kMixed, 200, "ok"},
        Case{"UnknownCheckIsNotFound", "/readyz/none", kMixed, 404, "there is no check none\n"}),
    [](const auto& one) { return one.param.name; });

class Endpoints : public testing::Test {
 protected:
  http::Response ask(http::Request request) {
    http::Response out;
    handler_(std::move(request), [&](http::Response response) { out = std::move(response); });
    return out;
  }

  FakeClock clock_{Time(Millis(0))};
  Metrics metrics_{clock_, {"1.2.3", {"catalog"}, 1}};
  http::Handler handler_ = telemetry_handler(
      metrics_, [](const auto& done) { done({{"ping", true}}); },
      [](const auto& done) { done({{"synced", false}}); });
};

TEST_F(Endpoints, MetricsHaveTheContentTypeOfTheTextFormat) {
  const auto response = ask(get("/metrics"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(response.body.find("datamesh_build_info{version=\"1.2.3\"} 1"), std::string::npos);
}

TEST_F(Endpoints, LivenessAndReadinessAreApart) {
  EXPECT_EQ(ask(get("/healthz")).status, 200);
  EXPECT_EQ(ask(get("/readyz")).status, 500);
}

TEST_F(Endpoints, OtherPathsAndMethodsAreRefused) {
  EXPECT_EQ(ask(get("/")).status, 404);
  auto post = get("/metrics");
  post.method = "POST";
  EXPECT_EQ(ask(post).status, 405);
}

}  // namespace
}  // namespace datamesh::telemetry
