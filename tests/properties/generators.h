// Seeded generators for the properties: permissions, the rows that AWS would list for them, entries and meshes. Every
// failure names its seed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/base/json.h"
#include "controller/catalog/entry.h"
#include "controller/catalog/snapshot.h"
#include "tests/sim/random.h"

namespace datamesh::properties {

using Entries = std::map<catalog::LocalKey, catalog::EntryValue>;

/// Runs `property` for so many seeds, each failure traced with its seed.
inline constexpr std::uint64_t kSeeds = 400;

/// A permission of any type, with a value that Lake Formation could hold for it.
catalog::PermissionId permission_id(sim::Random& random);
catalog::PermissionValue permission_value(sim::Random& random, catalog::ResourceType type);
/// Several permissions, canonical.
Entries permissions(sim::Random& random);

/// The rows of ListPermissions for `entries`, in any order, in any of the forms that AWS chooses between: SELECT on
/// its own row, ALL or spelled out, the wildcard as a member or as the name ALL_TABLES.
/// Source: lake-formation.md 2.4, traps T1, T2, T24
std::vector<Json> listed_rows(sim::Random& random, const Entries& entries);

}  // namespace datamesh::properties
