// Requests as signed clients send them, and what becomes of those that are not as they should be.
#include "controller/aws/wire_facade.h"

#include <gtest/gtest.h>

#include <map>

#include "controller/aws/digest.h"
#include "controller/aws/protocol.h"
#include "controller/aws/sigv4.h"

namespace datamesh::aws {
namespace {

constexpr Time kNow{std::chrono::milliseconds(1'780'000'000'000)};
const std::string kAccount = "111122223333";
const sigv4::Keys kLong{"AKIALONG", "long-secret", ""};
const sigv4::Keys kSession{"ASIASESSION", "session-secret", "session-token"};

class Backend final : public WireBackend {
 public:
  std::optional<WireKey> find_key(const std::string& id) override {
    const auto found = keys.find(id);
    if (found == keys.end()) return std::nullopt;
    return found->second;
  }
  Result<Json> call(const WireKey& caller, const Call& call) override {
    calls.push_back(caller.principal + " " + call.target.account + "/" + call.target.region + " " +
                    std::string(to_string(call.service)) + ":" + call.operation + " " + call.input.dump());
    return call.service == Service::Sqs ? queue : Json{{"Answer", 42}};
  }

  std::map<std::string, WireKey> keys = {
      {kLong.access_key, {kAccount, "user", "", kLong.secret_key, "", std::nullopt}},
      {kSession.access_key,
       {kAccount, "role", "probe", kSession.secret_key, kSession.session_token, kNow + std::chrono::hours(1)}},
  };
  std::vector<std::string> calls;
  Json queue = Json::object();  ///< what a ReceiveMessage gives
};

/// Does everything at once, but for timers.
struct Immediate final : Executor {
  void post(Task task) override { task(); }
  TimerId run_at(Time when, Task task) override {
    timers.emplace_back(when, std::move(task));
    return timers.size();
  }
  void cancel(TimerId) override {}
  void offload(Job job) override { job()(); }
  std::vector<std::pair<Time, Task>> timers;
};

class WireFacadeTest : public ::testing::Test {
 protected:
  /// A call as RemoteAws would send it.
  http::Request request(const Call& call) {
    http::Request out = *encode(call);
    out.headers.add("Host", "127.0.0.1:4566");
    out.raw_target = http::target_of(out);
    return out;
  }
  http::Request glue() { return request({{}, Service::Glue, "GetTables", {{"DatabaseName", "sales"}}}); }
  http::Request sts() { return request({{}, Service::Sts, "GetCallerIdentity", Json::object()}); }

  http::Request sign(http::Request plain, const sigv4::Keys& keys, const std::string& service = "glue",
                     Millis ago = Millis(0)) {
    sigv4::Request wire{plain.method, "/", "", plain.headers, plain.body, std::nullopt};
    sigv4::set_target(wire, plain.raw_target);
    sigv4::sign(wire, keys, {"eu-west-1", service}, clock_.now() - ago);
    plain.headers = wire.headers;
    return plain;
  }

  Error error_of(const http::Request& request, Service service = Service::Glue) {
    const http::Response response = facade_.answer(request);
    EXPECT_FALSE(response.headers.find("x-amzn-RequestId").value_or("").empty());
    const auto read = decode({{}, service, "Something", {}}, response);
    return read ? Error{} : read.error();
  }
  std::string code_of(const http::Request& request, Service service = Service::Glue) {
    return error_of(request, service).code;
  }

  FakeClock clock_{kNow};
  Backend backend_;
  WireFacade facade_{{&backend_, &clock_, nullptr}};
};

void replace(http::Headers& headers, std::string_view name, const std::optional<std::string>& value) {
  http::Headers out;
  for (const auto& [key, old] : headers) {
    if (key != name) out.add(key, old);
  }
  if (value) out.add(std::string(name), *value);
  headers = std::move(out);
}

TEST_F(WireFacadeTest, ASignedCallIsMadeAsWhoeverSignedItWhereTheScopeSays) {
  EXPECT_EQ(facade_.answer(sign(glue(), kSession)).body, R"({"Answer":42})");
  EXPECT_EQ(facade_.answer(sign(sts(), kLong, "sts")).status, 200);
  EXPECT_EQ(backend_.calls, (std::vector<std::string>{
                                R"(role 111122223333/eu-west-1 glue:GetTables {"DatabaseName":"sales"})",
                                "user 111122223333/eu-west-1 sts:GetCallerIdentity {}"}));
}

TEST_F(WireFacadeTest, WithoutASignatureNothingIsCalled) {
  EXPECT_EQ(code_of(glue()), "MissingAuthenticationTokenException");
  EXPECT_EQ(code_of(sts(), Service::Sts), "MissingAuthenticationToken");
  http::Request basic = glue();
  basic.headers.add("Authorization", "Basic YTpi");
  EXPECT_EQ(code_of(basic), "IncompleteSignatureException");
  EXPECT_EQ(backend_.calls.size(), 0U);
}

TEST_F(WireFacadeTest, AnUnknownKeyIsRefused) {
  EXPECT_EQ(code_of(sign(glue(), {"AKIAOTHER", "x", ""})), "UnrecognizedClientException");
  EXPECT_EQ(code_of(sign(sts(), {"AKIAOTHER", "x", ""}, "sts"), Service::Sts), "InvalidClientTokenId");
}

TEST_F(WireFacadeTest, AWrongSecretIsRefused) {
  EXPECT_EQ(code_of(sign(glue(), {kLong.access_key, "guess", ""})), "InvalidSignatureException");
  EXPECT_EQ(code_of(sign(sts(), {kLong.access_key, "guess", ""}, "sts"), Service::Sts), "SignatureDoesNotMatch");
}

TEST_F(WireFacadeTest, ASessionNeedsItsTokenAndALongLivedKeyHasNone) {
  EXPECT_EQ(code_of(sign(glue(), {kSession.access_key, kSession.secret_key, ""})), "UnrecognizedClientException");
  EXPECT_EQ(code_of(sign(glue(), {kSession.access_key, kSession.secret_key, "other"})), "UnrecognizedClientException");
  EXPECT_EQ(code_of(sign(glue(), {kLong.access_key, kLong.secret_key, "token"})), "UnrecognizedClientException");
}

TEST_F(WireFacadeTest, AnExpiredSessionSaysSo) {
  clock_.advance(std::chrono::minutes(59));
  EXPECT_EQ(facade_.answer(sign(glue(), kSession)).status, 200);
  clock_.advance(std::chrono::minutes(1));
  EXPECT_EQ(code_of(sign(glue(), kSession)), "ExpiredTokenException");
  EXPECT_EQ(code_of(sign(sts(), kSession, "sts"), Service::Sts), "ExpiredToken");
  EXPECT_EQ(code_of(sign(glue(), {kSession.access_key, "guess", kSession.session_token})), "InvalidSignatureException")
      << "who cannot sign does not learn that the session ended";
}

TEST_F(WireFacadeTest, ASignatureIsGoodForFifteenMinutesEitherWay) {
  using std::chrono::minutes;
  EXPECT_EQ(facade_.answer(sign(glue(), kLong, "glue", minutes(15))).status, 200);
  EXPECT_EQ(facade_.answer(sign(glue(), kLong, "glue", -minutes(15))).status, 200);
  const Error old = error_of(sign(glue(), kLong, "glue", minutes(15) + std::chrono::seconds(1)));
  EXPECT_EQ(old.code, "InvalidSignatureException");
  EXPECT_EQ(old.message, "Signature expired: 20260528T201139Z is now earlier than 20260528T201140Z "
                         "(20260528T202640Z - 15 min.)");
  EXPECT_EQ(code_of(sign(glue(), kLong, "glue", -minutes(16))), "InvalidSignatureException");
}

TEST_F(WireFacadeTest, WhatIsChangedOnTheWayIsRefused) {
  const http::Request sent = sign(glue(), kLong);
  http::Request changed = sent;
  changed.body = R"({"DatabaseName":"other"})";
  EXPECT_EQ(code_of(changed), "InvalidSignatureException");
  changed = sent;
  replace(changed.headers, "X-Amz-Target", "AWSGlue.DeleteTable");
  EXPECT_EQ(code_of(changed), "InvalidSignatureException");
  changed = sent;
  changed.headers.add("X-Amz-Target", "AWSGlue.DeleteTable");
  EXPECT_EQ(code_of(changed), "InvalidSignatureException");
  changed = sent;
  changed.raw_target = "/?x=1";
  EXPECT_EQ(code_of(changed), "InvalidSignatureException");
  changed = sent;
  changed.headers.add("X-Amz-Meta", "x");
  EXPECT_EQ(code_of(changed), "IncompleteSignatureException") << "amz headers must be signed";
  EXPECT_EQ(backend_.calls.size(), 0U);
}

TEST_F(WireFacadeTest, TheBodyMustBeWhatItsHashSays) {
  http::Request request = glue();
  request.headers.add("X-Amz-Content-Sha256", to_hex(sha256(request.body)));
  EXPECT_EQ(facade_.answer(sign(request, kLong)).status, 200);
  replace(request.headers, "X-Amz-Content-Sha256", std::string(64, '0'));
  EXPECT_EQ(code_of(sign(request, kLong)), "InvalidSignatureException");
  replace(request.headers, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  EXPECT_EQ(code_of(sign(request, kLong)), "InvalidSignatureException");
}

TEST_F(WireFacadeTest, AServiceThatIsNotServedSaysWhichAre) {
  http::Request listing;
  listing.method = "GET";
  ASSERT_TRUE(http::parse_target("/", listing));
  listing.raw_target = "/";
  listing.headers.add("Host", "127.0.0.1:4566");
  const Error error = error_of(sign(listing, kLong, "s3"), Service::Sts);
  EXPECT_EQ(error.code, "NotImplemented");
  EXPECT_NE(error.message.find("glue, lakeformation, ram, sts and sqs"), std::string::npos);
  EXPECT_EQ(code_of(sign(glue(), kLong, "athena")), "UnknownOperationException");
}

TEST_F(WireFacadeTest, WhatCannotBeReadIsRefusedOnceItIsKnownWhoSentIt) {
  http::Request broken = glue();
  broken.body = "{";
  EXPECT_EQ(code_of(sign(broken, kLong)), "SerializationException");
  EXPECT_EQ(code_of(broken), "MissingAuthenticationTokenException");
  EXPECT_EQ(code_of(sign(request({{}, Service::Ram, "Nothing", Json::object()}), kLong, "ram"), Service::Ram),
            "UnknownOperationException");
}

TEST_F(WireFacadeTest, ARegionLooksLikeOne) {
  http::Request plain = glue();
  sigv4::Request wire{plain.method, "/", "", plain.headers, plain.body, std::nullopt};
  sigv4::sign(wire, kLong, {"No Region", "glue"}, clock_.now());
  plain.headers = wire.headers;
  EXPECT_EQ(code_of(plain), "IncompleteSignatureException");
  EXPECT_EQ(backend_.calls.size(), 0U);
}

TEST_F(WireFacadeTest, ALongPollIsAnsweredWhenAMessageComesAndKeepsNoWorker) {
  Immediate executor;
  const WireFacade facade({&backend_, &clock_, &executor});
  std::optional<http::Response> answered;
  const auto ask = [&] {
    const Json input = {{"QueueUrl", "https://sqs.eu-west-1.amazonaws.com/111122223333/q"}, {"WaitTimeSeconds", 20}};
    facade.handle(sign(request({{}, Service::Sqs, "ReceiveMessage", input}), kLong, "sqs"),
                  [&](http::Response response) { answered = std::move(response); });
  };
  const auto pass = [&](Millis by) {
    for (const Time end = clock_.now() + by; !executor.timers.empty() && executor.timers.front().first <= end;) {
      const auto [when, task] = std::move(executor.timers.front());
      executor.timers.erase(executor.timers.begin());
      clock_.set(when);
      task();
    }
  };
  ask();
  pass(Millis(19'000));
  EXPECT_FALSE(answered) << "it waits";
  backend_.queue = {{"Messages", {{{"Body", "x"}}}}};
  pass(Millis(200));
  ASSERT_TRUE(answered);
  EXPECT_NE(answered->body.find("\"Body\":\"x\""), std::string::npos) << answered->body;

  answered.reset();
  backend_.queue = Json::object();
  ask();
  pass(Millis(20'100));
  ASSERT_TRUE(answered) << "and no longer than it was told to";
  EXPECT_EQ(answered->body, "{}");
  EXPECT_TRUE(executor.timers.empty());
}

}  // namespace
}  // namespace datamesh::aws
