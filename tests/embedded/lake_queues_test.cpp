// The lake's queues: what a message goes through, and what a queue for change notices hears.
#include "controller/lake/notice.h"
#include "tests/embedded/lake_world.h"

namespace datamesh::testing {
namespace {

using aws::Service;

class LakeQueues : public ::testing::Test {
 protected:
  Result<Json> sqs(const std::string& operation, Json input, const std::string& account = kOwner) {
    return world_.as_principal(role_arn(account, "Admin")).call({{account, kRegion}, Service::Sqs, operation, std::move(input)});
  }
  std::string made(const std::string& name) { return string_at(*sqs("CreateQueue", {{"QueueName", name}}), "QueueUrl"); }
  std::vector<std::string> bodies(const std::string& url) {
    std::vector<std::string> out;
    const auto answer = sqs("ReceiveMessage", {{"QueueUrl", url}, {"MaxNumberOfMessages", 10}});
    for (const Json& message : member(*answer, "Messages")) out.push_back(string_at(message, "Body"));
    return out;
  }
  std::string code_of(const Result<Json>& answer) { return answer ? "" : answer.error().code; }
  using Texts = std::vector<std::string>;

  LakeWorld world_;
};

TEST_F(LakeQueues, AMessageIsHiddenOnceItWasReceivedAndComesAgainUnlessDeleted) {
  const std::string url = made("q");
  ASSERT_TRUE(sqs("SendMessage", {{"QueueUrl", url}, {"MessageBody", "x"}}));
  EXPECT_EQ(bodies(url), Texts{"x"});
  EXPECT_EQ(bodies(url), Texts{});
  world_.advance(std::chrono::seconds(30));
  const Json again = *sqs("ReceiveMessage", {{"QueueUrl", url}});
  ASSERT_TRUE(sqs("DeleteMessage", {{"QueueUrl", url}, {"ReceiptHandle", again["Messages"][0]["ReceiptHandle"]}}));
  world_.advance(std::chrono::hours(1));
  EXPECT_EQ(bodies(url), Texts{});
}

TEST_F(LakeQueues, AReceiptOfBeforeDeletesNothing) {
  const std::string url = made("q");
  ASSERT_TRUE(sqs("SendMessage", {{"QueueUrl", url}, {"MessageBody", "x"}}));
  const Json first = *sqs("ReceiveMessage", {{"QueueUrl", url}});
  world_.advance(std::chrono::seconds(30));
  EXPECT_EQ(bodies(url), Texts{"x"});
  ASSERT_TRUE(sqs("DeleteMessage", {{"QueueUrl", url}, {"ReceiptHandle", first["Messages"][0]["ReceiptHandle"]}}));
  world_.advance(std::chrono::seconds(30));
  EXPECT_EQ(bodies(url), Texts{"x"});
}

TEST_F(LakeQueues, AMessageGoesAfterFourDays) {
  const std::string url = made("q");
  ASSERT_TRUE(sqs("SendMessage", {{"QueueUrl", url}, {"MessageBody", "x"}}));
  world_.advance(std::chrono::hours(96));
  ASSERT_TRUE(sqs("SendMessage", {{"QueueUrl", url}, {"MessageBody", "y"}}));
  EXPECT_EQ(bodies(url), Texts{"y"});
}

TEST_F(LakeQueues, AreOfTheirAccountAndRegionAlone) {
  const std::string url = made("q");
  EXPECT_EQ(code_of(sqs("ReceiveMessage", {{"QueueUrl", url}}, kConsumer)), "AccessDenied");
  EXPECT_EQ(code_of(sqs("GetQueueUrl", {{"QueueName", "q"}}, kConsumer)), "QueueDoesNotExist");
  EXPECT_EQ(code_of(world_.as_principal(role_arn(kOwner, "Admin"))
                        .call({{kOwner, "eu-south-1"}, Service::Sqs, "GetQueueUrl", {{"QueueName", "q"}}})),
            "QueueDoesNotExist");
  EXPECT_EQ(code_of(world_.as_principal(role_arn(kOwner, "reader"))
                        .call({{kOwner, kRegion}, Service::Sqs, "ReceiveMessage", {{"QueueUrl", url}}})),
            "AccessDeniedException");
}

TEST_F(LakeQueues, WithoutAQueueForNoticesNothingIsTold) {
  const std::string other = made("other");
  ASSERT_TRUE(world_.as_principal(role_arn(kOwner, "Admin"))
                  .call({{kOwner, kRegion}, Service::Glue, "CreateDatabase", {{"DatabaseInput", {{"Name", "sales"}}}}}));
  EXPECT_EQ(bodies(other), Texts{});
}

TEST_F(LakeQueues, AWriteIsToldAsEventBridgeWouldAndARefusedOneIsNot) {
  const std::string url = made("datamesh-notices");
  auto& admin = world_.as_principal(role_arn(kOwner, "Admin"));
  const aws::Call create{{kOwner, kRegion}, Service::Glue, "CreateDatabase", {{"DatabaseInput", {{"Name", "sales"}}}}};
  ASSERT_TRUE(admin.call(create));
  ASSERT_FALSE(admin.call(create));
  ASSERT_TRUE(admin.call({{kOwner, kRegion}, Service::Glue, "GetDatabase", {{"Name", "sales"}}}));
  const Texts told = bodies(url);
  ASSERT_EQ(told.size(), 2u);
  const auto call = lake::read_notice(told[0]);
  ASSERT_TRUE(call) << told[0];
  EXPECT_EQ(call->catalogs, (std::vector<CatalogRef>{{kOwner, kRegion}}));
  EXPECT_EQ(call->caller, "arn:aws:sts::" + std::string(kOwner) + ":assumed-role/Admin/datamesh");
  const auto change = lake::read_notice(told[1]);
  ASSERT_TRUE(change) << told[1];
  EXPECT_EQ(change->catalogs, (std::vector<CatalogRef>{{kOwner, kRegion}}));
  EXPECT_EQ(change->caller, "");
}

}  // namespace
}  // namespace datamesh::testing
