// Who holds what by LF-tags: what is there for certain, what may be there, and what will be in the end. Reads the ledger and
// the snapshots, changes neither.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/engine/planner.h"
#include "controller/engine/tag_view.h"

namespace datamesh::engine {

/// Permissions and those of them that may be passed on, with all that they stand for.
struct Rights {
  catalog::PermissionSet permissions;
  catalog::PermissionSet grantable;

  static Rights of(const catalog::PermissionValue& value, catalog::ResourceType type);

  bool empty() const { return permissions.empty() && grantable.empty(); }
  Rights operator|(const Rights& o) const { return {permissions | o.permissions, grantable | o.grantable}; }
  Rights operator&(const Rights& o) const { return {permissions & o.permissions, grantable & o.grantable}; }
  Rights operator-(const Rights& o) const { return {permissions - o.permissions, grantable - o.grantable}; }
  bool operator==(const Rights&) const = default;
};

/// The tags of one resource, by key; those that it has not are empty.
using TagRow = std::map<std::string, std::string>;

/// A permission by tags on its way from what is observed to what is declared. What is planned to be granted counts as there,
/// since nothing that builds on it is done after a grant that failed; what is planned to be revoked may be there for longer.
struct HeldPolicy : TagPolicy {
  std::optional<KeyId> id;
  Rights now;         ///< after what is planned before
  Rights lingering;   ///< revoked in this plan: gone only once that is done
  Rights in_the_end;

  bool goes() const { return !(now - in_the_end).empty(); }
  bool comes() const { return !(in_the_end - now).empty(); }
  /// `on_database`: of what the row is.
  bool reaches(const TagRow& row, bool on_database) const;
  /// The same, with other values for some keys.
  bool reaches(const TagRow& row, const TagRow& changed, bool on_database) const;
};

/// True when something may have the tags that both ask for.
bool overlap(const TagPolicy& a, const TagPolicy& b);
/// True when whatever both `a` and `b` reach is reached by `whole` too.
bool covers_overlap(const TagPolicy& whole, const TagPolicy& a, const TagPolicy& b);

/// The permission of the catalog as observed and as it will be in the end.
HeldPolicy held_policy(TagPolicy policy, const PlanInput& input, const CatalogRef& catalog);

}  // namespace datamesh::engine
