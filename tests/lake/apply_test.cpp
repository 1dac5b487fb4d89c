// Carrying out actions: batches, failures of single entries, and when to stop.
#include "controller/lake/apply.h"

#include <gtest/gtest.h>

#include "tests/catalog/entries.h"
#include "tests/lake/scripted_api.h"

namespace datamesh::lake {
namespace {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKind;
using catalog::Permission;
using catalog::ResourceId;
using catalog::Verb;

Action permission(Verb verb, int table) {
  const auto resource = ResourceId::of_table(kCatalog.account, "sales", "t" + std::to_string(table));
  return {{kCatalog, catalog::permission_key({resource, "222222222222"})}, verb,
          catalog::perms({Permission::Select}), Cause::Declared};
}
std::vector<Action> permissions(Verb verb, int count) {
  std::vector<Action> out;
  for (int i = 0; i < count; ++i) out.push_back(permission(verb, i));
  return out;
}
Action drop_table(const std::string& name) {
  return {{kCatalog, catalog::table_key("sales", name)}, Verb::Delete, catalog::Shared<catalog::Table>(), Cause::Released};
}
Action tag(const std::string& resource, const std::string& key, Verb verb = Verb::Create) {
  return {{kCatalog, {EntryKind::TagAssignment, resource + "#" + key}}, verb, catalog::TagAssignment{"v"}, Cause::Declared};
}

/// One word an outcome: done, already, failed:Kind, not-tried.
std::vector<std::string> words(const ApplyReport& report) {
  std::vector<std::string> out;
  for (const Outcome& outcome : report.outcomes) {
    switch (outcome.effect) {
      case Effect::Done: out.push_back("done"); break;
      case Effect::AlreadyDone: out.push_back("already"); break;
      case Effect::Failed: out.push_back("failed:" + std::string(to_string(outcome.error.kind))); break;
      case Effect::NotAttempted: out.push_back("not-tried"); break;
    }
  }
  return out;
}
using Words = std::vector<std::string>;

ApplyReport run(ScriptedApi& api, const std::vector<Action>& actions) {
  const std::atomic<bool> stop{false};
  return apply(api, kCatalog, actions, stop);
}

/// Fails the entries whose table is in `tables`, inside a 200.
ScriptedApi::Answer failing(std::map<std::string, std::pair<std::string, std::string>> tables) {
  return [tables](const Json& input) -> Result<Json> {
    Json failures = Json::array();
    for (const Json& entry : input["Entries"]) {
      const auto found = tables.find(string_at(at_path(entry, {"Resource", "Table"}), "Name"));
      if (found == tables.end()) continue;
      failures.push_back({{"RequestEntry", entry},
                          {"Error", {{"ErrorCode", found->second.first}, {"ErrorMessage", found->second.second}}}});
    }
    std::reverse(failures.begin(), failures.end());  // no order is promised
    return Json{{"Failures", failures}};
  };
}

TEST(Apply, GrantsAndRevokesInBatchesOfTwenty) {
  ScriptedApi api;
  auto actions = permissions(Verb::Revoke, 5);
  const auto grants = permissions(Verb::Grant, 41);
  actions.insert(actions.end(), grants.begin(), grants.end());
  const ApplyReport report = run(api, actions);
  EXPECT_EQ(report.batches, (std::vector<std::pair<std::string, std::size_t>>{{"BatchRevokePermissions", 5},
                                                                              {"BatchGrantPermissions", 20},
                                                                              {"BatchGrantPermissions", 20},
                                                                              {"BatchGrantPermissions", 1}}));
  EXPECT_EQ(api.operations(), (Words{"BatchRevokePermissions", "BatchGrantPermissions", "BatchGrantPermissions",
                                     "BatchGrantPermissions"}));
  EXPECT_EQ(words(report), Words(46, "done"));
}

TEST(Apply, MapsFailuresToTheirEntries) {
  ScriptedApi api;
  api.on("BatchGrantPermissions", failing({{"t1", {"ConcurrentModificationException", ""}},
                                           {"t3", {"InvalidInputException", "Rate exceeded"}}}));
  EXPECT_EQ(words(run(api, permissions(Verb::Grant, 5))),
            (Words{"done", "failed:Conflict", "done", "failed:Throttled", "done"}));
}

TEST(Apply, TakesARevokeOfNothingForDone) {
  ScriptedApi api;
  api.on("BatchRevokePermissions",
         failing({{"t0", {"InvalidInputException", "No permissions revoked. Grantee has no permissions on the resource"}},
                  {"t1", {"EntityNotFoundException", "Table not found"}},
                  {"t2", {"InvalidInputException", "cannot grant/revoke permission on non-existent column"}},
                  {"t3", {"InvalidInputException", "Permissions modification is invalid."}}}));
  EXPECT_EQ(words(run(api, permissions(Verb::Revoke, 5))),
            (Words{"already", "already", "already", "failed:Invalid", "done"}));
}

TEST(Apply, DoesNotTakeAFailedGrantForDone) {
  ScriptedApi api;
  api.on("BatchGrantPermissions", failing({{"t0", {"EntityNotFoundException", "Table not found"}}}));
  EXPECT_EQ(words(run(api, permissions(Verb::Grant, 1))), (Words{"failed:NotFound"}));
}

TEST(Apply, DeletesNothingAfterARevokeThatFailed) {
  ScriptedApi api;
  api.on("BatchRevokePermissions", failing({{"t1", {"AccessDeniedException", "no"}}}));
  auto actions = permissions(Verb::Revoke, 2);
  actions.push_back(tag("sales", "domain", Verb::Delete));
  actions.push_back(drop_table("t1"));
  actions.push_back(permission(Verb::Grant, 9));
  EXPECT_EQ(words(run(api, actions)), (Words{"done", "failed:Denied", "not-tried", "not-tried", "done"}));
  EXPECT_EQ(api.count("DeleteTable"), 0);
}

TEST(Apply, DeletesNoDatabaseAfterATableThatStayed) {
  ScriptedApi api;
  api.on("DeleteTable", [](const Json&) { return fail(aws_error("DeleteTable", "AccessDeniedException", "no")); });
  const Action database{{kCatalog, catalog::database_key("sales")}, Verb::Delete,
                        catalog::Shared<catalog::Database>(), Cause::Released};
  EXPECT_EQ(words(run(api, {drop_table("t1"), database})), (Words{"failed:Denied", "not-tried"}));
  EXPECT_EQ(api.count("DeleteDatabase"), 0);
}

TEST(Apply, SkipsWhatHangsOnAFailedActionOfTheSameEntry) {
  ScriptedApi api;
  api.on("BatchRevokePermissions", failing({{"t0", {"AccessDeniedException", "no"}}}));
  EXPECT_EQ(words(run(api, {permission(Verb::Revoke, 0), permission(Verb::Grant, 0), permission(Verb::Grant, 1)})),
            (Words{"failed:Denied", "not-tried", "done"}));
}

TEST(Apply, EndsTheRunWhenItIsThrottled) {
  ScriptedApi api;
  int calls = 0;
  api.on("BatchGrantPermissions", [&](const Json&) -> Result<Json> {
    if (++calls == 2) return fail(aws_error("BatchGrantPermissions", "ThrottlingException"));
    return Json::object();
  });
  const ApplyReport report = run(api, permissions(Verb::Grant, 60));
  Words expected(20, "done");
  expected.insert(expected.end(), 20, "failed:Throttled");
  expected.insert(expected.end(), 20, "not-tried");
  EXPECT_EQ(words(report), expected);
  EXPECT_EQ(calls, 2);
}

TEST(Apply, EndsTheRunWhenAResponseIsLost) {
  ScriptedApi api;
  api.on("CreateTable", [](const Json&) { return fail(ErrorKind::Transient, "connection reset", "glue:CreateTable"); });
  const Action create{{kCatalog, catalog::table_key("sales", "t1")}, Verb::Create, catalog::Shared<catalog::Table>(),
                      Cause::Declared};
  EXPECT_EQ(words(run(api, {create, permission(Verb::Grant, 1)})), (Words{"failed:Transient", "not-tried"}));
}

TEST(Apply, StopsBetweenTwoCalls) {
  ScriptedApi api;
  std::atomic<bool> stop{false};
  api.on("BatchGrantPermissions", [&](const Json&) -> Result<Json> {
    stop = true;
    return Json::object();
  });
  const ApplyReport report = apply(api, kCatalog, permissions(Verb::Grant, 30), stop);
  Words expected(20, "done");
  expected.insert(expected.end(), 10, "not-tried");
  EXPECT_EQ(words(report), expected) << "the call in flight was finished";
}

TEST(Apply, TagsEachResourceInOneCall) {
  ScriptedApi api;
  api.on("AddLFTagsToResource", [](const Json& input) -> Result<Json> {
    Json failures = Json::array();
    for (const Json& each : input["LFTags"]) {
      if (each["TagKey"] == "b") {
        failures.push_back({{"LFTag", each}, {"Error", {{"ErrorCode", "EntityNotFoundException"}, {"ErrorMessage", "?"}}}});
      }
    }
    return Json{{"Failures", failures}};
  });
  EXPECT_EQ(words(run(api, {tag("sales", "a"), tag("sales", "b"), tag("hr/t", "c"), tag("hr/t/id", "d"), tag("sales/t", "e")})),
            (Words{"done", "failed:NotFound", "done", "done", "not-tried"}))
      << "what follows in a database in which a tag could not be changed may give too much without it";
  std::vector<Json> resources;
  for (const Json& input : api.inputs("AddLFTagsToResource")) resources.push_back(input["Resource"]);
  EXPECT_EQ(resources,
            (std::vector<Json>{
                Json::parse(R"({"Database": {"CatalogId": "111111111111", "Name": "sales"}})"),
                Json::parse(R"({"Table": {"CatalogId": "111111111111", "DatabaseName": "hr", "Name": "t"}})"),
                Json::parse(R"({"TableWithColumns": {"CatalogId": "111111111111", "DatabaseName": "hr", "Name": "t", "ColumnNames": ["id"]}})")}));
}

Action by_tags(Verb verb, const std::string& role) {
  const ResourceId policy{catalog::ResourceType::TablePolicy, kCatalog.account, "", "", "level=public"};
  return {{kCatalog, catalog::permission_key({policy, role})}, verb, catalog::perms({Permission::Select}), Cause::Declared};
}
ScriptedApi::Answer refusing(const std::string& operation) {
  return [operation](const Json&) -> Result<Json> { return fail(aws_error(operation, "AccessDeniedException", "no")); };
}

TEST(Apply, ChangesNoTagAndTakesNothingBackAfterAGrantByTagsThatFailed) {
  ScriptedApi api;
  api.on("BatchGrantPermissions", refusing("BatchGrantPermissions"));
  EXPECT_EQ(words(run(api, {by_tags(Verb::Grant, "a"), tag("hr", "level"), by_tags(Verb::Revoke, "a"), permission(Verb::Revoke, 1)})),
            (Words{"failed:Denied", "not-tried", "not-tried", "done"}))
      << "what is taken from others by name in another database does not wait";
}

TEST(Apply, GrantsAndRevokesNothingByTagsAfterATagThatFailed) {
  ScriptedApi api;
  api.on("AddLFTagsToResource", refusing("AddLFTagsToResource"));
  EXPECT_EQ(words(run(api, {tag("sales", "level"), by_tags(Verb::Grant, "a"), by_tags(Verb::Revoke, "b"), tag("hr", "level")})),
            (Words{"failed:Denied", "not-tried", "not-tried", "not-tried"}));
}

TEST(Apply, TakesNothingBackByNameAfterATagOfTheDatabaseThatFailed) {
  ScriptedApi api;
  api.on("AddLFTagsToResource", refusing("AddLFTagsToResource"));
  EXPECT_EQ(words(run(api, {permission(Verb::Revoke, 0), tag("sales", "level"), permission(Verb::Revoke, 1)})),
            (Words{"done", "failed:Denied", "not-tried"}));
  EXPECT_EQ(words(run(api, {tag("hr", "level"), permission(Verb::Revoke, 1)})), (Words{"failed:Denied", "done"}));
}

TEST(Apply, GrantsNothingByTagsAfterATagThatStaysSinceSomethingCouldNotBeTakenBack) {
  ScriptedApi api;
  api.on("BatchRevokePermissions", refusing("BatchRevokePermissions"));
  EXPECT_EQ(words(run(api, {permission(Verb::Revoke, 1), tag("sales", "level", Verb::Delete), by_tags(Verb::Grant, "a")})),
            (Words{"failed:Denied", "not-tried", "not-tried"}));
}

TEST(Apply, TakesNothingBackFromWhomTheReplacementCouldNotBeGranted) {
  ScriptedApi api;
  api.on("BatchGrantPermissions", failing({{"t0", {"ConcurrentModificationException", ""}}}));
  EXPECT_EQ(words(run(api, {permission(Verb::Grant, 0), permission(Verb::Revoke, 1), by_tags(Verb::Revoke, "a")})),
            (Words{"failed:Conflict", "not-tried", "done"}));
}

TEST(Apply, AddsTagValuesInChunksOfFifty) {
  ScriptedApi api;
  std::set<std::string> values;
  for (int i = 0; i < 120; ++i) values.insert("v" + std::to_string(i));
  const Action create{{kCatalog, {EntryKind::TagKey, "domain"}}, Verb::Create, catalog::Shared<catalog::TagKey>({values}),
                      Cause::Declared};
  EXPECT_EQ(words(run(api, {create})), (Words{"done"}));
  EXPECT_EQ(api.operations(), (Words{"CreateLFTag", "UpdateLFTag", "UpdateLFTag"}));
  EXPECT_EQ(api.inputs("CreateLFTag")[0]["TagValues"].size(), 50u);
  EXPECT_EQ(api.inputs("UpdateLFTag")[1]["TagValuesToAdd"].size(), 20u);
}

TEST(Apply, AcceptsAnInvitationThatWasAcceptedAlready) {
  ScriptedApi api;
  api.on("AcceptResourceShareInvitation", [](const Json&) {
    return fail(aws_error("AcceptResourceShareInvitation", "ResourceShareInvitationAlreadyAcceptedException"));
  });
  const Action accept{{kCatalog, {EntryKind::ShareAcceptance, "222222222222"}}, Verb::Accept,
                      catalog::Shared<catalog::ShareAcceptance>({catalog::ShareState::Pending, {"a", "b"}}), Cause::Declared};
  EXPECT_EQ(words(run(api, {accept})), (Words{"done"}));
  EXPECT_EQ(api.count("AcceptResourceShareInvitation"), 2);
}

TEST(Apply, HasNothingToDeleteWhereNothingIs) {
  ScriptedApi api;
  api.on("GetDatabase", [](const Json&) { return fail(aws_error("GetDatabase", "EntityNotFoundException")); });
  EXPECT_EQ(words(run(api, {drop_table("t")})), (Words{"already"}));
}

}  // namespace
}  // namespace datamesh::lake
