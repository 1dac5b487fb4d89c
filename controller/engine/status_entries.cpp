#include "controller/engine/status_entries.h"

#include <algorithm>
#include <tuple>

#include "reconcilers/withheld_tables.h"

namespace datamesh::engine {
namespace {

/// An account's status lists so many undeclared permissions, the oldest first.
constexpr std::size_t kListedUndeclared = 50;
/// A product's status lists so many tables that were made again.
constexpr std::size_t kListedRecreated = 50;
/// In the place of a time that nobody remembers.
constexpr const char* kForgotten = "Unknown";

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> out;
  for (const Json& each : list) {
    if (each.is_string()) out.push_back(each.get<std::string>());
  }
  return out;
}

std::optional<CatalogRef> parse_catalog(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  return CatalogRef{text.substr(0, slash), text.substr(slash + 1)};
}

bool true_at(const Json& object, const char* key) { return member(object, key) == true; }

}  // namespace

Json encode_entry(const catalog::EntryKey& key, const Recorded& record, reconcilers::EntryState state) {
  Json entry = {{"catalog", to_string(key.catalog)},
                {"kind", to_string(key.local.kind)},
                {"name", key.local.name},
                {"state", to_string(state)}};
  const catalog::PermissionValue& value = record.permission;
  if (!value.permissions.empty()) entry["permissions"] = value.permissions.names();
  if (!value.grantable.empty()) entry["grantable"] = value.grantable.names();
  if (!value.columns.empty()) entry["columns"] = value.columns;
  if (!record.tag_value.empty()) entry["value"] = record.tag_value;
  if (record.adopted) entry["adopted"] = true;
  if (record.retain) entry["retain"] = true;
  return entry;
}

std::map<KeyId, Recorded> decode_entries(const Json& entries, Ledger& ledger) {
  std::map<KeyId, Recorded> out;
  for (const Json& entry : entries) {
    const auto ref = parse_catalog(string_at(entry, "catalog"));
    const auto kind = catalog::parse_entry_kind(string_at(entry, "kind"));
    if (!ref || !kind) continue;
    Recorded record;
    record.permission.permissions = catalog::PermissionSet::of_names(strings(member(entry, "permissions")));
    record.permission.grantable = catalog::PermissionSet::of_names(strings(member(entry, "grantable")));
    record.permission.columns = strings(member(entry, "columns"));
    if (!record.permission.grantable.empty()) record.permission.grantable_columns = record.permission.columns;
    record.tag_value = string_at(entry, "value");
    record.adopted = true_at(entry, "adopted");
    record.retain = true_at(entry, "retain");
    out[ledger.intern({*ref, {*kind, string_at(entry, "name")}})] = std::move(record);
  }
  return out;
}

std::string trouble_of(const ResourceState* state) {
  if (state == nullptr || state->conditions.empty()) return "";
  for (const Json& condition : Json::parse(state->conditions)) {
    if (string_at(condition, "type") != "Ready" || string_at(condition, "status") == "True") continue;
    return string_at(condition, "reason") + ": " + string_at(condition, "message");
  }
  return "";
}

Json encode_tables(const TableMemory& tables) {
  Json out = Json::object();
  for (const auto& [key, created] : tables) {
    out[to_string(key.catalog)][key.local.name] = created ? to_rfc3339(*created) : kForgotten;
  }
  return out;
}

TableMemory decode_tables(const Json& tables) {
  TableMemory out;
  for (const auto& [catalog, times] : tables.items()) {
    const auto ref = parse_catalog(catalog);
    if (!ref || !times.is_object()) continue;
    for (const auto& [table, time] : times.items()) {
      out[{*ref, {catalog::EntryKind::Table, table}}] = time.is_string() ? parse_rfc3339(time.get<std::string>()) : std::nullopt;
    }
  }
  return out;
}

Json encode_recreated(const mesh::WithheldTables& tables) {
  std::size_t count = 0;
  Json items = Json::array();
  for (const auto& [key, state] : tables) {
    if (state.why != mesh::Withheld::MadeAgain || ++count > kListedRecreated) continue;
    items.push_back({{"catalog", to_string(key.catalog)}, {"table", reconcilers::approval_of(key, state.created)}});
  }
  if (count == 0) return Json::object();
  return {{"hash", reconcilers::approval_of_all(tables)}, {"count", count}, {"items", items}};
}

Json encode_undeclared(std::vector<UndeclaredEntry> entries) {
  std::sort(entries.begin(), entries.end(), [](const UndeclaredEntry& a, const UndeclaredEntry& b) {
    return std::tie(a.since, a.catalog, a.key) < std::tie(b.since, b.catalog, b.key);
  });
  Json items = Json::array();
  for (const UndeclaredEntry& entry : entries) {
    if (items.size() == kListedUndeclared) break;
    items.push_back({{"entry", to_string(entry.catalog) + " " + to_string(entry.key)},
                     {"firstSeen", to_rfc3339(entry.since)}});
  }
  return {{"count", entries.size()}, {"items", items}};
}

void restore_undeclared(const Json& undeclared,
                        const std::function<void(const CatalogRef&, const catalog::LocalKey&, Time)>& visit) {
  for (const Json& item : member(undeclared, "items")) {
    const std::string entry = string_at(item, "entry");
    const std::size_t first = entry.find(' ');
    const std::size_t second = first == std::string::npos ? first : entry.find(' ', first + 1);
    const auto since = parse_rfc3339(string_at(item, "firstSeen"));
    if (second == std::string::npos || !since) continue;
    const auto ref = parse_catalog(entry.substr(0, first));
    const auto kind = catalog::parse_entry_kind(entry.substr(first + 1, second - first - 1));
    if (ref && kind) visit(*ref, {*kind, entry.substr(second + 1)}, *since);
  }
}

}  // namespace datamesh::engine
