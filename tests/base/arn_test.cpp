#include "controller/base/arn.h"

#include <gtest/gtest.h>

namespace datamesh {
namespace {

TEST(ArnField, IsWhatStandsBetweenTheColons) {
  constexpr std::string_view kQueue = "arn:aws-cn:sqs:cn-north-1:111122223333:a:b/c";
  EXPECT_EQ(arn_field(kQueue, ArnField::Partition), "aws-cn");
  EXPECT_EQ(arn_field(kQueue, ArnField::Service), "sqs");
  EXPECT_EQ(arn_field(kQueue, ArnField::Region), "cn-north-1");
  EXPECT_EQ(arn_field(kQueue, ArnField::Account), "111122223333");
  EXPECT_EQ(arn_field(kQueue, ArnField::Resource), "a:b/c");
}

TEST(ArnField, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(arn_field("arn:aws:s3:::bucket", ArnField::Account), "");
  EXPECT_EQ(arn_field("arn:aws:s3", ArnField::Resource), "");
  EXPECT_EQ(arn_field("111122223333", ArnField::Account), "");
  EXPECT_EQ(arn_field("urn:a:b:c:d:e", ArnField::Account), "");
  EXPECT_EQ(arn_field("", ArnField::Partition), "");
}

}  // namespace
}  // namespace datamesh
