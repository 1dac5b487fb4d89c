// Calls and answers on the wire, as the protocols of the four services want them.
#include "controller/aws/protocol.h"

#include <gtest/gtest.h>

#include "controller/aws/query_xml.h"
#include "controller/base/clock.h"

namespace datamesh::aws {
namespace {

const CatalogRef kCatalog{"111122223333", "eu-west-1"};

Call call(Service service, std::string operation, Json input = Json::object()) {
  return {kCatalog, service, std::move(operation), std::move(input)};
}

http::Request encoded(const Call& call) {
  auto request = encode(call);
  EXPECT_TRUE(request) << to_string(request.error());
  return request ? *request : http::Request{};
}

http::Response response(int status, std::string body, http::Headers headers = {}) {
  http::Response out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

TEST(Protocol, GlueNamesTheOperationInAHeader) {
  const auto request = encoded(call(Service::Glue, "GetTable", {{"DatabaseName", "sales"}, {"Name", "orders"}}));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.headers, (http::Headers{{"Content-Type", "application/x-amz-json-1.1"},
                                            {"X-Amz-Target", "AWSGlue.GetTable"}}));
  EXPECT_EQ(request.body, R"({"DatabaseName":"sales","Name":"orders"})");
}

TEST(Protocol, LakeFormationNamesTheOperationInThePath) {
  const auto request = encoded(call(Service::LakeFormation, "BatchGrantPermissions", {{"Entries", Json::array()}}));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/BatchGrantPermissions");
  EXPECT_EQ(request.headers, (http::Headers{{"Content-Type", "application/json"}}));
  EXPECT_EQ(request.body, R"({"Entries":[]})");
}

TEST(Protocol, RamSpellsPathsInLowerCase) {
  const auto request = encoded(call(Service::Ram, "AcceptResourceShareInvitation"));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/acceptresourceshareinvitation");
  EXPECT_EQ(request.body, "{}");
}

TEST(Protocol, WhatTakesNothingHasNoBody) {
  const auto request = encoded(call(Service::LakeFormation, "GetDataLakePrincipal"));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/GetDataLakePrincipal");
  EXPECT_EQ(request.body, "");
  EXPECT_EQ(encoded(call(Service::Ram, "EnableSharingWithAwsOrganization")).body, "");
}

TEST(Protocol, RamDeletesAShareByItsQueryString) {
  const auto request = encoded(call(Service::Ram, "DeleteResourceShare",
                                    {{"resourceShareArn", "arn:aws:ram:r:1:resource-share/x"}, {"clientToken", "t"}}));
  EXPECT_EQ(request.method, "DELETE");
  EXPECT_EQ(request.body, "");
  EXPECT_EQ(http::target_of(request),
            "/deleteresourceshare?clientToken=t&resourceShareArn=arn%3Aaws%3Aram%3Ar%3A1%3Aresource-share%2Fx");
}

TEST(Protocol, StsFlattensItsInput) {
  const Json input = {{"RoleArn", "arn:aws:iam::111122223333:role/a b"},
                      {"DurationSeconds", 900},
                      {"Tags", {{{"Key", "team"}, {"Value", "a&b"}}, {{"Key", "x"}, {"Value", ""}}}},
                      {"TransitiveTagKeys", {"team"}},
                      {"PolicyArns", Json::array()}};
  const auto request = encoded(call(Service::Sts, "AssumeRole", input));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.headers, (http::Headers{{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}));
  EXPECT_EQ(request.body,
            "Action=AssumeRole&Version=2011-06-15&DurationSeconds=900&PolicyArns="
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fa%20b"
            "&Tags.member.1.Key=team&Tags.member.1.Value=a%26b&Tags.member.2.Key=x&Tags.member.2.Value="
            "&TransitiveTagKeys.member.1=team");
}

TEST(Protocol, IamIsAskedAsBotocoreAsksIt) {
  const Json input = {{"PolicySourceArn", "arn:aws:iam::111122223333:role/mesh/operator"},
                      {"ActionNames", {"glue:GetTable", "ram:GetResourceShares"}},
                      {"ResourceArns", {"*"}},
                      {"ContextEntries", {{{"ContextKeyName", "aws:SecureTransport"}, {"ContextKeyType", "boolean"}, {"ContextKeyValues", {"true"}}}}},
                      {"MaxItems", 1000}};
  const auto request = encoded(call(Service::Iam, "SimulatePrincipalPolicy", input));
  EXPECT_EQ(request.path, "/");
  EXPECT_EQ(request.body,
            "Action=SimulatePrincipalPolicy&Version=2010-05-08&ActionNames.member.1=glue%3AGetTable"
            "&ActionNames.member.2=ram%3AGetResourceShares&ContextEntries.member.1.ContextKeyName=aws%3ASecureTransport"
            "&ContextEntries.member.1.ContextKeyType=boolean&ContextEntries.member.1.ContextKeyValues.member.1=true&MaxItems=1000"
            "&PolicySourceArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fmesh%2Foperator&ResourceArns.member.1=%2A");
}

TEST(Protocol, EmptyStructuresAreKeptAndNullsAreNot) {
  const auto request = encoded(call(Service::LakeFormation, "ListPermissions",
                                    {{"Resource", {{"Catalog", Json::object()}}}, {"NextToken", nullptr}}));
  EXPECT_EQ(request.body, R"({"Resource":{"Catalog":{}}})");
}

TEST(Protocol, AnOperationIsAName) {
  for (const char* wrong : {"", "Get Table", "../x", "A&Action=B", "Get\r\nTable"}) {
    EXPECT_FALSE(encode(call(Service::Sts, wrong))) << wrong;
    EXPECT_FALSE(encode(call(Service::LakeFormation, wrong))) << wrong;
  }
  EXPECT_FALSE(encode(call(Service::Glue, "GetTable", Json::array())));
}

TEST(Protocol, AnAnswerIsTheOutput) {
  const Call grant = call(Service::LakeFormation, "BatchGrantPermissions");
  EXPECT_EQ(*decode(grant, response(200, "")), Json::object());
  const std::string failures = R"({"Failures":[{"Error":{"ErrorCode":"InvalidInputException"}}]})";
  EXPECT_EQ(*decode(grant, response(200, failures)), Json::parse(failures));
  http::Response mistyped = response(200, R"({"a":1.5})");
  mistyped.content_type = "text/html";
  EXPECT_EQ(*decode(grant, mistyped), (Json{{"a", 1.5}}));
}

TEST(Protocol, ASuccessThatCannotBeReadIsTransient) {
  for (const char* body : {"<html>login</html>", R"({"Table":{"Na)", "[]", "\xff"}) {
    const auto out = decode(call(Service::Glue, "GetTable"), response(200, body));
    ASSERT_FALSE(out) << body;
    EXPECT_EQ(out.error().kind, ErrorKind::Transient) << body;
  }
  EXPECT_FALSE(decode(call(Service::Sts, "GetCallerIdentity"), response(200, "<GetCallerIdentityResponse><a")));
  EXPECT_FALSE(decode(call(Service::Sts, "GetCallerIdentity"), response(200, "<ListAllMyBucketsResult/>")));
}

struct ErrorCase {
  std::string name;
  http::Response response;
  ErrorKind kind;
  std::string code;
  std::string message;
};

class ProtocolError : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(ProtocolError, IsDecoded) {
  const ErrorCase& one = GetParam();
  const auto out = decode(call(Service::Glue, "GetTable"), one.response);
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, one.kind);
  EXPECT_EQ(out.error().code, one.code);
  EXPECT_EQ(out.error().message, one.message);
  EXPECT_EQ(out.error().origin, "glue:GetTable");
}

INSTANTIATE_TEST_SUITE_P(
    Codes, ProtocolError,
    ::testing::Values(
        ErrorCase{"FromTheHeader",
                  response(400, R"({"message":"m"})", {{"x-amzn-ErrorType", "EntityNotFoundException:http://x/y"}}),
                  ErrorKind::NotFound, "EntityNotFoundException", "m"},
        ErrorCase{"TheHeaderGoesFirst",
                  response(400, R"({"__type":"X","Message":"m"})", {{"X-Amzn-Errortype", "a.b#AlreadyExistsException"}}),
                  ErrorKind::AlreadyExists, "AlreadyExistsException", "m"},
        ErrorCase{"FromTheType",
                  response(400, R"({"__type":"com.amazonaws.glue#ConcurrentModificationException","Message":"m"})"),
                  ErrorKind::Conflict, "ConcurrentModificationException", "m"},
        ErrorCase{"FromTheCode", response(400, R"({"code":"ThrottlingException","message":"slow"})"),
                  ErrorKind::Throttled, "ThrottlingException", "slow"},
        ErrorCase{"FromXml",
                  response(403,
                           "<?xml version=\"1.0\"?><!DOCTYPE x><ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/"
                           "2011-06-15/\"><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>a &lt; b</Message>"
                           "</Error><RequestId>r</RequestId></ErrorResponse>"),
                  ErrorKind::Expired, "ExpiredToken", "a < b"},
        ErrorCase{"FromXmlOfS3", response(404, "<Error><Code>NoSuchBucket</Code><Message>m</Message></Error>"),
                  ErrorKind::NotFound, "NoSuchBucket", "m"},
        ErrorCase{"AnHtmlPageByItsStatus",
                  response(500, "<!doctype html><title>500</title>\n<h1>Internal\tServer Error</h1>"),
                  ErrorKind::Transient, "", "HTTP 500 with no error of AWS: 500 Internal Server Error"},
        ErrorCase{"NothingByItsStatus", response(429, ""), ErrorKind::Throttled, "",
                  "HTTP 429 with no error of AWS"},
        ErrorCase{"BrokenJsonByItsStatus", response(503, R"({"message":)"), ErrorKind::Transient, "",
                  "HTTP 503 with no error of AWS: {\"message\":"},
        ErrorCase{"ARedirectIsWrong", response(301, ""), ErrorKind::Invalid, "", "HTTP 301 with no error of AWS"},
        ErrorCase{"AMessageAlone", response(403, R"({"Message":"Missing Authentication Token"})"), ErrorKind::Denied,
                  "", "Missing Authentication Token"},
        ErrorCase{"ACodeThatIsNoNameIsNoCode", response(400, R"({"__type":"a\nb","message":"m"})"), ErrorKind::Invalid,
                  "", "m"},
        ErrorCase{"ThrottlingInDisguise",
                  response(400, R"({"__type":"InvalidInputException","Message":"Rate exceeded for IAM"})"),
                  ErrorKind::Throttled, "InvalidInputException", "Rate exceeded for IAM"}),
    [](const auto& info) { return info.param.name; });

TEST(Protocol, RetryAfterIsKept) {
  const Call any = call(Service::Glue, "GetTable");
  EXPECT_EQ(decode(any, response(429, "", {{"Retry-After", "7"}})).error().retry_after, Millis(7000));
  EXPECT_EQ(decode(any, response(429, "", {{"Retry-After", "99999999"}})).error().retry_after, Millis(900'000));
  EXPECT_EQ(decode(any, response(429, "", {{"Retry-After", "-1"}})).error().retry_after, std::nullopt);
  EXPECT_EQ(decode(any, response(429, "", {{"Retry-After", "soon"}})).error().retry_after, std::nullopt);
}

TEST(QueryXml, TheResultOfAssumeRoleIsRead) {
  const auto out = read_query_result(
      "AssumeRole",
      "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n <AssumeRoleResult>\n"
      "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>"
      "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>a/b+c&amp;</SecretAccessKey>"
      "<SessionToken>T==</SessionToken><Expiration>2026-11-22T08:00:00Z</Expiration></Credentials>"
      "<PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>"
      "<ResponseMetadata><RequestId>x</RequestId></ResponseMetadata></AssumeRoleResponse>");
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(*out, (Json{{"AssumedRoleUser", {{"Arn", "arn:aws:sts::1:assumed-role/r/s"}}},
                        {"Credentials",
                         {{"AccessKeyId", "ASIA"},
                          {"SecretAccessKey", "a/b+c&"},
                          {"SessionToken", "T=="},
                          {"Expiration", 1'795'334'400}}},
                        {"PackedPolicySize", 6}}));
}

TEST(QueryXml, FlagsOfASimulationAreBooleans) {
  const auto out = read_query_result(
      "SimulatePrincipalPolicy",
      "<SimulatePrincipalPolicyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><SimulatePrincipalPolicyResult>"
      "<IsTruncated>true</IsTruncated><Marker>m</Marker><EvaluationResults><member><EvalActionName>glue:GetTable</EvalActionName>"
      "<EvalDecision>explicitDeny</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations>"
      "</OrganizationsDecisionDetail></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>");
  ASSERT_TRUE(out) << to_string(out.error());
  EXPECT_EQ(*out, (Json::parse(R"({"IsTruncated": true, "Marker": "m", "EvaluationResults": [{"EvalActionName": "glue:GetTable",
      "EvalDecision": "explicitDeny", "OrganizationsDecisionDetail": {"AllowedByOrganizations": false}}]})")));
}

TEST(QueryXml, MembersAreAList) {
  EXPECT_EQ(*read_query_result("Get", "<GetResponse><GetResult><Keys><member>a</member><member>b</member></Keys>"
                                      "<None/></GetResult></GetResponse>"),
            (Json{{"Keys", {"a", "b"}}, {"None", ""}}));
  EXPECT_EQ(*read_query_result("Get", "<GetResponse/>"), Json::object());
}

TEST(QueryXml, WhatIsHostileIsRefused) {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  EXPECT_FALSE(read_query_result("G", "<GResponse><GResult>" + deep + "</GResult></GResponse>"));
  EXPECT_FALSE(read_query_result("G", "<GResponse><GResult><a>" + std::string(1 << 20, 'x') +
                                          "</a></GResult></GResponse>"));
  EXPECT_FALSE(read_query_result("G", "<GResponse><GResult><a>\xff</a></GResult></GResponse>"));
  const auto entity = read_query_result("G", "<!DOCTYPE G [<!ENTITY e \"expanded\">]><GResponse><GResult><a>&e;</a>"
                                             "</GResult></GResponse>");
  EXPECT_TRUE(!entity || (*entity)["a"] == "&e;");
  EXPECT_FALSE(read_query_error("<html>"));
}

}  // namespace
}  // namespace datamesh::aws
