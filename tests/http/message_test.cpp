#include "controller/http/message.h"

#include <gtest/gtest.h>

namespace datamesh::http {
namespace {

TEST(Headers, AreFoundWithoutRegardToCase) {
  const Headers headers{{"Content-Type", "application/json"}};
  EXPECT_EQ(headers.find("content-TYPE"), "application/json");
  EXPECT_EQ(headers.find("Content"), std::nullopt);
}

TEST(Target, IsSplitIntoPathAndQueryAndDecoded) {
  Request request;
  ASSERT_TRUE(parse_target("/a%20b/c?x=1&y=a%26b&empty&plus=a+b", request));
  EXPECT_EQ(request.path, "/a b/c");
  EXPECT_EQ(request.query, (std::map<std::string, std::string>{
                               {"x", "1"}, {"y", "a&b"}, {"empty", ""}, {"plus", "a b"}}));
}

TEST(Target, IsWrittenAsItIsRead) {
  Request request;
  request.path = "/apis/x y/ü";
  request.query = {{"labelSelector", "a=b,c=d"}, {"q", "1&2 3+4"}};
  Request again;
  ASSERT_TRUE(parse_target(target_of(request), again));
  EXPECT_EQ(again.path, request.path);
  EXPECT_EQ(again.query, request.query);
}

TEST(Target, BrokenOnesAreRefused) {
  for (const char* target : {"", "a", "/%", "/%4", "/%zz", "/a%00", "/?x=%0", "http://host/",
                             "/a/../b", "/a/%2e%2E/b", "/.", "/a%2fb", "/a%5cb", "/a\\b", "/a b", "/a#b", "/a\tb",
                             "/a%0d%0ab", "*"}) {
    Request request;
    EXPECT_FALSE(parse_target(target, request)) << target;
  }
}

TEST(Target, DotsWithinANameAndEmptySegmentsStay) {
  Request request;
  ASSERT_TRUE(parse_target("//a.b/..c/...?x=../y", request));
  EXPECT_EQ(request.path, "//a.b/..c/...");
  EXPECT_EQ(request.query, (std::map<std::string, std::string>{{"x", "../y"}}));
}

TEST(Target, GivesEveryValueOfARepeatedName) {
  Request request;
  ASSERT_TRUE(parse_target("/v1?exclude=a&x=1&exclude=b%26c&exclude", request));
  EXPECT_EQ(query_values(request, "exclude"), (std::vector<std::string>{"a", "b&c", ""}));
  EXPECT_EQ(query_values(request, "none"), std::vector<std::string>{});
  EXPECT_EQ(request.query.at("exclude"), "") << "the last of a repeated name counts";
  EXPECT_EQ(request.raw_target, "/v1?exclude=a&x=1&exclude=b%26c&exclude");
}

TEST(ConstantTimeCompare, TellsEqualFromUnequal) {
  EXPECT_TRUE(equals_in_constant_time("token", "token"));
  EXPECT_FALSE(equals_in_constant_time("token", "tokem"));
  EXPECT_FALSE(equals_in_constant_time("token", "toke"));
  EXPECT_FALSE(equals_in_constant_time("", "t"));
}

}  // namespace
}  // namespace datamesh::http
