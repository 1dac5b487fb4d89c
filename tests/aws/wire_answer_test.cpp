// Answers and errors, per protocol, as bytes and as the other end reads them.
#include "controller/aws/wire_answer.h"

#include <gtest/gtest.h>

namespace datamesh::aws {
namespace {

const AnswerHead kHead{"11112222-3333-4444-8555-666677778888", Time(Millis(1'795'374'900'000))};

Call call(Service service, const std::string& operation) { return {{"111122223333", "eu-west-1"}, service, operation, {}}; }

Error error(ErrorKind kind, const std::string& code) { return {kind, code, "It <is> \"wrong\" & so", "x", std::nullopt}; }

std::string header(const http::Response& response, const char* name) { return response.headers.find(name).value_or(""); }

TEST(WireAnswer, SaysWhichRequestItAnswersAndWhatTimeItIs) {
  const auto response = to_answer(call(Service::Glue, "GetTables"), Json{{"TableList", Json::array()}}, kHead);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/x-amz-json-1.1");
  EXPECT_EQ(response.body, R"({"TableList":[]})");
  EXPECT_EQ(header(response, "x-amzn-RequestId"), kHead.request_id);
  EXPECT_EQ(header(response, "Date"), "Sun, 22 Nov 2026 19:15:00 GMT");
}

TEST(WireAnswer, OfStsIsXmlWithTimesInIso8601) {
  const Json output = {{"Credentials", {{"AccessKeyId", "ASIA1"}, {"Expiration", 1795374900.25}}},
                       {"PackedPolicySize", 0},
                       {"List", {"a<b", "c"}}};
  const auto response = to_answer(call(Service::Sts, "AssumeRole"), output, kHead);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_EQ(response.body,
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>"
            "<AccessKeyId>ASIA1</AccessKeyId><Expiration>2026-11-22T19:15:00Z</Expiration></Credentials><List>"
            "<member>a&lt;b</member><member>c</member></List><PackedPolicySize>0</PackedPolicySize></AssumeRoleResult>"
            "<ResponseMetadata><RequestId>11112222-3333-4444-8555-666677778888</RequestId></ResponseMetadata>"
            "</AssumeRoleResponse>");
}

TEST(WireAnswer, AnErrorOfEachProtocolHasItsForm) {
  const auto glue = to_answer(call(Service::Glue, "GetTable"), error(ErrorKind::NotFound, "EntityNotFoundException"), kHead);
  EXPECT_EQ(glue.status, 400);
  EXPECT_EQ(glue.body, R"({"Message":"It <is> \"wrong\" & so","__type":"EntityNotFoundException"})");
  const auto lake = to_answer(call(Service::LakeFormation, "GetLFTag"), error(ErrorKind::Denied, "AccessDeniedException"), kHead);
  EXPECT_EQ(lake.status, 403);
  EXPECT_EQ(lake.body, R"({"Message":"It <is> \"wrong\" & so"})");
  EXPECT_EQ(header(lake, "x-amzn-ErrorType"), "AccessDeniedException");
  const auto ram = to_answer(call(Service::Ram, "ListResources"), error(ErrorKind::Invalid, "MalformedArnException"), kHead);
  EXPECT_EQ(ram.body, R"({"message":"It <is> \"wrong\" & so"})");
  const auto sts = to_answer(call(Service::Sts, "AssumeRole"), error(ErrorKind::Denied, "AccessDenied"), kHead);
  EXPECT_EQ(sts.status, 403);
  EXPECT_EQ(sts.body,
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>"
            "<Code>AccessDenied</Code><Message>It &lt;is&gt; \"wrong\" &amp; so</Message></Error>"
            "<RequestId>11112222-3333-4444-8555-666677778888</RequestId></ErrorResponse>");
}

TEST(WireAnswer, IsReadByTheOtherEndAsItWasMeant) {
  for (const Service service : {Service::Glue, Service::LakeFormation, Service::Ram, Service::Sts}) {
    const Call made = call(service, "GetSomething");
    for (const char* code : {"EntityNotFoundException", "AccessDeniedException", "ConcurrentModificationException"}) {
      const Error meant = make_error(made, code, "so it is");
      const auto read = decode(made, to_answer(made, meant, kHead));
      ASSERT_FALSE(read);
      EXPECT_EQ(read.error(), meant) << code;
    }
  }
}

TEST(WireAnswer, AFaultOfThisMachineIsOneOfTheService) {
  const struct {
    Service service;
    const char* code;
  } rows[] = {{Service::Glue, "InternalServiceException"},
              {Service::LakeFormation, "InternalServiceException"},
              {Service::Ram, "ServerInternalException"},
              {Service::Sqs, "InternalFailure"},
              {Service::Sts, "InternalFailure"}};
  for (const auto& row : rows) {
    const Call made = call(row.service, "GetSomething");
    const auto response = to_answer(made, error(ErrorKind::Unavailable, ""), kHead);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(decode(made, response).error().code, row.code);
    EXPECT_EQ(decode(made, response).error().kind, ErrorKind::Transient);
  }
}

TEST(WireAnswer, EachRefusalHasACodeAndAStatusInEachProtocol) {
  const struct {
    Refusal refusal;
    const char* json;
    const char* query;
    int statuses[3];  // json 1.1, rest-json, query
  } rows[] = {
      {Refusal::MissingToken, "MissingAuthenticationTokenException", "MissingAuthenticationToken", {400, 403, 403}},
      {Refusal::Incomplete, "IncompleteSignatureException", "IncompleteSignature", {400, 403, 400}},
      {Refusal::UnknownKey, "UnrecognizedClientException", "InvalidClientTokenId", {400, 403, 403}},
      {Refusal::ExpiredToken, "ExpiredTokenException", "ExpiredToken", {400, 403, 403}},
      {Refusal::BadSignature, "InvalidSignatureException", "SignatureDoesNotMatch", {400, 403, 403}},
      {Refusal::UnknownOperation, "UnknownOperationException", "InvalidAction", {400, 404, 400}},
      {Refusal::Unreadable, "SerializationException", "MalformedInput", {400, 400, 400}},
      {Refusal::NotServed, "UnknownOperationException", "NotImplemented", {400, 404, 501}},
  };
  const Call of_style[] = {call(Service::Glue, "GetTable"), call(Service::LakeFormation, "GetLFTag"),
                           call(Service::Sts, "AssumeRole")};
  for (const auto& row : rows) {
    for (int i = 0; i < 3; ++i) {
      const Style style = wire_of(of_style[i].service, "").style;
      const auto response = to_answer(row.refusal, style, "because", kHead);
      EXPECT_EQ(response.status, row.statuses[i]) << row.json << " " << i;
      EXPECT_EQ(decode(of_style[i], response).error().code, style == Style::Query ? row.query : row.json);
      EXPECT_EQ(decode(of_style[i], response).error().message, "because");
    }
  }
}

TEST(WireAnswer, AShapeThatIsBrokenIsAValidationErrorInSts) {
  const Call made = call(Service::Sts, "AssumeRole");
  const auto response = to_answer(made, make_error(made, "InvalidInputException", "RoleArn is missing"), kHead);
  EXPECT_EQ(decode(made, response).error().code, "ValidationError");
}

}  // namespace
}  // namespace datamesh::aws
