// The lake's file: what survives, and what happens when it cannot be read or written.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/embedded/lake_world.h"
#include "tests/temporary_folder.h"

namespace datamesh::testing {
namespace {

using embedded::EmbeddedLake;

class LakeFile : public ::testing::Test {
 protected:
  std::string file() const { return folder_.file("lake.db"); }

  Result<std::unique_ptr<EmbeddedLake>> open() { return EmbeddedLake::open({file(), &clock_, false}); }

  /// Opens, or fails the test.
  std::unique_ptr<EmbeddedLake> opened() {
    auto lake = open();
    if (!lake) throw std::runtime_error(to_string(lake.error()));
    return std::move(*lake);
  }

  static Result<Json> call(EmbeddedLake& lake, const std::string& account, aws::Service service,
                           const std::string& operation, Json input = Json::object()) {
    return lake.as_role("datamesh-operator")->call({{account, kRegion}, service, operation, std::move(input)});
  }

  static Result<Json> make_database(EmbeddedLake& lake, const std::string& name) {
    return call(lake, kOwner, aws::Service::Glue, "CreateDatabase", {{"DatabaseInput", {{"Name", name}}}});
  }

  static bool has_database(EmbeddedLake& lake, const std::string& name) {
    return call(lake, kOwner, aws::Service::Glue, "GetDatabase", {{"Name", name}}).has_value();
  }

  TemporaryFolder folder_;
  FakeClock clock_{kStart};
};

Json grant_input(const std::string& principal, Json resource, std::vector<std::string> permissions,
                 std::vector<std::string> grantable) {
  return {{"Principal", {{"DataLakePrincipalIdentifier", principal}}},
          {"Resource", std::move(resource)},
          {"Permissions", std::move(permissions)},
          {"PermissionsWithGrantOption", std::move(grantable)}};
}

}  // namespace

/// Fills a lake with something of every kind.
class LakeReopened : public LakeFile {
 protected:
  void must(EmbeddedLake& lake, const std::string& account, aws::Service service, const std::string& operation,
            Json input) {
    const Result<Json> answer = call(lake, account, service, operation, std::move(input));
    ASSERT_TRUE(answer) << to_string(answer.error());
  }

  void fill(EmbeddedLake& lake) {
    using aws::Service;
    for (const char* account : {kOwner, kConsumer}) {
      must(lake, account, Service::LakeFormation, "PutDataLakeSettings",
           {{"DataLakeSettings",
             {{"DataLakeAdmins",
               Json::array({{{"DataLakePrincipalIdentifier", role_arn(account, "datamesh-operator")}}})},
              {"Parameters", {{"CROSS_ACCOUNT_VERSION", "4"}}}}}});
    }
    must(lake, kOwner, Service::LakeFormation, "RegisterResource",
         {{"ResourceArn", "arn:aws:s3:::lake"}, {"UseServiceLinkedRole", true}});
    must(lake, kOwner, Service::Glue, "CreateDatabase", {{"DatabaseInput", {{"Name", "sales"}}}});
    must(lake, kOwner, Service::Glue, "CreateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}});
    must(lake, kOwner, Service::Glue, "UpdateTable", {{"DatabaseName", "sales"}, {"TableInput", table_input("orders")}});
    must(lake, kOwner, Service::Glue, "CreatePartition",
         {{"DatabaseName", "sales"}, {"TableName", "orders"}, {"PartitionInput", {{"Values", {"2026-01-01"}}}}});
    must(lake, kOwner, Service::LakeFormation, "CreateLFTag", {{"TagKey", "domain"}, {"TagValues", {"sales", "hr"}}});
    must(lake, kOwner, Service::LakeFormation, "AddLFTagsToResource",
         {{"Resource", table(kOwner, "sales", "orders")},
          {"LFTags", Json::array({{{"TagKey", "domain"}, {"TagValues", {"sales"}}}})}});
    must(lake, kOwner, Service::LakeFormation, "CreateDataCellsFilter",
         {{"TableData",
           {{"TableCatalogId", kOwner},
            {"DatabaseName", "sales"},
            {"TableName", "orders"},
            {"Name", "eu"},
            {"RowFilter", {{"AllRowsWildcard", Json::object()}}},
            {"ColumnNames", {"id"}}}}});
    const auto grant = [&](const char* principal, Json resource) {
      must(lake, kOwner, Service::LakeFormation, "GrantPermissions",
           grant_input(principal, std::move(resource), {"SELECT"}, {"SELECT"}));
    };
    grant(kConsumer, table(kOwner, "sales", "orders"));
    grant("arn:aws:iam::111122223333:role/reader", columns(kOwner, "sales", "orders", {"id", "email"}));
    grant("arn:aws:iam::111122223333:role/analyst", policy(kOwner, "TABLE", "domain", {"sales"}));
    grant("arn:aws:iam::111122223333:role/auditor", filter_resource(kOwner, "sales", "orders", "eu"));
    grant(kOther, all_tables(kOwner, "sales"));
    accept(lake, kConsumer);
  }

  void accept(EmbeddedLake& lake, const std::string& account) {
    const Result<Json> answer = call(lake, account, aws::Service::Ram, "GetResourceShareInvitations");
    ASSERT_TRUE(answer) << to_string(answer.error());
    const Json& list = *answer;
    for (const Json& one : list["resourceShareInvitations"]) {
      must(lake, account, aws::Service::Ram, "AcceptResourceShareInvitation",
           {{"resourceShareInvitationArn", one["resourceShareInvitationArn"]}});
    }
  }

  /// Answers to questions about everything that `fill` made.
  static Json answers(EmbeddedLake& lake) {
    using aws::Service;
    const Json orders = {{"DatabaseName", "sales"}, {"TableName", "orders"}};
    Json out;
    const auto ask = [&](const char* account, Service service, const char* operation, Json input = Json::object()) {
      const Result<Json> answer = call(lake, account, service, operation, std::move(input));
      out[std::string(account) + operation] = answer ? *answer : Json(to_string(answer.error()));
    };
    ask(kOwner, Service::LakeFormation, "GetDataLakeSettings");
    ask(kOwner, Service::LakeFormation, "ListResources");
    ask(kOwner, Service::LakeFormation, "ListPermissions", {{"MaxResults", 1000}});
    ask(kOwner, Service::LakeFormation, "ListLFTags");
    ask(kOwner, Service::LakeFormation, "ListDataCellsFilter");
    ask(kOwner, Service::LakeFormation, "GetResourceLFTags", {{"Resource", table(kOwner, "sales", "orders")}});
    ask(kOwner, Service::Glue, "GetDatabases");
    ask(kOwner, Service::Glue, "GetTables", {{"DatabaseName", "sales"}});
    ask(kOwner, Service::Glue, "GetTableVersions", orders);
    ask(kOwner, Service::Glue, "GetPartitions", orders);
    ask(kOwner, Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}});
    ask(kOwner, Service::Ram, "ListResources", {{"resourceOwner", "SELF"}});
    ask(kOther, Service::Ram, "GetResourceShareInvitations");
    ask(kConsumer, Service::Glue, "GetTable", {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}});
    return out;
  }
};

TEST_F(LakeReopened, GivesTheSameAnswers) {
  Json before;
  {
    const auto lake = opened();
    fill(*lake);
    before = answers(*lake);
  }
  const auto lake = opened();
  EXPECT_EQ(answers(*lake), before);
}

/// Format 1 kept what a share carries in the share itself.
constexpr const char* kBackToFormat1 = R"(
  UPDATE entries SET value = json_set(value, '$.resources', (
    SELECT json_group_object(substr(r.key, length(entries.key) + 2), json(r.value)) FROM entries r
    JOIN shelves s ON s.id = r.shelf AND s.name = 'share_resources'
    WHERE substr(r.key, 1, length(entries.key) + 1) = entries.key || char(31)))
  WHERE shelf = (SELECT id FROM shelves WHERE name = 'shares');
  DELETE FROM entries WHERE shelf = (SELECT id FROM shelves WHERE name = 'share_resources');
  DELETE FROM shelves WHERE name = 'share_resources';
  PRAGMA user_version = 1;)";

TEST_F(LakeReopened, GivesTheSameAnswersFromAFileOfFormat1) {
  Json before;
  {
    const auto lake = opened();
    fill(*lake);
    before = answers(*lake);
  }
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(this->file().c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file, kBackToFormat1, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(file);
  EXPECT_EQ(sqlite3_changes(file), 1) << "the shelf of format 2";
  sqlite3_close(file);
  const auto lake = opened();
  EXPECT_EQ(answers(*lake), before);
  ASSERT_EQ(before[std::string(kOwner) + "ListResources"].at("resources").size(), 2U);
}

TEST_F(LakeReopened, KeepsTheOrganization) {
  { ASSERT_TRUE(opened()->set_organization({"o-mesh000001", kOther, {kOther, kOwner, kConsumer}, {}, true})); }
  const auto lake = opened();
  fill(*lake);
  EXPECT_TRUE(call(*lake, kConsumer, aws::Service::Glue, "GetTable",
                   {{"CatalogId", kOwner}, {"DatabaseName", "sales"}, {"Name", "orders"}}));
}

TEST_F(LakeReopened, HasForgottenWhatWasDeleted) {
  {
    const auto lake = opened();
    fill(*lake);
    ASSERT_TRUE(call(*lake, kOwner, aws::Service::Glue, "DeleteDatabase", {{"Name", "sales"}}));
  }
  EXPECT_FALSE(has_database(*opened(), "sales"));
}

TEST_F(LakeFile, IsReadableForItsOwnerAlone) {
  const auto lake = opened();
  struct stat about {};
  ASSERT_EQ(::stat(file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(LakeFile, BelongsToOneLakeAtATime) {
  const auto lake = opened();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(second.error().message.find("stop that one first"), std::string::npos);
}

TEST_F(LakeFile, InAFolderThatDoesNotExistIsUnavailableAndNamed) {
  const auto lake = EmbeddedLake::open({"/nonexistent/lake.db", &clock_, false});
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(lake.error().message.find("/nonexistent/lake.db"), std::string::npos);
  EXPECT_NE(lake.error().message.find("folder exists"), std::string::npos);
}

TEST_F(LakeFile, ThatIsDamagedIsRefusedWithTheRemedy) {
  { ASSERT_TRUE(make_database(*opened(), "sales")); }
  const auto size = std::filesystem::file_size(file());
  std::fstream damage(file(), std::ios::in | std::ios::out | std::ios::binary);
  for (std::uintmax_t at = 4096; at + 8 < size; at += 256) {
    damage.seekp(static_cast<std::streamoff>(at));
    damage << "damaged!";
  }
  damage.close();
  const auto lake = open();
  ASSERT_FALSE(lake);
  EXPECT_EQ(lake.error().kind, ErrorKind::Unavailable);
  EXPECT_NE(lake.error().message.find("put back a copy"), std::string::npos);
}

TEST_F(LakeFile, OfAnotherProgramIsRefusedUntouched) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "CREATE TABLE theirs(a); INSERT INTO theirs VALUES(1)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(other);
  EXPECT_FALSE(open());
  ASSERT_EQ(sqlite3_open(file().c_str(), &other), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(other, "INSERT INTO theirs VALUES(2)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
}

TEST_F(LakeFile, ThatIsTextIsRefused) {
  std::ofstream(file()) << "This is no database, but it is long enough to be taken for one by its size alone.";
  const auto lake = open();
  ASSERT_FALSE(lake);
  EXPECT_NE(lake.error().message.find("no lake"), std::string::npos);
}

/// While it lives, no file of this process grows.
class FullDisk {
 public:
  FullDisk() : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(LakeFile, ThatCannotGrowRefusesWritesAndMemoryFollowsIt) {
  const auto lake = opened();
  ASSERT_TRUE(make_database(*lake, "before"));
  {
    const FullDisk full;
    const Result<Json> refused = make_database(*lake, "during");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::Unavailable);
    EXPECT_TRUE(has_database(*lake, "before"));
    EXPECT_FALSE(has_database(*lake, "during"));
  }
  EXPECT_TRUE(make_database(*lake, "after"));
}

TEST_F(LakeFile, HoldsAfterAFailedWriteWhatMemoryHolds) {
  {
    const auto lake = opened();
    ASSERT_TRUE(make_database(*lake, "before"));
    {
      const FullDisk full;
      EXPECT_FALSE(make_database(*lake, "during"));
    }
    ASSERT_TRUE(make_database(*lake, "after"));
  }
  const auto lake = opened();
  EXPECT_TRUE(has_database(*lake, "before"));
  EXPECT_FALSE(has_database(*lake, "during"));
  EXPECT_TRUE(has_database(*lake, "after"));
}

}  // namespace datamesh::testing
