// What a Grant on columns and rows must be to be granted: it fits its table, or says why it does not and claims nothing.
#include <gtest/gtest.h>

#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

using mesh::Declared;
using mesh::object;

std::string product(const std::string& columns, const std::string& more = "") {
  return object("DataProduct", "retail/people",
                "account: retail, database: people, location: 's3://data/people', " + more + "tables: [{name: staff, columns: [" + columns +
                    "], partitionKeys: [{name: day, type: date}]}]");
}
const std::string kColumns = "{name: id, type: bigint}, {name: email, type: string}, {name: tags, type: array<string>}";
const std::string kWorld = kCentralMesh + kAccounts;
const std::string kRole = "to: {principals: ['arn:aws:iam::100000000001:role/x']}";

std::string grant(const std::string& narrow) {
  return object("Grant", "retail/g", "product: {name: people}, tables: [staff], " + narrow + ", " + kRole);
}

/// What is given on the table, and what is said.
Lines told(const std::string& yaml) {
  const ClaimSet set = claims(Declared(yaml), "Grant", "retail", "g");
  Lines out = findings(set);
  for (const std::string& line : lines(set)) {
    if (line.find("Permission database:") == std::string::npos) out.push_back(line.substr(0, line.find(" <-")));
  }
  return out;
}
Lines told_of(const std::string& narrow) { return told(kWorld + product(kColumns) + grant(narrow)); }

const std::string kOnColumns = "7 C: Permission columns:C:people/staff@arn:aws:iam::C:role/x = SELECT ";

TEST(GrantRules, ExcludedColumnsBecomeTheListOfTheOthers) {
  EXPECT_EQ(told_of("columns: {exclude: [email]}"), Lines{kOnColumns + "(id, tags)"});
  EXPECT_EQ(told_of("columns: {exclude: [email, tags]}, rowFilter: \"id>5\""),
            (Lines{"7 C: DataFilter people/staff/grant-retail-g = where id > 5 only id",
                   "7 C: Permission filter:C:people/staff!grant-retail-g@arn:aws:iam::C:role/x = SELECT"}));
}

TEST(GrantRules, ARenamedColumnThatWasExcludedLeavesNothingGranted) {
  const std::string renamed = "{name: id, type: bigint}, {name: mail, type: string}, {name: tags, type: array<string>}";
  for (const char* rows : {"", ", rowFilter: 'id = 1'"}) {
    EXPECT_EQ(told(kWorld + product(renamed) + grant(std::string("columns: {exclude: [email]}") + rows)),
              Lines{"Invalid InvalidColumns: columns.exclude names email, which table staff has not: it may have been renamed, so "
                    "nothing is granted until the list names what shall stay hidden; its columns are id, mail, tags"});
  }
}

TEST(GrantRules, PartitionKeysCannotBeExcluded) {
  EXPECT_EQ(told_of("columns: {exclude: [day]}"),
            Lines{"Invalid InvalidColumns: columns.exclude names day, a partition key of table staff: Lake Formation cannot hide "
                  "partition keys; leave it out of the list"});
}

TEST(GrantRules, SomethingMustBeLeft) {
  EXPECT_EQ(told_of("columns: {exclude: [id, email, tags]}"),
            Lines{"Invalid InvalidColumns: columns.exclude leaves no column of table staff"});
}

TEST(GrantRules, AColumnThatIsNotThereIsNamedAndTheOthersAreGiven) {
  const std::string unknown = "Invalid InvalidColumns: columns.include names emial, which table staff has not; its columns are id, "
                              "email, tags";
  EXPECT_EQ(told_of("columns: {include: [id, emial]}"), (Lines{unknown, kOnColumns + "(id)"}));
  EXPECT_EQ(told_of("columns: {include: [emial]}"), Lines{unknown});
}

TEST(GrantRules, AFilterThatDoesNotFitIsShownWithItsPlace) {
  EXPECT_EQ(told_of("rowFilter: \"email = x\""),
            Lines{"Invalid InvalidRowFilter: rowFilter, line 1, character 9, at `x`: a constant is needed here; columns cannot be "
                  "compared with columns or functions; write a text as 'x'"});
  EXPECT_EQ(told_of("rowFilter: \"id = 'a' AND tags = 'b'\""),
            (Lines{"Invalid InvalidRowFilter: rowFilter, line 1, character 6, at `'a' AND tags = 'b'`: the constant does not fit id, "
                   "which is of type bigint; write a whole number that it can hold, for instance 42",
                   "Invalid InvalidRowFilter: rowFilter, line 1, character 14, at `tags = 'b'`: tags is of type array<string>, which "
                   "no row filter can compare; use another column"}));
}

TEST(GrantRules, WhatTheProducerMayHaveChangedIsNotHeldAgainstTheGrant) {
  const std::string follows = product(kColumns, "schemaPolicy: FollowProducer, ");
  EXPECT_EQ(told(kWorld + follows + grant("columns: {include: [later]}")), Lines{kOnColumns + "(later)"});
  EXPECT_EQ(told(kWorld + follows + grant("columns: {exclude: [email]}")), Lines{kOnColumns + "(id, tags)"})
      << "the columns that are declared, and no other";
}

TEST(GrantRules, AFollowedSchemaIsWaitedForAndNothingIsTakenBackMeanwhile) {
  const std::string follows = product(kColumns, "schemaPolicy: FollowProducer, sourceDatabase: raw, ");
  Declared mesh(kWorld + follows + grant("columns: {exclude: [email]}"));
  ClaimSet set = claims(mesh, "Grant", "retail", "g");
  EXPECT_EQ(lines(set), Lines{});
  EXPECT_TRUE(set.unknown_tables);
  catalog::Table source;
  source.columns = {{"key", "string", ""}, {"email", "string", ""}};
  mesh.set_source({"100000000002", "eu-west-1"}, "raw", {{"staff", source}});
  set = claims(mesh, "Grant", "retail", "g");
  EXPECT_EQ(findings(set), Lines{});
  EXPECT_FALSE(set.unknown_tables);
  EXPECT_EQ(lines(set)[0], kOnColumns + "(key) <- Table people/staff");
}

}  // namespace
}  // namespace datamesh::reconcilers
