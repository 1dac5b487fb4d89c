// What Mesh, Account and ResourceLink claim.
#include <gtest/gtest.h>

#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

TEST(AccountClaims, AreTheBaselineOfEveryRegion) {
  const mesh::Declared mesh(kFederatedMesh +
                            mesh::object("Account", "retail/retail",
                                         "accountId: '100000000002', regions: [eu-west-1, us-east-1], roles: [Producer], "
                                         "administrators: ['arn:aws:iam::100000000002:role/admin']"));
  const std::string settings =
      "Settings = admins arn:aws:iam::P:role/admin, arn:aws:iam::P:role/datamesh-operator, closed databases, closed "
      "tables, version 4 stays";
  EXPECT_EQ(lines(claims(mesh, "Account", "retail", "retail")),
            (Lines{"0 P/us-east-1: " + settings, "0 P: " + settings}));
}

TEST(AccountClaims, LeaveTheDefaultsAloneInHybridMode) {
  const mesh::Declared mesh(kFederatedMesh + mesh::account("retail/retail", "100000000002",
                                                           "accessMode: Hybrid, crossAccountVersion: 5"));
  EXPECT_EQ(lines(claims(mesh, "Account", "retail", "retail")),
            (Lines{"0 P: Settings = admins arn:aws:iam::P:role/datamesh-operator, version 5 stays"}));
}

TEST(AccountClaims, AreOnlyTheOldestsOfSeveralOfOneId) {
  const mesh::Declared mesh(kFederatedMesh + mesh::account("z/first", "100000000002") +
                            mesh::account("a/second", "100000000002"));
  EXPECT_EQ(lines(claims(mesh, "Account", "z", "first")).size(), 1u);
  const ClaimSet second = claims(mesh, "Account", "a", "second");
  EXPECT_EQ(lines(second), Lines{});
  EXPECT_EQ(findings(second),
            (Lines{"Invalid DuplicateAccount: accountId P is already declared by Account z/first"}));
}

TEST(AccountClaims, WaitForAMesh) {
  const mesh::Declared mesh(mesh::account("retail/retail", "100000000002"));
  EXPECT_EQ(findings(claims(mesh, "Account", "retail", "retail")),
            (Lines{"Waits MeshNotFound: no Mesh is declared: apply one to say who governs"}));
}

TEST(MeshClaims, AreNoneAndSayWhoIsMissing) {
  const mesh::Declared mesh(kCentralMesh);
  const ClaimSet set = claims(mesh, "Mesh", "", "mesh");
  EXPECT_EQ(lines(set), Lines{});
  EXPECT_EQ(findings(set), (Lines{"Waits AccountNotFound: Account gov/central is not declared"}));
}

TEST(MeshClaims, OfASecondMeshAreRefused) {
  const mesh::Declared mesh(kFederatedMesh + mesh::object("Mesh", "another", "governance: Federated"));
  EXPECT_EQ(findings(claims(mesh, "Mesh", "", "another")),
            (Lines{"Invalid DuplicateMesh: Mesh mesh is older and in force; delete one of the two"}));
  EXPECT_EQ(findings(claims(mesh, "Mesh", "", "mesh")), Lines{});
}

TEST(LinkClaims, AreTheShareAndTheLink) {
  const mesh::Declared mesh(kCentralMesh + kAccounts + kOrders + kLink);
  EXPECT_EQ(lines(claims(mesh, "ResourceLink", "lab", "orders")),
            (Lines{"5 K: ShareAcceptance C = accepted stays <- Settings", "8 K: Link orders = to C orders <- Settings"}));
}

TEST(LinkClaims, OfATableHaveADatabaseThatHoldsThem) {
  const mesh::Declared mesh(kCentralMesh + kAccounts + kOrders +
                            mesh::object("ResourceLink", "lab/lines",
                                         "account: lab, product: {namespace: retail, name: orders}, table: lines, name: "
                                         "order_lines, database: shop"));
  EXPECT_EQ(lines(claims(mesh, "ResourceLink", "lab", "lines")),
            (Lines{"5 K: ShareAcceptance C = accepted stays <- Settings",
                   "8 K: Database shop = 'Holds links to shared tables' at '' stays <- Settings",
                   "8 K: Link shop/order_lines = to C orders/lines <- Database shop"}));
}

TEST(LinkClaims, AreNoneWhereTheProductIsAtHome) {
  const mesh::Declared mesh(kFederatedMesh + kAccounts + kOrders +
                            mesh::object("ResourceLink", "retail/self", "account: retail, product: {name: orders}"));
  const ClaimSet set = claims(mesh, "ResourceLink", "retail", "self");
  EXPECT_EQ(lines(set), Lines{});
  EXPECT_EQ(findings(set),
            (Lines{"Ended NotNeeded: the product lives in this account's own catalog as orders"}));
}

TEST(LinkClaims, SayWhatTheyWaitFor) {
  const auto found = [](const std::string& yaml) {
    return findings(claims(mesh::Declared(yaml + kLink), "ResourceLink", "lab", "orders"));
  };
  EXPECT_EQ(found(kCentralMesh + kAccounts),
            (Lines{"Waits ProductNotFound: DataProduct retail/orders is not declared"}));
  EXPECT_EQ(found(kCentralMesh + kOrders), (Lines{"Waits AccountNotFound: Account lab/lab is not declared"}));
  EXPECT_EQ(found(kAccounts + kOrders),
            (Lines{"Waits MeshNotFound: no Mesh is declared: apply one to say who governs"}));
}

TEST(LinkClaims, GiveNoAuthorityOverAnAccountThatSomebodyElseDeclared) {
  const mesh::Declared mesh(kCentralMesh + mesh::account("victim/victim", "100000000003") + kAccounts + kOrders + kLink);
  const ClaimSet set = claims(mesh, "ResourceLink", "lab", "orders");
  EXPECT_EQ(lines(set), Lines{});
  EXPECT_EQ(findings(set), (Lines{"Invalid DuplicateAccount: Account lab/lab has the accountId of an older Account, "
                                  "which alone counts"}));
}

TEST(LinkClaims, SayWhichProductIsMissingInTheirOwnNamespace) {
  const mesh::Declared mesh(kCentralMesh + kAccounts +
                            mesh::object("ResourceLink", "lab/x", "account: lab, product: {name: nothing}"));
  EXPECT_EQ(findings(claims(mesh, "ResourceLink", "lab", "x")),
            (Lines{"Waits ProductNotFound: DataProduct lab/nothing is not declared"}));
}

}  // namespace
}  // namespace datamesh::reconcilers
