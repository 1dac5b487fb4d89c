// Who receives what a Grant gives. Pure.
#pragma once

#include <string>
#include <vector>

#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

struct Receiver {
  std::string principal;
  std::string account;  ///< empty when the principal names none

  bool is_whole_account() const { return principal == account; }
  bool operator==(const Receiver&) const = default;
};

/// True for principals of the account `id`, but not for the account as a whole. Users and groups of IAM Identity Center name
/// no account: they are principals of whichever is connected to it.
bool is_within(const Receiver& receiver, const std::string& id);

/// Accounts, principals and personas as Lake Formation principals; what is not declared becomes a finding.
std::vector<Receiver> receivers_of(const api::Resource& grant, const mesh::Mesh& mesh, ClaimSet& set);

}  // namespace datamesh::reconcilers
