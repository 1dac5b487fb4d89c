// Which values of LF-tags an entry needs, what still uses those that are to go, and which tags come back with a column. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

using TagValues = std::map<std::string, std::set<std::string>>;  ///< by key

/// The tag values that must be there before `value` can be given to the entry; "*" names none.
TagValues tag_values_needed(const catalog::EntryKey& key, const catalog::EntryValue& value);

/// The values of `tag` that something in the catalog carries or is granted on, each with one that does.
/// Units: one pass over the tag assignments and the permissions by tag of the catalog.
std::map<std::string, catalog::LocalKey> tag_values_used(const catalog::Snapshot& snapshot, const std::string& account,
                                                         const std::string& tag);

/// The tag that the operator assigned to the column, nobody claims any more, and no reading shows: it could not be taken off
/// while the column was dropped. Absent for all else.
catalog::EntryValue believed_tag(const Ledger& ledger, const catalog::Snapshot& snapshot, KeyId id);

/// The table that is to have the column of such a tag again, and has it not yet.
std::optional<KeyId> awaited_with_column(const Ledger& ledger, const catalog::Snapshot& snapshot, KeyId id);

}  // namespace datamesh::engine
