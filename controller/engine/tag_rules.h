// Which values of LF-tags an entry needs, and what still uses those that are to go. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"

namespace datamesh::engine {

using TagValues = std::map<std::string, std::set<std::string>>;  ///< by key

/// The tag values that must be there before `value` can be given to the entry; "*" names none.
TagValues tag_values_needed(const catalog::EntryKey& key, const catalog::EntryValue& value);

/// The values of `tag` that something in the catalog carries or is granted on, each with one that does.
/// Units: one pass over the tag assignments and the permissions by tag of the catalog.
std::map<std::string, catalog::LocalKey> tag_values_used(const catalog::Snapshot& snapshot, const std::string& account,
                                                         const std::string& tag);

}  // namespace datamesh::engine
