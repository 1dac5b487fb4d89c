// One catalog as it was read, in canonical form. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/error.h"
#include "controller/catalog/entry.h"

namespace datamesh::catalog {

struct Snapshot {
  Time taken{};  ///< when the reading began: what was changed later may be missing
  std::map<LocalKey, EntryValue> entries;
  /// Why what is shared could not be read: then the ShareAcceptance entries are missing, and no permission says
  /// `share_broken`.
  std::optional<Error> shares_error;

  /// The entry, or null when absent.
  const EntryValue* find(const LocalKey& key) const {
    const auto found = entries.find(key);
    return found == entries.end() ? nullptr : &found->second;
  }
};

/// The value of `key`, a TagAssignment on a table or column, that it would have without an assignment of its own:
/// that of the table, else that of the database; null when none.
/// Source: lake-formation.md 2.7 (inheritance database -> table -> column)
const EntryValue* inherited_tag(const Snapshot& snapshot, const LocalKey& key);

/// The permissions that `snapshot`, of a catalog of `account`, has on its own table, on columns of it and on its data filters.
std::vector<LocalKey> permissions_on_table(const Snapshot& snapshot, const std::string& account, const std::string& database,
                                           const std::string& table);

}  // namespace datamesh::catalog
