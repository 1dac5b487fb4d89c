// What a server reads out of requests: the other end of protocol.h.
#include "controller/aws/wire_request.h"

#include <gtest/gtest.h>

namespace datamesh::aws {
namespace {

http::Request request(const std::string& method, const std::string& target, std::string body = {}) {
  http::Request out;
  out.method = method;
  EXPECT_TRUE(http::parse_target(target, out));
  out.raw_target = target;
  out.body = std::move(body);
  return out;
}

http::Request glue(const std::string& target, std::string body = "{}") {
  http::Request out = request("POST", "/", std::move(body));
  out.headers.add("X-Amz-Target", target);
  return out;
}

std::string code_of(const Result<Call>& call) { return call ? "" : call.error().code; }

TEST(WireRequest, ReadsWhatTheOtherEndWrites) {
  const Json input = {{"Text", "a b&c=d+é"}, {"Empty", Json::object()}, {"List", {"x", "y"}}};
  const Json form = {{"RoleArn", "arn:aws:iam::111122223333:role/a+b"},
                     {"DurationSeconds", 900},
                     {"Tags", {{{"Key", "team"}, {"Value", "a b"}}, {{"Key", "x"}, {"Value", ""}}}},
                     {"PolicyArns", Json::array()}};
  const Call calls[] = {{{}, Service::Glue, "GetTable", input},
                        {{}, Service::LakeFormation, "GrantPermissions", input},
                        {{}, Service::Ram, "GetResourceShareInvitations", input},
                        {{}, Service::Ram, "DeleteResourceShare", {{"resourceShareArn", "arn:aws:ram:x:1:y/z"}}},
                        {{}, Service::Sqs, "ReceiveMessage", input},
                        {{}, Service::Sts, "AssumeRole", form}};
  for (const Call& call : calls) {
    http::Request sent = *encode(call);
    sent.raw_target = http::target_of(sent);
    const auto read = read_call(call.service, sent);
    ASSERT_TRUE(read) << call.operation << ": " << to_string(read.error());
    EXPECT_EQ(read->operation, call.operation);
    EXPECT_EQ(read->input, call.input) << call.operation;
  }
}

TEST(WireRequest, AnOperationThatIsNoneIsUnknown) {
  for (const char* target : {"", "AWSGlue.", "AWSGlue.Get Table", "DynamoDB_20120810.GetItem", "awsglue.GetTable"}) {
    EXPECT_EQ(code_of(read_call(Service::Glue, glue(target))), "UnknownOperationException") << target;
  }
  const auto rest = [](Service service, const char* method, const char* path) {
    return code_of(read_call(service, request(method, path, "{}")));
  };
  EXPECT_EQ(rest(Service::LakeFormation, "POST", "/"), "UnknownOperationException");
  EXPECT_EQ(rest(Service::LakeFormation, "POST", "/a/b"), "UnknownOperationException");
  EXPECT_EQ(rest(Service::LakeFormation, "GET", "/GetDataLakeSettings"), "UnknownOperationException");
  EXPECT_EQ(rest(Service::Ram, "POST", "/getnothing"), "UnknownOperationException");
  EXPECT_EQ(rest(Service::Ram, "POST", "/deleteresourceshare"), "UnknownOperationException");
  EXPECT_EQ(rest(Service::Sts, "POST", "/"), "SerializationException") << "the body is no form";
}

TEST(WireRequest, AnActionNeedsItsVersion) {
  const auto action = [](const char* form) { return code_of(read_call(Service::Sts, request("POST", "/", form))); };
  EXPECT_EQ(action("Action=GetCallerIdentity&Version=2011-06-15"), "");
  EXPECT_EQ(action("Action=GetCallerIdentity&Version=2012-01-01"), "UnknownOperationException");
  EXPECT_EQ(action("Version=2011-06-15"), "UnknownOperationException");
  EXPECT_EQ(code_of(read_call(Service::Sts, request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"))), "");
}

TEST(WireRequest, ABodyThatIsNoObjectCannotBeRead) {
  for (const char* body : {"[]", "7", "{", "{\"a\": 1, \"a\": 2}", "\xff"}) {
    EXPECT_EQ(code_of(read_call(Service::Glue, glue("AWSGlue.GetTable", body))), "SerializationException") << body;
  }
  EXPECT_EQ(read_call(Service::Glue, glue("AWSGlue.GetTables", ""))->input, Json::object());
}

TEST(WireRequest, AFormBecomesATree) {
  const auto read = [](const char* form) {
    const auto out = read_form(form);
    return out ? out->dump() : out.error().code;
  };
  EXPECT_EQ(read("Action=A&Version=1&Tags.member.2.Key=b&Tags.member.1.Key=a%20c+d"),
            R"({"Tags":[{"Key":"a c d"},{"Key":"b"}]})");
  EXPECT_EQ(read("Tags="), R"({"Tags":[]})");
  EXPECT_EQ(read("Name="), R"({"Name":""})");
  EXPECT_EQ(read("DurationSeconds=900"), R"({"DurationSeconds":900})");
  EXPECT_EQ(read(""), "{}");
}

TEST(WireRequest, AFormThatContradictsItselfIsRefused) {
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "&a" + std::to_string(i) + "=1";
  const std::string forms[] = {"Tags.member.2.Key=a", "a=1&a.b=2", "a.=1", ".a=1", "=1", "a%2=1", "DurationSeconds=x",
                               "a.b.c.d.e.f.g.h.i=1", many};
  for (const std::string& form : forms) {
    const auto read = read_form(form);
    ASSERT_FALSE(read) << form;
    EXPECT_EQ(read.error().code, "SerializationException") << form;
  }
}

TEST(WireRequest, TheStyleOfAnUnsignedRequestIsThatOfItsForm) {
  EXPECT_EQ(style_of(glue("AWSGlue.GetTables")), Style::Json11);
  EXPECT_EQ(style_of(request("POST", "/GetDataLakeSettings")), Style::RestJson);
  EXPECT_EQ(style_of(request("GET", "/?Action=GetCallerIdentity")), Style::Query);
  http::Request form = request("POST", "/");
  form.headers.add("content-type", "application/x-www-form-urlencoded; charset=utf-8");
  EXPECT_EQ(style_of(form), Style::Query);
  EXPECT_EQ(style_of("s3", request("GET", "/bucket")), Style::Query);
}

}  // namespace
}  // namespace datamesh::aws
