// What a Grant by LF-tag expression claims: as the catalog's account, and within a receiving account.
#include <gtest/gtest.h>

#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

using mesh::Declared;
using mesh::object;

const std::string kWorld = kCentralMesh + kAccounts;
const std::string kToLabByTag = object(
    "Grant", "gov/open", "account: central, tagExpression: 'level in (public, internal)', to: {accounts: [{namespace: lab, name: lab}]}");

std::string within(const std::string& rest) {
  return object("Grant", "lab/readers", "account: lab, catalog: {namespace: gov, name: central}, " + rest);
}
std::string to_analysts(const std::string& expression) {
  return within("tagExpression: '" + expression + "', to: {personas: [{account: {name: lab}, name: analysts}]}");
}
Lines claimed(const std::string& yaml, const std::string& ns, const std::string& name, Time now = mesh::kStart) {
  return lines(claims(Declared(yaml), "Grant", ns, name, now));
}
Lines found(const std::string& yaml, const std::string& ns, const std::string& name) {
  return findings(claims(Declared(yaml), "Grant", ns, name));
}

TEST(TagGrant, SharesTheValuesBeforeWhatIsTagged) {
  const std::string tags = "Permission tag:C:!datamesh-tag-grants=allow@K, C: Permission tag:C:!level=internal@K, "
                           "C: Permission tag:C:!level=public@K";
  const std::string here = "Permission tag:C:!datamesh-tag-grants=allow@K, Permission tag:C:!level=internal@K, "
                           "Permission tag:C:!level=public@K";
  const std::string policy = "C:!datamesh-tag-grants=allow;level=internal,public@K";
  EXPECT_EQ(claimed(kWorld + kToLabByTag, "gov", "open"),
            (Lines{"5 K: ShareAcceptance C = accepted stays <- C: Permission table-policy:" + policy,
                   "7 C: Permission database-policy:" + policy + " = DESCRIBE, +DESCRIBE <- " + here,
                   "7 C: Permission table-policy:" + policy + " = SELECT, DESCRIBE, +SELECT, +DESCRIBE <- " + here,
                   "7 C: Permission tag:C:!datamesh-tag-grants=allow@K = DESCRIBE, +DESCRIBE <- TagKey datamesh-tag-grants",
                   "7 C: Permission tag:C:!level=internal@K = DESCRIBE, +DESCRIBE <- TagKey level",
                   "7 C: Permission tag:C:!level=public@K = DESCRIBE, +DESCRIBE <- TagKey level",
                   "7 C: TagKey datamesh-tag-grants = allow stays <- Settings"}));
}

TEST(TagGrant, GivesPrincipalsOfTheOwnAccountThePoliciesAlone) {
  const std::string policy = "C:!datamesh-tag-grants=allow;level=public@arn:aws:iam::C:role/x";
  EXPECT_EQ(claimed(kWorld + object("Grant", "gov/own", "account: central, tagExpression: level = public, to: {principals: "
                                                        "['arn:aws:iam::100000000001:role/x']}"),
                    "gov", "own"),
            (Lines{"7 C: Permission database-policy:" + policy + " = DESCRIBE <- TagKey datamesh-tag-grants, TagKey level",
                   "7 C: Permission table-policy:" + policy + " = SELECT, DESCRIBE <- TagKey datamesh-tag-grants, TagKey level",
                   "7 C: TagKey datamesh-tag-grants = allow stays <- Settings"}));
}

TEST(TagGrant, CountsOnlyInTheNamespaceOfItsAccount) {
  EXPECT_EQ(found(kWorld + object("Grant", "retail/mine", "account: central, tagExpression: level = public, to: {accounts: "
                                                          "[{namespace: lab, name: lab}]}"),
                  "retail", "mine"),
            (Lines{"Waits AccountNotFound: Account retail/central is not declared"}));
}

TEST(TagGrant, ReachesNoProductThatDoesNotLetItIn) {
  // What keeps it off is in the expression itself: the term is there whatever else is asked for.
  for (const std::string expression : {"level = public", "level = *"}) {
    for (const Claim& claim : claims(Declared(kWorld + object("Grant", "gov/g", "account: central, tagExpression: '" + expression +
                                                                                    "', to: {accounts: [{namespace: lab, name: lab}]}")),
                                     "Grant", "gov", "g")
                                  .claims) {
      const bool is_policy = claim.key.local.name.find("-policy:") != std::string::npos;
      if (!is_policy || claim.key.local.kind != catalog::EntryKind::Permission) continue;
      EXPECT_NE(claim.key.local.name.find("datamesh-tag-grants=allow"), std::string::npos) << line(claim);
    }
  }
  EXPECT_EQ(found(kWorld + object("Grant", "gov/g", "account: central, tagExpression: 'datamesh-tag-grants = *', to: {accounts: "
                                                    "[{namespace: lab, name: lab}]}"),
                  "gov", "g"),
            (Lines{"Invalid InvalidExpression: tagExpression names datamesh-tag-grants, which the operator adds by itself"}));
}

TEST(TagGrant, IsPassedOnWithinTheReceivingAccount) {
  const std::string needs = " <- ShareAcceptance C, C: Permission table-policy:C:!datamesh-tag-grants=allow;level=internal,public@K";
  const std::string to = "C:!datamesh-tag-grants=allow;level=public@arn:aws:iam::K:role/a";
  EXPECT_EQ(claimed(kWorld + kToLabByTag + to_analysts("level = public"), "lab", "readers"),
            (Lines{"8 K: Permission database-policy:" + to + " = DESCRIBE" + needs,
                   "8 K: Permission table-policy:" + to + " = SELECT, DESCRIBE" + needs}));
}

TEST(TagGrant, LetsReadersSeeTheLinksThatLeadToProductsInReach) {
  const auto with_product = [](const std::string& tag_grants) {
    const std::string product =
        object("DataProduct", "retail/orders", "account: retail, database: orders, location: 's3://data/orders'" + tag_grants + ", tables: [{name: lines, columns: [{name: id, type: bigint}]}]");
    Lines links;
    for (const std::string& each : claimed(kWorld + kToLabByTag + product + kLink + to_analysts("level = public"), "lab", "readers")) {
      if (each.find("database:K:") != std::string::npos) links.push_back(each);
    }
    return links;
  };
  EXPECT_EQ(with_product(", tagGrants: Allow"),
            (Lines{"8 K: Permission database:K:orders@arn:aws:iam::K:role/a = DESCRIBE <- Link orders"}));
  EXPECT_EQ(with_product(""), Lines{});
}

TEST(TagGrant, PassesOnNothingBeyondWhatItsAccountWasGranted) {
  EXPECT_EQ(found(kWorld + to_analysts("level = public"), "lab", "readers"),
            (Lines{"Waits AccountNotGranted: no tag Grant of account C names account K"}));
  EXPECT_EQ(found(kWorld + kToLabByTag + to_analysts("level = secret"), "lab", "readers"),
            (Lines{"Refused ExceedsTagGrant: no tag Grant to account K has this expression, or the same keys with more values, and "
                   "these permissions"}));
  EXPECT_EQ(found(kWorld + kToLabByTag +
                      within("tagExpression: level = public, permissions: [INSERT], to: {personas: [{account: {name: lab}, name: analysts}]}"),
                  "lab", "readers")
                .at(0)
                .substr(0, 24),
            "Refused ExceedsTagGrant:");
  EXPECT_EQ(found(kWorld + kToLabByTag + within("tagExpression: level = public, to: {principals: ['arn:aws:iam::100000000009:role/x']}"),
                  "lab", "readers"),
            (Lines{"Refused ForeignPrincipal: arn:aws:iam::X:role/x is not a principal of account K; what is shared cannot be shared on"}));
}

TEST(TagGrant, EndsWithItsTime) {
  const std::string yaml = kWorld + object("Grant", "gov/g", "account: central, tagExpression: level = public, expiresAt: "
                                                             "'2020-01-01T00:00:00Z', to: {accounts: [{namespace: lab, name: lab}]}");
  EXPECT_EQ(claimed(yaml, "gov", "g"), Lines{});
  EXPECT_EQ(found(yaml, "gov", "g"), (Lines{"Ended Expired: access ended at 2020-01-01T00:00:00Z"}));
}

TEST(TagGrant, SaysWhichValuesNobodyDeclares) {
  const std::string tag = object("LFTag", "gov/level", "account: central, key: level, values: [public]");
  EXPECT_EQ(found(kWorld + tag + kToLabByTag, "gov", "open"),
            (Lines{"Invalid TagValueNotDeclared: \"internal\" is no value of LF-tag level: LFTag gov/level declares public"}));
  EXPECT_EQ(findings(claims(Declared(kWorld + tag + kToLabByTag), "LFTag", "gov", "level")),
            (Lines{"Invalid TagValueInUse: not declared any more, but still used, so not removed: internal (Grant gov/open)"}));
}

}  // namespace
}  // namespace datamesh::reconcilers
