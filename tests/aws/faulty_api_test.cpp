// Faults on purpose, and calls reported.
#include "controller/aws/faulty_api.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/aws/observed_api.h"

namespace datamesh::aws {
namespace {

/// Answers every call with how many it has seen.
class CountingApi final : public Api {
 public:
  Result<Json> call(const Call& call) override {
    ++calls;
    if (call.operation == "Refused") return fail(make_error(call, "AccessDeniedException", "no"));
    return Json{{"calls", calls}};
  }
  int calls = 0;
};

Call call_of(Service service, const std::string& operation) {
  return {{"111122223333", "eu-west-1"}, service, operation, Json::object()};
}

class FaultyApiTest : public ::testing::Test {
 protected:
  /// Makes `count` calls and writes down each: "." success, else the first letter of the error's code.
  std::string outcomes(const std::string& rules, int count, const Call& call, std::uint64_t seed = 1) {
    auto parsed = parse_fault_rules(rules);
    EXPECT_TRUE(parsed) << rules;
    FaultyApi api(inner_, *parsed, seed, [this](Millis by) { slept_ += by; });
    std::string out;
    for (int i = 0; i < count; ++i) {
      const Result<Json> answer = api.call(call);
      out += answer ? '.' : answer.error().code.front();
    }
    strikes_ = api.strikes();
    return out;
  }

  CountingApi inner_;
  Millis slept_{0};
  std::uint64_t strikes_ = 0;
  const Call create_table_ = call_of(Service::Glue, "CreateTable");
};

}  // namespace

TEST_F(FaultyApiTest, WithoutRulesPassesEveryCall) { EXPECT_EQ(outcomes("", 3, create_table_), "..."); }

TEST_F(FaultyApiTest, ThrottlesWithoutMakingTheCall) {
  EXPECT_EQ(outcomes("glue:CreateTable=throttle", 2, create_table_), "TT");
  EXPECT_EQ(inner_.calls, 0);
}

TEST_F(FaultyApiTest, LosesTheResponseAfterMakingTheCall) {
  EXPECT_EQ(outcomes("glue:*=lost@2", 3, create_table_), "RR.");
  EXPECT_EQ(inner_.calls, 3);
  EXPECT_EQ(strikes_, 2U);
}

TEST_F(FaultyApiTest, ALostResponseIsTransient) {
  FaultyApi api(inner_, *parse_fault_rules("*:*=lost"), 1, [](Millis) {});
  EXPECT_EQ(api.call(create_table_).error().kind, ErrorKind::Transient);
}

TEST_F(FaultyApiTest, AnswersTheErrorOfTheRule) {
  FaultyApi api(inner_, *parse_fault_rules("glue:Create*=error(AccessDeniedException)"), 1, [](Millis) {});
  EXPECT_EQ(api.call(create_table_).error().kind, ErrorKind::Denied);
  EXPECT_TRUE(api.call(call_of(Service::Glue, "GetTable")));
  EXPECT_TRUE(api.call(call_of(Service::LakeFormation, "CreateLFTag")));
}

TEST_F(FaultyApiTest, DelaysAndThenMakesTheCall) {
  EXPECT_EQ(outcomes("glue:*=latency(250ms)@2", 3, create_table_), "...");
  EXPECT_EQ(slept_, Millis(500));
}

TEST_F(FaultyApiTest, StrikesEveryNthCall) {
  EXPECT_EQ(outcomes("glue:*=throttle@/3", 7, create_table_), "..T..T.");
}

TEST_F(FaultyApiTest, StrikesAShareOfTheCallsAndTheSameOnesForASeed) {
  const std::string first = outcomes("glue:*=throttle@0.2", 1000, create_table_, 7);
  const auto struck = std::count(first.begin(), first.end(), 'T');
  EXPECT_GT(struck, 150);
  EXPECT_LT(struck, 250);
  EXPECT_EQ(outcomes("glue:*=throttle@0.2", 1000, create_table_, 7), first);
  EXPECT_NE(outcomes("glue:*=throttle@0.2", 1000, create_table_, 8), first);
}

TEST_F(FaultyApiTest, TheFirstRuleThatStrikesDecides) {
  EXPECT_EQ(outcomes("glue:*=throttle@1, glue:*=lost@1", 3, create_table_), "TR.");
}

TEST_F(FaultyApiTest, RulesCanBeReplaced) {
  FaultyApi api(inner_, *parse_fault_rules("*:*=throttle"), 1, [](Millis) {});
  EXPECT_FALSE(api.call(create_table_));
  api.set_rules({});
  EXPECT_TRUE(api.call(create_table_));
}

TEST(FaultRules, AreReadAsTheyAreWritten) {
  FaultRule throttle;
  throttle.service = Service::Glue;
  throttle.operation = "CreateTable";
  throttle.when = FaultRule::When::Probability;
  throttle.probability = 0.2;
  FaultRule lost;
  lost.service = Service::LakeFormation;
  lost.effect = FaultRule::Effect::LostResponse;
  lost.when = FaultRule::When::NextN;
  lost.count = 3;
  EXPECT_EQ(*parse_fault_rules("glue:CreateTable=throttle@0.2,lakeformation:*=lost@3"),
            std::vector<FaultRule>({throttle, lost}));
}

TEST(FaultRules, ThatAreWrongAreNamed) {
  for (const auto& [text, part] : std::vector<std::pair<const char*, const char*>>{
           {"glue", "expected SERVICE:OPERATION=EFFECT"},
           {"glue=throttle", "expected SERVICE:OPERATION"},
           {"s3:*=throttle", "unknown service"},
           {"glue:=throttle", "the operation is empty"},
           {"glue:*=explode", "unknown effect"},
           {"glue:*=error", "unknown effect"},
           {"glue:*=latency(soon)", "no duration"},
           {"glue:*=latency(1s", "a ) is missing"},
           {"glue:*=lost@1.5", "between 0.0 and 1.0"},
           {"glue:*=lost@0", "after @ write"},
           {"glue:*=lost@often", "after @ write"}}) {
    const auto rules = parse_fault_rules(text);
    ASSERT_FALSE(rules) << text;
    EXPECT_EQ(rules.error().kind, ErrorKind::Invalid);
    EXPECT_NE(rules.error().message.find(part), std::string::npos) << rules.error().message;
    EXPECT_NE(rules.error().message.find(text), std::string::npos) << rules.error().message;
  }
}

TEST(ObservedApi, ReportsEveryCallWithItsOutcomeAndDuration) {
  CountingApi inner;
  std::chrono::nanoseconds now{0};
  std::vector<std::string> reports;
  ObservedApi api(
      inner, [&] { return now += std::chrono::nanoseconds(5); },
      [&](const Observation& seen) {
        reports.push_back(seen.call.operation + " " + (seen.error ? seen.error->code : "ok") + " " +
                          std::to_string(seen.duration.count()));
      });
  EXPECT_TRUE(api.call(call_of(Service::Glue, "GetTable")));
  EXPECT_FALSE(api.call(call_of(Service::Glue, "Refused")));
  EXPECT_EQ(reports, std::vector<std::string>({"GetTable ok 5", "Refused AccessDeniedException 5"}));
}

}  // namespace datamesh::aws
