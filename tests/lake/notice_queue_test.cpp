// Reading a queue: the two calls, and what URLs of queues say.
#include "controller/lake/notice_queue.h"

#include <gtest/gtest.h>

#include "tests/lake/scripted_api.h"

namespace datamesh::lake {
namespace {

const QueueRef kQueue{kCatalog, "https://sqs.eu-west-1.amazonaws.com/111111111111/notices"};

TEST(NoticeQueue, IsReadTenAtATimeAndWaitedFor) {
  ScriptedApi api;
  api.on("ReceiveMessage", [](const Json&) -> Result<Json> {
    return Json{{"Messages", {{{"MessageId", "m1"}, {"ReceiptHandle", "r1"}, {"Body", "{}"}, {"MD5OfBody", "x"}}}}};
  });
  EXPECT_EQ(*receive(api, kQueue, std::chrono::seconds(20)), (std::vector<Message>{{"m1", "r1", "{}"}}));
  EXPECT_EQ(api.calls.front().service, aws::Service::Sqs);
  EXPECT_EQ(api.calls.front().input,
            (Json{{"QueueUrl", kQueue.url}, {"MaxNumberOfMessages", 10}, {"WaitTimeSeconds", 20}}));
}

TEST(NoticeQueue, WithoutMessagesIsASuccess) {
  ScriptedApi api;
  EXPECT_TRUE(receive(api, kQueue, std::chrono::seconds(1))->empty());
}

TEST(NoticeQueue, DeletesInOneCallAndCountsWhatStays) {
  ScriptedApi api;
  api.on("DeleteMessageBatch", [](const Json&) -> Result<Json> {
    return Json{{"Successful", {{{"Id", "0"}}}}, {"Failed", {{{"Id", "1"}, {"Code", "InternalError"}, {"SenderFault", false}}}}};
  });
  EXPECT_EQ(*remove(api, kQueue, {{"m1", "r1", ""}, {"m2", "r2", ""}}), 1u);
  EXPECT_EQ(api.calls.front().input["Entries"],
            Json::parse(R"([{"Id": "0", "ReceiptHandle": "r1"}, {"Id": "1", "ReceiptHandle": "r2"}])"));
  EXPECT_EQ(*remove(api, kQueue, {}), 0u);
  EXPECT_EQ(api.calls.size(), 1u) << "nothing to delete is no call";
}

TEST(NoticeQueue, TheRegionIsInTheUrlsOfAws) {
  const std::pair<const char*, const char*> rows[] = {
      {"https://sqs.eu-west-1.amazonaws.com/1/q", "eu-west-1"},
      {"https://sqs-fips.us-gov-west-1.api.aws/1/q", "us-gov-west-1"},
      {"https://sqs.cn-north-1.amazonaws.com.cn/1/q", "cn-north-1"},
      {"https://sqs.eusc-de-east-1.amazonaws.eu/1/q", "eusc-de-east-1"},
      {"https://vpce-0ab-1cd.sqs.us-east-2.vpce.amazonaws.com/1/q", "us-east-2"},
      {"https://us-west-2.queue.amazonaws.com/1/q", "us-west-2"},
      {"https://queue.amazonaws.com/1/q", "us-east-1"},
      {"http://127.0.0.1:4566/1/q", ""},
      {"http://sqs.local:4566/1/q", ""},
      {"nonsense", ""},
  };
  for (const auto& [url, region] : rows) EXPECT_EQ(region_of_queue(url), region) << url;
}

TEST(NoticeQueue, HasAnArn) {
  EXPECT_EQ(arn_of_queue(kQueue.url, "aws", "eu-west-1"), "arn:aws:sqs:eu-west-1:111111111111:notices");
}

}  // namespace
}  // namespace datamesh::lake
