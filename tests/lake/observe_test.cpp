// Reading a catalog by pages, whatever the pages are like.
#include "controller/lake/observe.h"

#include <gtest/gtest.h>

#include "controller/embedded/embedded_lake.h"
#include "controller/lake/apply.h"
#include "tests/catalog/entries.h"
#include "tests/lake/scripted_api.h"

namespace datamesh::lake {
namespace {

using catalog::EntryKind;

const Time kNow = *parse_rfc3339("2026-11-22T08:00:00Z");

/// Passes calls on, but makes listings small: every page holds at most one item, and every second page is empty.
class SmallPages final : public aws::Api {
 public:
  explicit SmallPages(aws::Api& inner) : inner_(inner) {}

  Result<Json> call(const aws::Call& call) override {
    ++calls;
    const std::string token = call.service == aws::Service::Ram ? "nextToken" : "NextToken";
    const std::string most = call.service == aws::Service::Ram ? "maxResults" : "MaxResults";
    if (!call.input.contains(most)) return inner_.call(call);
    const std::string given = string_at(call.input, token);
    const std::string mark = "empty:";
    if (!given.starts_with(mark)) {
      const Json page = {{token, mark + given}};
      return page;
    }
    aws::Call real = call;
    real.input[most] = 1;
    real.input[token] = given.substr(mark.size());
    if (real.input[token] == "") real.input.erase(token);
    return inner_.call(real);
  }

  int calls = 0;

 private:
  aws::Api& inner_;
};

/// A catalog with two of everything that is listed.
struct Filled {
  FakeClock clock{kNow};
  std::unique_ptr<embedded::EmbeddedLake> lake;
  std::unique_ptr<aws::Api> api;

  Filled() {
    lake = std::move(*embedded::EmbeddedLake::open({":memory:", &clock, false}));
    api = lake->as_role("datamesh-operator");
    const auto made = apply(*api, kCatalog, actions(), std::atomic<bool>{false});
    for (const Outcome& outcome : made.outcomes) EXPECT_EQ(outcome.effect, Effect::Done) << to_string(outcome.error);
  }

  static catalog::Action create(catalog::LocalKey key, catalog::EntryValue value,
                                catalog::Verb verb = catalog::Verb::Create) {
    return {{kCatalog, std::move(key)}, verb, std::move(value), catalog::Cause::Declared};
  }

  static std::vector<catalog::Action> actions() {
    catalog::Settings settings;
    settings.administrators = {"arn:aws:iam::111111111111:role/datamesh-operator"};
    settings.open_database_defaults = false;
    settings.open_table_defaults = false;
    settings.cross_account_version = 4;
    std::vector<catalog::Action> out{create({EntryKind::Settings, ""}, catalog::Shared<catalog::Settings>(settings))};
    for (const std::string n : {"1", "2"}) {
      const std::string database = "db" + n;
      catalog::Table table;
      table.columns = {{"id", "bigint", ""}, {"name", "string", ""}};
      table.location = "s3://b" + n + "/t";
      out.push_back(create({EntryKind::Location, "arn:aws:s3:::b" + n}, catalog::Location{}));
      out.push_back(create(catalog::database_key(database), catalog::Shared<catalog::Database>(catalog::Database{})));
      out.push_back(create(catalog::table_key(database, "t"), catalog::Shared<catalog::Table>(table)));
      out.push_back(create(catalog::table_key(database, "u"), catalog::Shared<catalog::Table>(table)));
      out.push_back(create(catalog::database_link_key("link" + n),
                           catalog::Shared<catalog::Link>({"222222222222", "far", "", ""})));
      out.push_back(create({EntryKind::TagKey, "key" + n}, catalog::Shared<catalog::TagKey>({{"v", "w"}})));
      out.push_back(create({EntryKind::TagAssignment, database + "#key" + n}, catalog::TagAssignment{"v"}));
      out.push_back(create({EntryKind::TagAssignment, database + "/t#key" + n}, catalog::TagAssignment{"w"}));
      out.push_back(create({EntryKind::TagAssignment, database + "/u/id#key" + n}, catalog::TagAssignment{"w"}));
      out.push_back(create({EntryKind::DataFilter, database + "/t/f"}, catalog::Shared<catalog::DataFilter>({"id = 1", {}, {}})));
      for (const std::string role : {"a", "b"}) {
        const auto resource = catalog::ResourceId::of_table(kCatalog.account, database, "t");
        out.push_back(create(catalog::permission_key({resource, "arn:aws:iam::111111111111:role/" + role}),
                             catalog::perms({catalog::Permission::Select, catalog::Permission::Describe}),
                             catalog::Verb::Grant));
      }
    }
    return out;
  }
};

std::vector<std::string> keys(const catalog::Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& [key, value] : snapshot.entries) out.push_back(to_string(key));
  return out;
}

TEST(Observe, SeesWhatWasApplied) {
  Filled world;
  const auto snapshot = observe(*world.api, kCatalog, kNow);
  ASSERT_TRUE(snapshot) << to_string(snapshot.error());
  for (const catalog::Action& action : Filled::actions()) {
    const catalog::EntryValue* seen = snapshot->find(action.key.local);
    ASSERT_NE(seen, nullptr) << to_string(action.key);
    EXPECT_TRUE(catalog::satisfies(action.key.local, seen, action.value)) << to_string(action.key);
  }
  EXPECT_EQ(snapshot->taken, kNow);
}

TEST(Observe, SeesTheSameThroughSmallAndEmptyPages) {
  Filled world;
  const auto whole = observe(*world.api, kCatalog, kNow);
  SmallPages small(*world.api);
  const auto pieces = observe(small, kCatalog, kNow);
  ASSERT_TRUE(whole && pieces);
  EXPECT_EQ(keys(*pieces), keys(*whole));
  EXPECT_EQ(pieces->entries, whole->entries);
}

TEST(Observe, GrowsWithPagesAndNotWithEntries) {
  Filled world;
  int calls = 0;
  class Counting final : public aws::Api {
   public:
    Counting(aws::Api& inner, int& count) : inner_(inner), count_(count) {}
    Result<Json> call(const aws::Call& call) override {
      ++count_;
      return inner_.call(call);
    }

   private:
    aws::Api& inner_;
    int& count_;
  } counting(*world.api, calls);
  ASSERT_TRUE(observe(counting, kCatalog, kNow));
  const int before = calls;
  std::vector<catalog::Action> grants;
  for (int i = 0; i < 200; ++i) {
    const auto resource = catalog::ResourceId::of_table(kCatalog.account, "db1", "u");
    grants.push_back(Filled::create(catalog::permission_key({resource, "arn:aws:iam::111111111111:role/r" + std::to_string(i)}),
                                    catalog::perms({catalog::Permission::Select}), catalog::Verb::Grant));
  }
  apply(*world.api, kCatalog, grants, std::atomic<bool>{false});
  calls = 0;
  ASSERT_TRUE(observe(counting, kCatalog, kNow));
  EXPECT_LE(calls, before + 1) << "one page more at most";
}

TEST(Observe, TellsInheritedTagsFromAssignedOnes) {
  Filled world;
  const auto snapshot = observe(*world.api, kCatalog, kNow);
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->find({EntryKind::TagAssignment, "db1/u#key1"}), nullptr);
  EXPECT_EQ(snapshot->find({EntryKind::TagAssignment, "db1/t/id#key1"}), nullptr);
  EXPECT_NE(snapshot->find({EntryKind::TagAssignment, "db1/t#key1"}), nullptr);
}

TEST(Observe, NeverListsTheTablesBehindALink) {
  Filled world;
  class Watching final : public aws::Api {
   public:
    explicit Watching(aws::Api& inner) : inner_(inner) {}
    Result<Json> call(const aws::Call& call) override {
      if (call.operation == "GetTables") databases.push_back(string_at(call.input, "DatabaseName"));
      return inner_.call(call);
    }
    std::vector<std::string> databases;

   private:
    aws::Api& inner_;
  } watching(*world.api);
  ASSERT_TRUE(observe(watching, kCatalog, kNow));
  EXPECT_EQ(watching.databases, (std::vector<std::string>{"db1", "db2"}));
}

TEST(Observe, ReturnsNothingPartial) {
  ScriptedApi api;
  api.on("ListPermissions", [](const Json&) { return fail(aws_error("ListPermissions", "ThrottlingException")); });
  const auto snapshot = observe(api, kCatalog, kNow);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().kind, ErrorKind::Throttled);
}

TEST(Observe, DoesNotTurnInCirclesWithAListing) {
  ScriptedApi api;
  api.on("GetDatabases", [](const Json&) -> Result<Json> { return Json{{"NextToken", "again"}}; });
  const auto snapshot = observe(api, kCatalog, kNow);
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().kind, ErrorKind::Transient);
  EXPECT_LE(api.count("GetDatabases"), 3);
}

/// What RAM tells about shares, and what becomes of the sender.
TEST(ObserveShares, WeighsSharesAndInvitations) {
  struct Case {
    std::string says;
    std::vector<std::string> invitations;  ///< statuses, in the order of time
    bool active = false;
    std::string state;
  };
  const std::vector<Case> cases = {
      {"nothing", {}, false, "absent"},
      {"accepted, and the share is there", {"ACCEPTED"}, true, "Active"},
      {"inside an organization", {}, true, "Active"},
      {"waiting to be accepted", {"PENDING"}, false, "Pending"},
      {"expired", {"EXPIRED"}, false, "Broken"},
      {"rejected", {"REJECTED"}, false, "Broken"},
      {"expired once, then accepted", {"EXPIRED", "ACCEPTED"}, true, "Active"},
      {"expired once, then invited again", {"EXPIRED", "PENDING"}, false, "Pending"},
      {"accepted, and a further share is offered", {"ACCEPTED", "PENDING"}, true, "Pending"},
      {"accepted once, and the share is gone", {"ACCEPTED"}, false, "absent"},
  };
  for (const Case& each : cases) {
    ScriptedApi api;
    api.on("GetResourceShares", [&](const Json&) -> Result<Json> {
      Json shares = Json::array();
      if (each.active) shares.push_back({{"status", "ACTIVE"}, {"owningAccountId", "222222222222"}});
      return Json{{"resourceShares", shares}};
    });
    api.on("GetResourceShareInvitations", [&](const Json&) -> Result<Json> {
      Json invitations = Json::array();
      for (const std::string& status : each.invitations) {
        invitations.push_back({{"senderAccountId", "222222222222"}, {"status", status},
                               {"resourceShareInvitationArn", "arn:" + status}});
      }
      return Json{{"resourceShareInvitations", invitations}};
    });
    const auto shares = Reader::shares(api, kCatalog);
    ASSERT_TRUE(shares) << each.says;
    const auto found = shares->find({EntryKind::ShareAcceptance, "222222222222"});
    std::string state = "absent";
    if (found != shares->end()) {
      static const char* kNames[] = {"Active", "Pending", "Broken"};
      state = kNames[static_cast<int>(std::get<catalog::Shared<catalog::ShareAcceptance>>(found->second)->state)];
    }
    EXPECT_EQ(state, each.state) << each.says;
  }
}

}  // namespace
}  // namespace datamesh::lake
