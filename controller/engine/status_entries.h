// status.entries and status.undeclared: what the operator must not forget, written where its declaration is.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "controller/base/json.h"
#include "controller/engine/ledger.h"
#include "reconcilers/assess.h"

namespace datamesh::engine {

/// One element of status.entries.
Json encode_entry(const catalog::EntryKey& key, const Recorded& record, reconcilers::EntryState state);

/// "Conflict: …" of the Ready condition; empty when the resource is Ready, unknown, or nothing is said of it yet.
std::string trouble_of(const ResourceState* state);

/// The records of a persisted status.entries; what does not decode is left out.
std::map<KeyId, Recorded> decode_entries(const Json& entries, Ledger& ledger);

/// status.tables of a DataProduct: when its tables were made, by catalog and name.
Json encode_tables(const TableMemory& tables);
TableMemory decode_tables(const Json& tables);
/// status.recreatedTables of a DataProduct: what awaits approval, and what approves it; empty when nothing does.
Json encode_recreated(const mesh::WithheldTables& tables);

/// status.undeclared of an account: how many permissions nobody claims, and the oldest of them.
struct UndeclaredEntry {
  CatalogRef catalog;
  catalog::LocalKey key;
  Time since{};
};
Json encode_undeclared(std::vector<UndeclaredEntry> entries);
void restore_undeclared(const Json& undeclared,
                        const std::function<void(const CatalogRef&, const catalog::LocalKey&, Time)>& visit);

}  // namespace datamesh::engine
