// The reference: who may do what by what is declared, worked out from the manifests and the documents alone, without
// a line of reconcilers/. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"
#include "tests/sim/right.h"

namespace datamesh::sim {

/// Every object that is declared and not being deleted.
using Declared = std::map<api::ObjectKey, Json>;

struct Expectation {
  Rights allowed;  ///< what the declared state gives
  Rights due;      ///< what of it must be in place when the world has come to rest
  std::set<std::pair<std::string, std::string>> links;  ///< account and local name of the links that shall exist
  std::set<std::string> hybrid;  ///< "owner:database" of the products about which IAM decides too
  /// Objects that cannot become Ready, with the reasons that they may show; "*" is any reason, or Ready after all.
  std::map<api::ObjectKey, std::set<std::string>> excused;
  /// Declared rights that Lake Formation does not let stand beside each other: which of them wins is a matter of order,
  /// and the operator goes on trying.
  bool contested = false;
};

/// What the declared state comes to at `now`.
Expectation expect(const Declared& declared, Time now);

/// The account that governs `product`; empty when it cannot be said.
std::string governor_of(const Declared& declared, const api::ObjectKey& product);
/// The accountId of an Account; empty when it is not declared.
std::string account_id(const Declared& declared, const std::string& ns, const std::string& name);
/// What the account's policy says of permissions that nobody declared: "Ignore", "Report" or "Revoke".
std::string undeclared_policy(const Declared& declared, const std::string& account);

/// The strings of a list.
std::vector<std::string> strings_at(const Json& object, std::string_view key);

}  // namespace datamesh::sim
