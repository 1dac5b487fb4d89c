// What permissions on databases and tables reach, by name or by tags, and whether two of them have something in common. Reads the
// ledger and the snapshots, changes neither.
#pragma once

#include <optional>

#include "controller/engine/planner.h"
#include "controller/engine/tag_view.h"

namespace datamesh::engine {

struct Reach {
  catalog::PermissionId id;
  std::optional<TagPolicy> policy;  ///< of what is given by tags

  bool is_on_databases() const;
};

/// nullopt for what is no permission on databases, on tables or on a part of these.
std::optional<Reach> reach_of(const catalog::LocalKey& key);

/// The permissions, with those that they stand for; SELECT on columns counts as SELECT.
catalog::PermissionSet permissions_in(const catalog::PermissionValue& value, catalog::ResourceType type);

/// What is declared and not there.
catalog::PermissionSet still_to_give(KeyId id, const Reach& reach, const PlanInput& input);

/// True when some database, table or column is reached by `goes` as tags are now, and by `comes` as they will be.
bool meet(const Reach& goes, const Reach& comes, const PlanInput& input);

}  // namespace datamesh::engine
