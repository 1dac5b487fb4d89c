#include "controller/base/json_path.h"

#include <gtest/gtest.h>

namespace datamesh {
namespace {

TEST(JsonPath, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(member_path("", "spec"), "spec");
  EXPECT_EQ(member_path("spec", "tables"), "spec.tables");
  EXPECT_EQ(element_path("spec.tables", 2), "spec.tables[2]");
  EXPECT_EQ(member_path("metadata.labels", "app.kubernetes.io/name"), "metadata.labels[\"app.kubernetes.io/name\"]");
}

TEST(JsonPath, SplitsIntoTheStepsItWasMadeOf) {
  const std::string path = member_path(element_path(member_path(member_path("", "a"), "x\"]y"), 12), "z-1");
  EXPECT_EQ(split_path(path), (std::vector<PathStep>{{"a"}, {"x\"]y"}, {"", 12, true}, {"z-1"}}));
  EXPECT_EQ(split_path(""), std::vector<PathStep>{});
}

TEST(JsonPath, StopsAtAMalformedStep) {
  for (const char* path : {"a[", "a[x]", "a[\"b", "a[\"b\"", "a[1", "a..", "a. b"}) {
    EXPECT_EQ(split_path(path), std::vector<PathStep>{{"a"}}) << path;
  }
}

}  // namespace
}  // namespace datamesh
