// Who governs what: the one function in which the three governance models differ, and the facts around it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/base/catalog_ref.h"
#include "controller/mesh/mesh.h"

namespace datamesh::mesh {

enum class Gap {
  None,
  MeshNotFound,
  AccountNotFound,
  DuplicateAccount,  ///< its id is another, older Account's: it speaks for nothing
  ProductNotFound,
  LineOfBusinessNotFound,
};

/// An account that was looked for, or what is missing.
struct AccountAnswer {
  const api::Resource* account = nullptr;
  Gap gap = Gap::None;
  std::string missing;  ///< names what is not there

  const api::AccountSpec& spec() const { return spec_of<api::AccountSpec>(*account); }
  explicit operator bool() const { return account != nullptr; }
};

/// The Account that `ref` names from namespace `ns`, where it speaks for its id.
AccountAnswer account_of(const api::Ref& ref, const std::string& ns, const Mesh& mesh);
/// The account whose catalog governs `product`: the central account, that of the product's line of business, or
/// the producer itself.
AccountAnswer owner_of(const api::Resource& product, const Mesh& mesh);
/// The account that produces `product`.
AccountAnswer producer_of(const api::Resource& product, const Mesh& mesh);
/// The consumer account of a ResourceLink.
AccountAnswer consumer_of(const api::Resource& link, const Mesh& mesh);

/// The regions in which `product` is published.
std::vector<std::string> regions_of(const api::DataProductSpec& product, const api::AccountSpec& producer);

/// The role as which the operator acts in the account: the connection's, else "datamesh-operator" in the partition of the
/// account's first region.
std::string operator_role(const api::AccountSpec& account);
api::AccessMode access_mode(const api::AccountSpec& account, const api::MeshSpec& mesh);
/// Who decides about what `product` says nothing narrower of: `owner` governs it.
api::AccessMode access_mode(const api::DataProductSpec& product, const api::AccountSpec& owner, const api::MeshSpec& mesh);
/// Who decides about the table.
api::AccessMode access_mode(const api::Table& table, const api::DataProductSpec& product, const api::AccountSpec& owner,
                            const api::MeshSpec& mesh);
/// True while IAM decides about the product, or about one of its tables: then its location is registered for both, its
/// database stays open to IAM, and whoever is granted something on it is opted in.
bool is_hybrid(const api::DataProductSpec& product, const api::AccountSpec& owner, const api::MeshSpec& mesh);
/// The cross-account version that the account is declared to have.
int cross_account_version(const api::AccountSpec& account, const api::MeshSpec& mesh);
api::Undeclared undeclared_policy(const api::AccountSpec& account, const api::MeshSpec& mesh);
api::DeletionPolicy deletion_policy(const api::DataProductSpec& product, const api::MeshSpec& mesh);

}  // namespace datamesh::mesh
