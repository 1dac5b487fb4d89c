// The policy of the operator's role: what it says for which entries, and in which languages.
#include "controller/lake/iam_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datamesh::lake {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const CatalogRef kHere{"111122223333", "eu-west-1"};
const PolicyPlace kPlace{"111122223333", "aws", {"eu-west-1"}};

std::vector<std::string> sids(const std::vector<Statement>& statements) {
  std::vector<std::string> out;
  for (const Statement& each : statements) out.push_back(each.sid);
  return out;
}

const Statement& named(const std::vector<Statement>& statements, const std::string& sid) {
  for (const Statement& each : statements) {
    if (each.sid == sid) return each;
  }
  throw std::runtime_error("no statement " + sid);
}

NeededEntry database(const std::string& name, bool is_kept) {
  return {{kHere, catalog::database_key(name)}, catalog::Shared<catalog::Database>(catalog::Database{}), is_kept};
}

NeededEntry permission(const std::string& principal) {
  const catalog::PermissionId id{catalog::ResourceId::of_database(kHere.account, "sales"), principal};
  return {{kHere, catalog::permission_key(id)}, catalog::PermissionValue{}};
}

TEST(IamPolicy, OfAnAccountThatHoldsNothingOnlyReads) {
  EXPECT_THAT(sids(least_policy(kPlace, {})), ElementsAre("ReadLakeFormation", "ReadCatalog", "ReadShares"));
}

TEST(IamPolicy, OfAnAccountThatDeclaresQueuesReadsThemAndNoOther) {
  PolicyPlace place = kPlace;
  place.notice_queues = {"arn:aws:sqs:eu-west-1:111122223333:datamesh-notices"};
  const auto statements = least_policy(place, {});
  EXPECT_THAT(named(statements, "ReadChangeNotices").actions, ElementsAre("sqs:DeleteMessage", "sqs:ReceiveMessage"));
  EXPECT_EQ(named(statements, "ReadChangeNotices").resources, place.notice_queues);
}

TEST(IamPolicy, LetsTheRoleAskAboutItselfAlone) {
  PolicyPlace place = kPlace;
  place.role = "arn:aws:iam::111122223333:role/mesh/operator";
  const auto asking = named(least_policy(place, {}), "AskAboutItself");
  EXPECT_THAT(asking.actions, ElementsAre("iam:SimulatePrincipalPolicy"));
  EXPECT_THAT(asking.resources, ElementsAre(place.role));
  EXPECT_THAT(sids(needs_to_ask(place, {})), Not(Contains("AskAboutItself")));
}

TEST(IamPolicy, IsAskedAboutOneTableOfADatabaseAndNotMoreThanSomeDatabases) {
  std::vector<NeededEntry> many;
  for (int i = 100; i < 300; ++i) {
    const std::string name = "db" + std::to_string(i);
    for (const char* table : {"a", "b"}) {
      many.push_back({{kHere, catalog::table_key(name, table)}, catalog::Shared<catalog::Table>(catalog::Table{}), true});
    }
  }
  const auto tables = named(needs_to_ask(kPlace, many), "MakeTables").resources;
  EXPECT_EQ(tables.size(), 1 + 2 * kMostNamed);
  EXPECT_THAT(tables, Contains("arn:aws:glue:eu-west-1:111122223333:table/db100/a"));
  EXPECT_THAT(tables, Not(Contains("arn:aws:glue:eu-west-1:111122223333:table/db100/b")));
}

TEST(IamPolicy, NamesTheDatabasesAndRemovesNoneThatIsKept) {
  const auto kept = least_policy(kPlace, {database("sales", true)});
  EXPECT_THAT(named(kept, "MakeDatabases").resources,
              ElementsAre("arn:aws:glue:eu-west-1:111122223333:catalog", "arn:aws:glue:eu-west-1:111122223333:database/sales"));
  EXPECT_THAT(sids(kept), Not(Contains("RemoveDatabases")));
  const auto gone = least_policy(kPlace, {database("sales", false)});
  EXPECT_THAT(named(gone, "RemoveDatabases").resources, Contains("arn:aws:glue:eu-west-1:111122223333:table/sales/*"));
}

TEST(IamPolicy, FitsIntoAManagedPolicyHoweverManyDatabasesThereAre) {
  std::vector<NeededEntry> many;
  for (int i = 0; i < 500; ++i) many.push_back(database("sales_of_the_year_" + std::to_string(i), false));
  const auto statements = least_policy(kPlace, many);
  EXPECT_LE(policy_json(statements).dump().size(), kLongestPolicy);
  EXPECT_THAT(named(statements, "MakeDatabases").resources, Contains("arn:aws:glue:eu-west-1:111122223333:database/*"));
}

TEST(IamPolicy, SharesOnlyWhereSomethingIsGrantedToAnotherAccount) {
  EXPECT_THAT(sids(least_policy(kPlace, {permission("arn:aws:iam::111122223333:role/analyst")})), Not(Contains("ShareWithAccounts")));
  EXPECT_THAT(sids(least_policy(kPlace, {permission("444455556666")})), Contains("ShareWithAccounts"));
}

TEST(IamPolicy, PassesJustTheRolesOfLocations) {
  const NeededEntry own{{kHere, {catalog::EntryKind::Location, "arn:aws:s3:::a"}}, catalog::Location{"arn:aws:iam::111122223333:role/reader"}};
  const NeededEntry linked{{kHere, {catalog::EntryKind::Location, "arn:aws:s3:::b"}}, catalog::Location{}};
  EXPECT_THAT(named(least_policy(kPlace, {own}), "PassRolesOfLocations").resources, ElementsAre("arn:aws:iam::111122223333:role/reader"));
  EXPECT_THAT(sids(least_policy(kPlace, {own})), Not(Contains("LetLakeFormationReadLocations")));
  EXPECT_THAT(sids(least_policy(kPlace, {linked})), Contains("LetLakeFormationReadLocations"));
}

TEST(IamPolicy, SaysTheSameInEveryLanguage) {
  const auto statements = least_policy(kPlace, {permission("444455556666")});
  const Json json = policy_json(statements);
  EXPECT_EQ(json["Version"], "2012-10-17");
  EXPECT_EQ(json["Statement"].size(), statements.size());
  EXPECT_EQ(cloudformation_json(statements, "p")["Resources"]["OperatorPolicy"]["Properties"]["PolicyDocument"], json);
  const std::string terraform = terraform_text(statements, "p");
  for (const Statement& each : statements) EXPECT_THAT(terraform, HasSubstr("sid       = \"" + each.sid + "\""));
  EXPECT_THAT(terraform, HasSubstr("variable = \"ram:ResourceShareName\"\n      values   = [\"LakeFormation*\"]"));
}

}  // namespace
}  // namespace datamesh::lake
