#include "controller/mesh/topology.h"

#include <algorithm>

#include "controller/base/partition.h"

namespace datamesh::mesh {

AccountAnswer account_of(const api::Ref& ref, const std::string& ns, const Mesh& mesh) {
  const api::Resource* found = mesh.find("Account", ref, ns);
  const std::string name = "Account " + (ref.ns.empty() ? ns : ref.ns) + "/" + ref.name;
  if (found == nullptr) return {nullptr, Gap::AccountNotFound, name};
  // Declaring somebody else's account a second time must give no authority over it.
  const auto twins = mesh.accounts_with_id(spec_of<api::AccountSpec>(*found).account_id);
  if (twins.front() != found) return {nullptr, Gap::DuplicateAccount, name};
  return {found, Gap::None, ""};
}

namespace {

AccountAnswer line_of_business_account(const std::string& name, const Mesh& mesh) {
  for (const auto& line : mesh.spec().lines_of_business) {
    if (line.name == name) return account_of(line.central_account, "", mesh);
  }
  return {nullptr, Gap::LineOfBusinessNotFound,
          name.empty() ? "the producer's lineOfBusiness" : "line of business " + name};
}

}  // namespace

AccountAnswer producer_of(const api::Resource& product, const Mesh& mesh) {
  return account_of({"", spec_of<api::DataProductSpec>(product).account}, product.key.ns, mesh);
}

AccountAnswer consumer_of(const api::Resource& link, const Mesh& mesh) {
  return account_of({"", spec_of<api::ResourceLinkSpec>(link).account}, link.key.ns, mesh);
}

AccountAnswer owner_of(const api::Resource& product, const Mesh& mesh) {
  if (mesh.settings() == nullptr) return {nullptr, Gap::MeshNotFound, "a Mesh"};
  const AccountAnswer producer = producer_of(product, mesh);
  if (!producer) return producer;
  switch (mesh.spec().governance) {
    case api::Governance::Federated: return producer;
    case api::Governance::Central:
      return account_of(mesh.spec().central_account.value_or(api::Ref{}), "", mesh);
    case api::Governance::LineOfBusiness:
      return line_of_business_account(producer.spec().line_of_business, mesh);
  }
  return producer;
}

std::vector<std::string> regions_of(const api::DataProductSpec& product,
                                    const api::AccountSpec& producer) {
  if (!product.regions.empty()) return product.regions;
  if (producer.regions.empty()) return {};
  return {producer.regions.front()};
}

std::string operator_role(const api::AccountSpec& account) {
  if (!account.connection.role_arn.empty()) return account.connection.role_arn;
  const std::string_view partition = partition_of(account.regions.empty() ? "" : account.regions.front());
  return "arn:" + std::string(partition) + ":iam::" + account.account_id + ":role/datamesh-operator";
}

api::AccessMode access_mode(const api::AccountSpec& account, const api::MeshSpec& mesh) {
  return account.access_mode.value_or(mesh.defaults.access_mode);
}

api::AccessMode access_mode(const api::DataProductSpec& product, const api::AccountSpec& owner, const api::MeshSpec& mesh) {
  return product.access_mode.value_or(access_mode(owner, mesh));
}

api::AccessMode access_mode(const api::Table& table, const api::DataProductSpec& product, const api::AccountSpec& owner,
                            const api::MeshSpec& mesh) {
  return table.access_mode.value_or(access_mode(product, owner, mesh));
}

bool is_hybrid(const api::DataProductSpec& product, const api::AccountSpec& owner, const api::MeshSpec& mesh) {
  if (access_mode(product, owner, mesh) == api::AccessMode::Hybrid) return true;
  return std::any_of(product.tables.begin(), product.tables.end(), [&](const api::Table& table) {
    return access_mode(table, product, owner, mesh) == api::AccessMode::Hybrid;
  });
}

int cross_account_version(const api::AccountSpec& account, const api::MeshSpec& mesh) {
  return account.cross_account_version.value_or(mesh.defaults.cross_account_version);
}

api::Undeclared undeclared_policy(const api::AccountSpec& account, const api::MeshSpec& mesh) {
  return account.undeclared.value_or(mesh.defaults.undeclared);
}

api::DeletionPolicy deletion_policy(const api::DataProductSpec& product, const api::MeshSpec& mesh) {
  return product.deletion_policy.value_or(mesh.defaults.deletion_policy);
}

}  // namespace datamesh::mesh
