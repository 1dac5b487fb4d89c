// Renewed before the end, by one, while the others go on.
#include "controller/aws/cached_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/aws/fake_aws.h"

namespace datamesh::aws {
namespace {

using testing::kNow;
using std::chrono::minutes;
using std::chrono::seconds;

/// Gives "K1", "K2", …, each for an hour; waits and fails as it is told to.
class Counting final : public CredentialProvider {
 public:
  explicit Counting(const Clock& clock) : clock_(clock) {}
  std::string name() const override { return "counting"; }
  Result<std::optional<Credentials>> obtain() override {
    ++asked;
    if (before_answer) before_answer();
    if (failing) return fail(ErrorKind::Transient, "down", name());
    if (empty) return std::nullopt;
    return Credentials{{"K" + std::to_string(++given_), "s", ""}, clock_.now() + life};
  }

  std::atomic<int> asked{0};
  std::atomic<bool> failing{false};
  bool empty = false;
  Millis life = std::chrono::hours(1);
  std::function<void()> before_answer;

 private:
  const Clock& clock_;
  std::atomic<int> given_{0};
};

struct Cached : ::testing::Test {
  FakeClock clock{kNow};
  Counting provider{clock};
  CachedCredentials cached{provider, clock};

  std::string get() {
    const auto out = cached.get();
    return out ? out->keys.access_key : to_string(out.error().kind).data();
  }
};

using CachedCredentialsTest = Cached;

TEST_F(CachedCredentialsTest, AreRenewedFiveMinutesBeforeTheEnd) {
  EXPECT_EQ(get(), "K1");
  clock.advance(minutes(54));
  EXPECT_EQ(get(), "K1");
  clock.advance(minutes(1));
  EXPECT_EQ(get(), "K2");
  EXPECT_EQ(provider.asked, 2);
}

TEST_F(CachedCredentialsTest, ThatNeverEndAreNeverRenewed) {
  class Lasting final : public CredentialProvider {
   public:
    std::string name() const override { return "lasting"; }
    Result<std::optional<Credentials>> obtain() override {
      ++asked;
      return Credentials{{"K", "s", ""}, std::nullopt};
    }
    int asked = 0;
  } lasting;
  CachedCredentials keys(lasting, clock);
  ASSERT_TRUE(keys.get());
  clock.advance(std::chrono::hours(10'000));
  ASSERT_TRUE(keys.get());
  EXPECT_EQ(lasting.asked, 1);
}

TEST_F(CachedCredentialsTest, AFailureToRenewIsNoFailureWhileTheOldAreGood) {
  EXPECT_EQ(get(), "K1");
  provider.failing = true;
  clock.advance(minutes(56));
  EXPECT_EQ(get(), "K1");
  EXPECT_EQ(get(), "K1");
  EXPECT_EQ(provider.asked, 2) << "it is not asked again at once";
  clock.advance(seconds(31));
  EXPECT_EQ(get(), "K1");
  EXPECT_EQ(provider.asked, 3);
  clock.advance(minutes(4));
  EXPECT_EQ(get(), "Transient");
}

TEST_F(CachedCredentialsTest, AFailureIsForgottenAfterSeconds) {
  provider.failing = true;
  EXPECT_EQ(get(), "Transient");
  provider.failing = false;
  EXPECT_EQ(get(), "Transient");
  EXPECT_EQ(provider.asked, 1);
  clock.advance(seconds(3));
  EXPECT_EQ(get(), "K1");
}

TEST_F(CachedCredentialsTest, AProviderWithNothingIsAnError) {
  provider.empty = true;
  EXPECT_EQ(get(), "Unavailable");
}

TEST_F(CachedCredentialsTest, ThatWereRefusedAreNotGivenAgain) {
  EXPECT_EQ(get(), "K1");
  cached.refused({"K0", "s", ""});
  EXPECT_EQ(get(), "K1");
  cached.refused({"K1", "s", ""});
  EXPECT_EQ(get(), "K2");
}

TEST_F(CachedCredentialsTest, OneThreadRenewsForAll) {
  std::vector<std::string> got(8);
  std::latch all_ask(8);
  provider.before_answer = [&] { all_ask.wait(); };
  {
    std::vector<std::jthread> threads;
    for (std::string& one : got) {
      threads.emplace_back([&] {
        all_ask.count_down();
        one = get();
      });
    }
  }
  EXPECT_EQ(got, std::vector<std::string>(8, "K1"));
  EXPECT_EQ(provider.asked, 1);
}

TEST_F(CachedCredentialsTest, WhileOneRenewsTheOthersUseWhatIsGood) {
  EXPECT_EQ(get(), "K1");
  clock.advance(minutes(56));
  std::latch renewing(1), go_on(1);
  provider.before_answer = [&] {
    renewing.count_down();
    go_on.wait();
  };
  std::string renewed;
  std::jthread thread([&] { renewed = get(); });
  renewing.wait();
  EXPECT_EQ(get(), "K1");
  go_on.count_down();
  thread.join();
  EXPECT_EQ(renewed, "K2");
  EXPECT_EQ(provider.asked, 2);
}

TEST_F(CachedCredentialsTest, ShortLivesAreGivenToEveryoneWhoWaits) {
  provider.life = seconds(30);
  EXPECT_EQ(get(), "K1");
  EXPECT_EQ(get(), "K2");
}

}  // namespace
}  // namespace datamesh::aws
