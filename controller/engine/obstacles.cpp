#include "controller/engine/obstacles.h"

#include <algorithm>

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::EntryValue;
using catalog::PermissionId;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceType;
using catalog::Snapshot;

namespace {

PermissionSet permissions_in(const EntryValue* value, ResourceType type) {
  const auto* permission = value == nullptr ? nullptr : std::get_if<PermissionValue>(value);
  return permission == nullptr ? PermissionSet{} : expanded(*permission, type).permissions;
}

bool is_partial(ResourceType type) { return type == ResourceType::Columns || type == ResourceType::ColumnsExcept; }

bool is_more_than_select(PermissionSet permissions) {
  return !(permissions - PermissionSet{catalog::Permission::Select}).empty();
}

std::string names_of(PermissionSet permissions) {
  std::string out;
  for (const std::string& name : permissions.names()) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string claimants_of(const Ledger& ledger, const EntryKey& key) {
  std::string out;
  const auto id = ledger.lookup(key);
  if (!id) return out;
  for (const ResourceState* each : ledger.claimants(*id)) out += (out.empty() ? " by " : ", ") + to_string(each->key);
  return out;
}

/// What keeps a partial SELECT out: rights on the whole table, held or claimed.
std::optional<Rival> whole_beside(const Snapshot& snapshot, const Ledger& ledger, const EntryKey& partial,
                                  PermissionId id) {
  id.resource.type = ResourceType::Table;
  id.resource.detail.clear();
  const EntryKey whole{partial.catalog, catalog::permission_key(id)};
  PermissionSet held = permissions_in(snapshot.find(whole.local), ResourceType::Table);
  if (const auto known = ledger.lookup(whole)) {
    const Desired desired = ledger.desired(*known);
    if (desired.value) held = held | permissions_in(&*desired.value, ResourceType::Table);
  }
  if (!is_more_than_select(held)) return std::nullopt;
  return Rival{whole, "SELECT on some columns of table " + id.resource.database + "/" + id.resource.table +
                          " has no effect beside " + names_of(held) + " on the table, given to " + id.principal +
                          claimants_of(ledger, whole) + ": Lake Formation lets nothing but SELECT stand beside it"};
}

/// What keeps rights on the whole table out: a partial SELECT that is held.
std::optional<Rival> partial_beside(const Snapshot& snapshot, const Ledger& ledger, const EntryKey& whole,
                                    const PermissionId& id) {
  for (const ResourceType type : {ResourceType::Columns, ResourceType::ColumnsExcept}) {
    catalog::ResourceId resource = id.resource;
    resource.type = type;
    const std::string prefix = to_string(resource);
    for (auto at = snapshot.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix);
         ++at) {
      const auto other = catalog::parse_permission_id(at->first.name);
      if (!other || other->principal != id.principal || other->resource.table != id.resource.table) continue;
      const EntryKey partial{whole.catalog, at->first};
      return Rival{partial, "more than SELECT on table " + id.resource.database + "/" + id.resource.table +
                                " is refused while " + id.principal + " has SELECT on some of its columns, given" +
                                claimants_of(ledger, partial) + ": Lake Formation lets nothing but SELECT stand beside it"};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<EntryKey> occupant_of(const Snapshot& snapshot, const Action& action) {
  if (action.verb != catalog::Verb::Create) return std::nullopt;
  const bool in_database = action.key.local.name.find('/') != std::string::npos;
  EntryKey occupant = action.key;
  switch (action.key.local.kind) {
    case EntryKind::Link: occupant.local.kind = in_database ? EntryKind::Table : EntryKind::Database; break;
    case EntryKind::Database:
    case EntryKind::Table: occupant.local.kind = EntryKind::Link; break;
    default: return std::nullopt;
  }
  if (snapshot.find(occupant.local) == nullptr) return std::nullopt;
  return occupant;
}

std::optional<EntryKey> withheld_beside(const Snapshot& snapshot, const Ledger& ledger, const Action& update) {
  if (update.verb != catalog::Verb::Update || update.key.local.kind != EntryKind::Table) return std::nullopt;
  const std::string& name = update.key.local.name;
  const std::size_t slash = name.find('/');
  for (const auto& key : permissions_on_table(snapshot, update.key.catalog.account, name.substr(0, slash), name.substr(slash + 1))) {
    const auto id = ledger.lookup({update.key.catalog, key});
    if (!id) continue;
    const auto& former = ledger.former_claimants(*id);
    const auto withholds = [&](const ResourceState* party) { return party->withheld.contains(*id); };
    if (std::any_of(former.begin(), former.end(), withholds)) return EntryKey{update.key.catalog, key};
  }
  return std::nullopt;
}

bool is_lost_to_a_link(const catalog::Snapshot& snapshot, const EntryKey& key, const PermissionValue& value) {
  const auto id = catalog::parse_permission_id(key.local.name);
  if (!id || id->resource.owner != key.catalog.account || id->resource.database.empty()) return false;
  const catalog::ResourceId& resource = id->resource;
  const bool is_within = resource.type != catalog::ResourceType::Database;
  const bool database_is_link = snapshot.find(catalog::database_link_key(resource.database)) != nullptr;
  if (is_within && database_is_link) return true;
  const bool table_is_link = !resource.table.empty() &&
                             snapshot.find(catalog::table_link_key(resource.database, resource.table)) != nullptr;
  const catalog::PermissionSet on_links{catalog::Permission::Describe, catalog::Permission::Drop};
  return (database_is_link || table_is_link) && !on_links.contains(value.permissions);
}

std::optional<Rival> rival_of(const Snapshot& snapshot, const Ledger& ledger, const Action& grant) {
  if (grant.verb != catalog::Verb::Grant) return std::nullopt;
  const auto id = catalog::parse_permission_id(grant.key.local.name);
  if (!id) return std::nullopt;
  if (is_partial(id->resource.type)) return whole_beside(snapshot, ledger, grant.key, *id);
  if (id->resource.type != ResourceType::Table) return std::nullopt;
  if (!is_more_than_select(permissions_in(&grant.value, ResourceType::Table))) return std::nullopt;
  return partial_beside(snapshot, ledger, grant.key, *id);
}

}  // namespace datamesh::engine
