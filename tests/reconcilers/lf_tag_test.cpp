// What an LFTag claims, and what it means for those who use its values.
#include <gtest/gtest.h>

#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

using mesh::Declared;
using mesh::object;

const std::string kWorld = kCentralMesh + kAccounts;

std::string tag(const std::string& name, const std::string& key, const std::string& values) {
  return object("LFTag", name, "account: central, key: " + key + ", values: [" + values + "]");
}
std::string product(const std::string& tags) {
  return object("DataProduct", "retail/orders",
                "account: retail, database: orders, location: 's3://data/orders', tags: {" + tags + "}, tables: [{name: lines, columns: [{name: id, type: bigint}]}]");
}
Lines found(const std::string& yaml, const std::string& kind, const std::string& ns, const std::string& name) {
  return findings(claims(Declared(yaml), kind, ns, name));
}
const catalog::TagKey& claimed_key(const ClaimSet& set) {
  return *std::get<catalog::Shared<catalog::TagKey>>(set.claims.at(0).value);
}

TEST(LFTag, ClaimsItsValuesAndNoOthers) {
  const ClaimSet set = claims(Declared(kWorld + tag("gov/level", "level", "public, internal")), "LFTag", "gov", "level");
  EXPECT_EQ(lines(set), (Lines{"0 C: TagKey level = internal, public <- Settings"}));
  EXPECT_TRUE(claimed_key(set).exact);
}

TEST(LFTag, KeepsWhatIsUsedAndSaysByWhom) {
  const std::string yaml = kWorld + tag("gov/level", "level", "public") + product("level: Secret");
  const ClaimSet set = claims(Declared(yaml), "LFTag", "gov", "level");
  EXPECT_EQ(claimed_key(set), (catalog::TagKey{{"public"}, {"secret"}, true}));
  EXPECT_EQ(findings(set), (Lines{"Invalid TagValueInUse: not declared any more, but still used, so not removed: secret "
                                  "(DataProduct retail/orders)"}));
}

TEST(LFTag, IsTheAuthorityForItsKey) {
  const std::string yaml = kWorld + tag("gov/level", "level", "public, internal") + product("level: publik, domain: retail");
  EXPECT_EQ(found(yaml, "DataProduct", "retail", "orders"),
            (Lines{"Invalid TagValueNotDeclared: \"publik\" is no value of LF-tag level: LFTag gov/level declares internal, public"}));
  Lines keys;
  for (const std::string& each : lines(claims(Declared(yaml), "DataProduct", "retail", "orders"))) {
    if (each.find("TagKey") < each.find(" = ")) keys.push_back(each);
  }
  EXPECT_EQ(keys, (Lines{"2 C: TagKey domain = retail stays <- Settings"}));
}

TEST(LFTag, SaysNothingOfOtherAccountsCatalogs) {
  const std::string yaml = kFederatedMesh + kAccounts + tag("gov/level", "level", "public") + product("level: secret");
  EXPECT_EQ(found(yaml, "DataProduct", "retail", "orders"), Lines{});
  EXPECT_EQ(found(yaml, "LFTag", "gov", "level"), Lines{});
}

TEST(LFTag, CountsOnlyInTheNamespaceOfItsAccount) {
  EXPECT_EQ(found(kWorld + tag("retail/level", "level", "public"), "LFTag", "retail", "level"),
            (Lines{"Waits AccountNotFound: Account retail/central is not declared"}));
}

TEST(LFTag, YieldsToAnOlderOneOfTheSameKey) {
  const std::string yaml = kWorld + tag("gov/a", "level", "public") + tag("gov/b", "level", "internal");
  EXPECT_EQ(found(yaml, "LFTag", "gov", "a"), Lines{});
  EXPECT_EQ(found(yaml, "LFTag", "gov", "b"),
            (Lines{"Invalid DuplicateTag: LFTag gov/a is older and declares level of account C already"}));
}

TEST(LFTag, ClaimsOnWhileItIsDeletedAndUsed) {
  const auto deleted = [](const std::string& yaml) {
    Declared mesh(yaml);
    api::Resource tag = mesh.at("LFTag", "gov", "level");
    tag.metadata.deletion = mesh::kStart;
    mesh.put(tag);
    return claims(mesh, "LFTag", "gov", "level");
  };
  const std::string declared = kWorld + tag("gov/level", "level", "public, internal");
  EXPECT_EQ(deleted(declared), ClaimSet{});
  const ClaimSet held = deleted(declared + product("level: public"));
  EXPECT_EQ(lines(held), (Lines{"0 C: TagKey level = internal, public <- Settings"}));
  EXPECT_EQ(findings(held), (Lines{"Invalid TagValueInUse: being deleted, but still used, so nothing is removed: public "
                                   "(DataProduct retail/orders)"}));
}

}  // namespace
}  // namespace datamesh::reconcilers
