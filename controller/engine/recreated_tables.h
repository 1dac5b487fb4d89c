// Tables of a product that were dropped and made again: whether they are the ones to which access was given. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/mesh/mesh.h"

namespace datamesh::engine {

/// The creation times of a product's tables under which access to them was given, by the entries of the tables; nullopt: it
/// was given under one that nobody remembers. In `status.tables` of a DataProduct that wants approval, and nowhere else.
using TableMemory = std::map<catalog::EntryKey, std::optional<Time>>;

/// One table of a product as the last readings show it.
struct SeenTable {
  catalog::EntryKey key;
  std::optional<Time> created;  ///< nullopt: it is not there, or was made since the last reading
  bool is_given = false;        ///< what Grants give on it by name stands
  bool is_known = false;        ///< the product had it, by all that the catalog shows, and its status does not say so any more
};

/// The tokens of the annotation that approves.
std::set<std::string> approvals_in(const std::string& annotation);

/// What the status shall say: of tables that are new to the product the time at which they were made, of those made again the
/// time that was recorded, until somebody approves. Tables that were not seen stay as they were.
TableMemory remembered(const TableMemory& recorded, const std::vector<SeenTable>& seen, const std::set<std::string>& approvals);

/// The tables on which nothing is given, as long as the status says `recorded`: those made again, those that are not there, and
/// new ones, until their time is on the record, so that a crash in between forgets none of them.
mesh::WithheldTables withheld(const TableMemory& recorded, const std::vector<SeenTable>& seen,
                              const std::set<std::string>& approvals);

}  // namespace datamesh::engine
