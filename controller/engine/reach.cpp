#include "controller/engine/reach.h"

#include <algorithm>

#include "controller/engine/tag_rights.h"

namespace datamesh::engine {

using catalog::EntryKey;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;

namespace {

bool is_on_tables(ResourceType type) {
  return type == ResourceType::Table || type == ResourceType::AllTables || type == ResourceType::Columns ||
         type == ResourceType::ColumnsExcept || type == ResourceType::DataFilter || type == ResourceType::TablePolicy;
}

/// Some table is part of both.
bool tables_meet(const ResourceId& a, const ResourceId& b) {
  return a.type == ResourceType::AllTables || b.type == ResourceType::AllTables || a.table == b.table;
}

/// The resources by whose tags it is decided what of a permission by name is reached.
std::set<std::string> resources_of(const Reach& named, const catalog::Snapshot& snapshot, const Ledger& ledger, const CatalogRef& catalog) {
  const ResourceId& resource = named.id.resource;
  if (named.is_on_databases()) return {resource.database};
  const std::string from = resource.type == ResourceType::AllTables ? resource.database : resource.database + "/" + resource.table;
  return tagged_under(from, snapshot, ledger, catalog);
}

bool satisfies_columns(const catalog::PermissionValue& wanted, const catalog::PermissionValue& there) {
  return std::includes(there.columns.begin(), there.columns.end(), wanted.columns.begin(), wanted.columns.end());
}

}  // namespace

bool Reach::is_on_databases() const {
  return id.resource.type == ResourceType::Database || id.resource.type == ResourceType::DatabasePolicy;
}

std::optional<Reach> reach_of(const catalog::LocalKey& key) {
  if (key.kind != catalog::EntryKind::Permission) return std::nullopt;
  auto id = catalog::parse_permission_id(key.name);
  if (!id) return std::nullopt;
  Reach out{std::move(*id), tag_policy_of(key)};
  if (!out.is_on_databases() && !is_on_tables(out.id.resource.type)) return std::nullopt;
  return out;
}

PermissionSet permissions_in(const catalog::PermissionValue& value, ResourceType type) {
  PermissionSet out = Rights::of(value, type).permissions;
  if (!value.columns.empty()) {
    out.insert(catalog::Permission::Select);
    out.insert(catalog::Permission::Describe);
  }
  return out;
}

PermissionSet still_to_give(KeyId id, const Reach& reach, const PlanInput& input) {
  const EntryKey& key = input.ledger->key(id);
  const Desired desired = input.ledger->desired(id);
  const auto* wanted = desired.value ? std::get_if<PermissionValue>(&*desired.value) : nullptr;
  const catalog::Snapshot* snapshot = input.snapshots(key.catalog);
  if (wanted == nullptr || snapshot == nullptr) return {};
  const ResourceType type = reach.id.resource.type;
  const auto* seen = snapshot->find(key.local);
  const auto* there = seen == nullptr ? nullptr : std::get_if<PermissionValue>(seen);
  return permissions_in(*wanted, type) - (there == nullptr || !satisfies_columns(*wanted, *there) ? PermissionSet{} : permissions_in(*there, type));
}

bool meet(const Reach& goes, const Reach& comes, const PlanInput& input) {
  const ResourceId& a = goes.id.resource;
  const ResourceId& b = comes.id.resource;
  if (a.owner != b.owner || goes.is_on_databases() != comes.is_on_databases()) return false;
  if (goes.policy && comes.policy) return overlap(*goes.policy, *comes.policy);
  if (!goes.policy && !comes.policy) return a.database == b.database && (goes.is_on_databases() || tables_meet(a, b));
  const CatalogRef catalog{a.owner, input.catalog.region};
  const catalog::Snapshot* snapshot = input.snapshots(catalog);
  if (snapshot == nullptr) return false;
  const TagsNow now(*snapshot);
  const TagsInTheEnd in_the_end(*input.ledger, *snapshot, catalog);
  const TagPolicy& policy = goes.policy ? *goes.policy : *comes.policy;
  const Tags& tags = goes.policy ? static_cast<const Tags&>(now) : in_the_end;
  const auto resources = resources_of(goes.policy ? comes : goes, *snapshot, *input.ledger, catalog);
  return std::any_of(resources.begin(), resources.end(), [&](const std::string& each) { return policy.reaches(each, tags); });
}

}  // namespace datamesh::engine
