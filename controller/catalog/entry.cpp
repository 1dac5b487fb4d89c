#include "controller/catalog/entry.h"

#include <algorithm>
#include <array>

namespace datamesh::catalog {
namespace {

constexpr std::array<std::string_view, 11> kKindNames = {
    "Settings",      "Location",   "Database",   "Table",           "Link", "TagKey",
    "TagAssignment", "DataFilter", "Permission", "ShareAcceptance", "OptIn"};

std::string joined(std::string_view a, std::string_view b) {
  std::string out(a);
  out += '/';
  out += b;
  return out;
}

}  // namespace

std::string_view to_string(EntryKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<EntryKind> parse_entry_kind(std::string_view name) {
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<EntryKind>(found - kKindNames.begin());
}

std::string to_string(const LocalKey& key) {
  std::string out(to_string(key.kind));
  if (!key.name.empty()) {
    out += ' ';
    out += key.name;
  }
  return out;
}

std::string to_string(const EntryKey& key) {
  return to_string(key.catalog) + " " + to_string(key.local);
}

LocalKey database_key(std::string_view database) {
  return {EntryKind::Database, std::string(database)};
}
LocalKey table_key(std::string_view database, std::string_view table) {
  return {EntryKind::Table, joined(database, table)};
}
LocalKey holder_of_tag(std::string_view name) {
  const std::string_view resource = name.substr(0, name.rfind('#'));
  const std::size_t first = resource.find('/');
  if (first == resource.npos) return database_key(resource);
  return table_key(resource.substr(0, first), resource.substr(first + 1, resource.find('/', first + 1) - first - 1));
}
std::string tagged_column(const LocalKey& key) {
  if (key.kind != EntryKind::TagAssignment) return {};
  const std::string_view resource = std::string_view(key.name).substr(0, key.name.rfind('#'));
  const std::size_t first = resource.find('/');
  const std::size_t second = first == resource.npos ? first : resource.find('/', first + 1);
  return second == resource.npos ? std::string() : std::string(resource.substr(second + 1));
}
bool has_column(const Table& table, std::string_view name) {
  const auto is_it = [&](const ColumnShape& column) { return column.name == name; };
  return std::any_of(table.columns.begin(), table.columns.end(), is_it) ||
         std::any_of(table.partition_keys.begin(), table.partition_keys.end(), is_it);
}
LocalKey database_link_key(std::string_view name) { return {EntryKind::Link, std::string(name)}; }
LocalKey table_link_key(std::string_view database, std::string_view name) {
  return {EntryKind::Link, joined(database, name)};
}
LocalKey permission_key(const PermissionId& id) { return {EntryKind::Permission, to_string(id)}; }

}  // namespace datamesh::catalog
