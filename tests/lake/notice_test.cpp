// Events of EventBridge, in the shapes that AWS documents, and what is read out of them.
#include "controller/lake/notice.h"

#include <gtest/gtest.h>

#include "controller/base/json.h"

namespace datamesh::lake {
namespace {

const CatalogRef kTold{"111122223333", "us-east-1"};

/// An event of Glue itself.
/// Source: AWS Glue Developer Guide, "Automating AWS Glue with EventBridge"
Json glue_event(const std::string& type, const std::string& change, Json detail) {
  detail["typeOfChange"] = change;
  return {{"version", "0"},
          {"id", "5089ddb8-2ab5-4739-7323-8519741f53d7"},
          {"detail-type", type},
          {"source", "aws.glue"},
          {"account", kTold.account},
          {"time", "2026-04-25T15:40:07Z"},
          {"region", kTold.region},
          {"resources", {"arn:aws:glue:us-east-1:111122223333:table/sales/orders"}},
          {"detail", std::move(detail)}};
}

Json table_created() {
  return glue_event("Glue Data Catalog Database State Change", "CreateTable",
                    {{"databaseName", "sales"}, {"changedTables", {"orders"}}});
}

/// A call, as CloudTrail hands it to EventBridge.
/// Source: Lake Formation Developer Guide, "Logging AWS Lake Formation API calls using AWS CloudTrail"; CloudTrail User
/// Guide, "CloudTrail userIdentity element"
Json call_event(const std::string& service, const std::string& operation) {
  return {{"version", "0"},
          {"id", "36eb8523-97d0-4518-b33d-ee3579ff19f0"},
          {"detail-type", "AWS API Call via CloudTrail"},
          {"source", "aws." + service},
          {"account", kTold.account},
          {"time", "2026-02-06T00:43:21Z"},
          {"region", kTold.region},
          {"resources", Json::array()},
          {"detail",
           {{"eventVersion", "1.08"},
            {"userIdentity",
             {{"type", "AssumedRole"},
              {"principalId", "AROAIDPPEZS35WEXAMPLE:jane"},
              {"arn", "arn:aws:sts::111122223333:assumed-role/Admin/jane"},
              {"accountId", kTold.account},
              {"sessionContext",
               {{"sessionIssuer", {{"type", "Role"}, {"arn", "arn:aws:iam::111122223333:role/Admin"}, {"userName", "Admin"}}}}}}},
            {"eventTime", "2026-02-06T00:43:21Z"},
            {"eventSource", service + ".amazonaws.com"},
            {"eventName", operation},
            {"awsRegion", kTold.region},
            {"requestParameters", {{"permissions", {"SELECT"}}}},
            {"responseElements", nullptr},
            {"readOnly", false},
            {"eventType", "AwsApiCall"},
            {"managementEvent", true},
            {"recipientAccountId", kTold.account}}}};
}

std::vector<CatalogRef> catalogs_of(const Json& event) {
  const auto notice = read_notice(event.dump());
  return notice ? notice->catalogs : std::vector<CatalogRef>{{"error", to_string(notice.error())}};
}

const std::vector<CatalogRef> kOne{kTold};
const std::vector<CatalogRef> kNone;

TEST(Notice, AChangeOfACatalogNamesIt) {
  EXPECT_EQ(*read_notice(table_created().dump()), (Notice{kOne, "", parse_rfc3339("2026-04-25T15:40:07Z")}));
  EXPECT_EQ(catalogs_of(glue_event("Glue Data Catalog Table State Change", "UpdateTable", {{"tableName", "orders"}})), kOne);
}

TEST(Notice, ACallNamesTheCatalogAndWhoMadeIt) {
  EXPECT_EQ(*read_notice(call_event("lakeformation", "GrantPermissions").dump()),
            (Notice{kOne, "arn:aws:sts::111122223333:assumed-role/Admin/jane", parse_rfc3339("2026-02-06T00:43:21Z")}));
  EXPECT_EQ(catalogs_of(call_event("glue", "DeleteTable")), kOne);
  EXPECT_EQ(catalogs_of(call_event("ram", "DeleteResourceShare")), kOne);
}

TEST(Notice, ACallOnTheCatalogOfAnotherAccountNamesBoth) {
  Json event = call_event("lakeformation", "RevokePermissions");
  event["detail"]["requestParameters"]["catalogId"] = "444455556666";
  EXPECT_EQ(catalogs_of(event), (std::vector<CatalogRef>{kTold, {"444455556666", "us-east-1"}}));
  event["detail"]["requestParameters"]["catalogId"] = "../../etc";
  EXPECT_EQ(catalogs_of(event), kOne);
}

TEST(Notice, WhatIsNotObservedChangesNothing) {
  EXPECT_EQ(catalogs_of(glue_event("Glue Data Catalog Table State Change", "BatchCreatePartition",
                                   {{"tableName", "orders"}, {"changedPartitions", {"[2026, 11]"}}})),
            kNone);
  EXPECT_EQ(catalogs_of(glue_event("Glue Job State Change", "", {{"state", "SUCCEEDED"}})), kNone);
  EXPECT_EQ(catalogs_of(call_event("glue", "StartJobRun")), kNone);
  EXPECT_EQ(catalogs_of(call_event("lakeformation", "GetDataAccess")), kNone);
  EXPECT_EQ(catalogs_of(call_event("s3", "CreateTable")), kNone);
}

TEST(Notice, ACallThatReadOrFailedChangesNothing) {
  Json read = call_event("lakeformation", "GrantPermissions");
  read["detail"]["readOnly"] = true;
  EXPECT_EQ(catalogs_of(read), kNone);
  Json failed = call_event("lakeformation", "GrantPermissions");
  failed["detail"]["errorCode"] = "InvalidInputException";
  EXPECT_EQ(catalogs_of(failed), kNone);
}

TEST(Notice, ANotificationOfSnsIsOpened) {
  const Json wrapped = {{"Type", "Notification"},
                        {"MessageId", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"},
                        {"TopicArn", "arn:aws:sns:us-east-1:111122223333:catalogs"},
                        {"Message", table_created().dump()}};
  EXPECT_EQ(catalogs_of(wrapped), kOne);
}

TEST(Notice, WhatIsNoEventIsMalformedAndNotQuoted) {
  Json nobody = table_created();
  nobody["account"] = "everybody";
  Json nowhere = table_created();
  nowhere.erase("region");
  for (const std::string& body :
       {std::string("secret"), std::string("[1]"), std::string("{}"), std::string(R"({"Type": "Notification", "Message": "secret"})"),
        std::string(200'000, '['), nobody.dump(), nowhere.dump(), std::string(R"({"source": 1, "detail-type": [], "detail": "x"})")}) {
    const auto notice = read_notice(body);
    ASSERT_FALSE(notice) << body.substr(0, 80);
    EXPECT_EQ(notice.error().kind, ErrorKind::Invalid);
    EXPECT_EQ(to_string(notice.error()).find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace datamesh::lake
