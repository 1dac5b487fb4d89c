// What hybrid access mode adds to the claims: openings to IAM, opt-ins, and what keeps them apart.
#include <gtest/gtest.h>

#include "reconcilers/opt_ins.h"
#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

using mesh::account;
using mesh::Declared;
using mesh::object;

const std::string kCentral = "arn:aws:iam::100000000001:role/s";
const std::string kWorld =
    object("Mesh", "mesh", "governance: Central, centralAccount: {namespace: gov, name: central}") +
    account("gov/central", "100000000001") +
    account("retail/retail", "100000000002", "personas: [{name: engineers, principals: ['arn:aws:iam::100000000002:role/e']}]") +
    account("lab/lab", "100000000003", "personas: [{name: analysts, principals: ['arn:aws:iam::100000000003:role/a']}]");

std::string product(const std::string& more) {
  return object("DataProduct", "retail/p", "account: retail, database: p, location: 's3://lake/p', deletionPolicy: Delete, " + more);
}
std::string grant(const std::string& name, const std::string& spec) { return object("Grant", name, spec); }

/// The lines of the kind `entry` that the resource claims.
Lines of_kind(const std::string& entry, const std::string& yaml, const std::string& kind, const std::string& ns,
              const std::string& name) {
  Lines out;
  const Declared mesh(kWorld + yaml);
  for (const std::string& line : lines(claims_of(mesh.at(kind, ns, name), mesh, mesh::kStart))) {
    if (line.find(entry) != line.npos) out.push_back(line);
  }
  return out;
}
Lines opt_ins(const std::string& yaml, const std::string& ns, const std::string& name) {
  return of_kind(": OptIn ", yaml, "Grant", ns, name);
}
Lines openings(const std::string& tables, const std::string& more = "") {
  return of_kind("IAM_ALLOWED", product("tables: [" + tables + "]" + more), "DataProduct", "retail", "p");
}
Lines location(const std::string& tables, const std::string& more = "") {
  return of_kind(": Location ", product("tables: [" + tables + "]" + more), "DataProduct", "retail", "p");
}

const std::string kDatabaseIsOpen = "2 C: Permission database:C:p@IAM_ALLOWED_PRINCIPALS = ALL <- Database p";
std::string is_open(const std::string& table) {
  return "2 C: Permission table:C:p/" + table + "@IAM_ALLOWED_PRINCIPALS = ALL <- Table p/" + table;
}

TEST(HybridProduct, LeavesTablesToIamAsTheTableTheProductOrTheAccountSays) {
  const std::string plain = "{name: a}", hybrid = "{name: b, accessMode: Hybrid}", closed = "{name: c, accessMode: LakeFormation}";
  EXPECT_EQ(openings(plain + ", " + closed), Lines{});
  EXPECT_EQ(openings(plain + ", " + hybrid), (Lines{kDatabaseIsOpen, is_open("b")}));
  EXPECT_EQ(openings(plain + ", " + closed, ", accessMode: Hybrid"), (Lines{kDatabaseIsOpen, is_open("a")}));
  EXPECT_EQ(openings(closed, ", accessMode: Hybrid"), Lines{kDatabaseIsOpen}) << "tables to come are IAM's";
  EXPECT_EQ(openings(closed + ", " + hybrid, ", accessMode: LakeFormation"), (Lines{kDatabaseIsOpen, is_open("b")}));
}

TEST(HybridProduct, HasAHybridLocationWhileOneOfItsTablesIs) {
  const std::string is = "1 C: Location arn:aws:s3:::lake/p = service role", needs = " <- Settings";
  EXPECT_EQ(location("{name: a}"), Lines{is + needs});
  EXPECT_EQ(location("{name: a}, {name: b, accessMode: Hybrid}"), Lines{is + ", hybrid" + needs});
  EXPECT_EQ(location("{name: a, accessMode: LakeFormation}", ", accessMode: Hybrid"), Lines{is + ", hybrid" + needs});
  EXPECT_EQ(location("{name: a, accessMode: LakeFormation}", ", accessMode: LakeFormation"), Lines{is + needs});
}

TEST(HybridProduct, OptsInThePersonasOfItsProducer) {
  EXPECT_EQ(of_kind(": OptIn ", product("accessMode: Hybrid, producerAccess: [{persona: engineers, permissions: [INSERT], tables: [a]}]"),
                    "DataProduct", "retail", "p"),
            (Lines{"4 P: OptIn table:C:p/a@arn:aws:iam::P:role/e = in <- Permission table:C:p/a@arn:aws:iam::P:role/e"}));
}

TEST(HybridGrant, OptsInOnTheTablesItIsAbout) {
  const std::string on_hybrid = product("accessMode: Hybrid, tables: [{name: a, columns: [{name: x, type: int}, {name: y, type: int}]}]");
  const auto given = [&](const std::string& spec) {
    return opt_ins(on_hybrid + grant("retail/g", "product: {name: p}, " + spec + ", to: {principals: ['" + kCentral + "']}"),
                   "retail", "g");
  };
  const std::string in = "7 C: OptIn table:C:p/a@arn:aws:iam::C:role/s = in <- Permission ";
  EXPECT_EQ(given("tables: [a]"), Lines{in + "table:C:p/a@arn:aws:iam::C:role/s"});
  EXPECT_EQ(given("tables: [a], permissions: [SELECT], columns: {include: [x]}"), Lines{in + "columns:C:p/a@arn:aws:iam::C:role/s"});
  EXPECT_EQ(given("tables: [a], permissions: [SELECT], rowFilter: 'x = 1'"),
            Lines{in + "filter:C:p/a!grant-retail-g@arn:aws:iam::C:role/s"});
  EXPECT_EQ(given("permissions: [SELECT]"),
            Lines{"7 C: OptIn alltables:C:p@arn:aws:iam::C:role/s = in <- Permission alltables:C:p@arn:aws:iam::C:role/s"});
}

TEST(HybridGrant, OptsInOnATableThatHasMovedWhileItsLocationHasNot) {
  const std::string moved = product("tables: [{name: a}, {name: b, accessMode: Hybrid}]");
  const std::string all_moved = product("tables: [{name: a}, {name: b}]");
  const std::string on_a = grant("retail/g", "product: {name: p}, tables: [a], to: {principals: ['" + kCentral + "']}");
  EXPECT_EQ(opt_ins(moved + on_a, "retail", "g").size(), 1u);
  EXPECT_EQ(opt_ins(all_moved + on_a, "retail", "g"), Lines{});
}

TEST(HybridGrant, OptsInPrincipalsOfOtherAccountsOnceTheShareIsThere) {
  const std::string direct = product("accessMode: Hybrid") +
                             grant("retail/g", "product: {name: p}, to: {principals: ['arn:aws:iam::100000000003:role/a']}");
  const std::string tables = "Permission alltables:C:p@arn:aws:iam::K:role/a", share = "K: ShareAcceptance C";
  EXPECT_EQ(opt_ins(direct, "retail", "g"),
            (Lines{"7 C: OptIn alltables:C:p@arn:aws:iam::K:role/a = in <- " + tables + ", " + share,
                   "7 C: OptIn database:C:p@arn:aws:iam::K:role/a = in <- " + tables + ", " + share +
                       ", Permission database:C:p@arn:aws:iam::K:role/a"}));
}

TEST(HybridGrant, OptsInWithinTheConsumerWhomItPassesOnTo) {
  const std::string yaml = product("accessMode: Hybrid") +
                           object("ResourceLink", "lab/p", "account: lab, product: {namespace: retail, name: p}") +
                           grant("retail/to-lab", "product: {name: p}, to: {accounts: [{namespace: lab, name: lab}]}") +
                           grant("lab/g", "link: p, tables: [a], to: {personas: [{account: {name: lab}, name: analysts}]}");
  EXPECT_EQ(opt_ins(yaml, "retail", "to-lab"), Lines{}) << "an account opts its own principals in";
  EXPECT_EQ(opt_ins(yaml, "lab", "g"),
            Lines{"8 K: OptIn table:C:p/a@arn:aws:iam::K:role/a = in <- Permission table:C:p/a@arn:aws:iam::K:role/a"});
}

TEST(OptIns, AreForPrincipalsAndNotForAccountsOrOrganizations) {
  for (const char* may : {"arn:aws:iam::100000000001:role/r", "arn:aws:iam::100000000001:saml-provider/i:group/g",
                          "arn:aws:identitystore:::user/u", "100000000001:IAMPrincipals"}) {
    EXPECT_TRUE(may_opt_in(may)) << may;
  }
  for (const char* may_not : {"100000000001", "IAM_ALLOWED_PRINCIPALS", "arn:aws:organizations::100000000001:ou/o-x/ou-y"}) {
    EXPECT_FALSE(may_opt_in(may_not)) << may_not;
  }
}

}  // namespace
}  // namespace datamesh::reconcilers
