// What stands in the way of an entry although nothing that it needs is missing: a name that is taken, and rights that
// Lake Formation does not let stand beside each other. Pure.
#pragma once

#include <optional>
#include <string>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

/// The entry of another kind that has the name which `action` needs: links and databases share their names, and so do
/// links and tables. nullopt when the name is free, or nothing is created.
std::optional<catalog::EntryKey> occupant_of(const catalog::Snapshot& snapshot, const catalog::Action& action);

/// A link has taken the name of the database or table: what was granted on what had it before went with that. Only what
/// links can carry may be there. Source: lake-formation.md 2.6
bool is_lost_to_a_link(const catalog::Snapshot& snapshot, const catalog::EntryKey& key, const catalog::PermissionValue& value);

/// Rights of the same principal on the same table beside which `grant` has no effect or is refused.
struct Rival {
  catalog::EntryKey key;
  std::string message;  ///< names the rule
};

/// A part of the columns stands beside nothing but SELECT on the table. Rights on the table that are held or claimed keep
/// a partial SELECT out; a partial SELECT that is held keeps out rights on the table.
/// Source: lake-formation.md 2.2, rule 3
std::optional<Rival> rival_of(const catalog::Snapshot& snapshot, const Ledger& ledger, const catalog::Action& grant);

/// A permission of ours that stands on the table which `update` is to change, and is withheld: whoever has it would see with it
/// what the table is to have next.
std::optional<catalog::EntryKey> withheld_beside(const catalog::Snapshot& snapshot, const Ledger& ledger,
                                                 const catalog::Action& update);

}  // namespace datamesh::engine
