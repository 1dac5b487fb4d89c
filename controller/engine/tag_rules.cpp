#include "controller/engine/tag_rules.h"

#include "controller/catalog/tag_expression.h"

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;
using catalog::ResourceType;

namespace {

bool is_by_tag(ResourceType type) {
  return type == ResourceType::Tag || type == ResourceType::DatabasePolicy || type == ResourceType::TablePolicy;
}

struct Hidden {
  std::string value;
  std::optional<KeyId> table;  ///< that is there
  bool has_column = false;
};

/// A tag of ours on a column that is to go, and that no reading shows.
Hidden hidden_tag(const Ledger& ledger, const catalog::Snapshot& snapshot, KeyId id) {
  const auto& [ref, local] = ledger.key(id);
  const std::string column = catalog::tagged_column(local);
  if (column.empty() || ledger.is_claimed(id) || snapshot.find(local) != nullptr) return {};
  const auto owned = ledger.owned(id);
  if (!owned || !owned->deletable || owned->tag_value.empty()) return {};
  const LocalKey holder = catalog::holder_of_tag(local.name);
  const catalog::EntryValue* table = snapshot.find(holder);
  if (table == nullptr) return {};
  return {owned->tag_value, ledger.lookup({ref, holder}), has_column(*std::get<catalog::Shared<catalog::Table>>(*table), column)};
}

}  // namespace

TagValues tag_values_needed(const catalog::EntryKey& key, const catalog::EntryValue& value) {
  if (const auto* tag = std::get_if<catalog::TagAssignment>(&value)) {
    return {{key.local.name.substr(key.local.name.rfind('#') + 1), {tag->value}}};
  }
  if (key.local.kind != EntryKind::Permission) return {};
  const auto id = catalog::parse_permission_id(key.local.name);
  if (!id || !is_by_tag(id->resource.type) || id->resource.owner != key.catalog.account) return {};
  TagValues out = catalog::expression_of(id->resource.detail).terms;
  for (auto& [tag, values] : out) values.erase("*");
  return out;
}

std::map<std::string, LocalKey> tag_values_used(const catalog::Snapshot& snapshot, const std::string& account,
                                                const std::string& tag) {
  std::map<std::string, LocalKey> out;
  for (auto at = snapshot.entries.lower_bound({EntryKind::TagAssignment, ""});
       at != snapshot.entries.end() && at->first.kind == EntryKind::TagAssignment; ++at) {
    if (!at->first.name.ends_with("#" + tag)) continue;
    out.try_emplace(std::get<catalog::TagAssignment>(at->second).value, at->first);
  }
  for (const ResourceType type : {ResourceType::Tag, ResourceType::DatabasePolicy, ResourceType::TablePolicy}) {
    const std::string prefix = to_string(catalog::ResourceId{type, account, "", "", ""});
    for (auto at = snapshot.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix); ++at) {
      const auto id = catalog::parse_permission_id(at->first.name);
      if (!id) continue;
      const auto terms = catalog::expression_of(id->resource.detail).terms;
      const auto found = terms.find(tag);
      if (found == terms.end()) continue;
      for (const std::string& value : found->second) out.try_emplace(value, at->first);
    }
  }
  return out;
}

catalog::EntryValue believed_tag(const Ledger& ledger, const catalog::Snapshot& snapshot, KeyId id) {
  const Hidden hidden = hidden_tag(ledger, snapshot, id);
  return hidden.has_column ? catalog::TagAssignment{hidden.value} : catalog::EntryValue();
}

std::optional<KeyId> awaited_with_column(const Ledger& ledger, const catalog::Snapshot& snapshot, KeyId id) {
  const Hidden hidden = hidden_tag(ledger, snapshot, id);
  if (!hidden.table || hidden.has_column) return std::nullopt;
  const Desired desired = ledger.desired(*hidden.table);
  const auto* table = desired.value ? std::get_if<catalog::Shared<catalog::Table>>(&*desired.value) : nullptr;
  const bool comes = table != nullptr && (*table)->schema_rule == catalog::SchemaRule::Exact &&
                     has_column(**table, catalog::tagged_column(ledger.key(id).local));
  return comes ? hidden.table : std::nullopt;
}

}  // namespace datamesh::engine
