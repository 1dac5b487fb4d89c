// Who may not write reads only.
#include "controller/aws/fenced_api.h"

#include <gtest/gtest.h>

#include <vector>

namespace datamesh::aws {
namespace {

class Recorder final : public Api {
 public:
  Result<Json> call(const Call& call) override {
    operations.push_back(call.operation);
    return Json::object();
  }
  std::vector<std::string> operations;
};

TEST(FencedApi, WritesPassOnlyWhileTheyMay) {
  Recorder inner;
  bool may_write = true;
  FencedApi fenced(inner, [&] { return may_write; });
  EXPECT_TRUE(fenced.call({{"1", "r"}, Service::Glue, "CreateTable"}));
  may_write = false;
  const auto refused = fenced.call({{"1", "r"}, Service::LakeFormation, "BatchGrantPermissions"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::Cancelled);
  EXPECT_EQ(refused.error().origin, "lakeformation:BatchGrantPermissions");
  EXPECT_TRUE(fenced.call({{"1", "r"}, Service::LakeFormation, "ListPermissions"}));
  EXPECT_EQ(inner.operations, (std::vector<std::string>{"CreateTable", "ListPermissions"}));
}

TEST(FencedApi, WhatIsNotKnownToBeHarmlessIsAWrite) {
  for (const char* read : {"GetTables", "BatchGetPartition", "ListResources", "SearchTablesByLFTags", "AssumeRole"}) {
    EXPECT_TRUE(is_read(read)) << read;
  }
  for (const char* write : {"PutDataLakeSettings", "AcceptResourceShareInvitation", "BatchRevokePermissions",
                            "RegisterResource", "AddLFTagsToResource", "SomethingNew"}) {
    EXPECT_FALSE(is_read(write)) << write;
  }
}

}  // namespace
}  // namespace datamesh::aws
