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

/// Accounts, principals and personas as Lake Formation principals; what is not declared becomes a finding.
std::vector<Receiver> receivers_of(const api::Resource& grant, const mesh::Mesh& mesh, ClaimSet& set);

}  // namespace datamesh::reconcilers
