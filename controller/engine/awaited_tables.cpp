#include "controller/engine/awaited_tables.h"

#include <algorithm>
#include <set>

#include "controller/base/json.h"
#include "reconcilers/reasons.h"
#include "reconcilers/withheld_tables.h"

namespace datamesh::engine {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;

/// The table in whose catalog, and on which, the entry is; nullopt for one that is on no table.
std::optional<EntryKey> table_of(const EntryKey& entry) {
  const std::string& name = entry.local.name;
  if (entry.local.kind == EntryKind::Permission || entry.local.kind == EntryKind::OptIn) {
    const auto id = catalog::parse_permission_id(name);
    if (!id || id->resource.table.empty()) return std::nullopt;
    return EntryKey{{id->resource.owner, entry.catalog.region}, catalog::table_key(id->resource.database, id->resource.table)};
  }
  if (entry.local.kind == EntryKind::TagAssignment) return EntryKey{entry.catalog, catalog::holder_of_tag(name)};
  const std::size_t first = name.find('/');
  if (first == std::string::npos) return std::nullopt;
  const std::string table = name.substr(first + 1, name.find('/', first + 1) - first - 1);
  return EntryKey{entry.catalog, catalog::table_key(name.substr(0, first), table)};
}

void add(AwaitedTable& table, const EntryKey& key, const catalog::EntryValue& value, const api::ObjectKey& because) {
  auto at = std::find_if(table.entries.begin(), table.entries.end(), [&](const AwaitedEntry& each) { return each.key == key; });
  if (at == table.entries.end()) at = table.entries.insert(at, {key, value, {}});
  else if (auto both = catalog::merged(at->value, value)) at->value = std::move(*both);
  at->because.push_back(because);
}

/// The product, its Grants, its links and the Grants on these.
std::set<api::ObjectKey> withholders(const api::ObjectKey& product, const mesh::Mesh& mesh) {
  std::set<api::ObjectKey> out{product};
  for (const api::ObjectKey& key : mesh.affected_by(product)) out.insert(key);
  return out;
}

std::string joined(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

/// A patch that sets one annotation, whether or not the object has others.
Json annotation_patch(const api::Resource& object, const std::string& name, const std::string& value) {
  if (object.metadata.annotations.empty()) {
    return Json::array({{{"op", "add"}, {"path", "/metadata/annotations"}, {"value", {{name, value}}}}});
  }
  std::string part;
  for (const char c : name) part += c == '/' ? "~1" : std::string(1, c);
  return Json::array({{{"op", "add"}, {"path", "/metadata/annotations/" + part}, {"value", value}}});
}

}  // namespace

std::vector<AwaitedTable> awaited_tables(const api::ObjectKey& product, const mesh::Mesh& mesh, const Ledger& ledger) {
  std::vector<AwaitedTable> out;
  for (const auto& [table, state] : mesh.withheld(product)) {
    if (state.why == mesh::Withheld::MadeAgain) out.push_back({product, table, state.created, {}});
  }
  if (out.empty()) return out;
  for (const api::ObjectKey& key : withholders(product, mesh)) {
    const ResourceState* state = ledger.find(key);
    if (state == nullptr) continue;
    for (const auto& [id, value] : state->withheld) {
      const auto on = table_of(ledger.key(id));
      const auto at = std::find_if(out.begin(), out.end(), [&](const AwaitedTable& each) { return on && each.table == *on; });
      if (at != out.end()) add(*at, ledger.key(id), value, key);
    }
  }
  for (AwaitedTable& table : out) {
    std::sort(table.entries.begin(), table.entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  }
  return out;
}

std::vector<AwaitedTable> awaited_tables(const mesh::Mesh& mesh, const Ledger& ledger) {
  std::vector<AwaitedTable> out;
  for (const auto& [product, tables] : mesh.withheld()) {
    auto found = awaited_tables(product, mesh, ledger);
    out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  return out;
}

std::string approval_of(const AwaitedTable& table) { return reconcilers::approval_of(table.table, table.created); }

catalog::Snapshot as_approved(const catalog::Snapshot& snapshot, const CatalogRef& catalog, const std::vector<AwaitedTable>& tables) {
  catalog::Snapshot out = snapshot;
  for (const AwaitedTable& table : tables) {
    for (const AwaitedEntry& entry : table.entries) {
      if (entry.key.catalog != catalog) continue;
      const auto [at, is_new] = out.entries.try_emplace(entry.key.local, entry.value);
      if (is_new) continue;
      if (auto both = catalog::merged(at->second, entry.value)) at->second = std::move(*both);
    }
  }
  return out;
}

Remedy approval_remedy(const std::vector<AwaitedTable>& tables, const mesh::Mesh& mesh) {
  const api::ObjectKey& product = tables.front().product;
  std::set<std::string> names, waiting;
  std::string approvals;
  for (const AwaitedTable& table : tables) {
    names.insert(table.table.local.name + " was made again at " + to_rfc3339(table.created));
    approvals += (approvals.empty() ? "" : ",") + approval_of(table);
    for (const AwaitedEntry& entry : table.entries) {
      for (const api::ObjectKey& key : entry.because) waiting.insert(key.kind + " " + name_of(key));
    }
  }
  Remedy out;
  out.text = "table " + joined(names) + ", and DataProduct " + name_of(product) + " wants approval before anything is given on it (" +
             std::string(reconcilers::reason::kTableRecreated) + "); for that wait " + joined(waiting) +
             ". Whoever answers for the product looks at the table and approves it as it is now, in namespace " + product.ns;
  if (const api::Resource* resource = mesh.find(product)) {
    out.patches.push_back({product, annotation_patch(*resource, reconcilers::kApproveTablesAnnotation, approvals)});
  }
  return out;
}

Json awaiting_json(const mesh::Mesh& mesh, const Ledger& ledger) {
  Json out = Json::array();
  for (const AwaitedTable& table : awaited_tables(mesh, ledger)) {
    Json actions = Json::array();
    for (const AwaitedEntry& entry : table.entries) {
      const bool is_permission = entry.key.local.kind == EntryKind::Permission;
      const catalog::Action action{entry.key, is_permission ? catalog::Verb::Grant : catalog::Verb::Create, entry.value,
                                   catalog::Cause::Declared};
      Json because = Json::array();
      for (const api::ObjectKey& key : entry.because) because.push_back(to_string(key));
      actions.push_back({{"catalog", to_string(entry.key.catalog)}, {"summary", describe(action)}, {"because", because}});
    }
    Json reached_by = Json::array();
    const api::Resource* product = mesh.find(table.product);
    for (const api::ObjectKey& key : product == nullptr ? std::vector<api::ObjectKey>{} : reconcilers::grants_on_all_tables(*product, mesh)) {
      reached_by.push_back(to_string(key));
    }
    out.push_back({{"product", to_string(table.product)}, {"catalog", to_string(table.table.catalog)},
                   {"table", table.table.local.name}, {"madeAt", to_rfc3339(table.created)},
                   {"annotation", reconcilers::kApproveTablesAnnotation}, {"approval", approval_of(table)},
                   {"actions", actions}, {"reachedBy", reached_by}});
  }
  return out;
}

}  // namespace datamesh::engine
