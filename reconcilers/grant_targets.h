// What a Grant gives, receiver aside: the resources and permissions that its tables, columns and row filter come to.
// Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/catalog/permission.h"
#include "controller/mesh/mesh.h"

namespace datamesh::reconcilers {

struct GrantTarget {
  catalog::ResourceId resource;
  catalog::PermissionValue value;  ///< without options

  bool operator==(const GrantTarget&) const = default;
};

/// The permissions that `grant` names; SELECT and DESCRIBE when it names none.
catalog::PermissionSet permissions_of(const api::GrantSpec& grant);

/// The table-level targets of a product Grant named `name`, on the product's database in `owner`'s catalog.
std::vector<GrantTarget> grant_targets(const api::GrantSpec& grant, const std::string& name,
                                       const api::DataProductSpec& product, const std::string& owner);

/// The name of the data filter that the row filter of a Grant makes.
std::string filter_name(const api::ObjectKey& grant);

/// What the account `account_id` was granted on `product` by product Grants that are in force at `now`.
std::vector<GrantTarget> entitlements(const mesh::Mesh& mesh, const api::Resource& product,
                                      const std::string& account_id, Time now);

/// The local targets of a link Grant within `entitled`: with no tables named, all that the account has. What of a Grant the
/// account has not, or has no longer, takes nothing from the rest.
struct LocalTargets {
  std::vector<GrantTarget> targets;
  std::vector<std::string> excess;  ///< what goes beyond the entitlement, in the order of the tables
};
LocalTargets local_targets(const api::GrantSpec& grant, const std::string& link_table,
                           const std::string& database, const std::vector<GrantTarget>& entitled);

/// On what the account has what `local` passes on: the one resource of `entitled` that it takes, or all that give a part of it. Empty
/// when more than one would do alone.
std::vector<catalog::ResourceId> sources_of(const GrantTarget& local, const std::vector<GrantTarget>& entitled);

/// True while `grant` and its product let anybody in.
bool in_force(const api::Resource& grant, const api::DataProductSpec& product, Time now);

}  // namespace datamesh::reconcilers
