#include "controller/mesh/mesh.h"

#include <gtest/gtest.h>

#include "tests/mesh/declared.h"

namespace datamesh::mesh {
namespace {

using Keys = std::vector<std::string>;

Keys texts(const std::vector<api::ObjectKey>& keys) {
  Keys out;
  for (const auto& key : keys) out.push_back(key.kind + " " + (key.ns.empty() ? "" : key.ns + "/") + key.name);
  return out;
}

const std::string kMesh = object("Mesh", "mesh", "governance: Central, centralAccount: {namespace: gov, name: central}");
const std::string kProduct = object("DataProduct", "retail/orders", "account: retail, database: orders");
const std::string kLink = object("ResourceLink", "lab/orders", "account: lab, product: {namespace: retail, name: orders}");
const std::string kGrant = object("Grant", "retail/to-lab",
                                  "product: {name: orders}, to: {accounts: [{namespace: lab, name: lab}]}");
const std::string kLocal = object("Grant", "lab/analysts",
                                  "link: orders, to: {personas: [{account: {name: lab}, name: analysts}]}");

Declared whole() {
  return Declared(kMesh + account("gov/central", "100000000001") + account("retail/retail", "100000000002") +
                  account("lab/lab", "100000000003") + account("other/other", "100000000004") + kProduct + kLink +
                  kGrant + kLocal);
}

TEST(Mesh, KnowsWhoRefersToWhat) {
  const Declared mesh = whole();
  EXPECT_EQ(texts(mesh.referrers({"DataProduct", "retail", "orders"})),
            (Keys{"Grant retail/to-lab", "ResourceLink lab/orders"}));
  EXPECT_EQ(texts(mesh.referrers({"Account", "lab", "lab"})),
            (Keys{"Grant lab/analysts", "Grant retail/to-lab", "ResourceLink lab/orders"}));
  EXPECT_EQ(texts(mesh.referrers({"Account", "gov", "central"})), (Keys{"Mesh mesh"}));
}

TEST(Mesh, KnowsWhoRefersToWhatIsNotThereYet) {
  Declared mesh(kLink);
  EXPECT_EQ(texts(mesh.affected_by({"DataProduct", "retail", "orders"})),
            (Keys{"DataProduct retail/orders", "ResourceLink lab/orders"}));
}

TEST(Mesh, ForgetsTheReferencesOfWhatIsRemovedOrReplaced) {
  Declared mesh = whole();
  mesh.remove({"Grant", "retail", "to-lab"});
  mesh.apply(object("ResourceLink", "lab/orders", "account: lab, product: {namespace: retail, name: items}"));
  EXPECT_EQ(texts(mesh.referrers({"DataProduct", "retail", "orders"})), Keys{});
  EXPECT_EQ(texts(mesh.referrers({"DataProduct", "retail", "items"})), (Keys{"ResourceLink lab/orders"}));
}

TEST(Mesh, AffectsWhoeverLeansOnAResourceAtAnyDistance) {
  const Declared mesh = whole();
  struct Case {
    api::ObjectKey changed;
    Keys affected;
  };
  const std::vector<Case> cases = {
      {{"DataProduct", "retail", "orders"},
       {"DataProduct retail/orders", "Grant lab/analysts", "Grant retail/to-lab", "ResourceLink lab/orders"}},
      {{"ResourceLink", "lab", "orders"}, {"Grant lab/analysts", "ResourceLink lab/orders"}},
      {{"Grant", "lab", "analysts"}, {"Grant lab/analysts"}},
      {{"Grant", "retail", "to-lab"}, {"Grant lab/analysts", "Grant retail/to-lab", "ResourceLink lab/orders"}},
      {{"Account", "retail", "retail"},
       {"Account retail/retail", "DataProduct retail/orders", "Grant lab/analysts", "Grant retail/to-lab",
        "ResourceLink lab/orders"}},
      {{"Account", "other", "other"}, {"Account other/other"}},
  };
  for (const Case& each : cases) EXPECT_EQ(texts(mesh.affected_by(each.changed)), each.affected) << each.changed.name;
}

TEST(Mesh, AffectsEverythingWhenWhoGovernsChanges) {
  const Declared mesh = whole();
  EXPECT_EQ(mesh.affected_by({"Mesh", "", "mesh"}).size(), mesh.all().size());
  EXPECT_EQ(mesh.affected_by({"Account", "gov", "central"}).size(), mesh.all().size());
}

TEST(Mesh, AffectsTheTwinsOfAnAccountId) {
  Declared mesh(account("a/one", "100000000009") + account("b/two", "100000000009") +
                object("DataProduct", "b/p", "account: two, database: p"));
  EXPECT_EQ(texts(mesh.affected_by({"Account", "a", "one"})),
            (Keys{"Account a/one", "Account b/two", "DataProduct b/p"}));
}

TEST(Mesh, HasTheOldestMeshInForce) {
  Declared mesh(object("Mesh", "zebra", "governance: Federated") +
                object("Mesh", "antelope", "governance: Central, centralAccount: {namespace: gov, name: central}"));
  EXPECT_EQ(mesh.settings()->key.name, "zebra");
  EXPECT_EQ(mesh.spec().governance, api::Governance::Federated);
  mesh.begin_deletion("Mesh", "", "zebra");
  EXPECT_EQ(mesh.settings()->key.name, "antelope") << "one that is being deleted governs no more";
}

TEST(Mesh, HasDefaultsWhereNoMeshIsDeclared) {
  const Declared mesh;
  EXPECT_EQ(mesh.settings(), nullptr);
  EXPECT_EQ(mesh.spec(), api::MeshSpec{});
}

TEST(Mesh, ListsAccountsOfOneIdOldestFirst) {
  Declared mesh(account("z/first", "100000000009") + account("a/second", "100000000009"));
  std::vector<std::string> names;
  for (const auto* twin : mesh.accounts_with_id("100000000009")) names.push_back(twin->key.name);
  EXPECT_EQ(names, (std::vector<std::string>{"first", "second"}));
  mesh.remove({"Account", "z", "first"});
  EXPECT_EQ(mesh.accounts_with_id("100000000009").size(), 1u);
  mesh.apply(account("a/second", "100000000010"));
  EXPECT_TRUE(mesh.accounts_with_id("100000000009").empty()) << "it has another id now";
}

}  // namespace
}  // namespace datamesh::mesh
