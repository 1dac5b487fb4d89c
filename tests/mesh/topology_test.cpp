#include "controller/mesh/topology.h"

#include <gtest/gtest.h>

#include "tests/mesh/declared.h"

namespace datamesh::mesh {
namespace {

const std::string kAccounts = account("gov/central", "100000000001") + account("lob/north", "100000000005") +
                              account("retail/retail", "100000000002", "lineOfBusiness: north") +
                              account("lab/lab", "100000000003");
const std::string kProduct = object("DataProduct", "retail/orders", "account: retail, database: orders");
const std::string kCentral =
    object("Mesh", "mesh", "governance: Central, centralAccount: {namespace: gov, name: central}");
const std::string kLines = object("Mesh", "mesh",
                                  "governance: LineOfBusiness, linesOfBusiness: [{name: north, centralAccount: "
                                  "{namespace: lob, name: north}}]");
const std::string kFederated = object("Mesh", "mesh", "governance: Federated");

std::string owner(const Declared& mesh) {
  const AccountAnswer answer = owner_of(mesh.at("DataProduct", "retail", "orders"), mesh);
  return answer ? answer.spec().account_id : "missing: " + answer.missing;
}

TEST(Owner, IsWhomTheModelSays) {
  EXPECT_EQ(owner(Declared(kCentral + kAccounts + kProduct)), "100000000001");
  EXPECT_EQ(owner(Declared(kLines + kAccounts + kProduct)), "100000000005");
  EXPECT_EQ(owner(Declared(kFederated + kAccounts + kProduct)), "100000000002");
}

TEST(Owner, IsUnknownWhereSomethingIsMissingAndSaysWhat) {
  EXPECT_EQ(owner(Declared(kAccounts + kProduct)), "missing: a Mesh");
  EXPECT_EQ(owner(Declared(kFederated + kProduct)), "missing: Account retail/retail");
  EXPECT_EQ(owner(Declared(kCentral + account("retail/retail", "100000000002") + kProduct)),
            "missing: Account gov/central");
  EXPECT_EQ(owner(Declared(kLines + account("retail/retail", "100000000002", "lineOfBusiness: south") + kProduct)),
            "missing: line of business south");
  EXPECT_EQ(owner(Declared(kLines + account("retail/retail", "100000000002") + kProduct)),
            "missing: the producer's lineOfBusiness");
}

TEST(Owner, IsNeverAnAccountThatIsDeclaredASecondTime) {
  // Whoever declares an account that another namespace has declared before does not come to speak for it.
  const std::string twin = account("retail/retail", "100000000001");
  const Declared mesh(kFederated + account("gov/central", "100000000001") + twin + kProduct);
  EXPECT_EQ(owner(mesh).substr(0, 8), "missing:");
  EXPECT_EQ(producer_of(mesh.at("DataProduct", "retail", "orders"), mesh).gap, Gap::DuplicateAccount);
}

TEST(Regions, AreTheProductsOrTheProducersFirst) {
  api::DataProductSpec product;
  api::AccountSpec producer;
  EXPECT_EQ(regions_of(product, producer), std::vector<std::string>{});
  producer.regions = {"eu-west-1", "us-east-1"};
  EXPECT_EQ(regions_of(product, producer), std::vector<std::string>{"eu-west-1"});
  product.regions = {"us-east-1", "eu-west-1"};
  EXPECT_EQ(regions_of(product, producer), product.regions);
}

TEST(Defaults, AreTheMeshsUntilTheObjectSaysOtherwise) {
  api::MeshSpec mesh;
  mesh.defaults = {api::Undeclared::Revoke, api::AccessMode::Hybrid, api::DeletionPolicy::Delete, 4};
  api::AccountSpec account;
  api::DataProductSpec product;
  EXPECT_EQ(undeclared_policy(account, mesh), api::Undeclared::Revoke);
  EXPECT_EQ(access_mode(account, mesh), api::AccessMode::Hybrid);
  EXPECT_EQ(deletion_policy(product, mesh), api::DeletionPolicy::Delete);
  account.undeclared = api::Undeclared::Ignore;
  account.access_mode = api::AccessMode::LakeFormation;
  product.deletion_policy = api::DeletionPolicy::Retain;
  EXPECT_EQ(undeclared_policy(account, mesh), api::Undeclared::Ignore);
  EXPECT_EQ(access_mode(account, mesh), api::AccessMode::LakeFormation);
  EXPECT_EQ(deletion_policy(product, mesh), api::DeletionPolicy::Retain);
}

TEST(AccessMode, IsTheTablesTheProductsTheAccountsOrTheMeshs) {
  using enum api::AccessMode;
  api::MeshSpec mesh;
  api::AccountSpec owner;
  api::DataProductSpec product;
  product.tables.resize(2);
  const auto mode = [&](std::size_t table) { return access_mode(product.tables[table], product, owner, mesh); };
  EXPECT_EQ(mode(0), LakeFormation);
  EXPECT_FALSE(is_hybrid(product, owner, mesh));
  mesh.defaults.access_mode = Hybrid;
  EXPECT_EQ(mode(0), Hybrid);
  owner.access_mode = LakeFormation;
  EXPECT_EQ(mode(0), LakeFormation);
  product.access_mode = Hybrid;
  EXPECT_EQ(mode(0), Hybrid);
  product.tables[0].access_mode = LakeFormation;
  EXPECT_EQ(mode(0), LakeFormation);
  EXPECT_EQ(mode(1), Hybrid);
  product.tables[1].access_mode = LakeFormation;
  EXPECT_TRUE(is_hybrid(product, owner, mesh)) << "tables to come are";
  product.access_mode = LakeFormation;
  EXPECT_FALSE(is_hybrid(product, owner, mesh));
  product.tables[1].access_mode = Hybrid;
  EXPECT_TRUE(is_hybrid(product, owner, mesh));
}

TEST(OperatorRole, IsTheConnectionsOrTheUsualOne) {
  api::AccountSpec account;
  account.account_id = "100000000001";
  EXPECT_EQ(operator_role(account), "arn:aws:iam::100000000001:role/datamesh-operator");
  account.connection.role_arn = "arn:aws:iam::100000000001:role/other";
  EXPECT_EQ(operator_role(account), "arn:aws:iam::100000000001:role/other");
}

TEST(OperatorRole, IsInThePartitionOfTheAccountsFirstRegion) {
  api::AccountSpec account;
  account.account_id = "100000000001";
  account.regions = {"eu-west-1"};
  EXPECT_EQ(operator_role(account), "arn:aws:iam::100000000001:role/datamesh-operator");
  account.regions = {"cn-north-1", "cn-northwest-1"};
  EXPECT_EQ(operator_role(account), "arn:aws-cn:iam::100000000001:role/datamesh-operator");
  account.regions = {"us-gov-west-1"};
  EXPECT_EQ(operator_role(account), "arn:aws-us-gov:iam::100000000001:role/datamesh-operator");
}

}  // namespace
}  // namespace datamesh::mesh
