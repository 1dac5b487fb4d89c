// Change notices: who is woken by them and who is not, how often, and what becomes of queues that cannot be read.
#include <gmock/gmock.h>

#include "controller/engine/notice_poller.h"
#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

using engine::NoticeFate;
using Fates = std::map<NoticeFate, int>;

constexpr const char* kQueueUrl = "https://sqs.eu-west-1.amazonaws.com/100000000001/datamesh-notices";

/// Counts readings and what becomes of notices.
struct Seen final : engine::Observer {
  void queued(std::string_view) override {}
  void started(std::string_view, Millis) override {}
  void finished(std::string_view, engine::Outcome, Millis) override {}
  void retried(std::string_view) override {}
  void batch(std::string_view, std::size_t) override {}
  void drift(engine::DriftClass, std::string_view) override {}
  void swept(const CatalogRef& catalog, std::size_t, Millis) override { ++sweeps[catalog.account]; }
  void converged(std::string_view, Millis) override {}
  void gauges(const engine::Gauges&) override {}
  void noticed(NoticeFate fate, std::optional<Millis>) override { ++fates[fate]; }

  std::map<std::string, int> sweeps;
  Fates fates;
};

class Notices : public ::testing::Test {
 protected:
  void SetUp() override {
    world.converge();
    world.advance(minutes(2));  // what was written is long over
    seen = {};
  }
  lake::Notice notice(const std::string& account, const std::string& caller = "arn:aws:sts::100000000001:assumed-role/Admin/jane") {
    return {{{account, "eu-west-1"}}, caller, world.clock.now()};
  }
  void drop_table() {
    world.by_hand(kCentral, aws::Service::Glue, "DeleteTable", R"({"DatabaseName": "orders", "Name": "items"})");
  }
  bool table_is_there() {
    return world.call_as(operator_of(kCentral), aws::Service::Glue, "GetTable", {{"DatabaseName", "orders"}, {"Name", "items"}})
        .has_value();
  }

  Seen seen;
  SmallWorld world{kCentralMesh, &seen};
};

TEST_F(Notices, WakeTheCatalogThatChangedAndNoOther) {
  drop_table();
  world.engine->catalogs_changed(notice(kCentral));
  world.settle();
  EXPECT_TRUE(table_is_there()) << "without any time passing";
  EXPECT_EQ(seen.sweeps.size(), 1u);
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Woke, 1}}));
}

TEST_F(Notices, AStormIsOneReadingAndOneAfterThePause) {
  for (int i = 0; i < 10'000; ++i) world.engine->catalogs_changed(notice(kCentral));
  world.settle();
  EXPECT_EQ(seen.sweeps[kCentral], 1);
  for (int i = 0; i < 10'000; ++i) world.engine->catalogs_changed(notice(kCentral));
  world.settle();
  EXPECT_EQ(seen.sweeps[kCentral], 1) << "not again so soon";
  world.advance(seconds(3));
  EXPECT_EQ(seen.sweeps[kCentral], 2);
  world.advance(minutes(2));
  EXPECT_EQ(seen.sweeps[kCentral], 2) << "and then there is rest";
}

TEST_F(Notices, OfAChangeWhileTheCatalogIsReadAreNotLost) {
  bool dropped = false;
  world.hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
    // The table goes after the tables were listed, and the notice comes before the reading ends.
    if (!dropped && call.operation == "ListLakeFormationOptIns" && call.target.account == kCentral) {
      dropped = true;
      drop_table();
      world.executor.post([this] { world.engine->catalogs_changed(notice(kCentral)); });
    }
    return std::nullopt;
  };
  world.engine->catalogs_changed(notice(kCentral));
  world.settle();
  ASSERT_TRUE(dropped);
  world.advance(seconds(3));
  EXPECT_TRUE(table_is_there());
}

TEST_F(Notices, OfTheOperatorsOwnCallsWakeNothing) {
  world.engine->catalogs_changed(notice(kCentral, "arn:aws:sts::100000000001:assumed-role/datamesh-operator/datamesh-operator"));
  world.settle();
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Own, 1}}));
  EXPECT_TRUE(seen.sweeps.empty());
}

TEST_F(Notices, OfSomebodyElseInTheOperatorsRoleDo) {
  world.engine->catalogs_changed(notice(kCentral, "arn:aws:sts::100000000001:assumed-role/datamesh-operator/jane"));
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Woke, 1}}));
}

TEST_F(Notices, OfUnknownCatalogsAreIgnored) {
  world.engine->catalogs_changed(notice("999999999999"));
  world.engine->catalogs_changed({{{kCentral, "us-east-1"}}, "", world.clock.now()});
  world.settle();
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Undeclared, 2}}));
  EXPECT_EQ(world.engine->status()["catalogs"].size(), 3u) << "and do not come to be known";
}

TEST_F(Notices, OfWhatWasReadSinceAreStale) {
  lake::Notice old = notice(kCentral);
  old.when = world.clock.now() - minutes(20);
  world.engine->catalogs_changed(old);
  world.settle();
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Stale, 1}}));
}

TEST_F(Notices, ThatMayBeOfTheOperatorsOwnWriteWaitAMinute) {
  drop_table();
  world.engine->catalogs_changed(notice(kCentral));
  world.settle();
  ASSERT_TRUE(table_is_there());
  const int before = seen.sweeps[kCentral];
  world.engine->catalogs_changed(notice(kCentral, ""));  // Glue's own event of the repair says nobody's name
  world.advance(seconds(50));
  EXPECT_EQ(seen.sweeps[kCentral], before);
  world.advance(seconds(15));
  EXPECT_EQ(seen.sweeps[kCentral], before + 1);
}

// ---- the poller ---------------------------------------------------------------------------------------------------

/// The operator with a queue in the central account, read by a poller that shares the world's thread.
class Polled : public Notices {
 protected:
  void SetUp() override {
    Notices::SetUp();
    engine::NoticeParts parts;
    parts.clock = &world.clock;
    parts.executor = &executor;
    parts.at_once = 2;
    parts.api_for = [this](const api::AccountSpec&) { return api.get(); };
    parts.tell = [this](const lake::Notice& notice) { world.engine->catalogs_changed(notice); };
    parts.drop = [this](NoticeFate fate) { ++seen.fates[fate]; };
    parts.trouble = [this](const lake::QueueRef& queue, const std::optional<Error>& error) {
      troubles.push_back(queue.url + (error ? ": " + error->code : ": well"));
      world.engine->queue_polled(queue.url, error);
    };
    poller = std::make_unique<engine::NoticePoller>(std::move(parts));
  }
  void follow(const std::vector<std::string>& urls) {
    api::AccountSpec account;
    account.account_id = kCentral;
    account.regions = {"eu-west-1"};
    std::vector<engine::NoticeQueue> queues;
    for (const std::string& url : urls) queues.push_back({engine::queue_of(account, {url, ""}), account});
    poller->follow(std::move(queues));
  }
  void sqs(const std::string& operation, Json input) {
    const auto done = world.call_as(operator_of(kCentral), aws::Service::Sqs, operation, std::move(input));
    EXPECT_TRUE(done) << to_string(done.error());
  }
  /// Lets `by` pass for the poller and the operator alike.
  void pass(Millis by) {
    for (const Time end = world.clock.now() + by; world.clock.now() < end;) {
      run_poller();
      world.advance(Millis(100));
    }
  }
  /// What is due now, once: a queue that has nothing is asked again at once only where the clock does not stand still.
  void run_poller() {
    executor.fire_timers();
    for (int i = 0; i < 100 && (executor.run_task() || executor.run_job()); ++i) {
    }
  }
  int waiting_messages() {
    const auto answer = world.call_as(operator_of(kCentral), aws::Service::Sqs, "GetQueueAttributes",
                                      {{"QueueUrl", kQueueUrl}, {"AttributeNames", {"All"}}});
    return std::stoi(string_at((*answer)["Attributes"], "ApproximateNumberOfMessages")) +
           std::stoi(string_at((*answer)["Attributes"], "ApproximateNumberOfMessagesNotVisible"));
  }

  ManualExecutor executor{world.clock};
  std::unique_ptr<aws::Api> api = world.lake->as_role("datamesh-operator");
  std::unique_ptr<engine::NoticePoller> poller;
  std::vector<std::string> troubles;
};

TEST_F(Polled, DriftByHandIsRepairedInASecondAlthoughTheSweepIsMinutesAway) {
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  follow({kQueueUrl});
  drop_table();
  pass(seconds(1));
  EXPECT_TRUE(table_is_there());
  EXPECT_EQ(waiting_messages(), 0);
  pass(minutes(2));
  EXPECT_LE(seen.sweeps[kCentral], 3) << "its own repair wakes it once more at most";
  EXPECT_GE(seen.fates[NoticeFate::Own], 1);
}

TEST_F(Polled, WhatCannotBeUnderstoodIsDeletedAndCounted) {
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  sqs("SendMessage", {{"QueueUrl", kQueueUrl}, {"MessageBody", "no event"}});
  follow({kQueueUrl});
  pass(seconds(1));
  EXPECT_EQ(waiting_messages(), 0);
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Malformed, 1}}));
}

TEST_F(Polled, AQueueThatIsNotThereIsAskedMoreAndMoreSeldomAndSaidOnce) {
  int asked = 0;
  class Counted final : public aws::Api {
   public:
    Counted(std::unique_ptr<aws::Api> inner, int& count) : inner_(std::move(inner)), count_(count) {}
    Result<Json> call(const aws::Call& call) override {
      ++count_;
      return inner_->call(call);
    }

   private:
    std::unique_ptr<aws::Api> inner_;
    int& count_;
  };
  api = std::make_unique<Counted>(std::move(api), asked);
  follow({kQueueUrl});
  pass(minutes(2));
  EXPECT_LE(asked, 9);
  EXPECT_EQ(troubles, (std::vector<std::string>{std::string(kQueueUrl) + ": QueueDoesNotExist"}));
  drop_table();
  pass(minutes(6));
  EXPECT_TRUE(table_is_there()) << "the sweeps go on";
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  pass(seconds(31));
  EXPECT_EQ(troubles.back(), std::string(kQueueUrl) + ": well");
}

constexpr const char* kCentralWithQueue = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec:
  accountId: "100000000001"
  regions: [eu-west-1]
  roles: [Central]
  changeNotices: {queues: [{url: "https://sqs.eu-west-1.amazonaws.com/100000000001/datamesh-notices"}]}
)Y";

/// Fails every call with `error` while it is set.
class Failing final : public aws::Api {
 public:
  Failing(std::unique_ptr<aws::Api> inner, std::optional<Error>& error) : inner_(std::move(inner)), error_(error) {}
  Result<Json> call(const aws::Call& call) override {
    if (error_) return fail(*error_);
    return inner_->call(call);
  }

 private:
  std::unique_ptr<aws::Api> inner_;
  std::optional<Error>& error_;
};

TEST_F(Polled, TheAccountSaysWhetherItsQueuesAreRead) {
  const auto notices = [&] { return world.condition("Account", "governance", "central", "ChangeNotices"); };
  EXPECT_EQ(notices(), "") << "it declares no queue";
  world.apply(kCentralWithQueue);
  world.settle();
  EXPECT_EQ(notices(), "") << "nobody has asked yet";
  std::optional<Error> error;
  api = std::make_unique<Failing>(std::move(api), error);
  follow({kQueueUrl});
  pass(seconds(1));
  EXPECT_EQ(notices(), "False:QueueNotFound");
  EXPECT_EQ(world.ready("Account", "governance", "central"), "True:InForce");
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  pass(seconds(5));
  EXPECT_EQ(notices(), "True:NoticesReceived");
  error = Error{ErrorKind::Denied, "AccessDenied", "no", "sqs:ReceiveMessage", std::nullopt};
  pass(seconds(1));
  EXPECT_EQ(notices(), "False:QueueAccessDenied");
  const Json account = world.get("Account", "governance", "central");
  EXPECT_THAT(account.dump(), ::testing::HasSubstr("allow arn:aws:iam::100000000001:role/datamesh-operator sqs:ReceiveMessage"));
  error = Error{ErrorKind::Transient, "", "no response", "sqs", std::nullopt};
  pass(minutes(2));
  EXPECT_EQ(notices(), "False:QueueUnreachable") << "another reason is news";
  error.reset();
  pass(seconds(31));
  EXPECT_EQ(notices(), "True:NoticesReceived");
  EXPECT_EQ(troubles.size(), 5u) << "and nothing is told twice";
}

TEST_F(Polled, WhatPassesByItselfIsNoNews) {
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  std::optional<Error> error;
  api = std::make_unique<Failing>(std::move(api), error);
  follow({kQueueUrl});
  pass(seconds(1));
  error = Error{ErrorKind::Transient, "", "no response", "sqs", std::nullopt};
  pass(seconds(1));
  error.reset();
  pass(seconds(10));
  EXPECT_EQ(troubles, (std::vector<std::string>{std::string(kQueueUrl) + ": well"}));
}

TEST_F(Polled, AMessageThatCannotBeDeletedWakesOnce) {
  class Keeping final : public aws::Api {
   public:
    explicit Keeping(std::unique_ptr<aws::Api> inner) : inner_(std::move(inner)) {}
    Result<Json> call(const aws::Call& call) override {
      if (call.operation == "DeleteMessageBatch") return fail(denied(call));
      return inner_->call(call);
    }

   private:
    std::unique_ptr<aws::Api> inner_;
  };
  sqs("CreateQueue", {{"QueueName", "datamesh-notices"}});
  api = std::make_unique<Keeping>(std::move(api));
  world.by_hand(kCentral, aws::Service::LakeFormation, "CreateLFTag", R"({"TagKey": "by-hand", "TagValues": ["x"]})");
  follow({kQueueUrl});
  pass(minutes(3));
  EXPECT_EQ(seen.fates[NoticeFate::Woke], 1);
  EXPECT_GE(seen.fates[NoticeFate::Duplicate], 2);
}

TEST_F(Polled, MoreQueuesThanWorkersTakeTurns) {
  std::vector<std::string> urls;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "q" + std::to_string(i);
    sqs("CreateQueue", {{"QueueName", name}});
    sqs("SendMessage", {{"QueueUrl", "https://sqs.eu-west-1.amazonaws.com/100000000001/" + name}, {"MessageBody", "x"}});
    urls.push_back("https://sqs.eu-west-1.amazonaws.com/100000000001/" + name);
  }
  follow(urls);
  pass(seconds(2));
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Malformed, 5}}));
  follow({});
  pass(seconds(2));
  sqs("SendMessage", {{"QueueUrl", urls[0]}, {"MessageBody", "x"}});
  pass(seconds(5));
  EXPECT_EQ(seen.fates, (Fates{{NoticeFate::Malformed, 5}})) << "a queue that is declared no more is not read";
}

TEST(NoticeQueues, AreToldWheneverAccountsDeclareOthers) {
  SmallWorld world;
  std::vector<std::vector<engine::NoticeQueue>> told;
  world.notice_queues = [&](std::vector<engine::NoticeQueue> queues) { told.push_back(std::move(queues)); };
  world.converge();
  EXPECT_TRUE(told.empty()) << "none is declared";
  world.apply(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec:
  accountId: "100000000001"
  regions: [eu-west-1]
  roles: [Central]
  changeNotices: {queues: [{url: "https://sqs.eu-central-1.amazonaws.com/100000000009/all"}, {url: "http://127.0.0.1:4566/100000000001/own"}]}
)Y");
  world.run_until_idle();
  ASSERT_EQ(told.size(), 1u);
  ASSERT_EQ(told[0].size(), 2u);
  EXPECT_EQ(told[0][0].queue, (lake::QueueRef{{kCentral, "eu-west-1"}, "http://127.0.0.1:4566/100000000001/own"}));
  EXPECT_EQ(told[0][1].queue, (lake::QueueRef{{kCentral, "eu-central-1"}, "https://sqs.eu-central-1.amazonaws.com/100000000009/all"}));
}

}  // namespace
}  // namespace datamesh::testing
