// Calls to an AWS that behaves well, and to one that does not: what is repeated, what is not, and what is said.
#include "controller/aws/remote_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/aws/scripted_aws.h"
#include "tests/http/raw_peer.h"

namespace datamesh::aws {
namespace {

using namespace testing;  // NOLINT: the fixtures of this folder
using ::testing::ElementsAre;
using ::testing::HasSubstr;

http::Response fault(int status, const std::string& code, http::Headers headers = {}) {
  return reply(status, R"({"__type":")" + code + R"(","message":"m"})", std::move(headers));
}

TEST(RemoteAws, BecomesTheRoleAndMakesSureOfTheAccountBeforeTheFirstCall) {
  ScriptedAws aws;
  Operator op(aws.base());
  op.access.role.external_id = "mesh-1";
  op.access.role.tags = {{"team", "data"}};
  aws.answer = [](const http::Request&) { return reply(200, R"({"Table":{"Name":"orders"}})"); };
  EXPECT_EQ(*op.glue(), (Json{{"Table", {{"Name", "orders"}}}}));
  EXPECT_TRUE(op.glue());
  EXPECT_THAT(aws.log(), ElementsAre("sts:AssumeRole by OWN1", "sts:GetCallerIdentity by SESSION1",
                                     "glue:GetTable by SESSION1", "glue:GetTable by SESSION1"));
  EXPECT_EQ(aws.requests()[0].body,
            "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&ExternalId=mesh-1"
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdatamesh-operator&RoleSessionName=datamesh-operator"
            "&Tags.member.1.Key=team&Tags.member.1.Value=data");
  EXPECT_EQ(aws.requests()[2].headers.find("X-Amz-Security-Token"), "t");
}

TEST(RemoteAws, EveryProtocolArrivesAsItWasSigned) {
  ScriptedAws aws;
  Operator op(aws.base());
  ASSERT_TRUE(op.glue());
  ASSERT_TRUE(op.call(Service::LakeFormation, "ListPermissions", {{"Resource", {{"Catalog", Json::object()}}}}));
  ASSERT_TRUE(op.call(Service::Ram, "DeleteResourceShare", {{"resourceShareArn", "arn:aws:ram:r:1:x/ü +&="}}));
  ASSERT_TRUE(op.call(Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}));
  ASSERT_TRUE(op.call(Service::Sts, "GetCallerIdentity"));
  ASSERT_EQ(aws.requests().size(), 7u);
  for (const http::Request& request : aws.requests()) {
    sigv4::Request seen{request.method, "", "", request.headers, request.body, {}};
    sigv4::set_target(seen, request.raw_target);
    const auto authorization = sigv4::parse_authorization(request.headers.find("Authorization").value_or(""));
    ASSERT_TRUE(authorization) << operation_of(request);
    const auto verified = sigv4::verify(seen, *authorization, "s");
    EXPECT_TRUE(verified) << operation_of(request) << ": " << to_string(verified.error());
  }
  EXPECT_EQ(aws.requests()[4].method, "DELETE");
  EXPECT_EQ(aws.requests()[4].query.at("resourceShareArn"), "arn:aws:ram:r:1:x/ü +&=");
}

TEST(RemoteAws, IamIsSignedForTheRegionOfThePartition) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) {
    return reply(200, "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>"
                      "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>");
  };
  EXPECT_EQ(*op.call(Service::Iam, "SimulatePrincipalPolicy", {{"PolicySourceArn", kRole}}), (Json{{"IsTruncated", false}}));
  EXPECT_EQ(aws.log().back(), "iam:SimulatePrincipalPolicy by SESSION1");
  const std::string authorization(aws.requests().back().headers.find("Authorization").value_or(""));
  EXPECT_THAT(authorization, HasSubstr("/us-east-1/iam/aws4_request"));
}

TEST(RemoteAws, ARoleOfAnotherAccountIsNotUsed) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.sts = [](const http::Request& request) {
    return operation_of(request) == "sts:AssumeRole" ? session("AssumeRole", "SESSION") : caller("999988887777");
  };
  const auto out = op.glue("CreateTable");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::Denied);
  EXPECT_EQ(out.error().code, "WrongAccount");
  EXPECT_THAT(out.error().message, HasSubstr("Account says 111122223333"));
  EXPECT_THAT(out.error().message, HasSubstr("999988887777"));
  EXPECT_FALSE(op.glue("CreateTable"));
  EXPECT_THAT(aws.log(), ElementsAre("sts:AssumeRole by OWN1", "sts:GetCallerIdentity by SESSION"));
}

TEST(RemoteAws, ARoleWhoseNameIsOfAnotherAccountIsNotEvenAsked) {
  ScriptedAws aws;
  Operator op(aws.base());
  const auto out = op.call(Service::Glue, "GetTable", Json::object(), "444455556666");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, "WrongAccount");
  EXPECT_THAT(aws.log(), ElementsAre());
}

TEST(RemoteAws, WithoutARoleItsOwnKeysMustBeOfTheAccount) {
  ScriptedAws aws;
  Operator op(aws.base());
  op.access.role.role_arn.clear();
  EXPECT_TRUE(op.glue());
  EXPECT_THAT(aws.log(), ElementsAre("sts:GetCallerIdentity by OWN1", "glue:GetTable by OWN1"));
  EXPECT_EQ(op.call(Service::Glue, "GetTable", Json::object(), "444455556666").error().code, "WrongAccount");
}

TEST(RemoteAws, AnAccountThatMayNotBeReachedIsNotCalled) {
  ScriptedAws aws;
  Operator op(aws.base());
  RemoteAws refusing({op.calls, op.own, op.limiter, [](Millis) {}},
                     [](const std::string& account) { return fail(ErrorKind::Denied, "no Account " + account); });
  EXPECT_EQ(refusing.call({{kAccount, "eu-west-1"}, Service::Glue, "GetTable", {}}).error().message,
            "no Account 111122223333");
  EXPECT_TRUE(aws.log().empty());
}

TEST(RemoteAws, AChangedConnectionBeginsANewSession) {
  ScriptedAws aws;
  Operator op(aws.base());
  ASSERT_TRUE(op.glue());
  op.access.role.external_id = "new";
  ASSERT_TRUE(op.glue());
  EXPECT_EQ(aws.log().back(), "glue:GetTable by SESSION2");
}

TEST(RemoteAws, ExpiredKeysAreRenewedOnce) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request& request) {
    return signer_of(request) == "SESSION1" ? fault(403, "ExpiredTokenException") : reply(200, "{}");
  };
  EXPECT_TRUE(op.glue());
  EXPECT_THAT(aws.log(), ElementsAre("sts:AssumeRole by OWN1", "sts:GetCallerIdentity by SESSION1",
                                     "glue:GetTable by SESSION1", "sts:AssumeRole by OWN1",
                                     "sts:GetCallerIdentity by SESSION2", "glue:GetTable by SESSION2"));
}

TEST(RemoteAws, KeysThatExpireAtOnceAreAnError) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) { return fault(403, "ExpiredTokenException"); };
  EXPECT_EQ(op.glue().error().kind, ErrorKind::Expired);
  EXPECT_EQ(aws.log().size(), 6u);
}

TEST(RemoteAws, OwnKeysThatExpiredAreRenewedOnce) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.sts = [](const http::Request& request) {
    if (operation_of(request) == "sts:GetCallerIdentity") return caller(kAccount);
    if (signer_of(request) == "OWN2") return session("AssumeRole", "SESSION");
    return reply(403, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>m</Message></Error></ErrorResponse>");
  };
  EXPECT_TRUE(op.glue());
  EXPECT_THAT(aws.log(), ElementsAre("sts:AssumeRole by OWN1", "sts:AssumeRole by OWN2",
                                     "sts:GetCallerIdentity by SESSION", "glue:GetTable by SESSION"));
}

TEST(RemoteAws, KeysThatCannotBeRenewedAreNotTriedTwice) {
  ScriptedAws aws;
  Operator op(aws.base());
  op.keys.lasting = true;
  aws.sts = [](const http::Request& request) {
    if (operation_of(request) == "sts:GetCallerIdentity") return caller(kAccount);
    return reply(403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>");
  };
  EXPECT_EQ(op.glue().error().code, "InvalidClientTokenId");
  EXPECT_THAT(aws.log(), ElementsAre("sts:AssumeRole by OWN1"));
  op.access.role.role_arn.clear();
  aws.answer = [](const http::Request&) { return fault(400, "UnrecognizedClientException"); };
  EXPECT_EQ(op.glue().error().code, "UnrecognizedClientException");
  const auto log = aws.log();
  EXPECT_EQ(std::count(log.begin(), log.end(), "glue:GetTable by OWN1"), 1);
}

TEST(RemoteAws, AnInvitationThatExpiredIsNotTakenForKeys) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) { return fault(400, "ResourceShareInvitationExpiredException"); };
  EXPECT_EQ(op.call(Service::Ram, "AcceptResourceShareInvitation").error().kind, ErrorKind::Expired);
  EXPECT_EQ(aws.log().size(), 3u);
}

TEST(RemoteAws, ATrustPolicyThatForbidsIsNamed) {
  ScriptedAws aws;
  Operator op(aws.base());
  op.access.role.external_id = "e";
  aws.sts = [](const http::Request&) {
    return reply(403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>");
  };
  const auto out = op.glue();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::Denied);
  EXPECT_EQ(out.error().message, std::string("no; the trust policy of ") + kRole + " must allow it for this external id");
}

/// Refuses what is signed more than five minutes from `now`, with the time in the Date header.
ScriptedAws::Answer strict_about(Time now, const std::string& code) {
  return [now, code](const http::Request& request) {
    const auto when = sigv4::parse_timestamp(request.headers.find("X-Amz-Date").value_or(""));
    if (when && std::chrono::abs(*when - now) < std::chrono::minutes(5)) return reply(200, "{}");
    return fault(403, code, {{"Date", "Sun, 22 Nov 2026 10:00:00 GMT"}});
  };
}

TEST(RemoteAws, AClockThatIsOffIsCorrectedByTheDateOfTheRefusal) {
  for (const char* code : {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}) {
    ScriptedAws aws;
    Operator op(aws.base());
    aws.answer = strict_about(kNow + std::chrono::hours(2), code);
    EXPECT_TRUE(op.glue()) << code;
    EXPECT_EQ(aws.log().size(), 4u) << "refused once, and once again";
    EXPECT_EQ(op.calls.clock().now(), kNow + std::chrono::hours(2));
    EXPECT_TRUE(op.glue());
  }
}

TEST(RemoteAws, ATimeThatChangesWithEachRefusalIsBelievedOnce) {
  ScriptedAws aws;
  Operator op(aws.base());
  std::atomic<int> hour{10};
  aws.answer = [&](const http::Request&) {
    return fault(403, "RequestTimeTooSkewed",
                 {{"Date", "Sun, 22 Nov 2026 " + std::to_string(hour++) + ":00:00 GMT"}});
  };
  EXPECT_EQ(op.glue().error().code, "RequestTimeTooSkewed");
  EXPECT_EQ(aws.log().size(), 4u);
}

TEST(RemoteAws, AnEndpointOfOneAccountMovesNobodyElsesClock) {
  ScriptedAws aws, own_endpoint;
  Operator op(aws.base());
  own_endpoint.answer = strict_about(kNow + std::chrono::hours(2), "RequestTimeTooSkewed");
  op.access.endpoint = own_endpoint.base();
  EXPECT_TRUE(op.glue());
  EXPECT_EQ(own_endpoint.log().size(), 4u);
  EXPECT_TRUE(aws.log().empty());
  EXPECT_EQ(op.calls.clock().now(), kNow);
  EXPECT_TRUE(op.glue());
  EXPECT_EQ(own_endpoint.log().size(), 5u) << "its own time is remembered";
}

TEST(RemoteAws, AWrongSecretIsNotTakenForAWrongClock) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) {
    return fault(403, "SignatureDoesNotMatch", {{"Date", "Sun, 22 Nov 2026 08:01:00 GMT"}});
  };
  EXPECT_EQ(op.glue().error().kind, ErrorKind::Denied);
  EXPECT_EQ(aws.log().size(), 3u);
  aws.answer = [](const http::Request&) { return fault(403, "RequestTimeTooSkewed", {{"Date", "yesterday"}}); };
  EXPECT_FALSE(op.glue());
  EXPECT_EQ(aws.log().size(), 4u);
}

TEST(RemoteAws, AServerThatNeverAnswersIsTooLate) {
  ScriptedAws aws;
  Operator op(aws.base(), {}, Millis(200));
  ASSERT_TRUE(op.glue());
  aws.hold = true;
  const auto out = op.glue("CreateTable");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::Transient);
  EXPECT_EQ(aws.log().size(), 4u) << "asked once";
}

/// What becomes of a call to Glue when its server says exactly `bytes` and closes.
Error error_after(const std::string& bytes) {
  ScriptedAws aws;
  const http::RawServer glue(bytes);
  EndpointOptions endpoints;
  endpoints.overrides[Service::Glue] = "http://127.0.0.1:" + std::to_string(glue.port());
  Operator op(aws.base(), endpoints);
  const auto out = op.glue("CreateTable");
  return out ? Error{ErrorKind::Internal, "", "succeeded", "", {}} : out.error();
}

TEST(RemoteAws, ALostAnswerIsTransient) { EXPECT_EQ(error_after("").kind, ErrorKind::Transient); }

TEST(RemoteAws, ABodyThatIsCutOffIsTransient) {
  EXPECT_EQ(error_after("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Table\":{").kind, ErrorKind::Transient);
  EXPECT_EQ(error_after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"Tab\r\n").kind,
            ErrorKind::Transient);
  EXPECT_EQ(error_after("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Table\":{").kind, ErrorKind::Transient);
}

TEST(RemoteAws, ServersThatAreNotThereAreTransient) {
  std::string gone;
  { gone = ScriptedAws().base(); }
  EXPECT_EQ(Operator(gone).glue().error().kind, ErrorKind::Transient);
}

TEST(RemoteAws, AnHtmlPageOfAnErrorIsSurvived) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) { return reply(500, "<html><h1>Oops</h1></html>"); };
  const auto out = op.glue();
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().kind, ErrorKind::Transient);
  EXPECT_EQ(out.error().message, "HTTP 500 with no error of AWS: Oops");
  EXPECT_EQ(aws.log().size(), 3u) << "it is not for us to try again";
}

TEST(RemoteAws, ARedirectIsNotFollowed) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [&](const http::Request&) { return reply(307, "", {{"Location", aws.base() + "/elsewhere"}}); };
  EXPECT_EQ(op.glue().error().kind, ErrorKind::Invalid);
  EXPECT_EQ(aws.log().size(), 3u);
}

TEST(RemoteAws, AnOperationThatIsUnknownIsInvalid) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) { return fault(400, "UnknownOperationException"); };
  EXPECT_EQ(op.glue("MakeCoffee").error().kind, ErrorKind::Invalid);
  const std::size_t asked = aws.log().size();
  EXPECT_EQ(op.glue("Make Coffee").error().kind, ErrorKind::Invalid);
  EXPECT_EQ(aws.log().size(), asked);
}

TEST(RemoteAws, ATooManyRequestsHoldsTheNextOnesBack) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.answer = [](const http::Request&) { return fault(429, "ThrottlingException", {{"Retry-After", "7"}}); };
  const auto first = op.glue();
  EXPECT_EQ(first.error().kind, ErrorKind::Throttled);
  EXPECT_EQ(first.error().retry_after, Millis(7000));
  const auto second = op.glue();
  EXPECT_EQ(second.error().kind, ErrorKind::Throttled);
  EXPECT_EQ(second.error().retry_after, Millis(7000));
  EXPECT_EQ(aws.log().size(), 3u) << "the second was not sent";
  EXPECT_TRUE(op.call(Service::Ram, "GetResourceShares").error().kind == ErrorKind::Throttled);
  EXPECT_EQ(aws.log().size(), 4u) << "another service is asked";
}

TEST(RemoteAws, AsksOnceForASessionThatManyThreadsNeed) {
  ScriptedAws aws;
  Operator op(aws.base());
  std::atomic<int> succeeded{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { succeeded += op.glue().has_value(); });
    }
  }
  EXPECT_EQ(succeeded, 8);
  const auto log = aws.log();
  EXPECT_EQ(std::count(log.begin(), log.end(), "sts:AssumeRole by OWN1"), 1);
  EXPECT_EQ(std::count(log.begin(), log.end(), "glue:GetTable by SESSION1"), 8);
}

TEST(RemoteAws, ARegionHasSessionsOfItsOwn) {
  ScriptedAws aws;
  Operator op(aws.base());
  ASSERT_TRUE(op.glue());
  ASSERT_TRUE(op.api.call({{kAccount, "eu-central-1"}, Service::Glue, "GetTable", Json::object()}));
  EXPECT_EQ(sigv4::parse_authorization(*aws.requests()[3].headers.find("Authorization"))->scope.region, "eu-central-1");
}

TEST(RemoteAws, NoErrorHoldsASecret) {
  ScriptedAws aws;
  Operator op(aws.base());
  aws.sts = [](const http::Request&) {
    return reply(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId></AccessKeyId><SecretAccessKey>"
                      "tops3cret</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>");
  };
  EXPECT_THAT(to_string(op.glue().error()), ::testing::Not(HasSubstr("tops3cret")));
}

TEST(HttpSender, ConnectionsAreKeptWhileTheyAreUsedAndNotWhenTheyIdled) {
  ScriptedAws aws;
  FakeClock clock(kNow);
  HttpSender sender(clock);
  http::Request request;
  request.method = "POST";
  request.path = "/any";
  const auto peer_after = [&](Millis pause) {
    clock.advance(pause);
    EXPECT_TRUE(sender.send(aws.base(), request, Millis(5'000)));
    return aws.requests().back().peer;
  };
  const std::string first = peer_after(Millis(0));
  EXPECT_EQ(peer_after(Millis(3'000)), first);
  EXPECT_EQ(peer_after(Millis(4'000)), first);
  EXPECT_NE(peer_after(Millis(4'001)), first);
}

/// What becomes of a call that the server never answers when `end` is called meanwhile, and how long that takes.
struct Ended {
  ErrorKind kind;
  Millis after;
};
Ended ended_by(const std::string& operation, void (HttpSender::*end)()) {
  ScriptedAws aws;
  Operator op(aws.base(), {}, Millis(1'500));
  EXPECT_TRUE(op.glue());
  aws.hold = true;
  auto call = std::async(std::launch::async, [&] { return op.glue(operation); });
  while (aws.log().size() < 4) std::this_thread::yield();
  const auto begun = std::chrono::steady_clock::now();
  (op.sender.*end)();
  const auto out = call.get();
  return {out ? ErrorKind::Internal : out.error().kind,
          std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun)};
}

TEST(HttpSender, WhatAsksIsCutShortAtTheEndAndWhatWritesIsNot) {
  const Ended read = ended_by("GetTables", &HttpSender::finish);
  EXPECT_EQ(read.kind, ErrorKind::Cancelled);
  EXPECT_LT(read.after, Millis(1'000));
  const Ended poll = ended_by("BatchGetTable", &HttpSender::stop);
  EXPECT_EQ(poll.kind, ErrorKind::Cancelled);
  const Ended write = ended_by("CreateTable", &HttpSender::finish);
  EXPECT_EQ(write.kind, ErrorKind::Transient) << "it was waited for until it was too late";
  const Ended cut = ended_by("CreateTable", &HttpSender::stop);
  EXPECT_EQ(cut.kind, ErrorKind::Cancelled);
}

TEST(HttpSender, NothingBeginsAfterTheEnd) {
  ScriptedAws aws;
  Operator op(aws.base());
  ASSERT_TRUE(op.glue());
  op.sender.finish();
  EXPECT_EQ(op.glue("CreateTable").error().kind, ErrorKind::Cancelled);
  EXPECT_EQ(op.glue().error().kind, ErrorKind::Cancelled);
  EXPECT_EQ(aws.log().size(), 3u);
}

TEST(HttpSender, APauseEndsWithTheEnd) {
  const SystemClock clock;
  HttpSender sender(clock);
  sender.pause(Millis(1));
  auto pause = std::async(std::launch::async, [&] { sender.pause(std::chrono::hours(1)); });
  sender.finish();
  pause.get();
  sender.pause(std::chrono::hours(1));
}

TEST(SignedCalls, DatesOfHttpAreRead) {
  EXPECT_EQ(parse_http_date("Sun, 22 Nov 2026 08:00:00 GMT"), kNow);
  for (const char* wrong : {"", "Sunday, 22-Nov-26 08:00:00 GMT", "Sun, 22 Nev 2026 08:00:00 GMT",
                            "Sun, 22 Nov 2026 08:00:00 CET", "Sun, 32 Nov 2026 08:00:00 GMT"}) {
    EXPECT_FALSE(parse_http_date(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace datamesh::aws
