#include "controller/engine/catalog_state.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKind;
using catalog::EntryValue;
using catalog::PermissionValue;
using catalog::Verb;

namespace {

PermissionValue permission_in(const catalog::Snapshot& snapshot, const catalog::LocalKey& key) {
  const EntryValue* found = snapshot.find(key);
  const auto* value = found == nullptr ? nullptr : std::get_if<PermissionValue>(found);
  return value == nullptr ? PermissionValue{} : *value;
}

void put_permission(catalog::Snapshot& snapshot, const catalog::LocalKey& key, PermissionValue value) {
  if (value.empty()) {
    snapshot.entries.erase(key);
  } else {
    snapshot.entries.insert_or_assign(key, EntryValue(std::move(value)));
  }
}

catalog::ResourceType type_of(const catalog::LocalKey& key) {
  const auto id = catalog::parse_permission_id(key.name);
  return id ? id->resource.type : catalog::ResourceType::Table;
}

/// What a revoke takes: ALL takes what it stands for, and the option goes with the permission.
PermissionValue taken_by(const Action& action) {
  PermissionValue taken = expanded(std::get<PermissionValue>(action.value), type_of(action.key.local));
  taken.grantable = taken.grantable | taken.permissions;
  taken.grantable_columns = taken.columns;
  return taken;
}

void revoke(catalog::Snapshot& snapshot, const Action& action) {
  const PermissionValue before = expanded(permission_in(snapshot, action.key.local), type_of(action.key.local));
  put_permission(snapshot, action.key.local, minus(before, taken_by(action)));
}

/// Settings and tag values only ever gain.
void merge_in(catalog::Snapshot& snapshot, const Action& action) {
  const EntryValue* before = snapshot.find(action.key.local);
  const auto both = before == nullptr ? std::nullopt : catalog::merged(action.value, *before);
  snapshot.entries.insert_or_assign(action.key.local, both ? *both : action.value);
}

/// The tag has what is wanted, and of what is kept that which it had.
void put_exact_tag(catalog::Snapshot& snapshot, const catalog::LocalKey& key, const catalog::TagKey& wanted) {
  const EntryValue* before = snapshot.find(key);
  const catalog::TagKey there = before == nullptr ? catalog::TagKey{} : *std::get<catalog::Shared<catalog::TagKey>>(*before);
  const EntryValue after = with_kept(wanted, there);
  const auto& values = std::get<catalog::Shared<catalog::TagKey>>(after)->values;
  snapshot.entries.insert_or_assign(key, catalog::Shared<catalog::TagKey>(catalog::TagKey{values, {}, false}));
}

/// The database is as wanted, and its default for new tables perhaps as it was.
void put_database(catalog::Snapshot& snapshot, const catalog::LocalKey& key, catalog::Database wanted) {
  const EntryValue* before = snapshot.find(key);
  if (wanted.keeps_table_defaults && before != nullptr) {
    wanted.open_table_defaults = std::get<catalog::Shared<catalog::Database>>(*before)->open_table_defaults;
  }
  wanted.keeps_table_defaults = false;
  snapshot.entries.insert_or_assign(key, catalog::Shared<catalog::Database>(std::move(wanted)));
}

/// When a table was made only a reading shows, and a change of it does not change that.
void put_table(catalog::Snapshot& snapshot, const Action& action) {
  catalog::Table table = *std::get<catalog::Shared<catalog::Table>>(action.value);
  const EntryValue* before = snapshot.find(action.key.local);
  if (before != nullptr) table.created = std::get<catalog::Shared<catalog::Table>>(*before)->created;
  snapshot.entries.insert_or_assign(action.key.local, catalog::Shared<catalog::Table>(std::move(table)));
}

void erase_under(catalog::Snapshot& snapshot, EntryKind kind, const std::string& prefix) {
  auto at = snapshot.entries.lower_bound({kind, prefix});
  while (at != snapshot.entries.end() && at->first.kind == kind && at->first.name.starts_with(prefix)) at = snapshot.entries.erase(at);
}

/// With a table goes what is on it, whoever put it there: what is made again under its name has none of that.
void forget(catalog::Snapshot& snapshot, const catalog::EntryKey& key) {
  snapshot.entries.erase(key.local);
  if (key.local.kind != EntryKind::Table) return;
  const std::string& name = key.local.name;
  const std::size_t slash = name.find('/');
  for (const auto& each : permissions_on_table(snapshot, key.catalog.account, name.substr(0, slash), name.substr(slash + 1))) {
    snapshot.entries.erase(each);
  }
  erase_under(snapshot, EntryKind::DataFilter, name + "/");
  erase_under(snapshot, EntryKind::TagAssignment, name + "#");
  erase_under(snapshot, EntryKind::TagAssignment, name + "/");
}

}  // namespace

void confirm(Confirmed& confirmed, KeyId id, const Action& action) {
  if (action.verb == Verb::Revoke) {
    PermissionValue& taken = confirmed[id];
    taken = united(taken, taken_by(action));
  } else if (action.verb == Verb::Delete) {
    confirmed[id];
  } else if (action.verb == Verb::Grant) {
    const auto found = confirmed.find(id);
    if (found == confirmed.end()) return;
    found->second = minus(found->second, expanded(std::get<PermissionValue>(action.value), type_of(action.key.local)));
    if (found->second.empty()) confirmed.erase(found);
  } else {
    confirmed.erase(id);
  }
}

void note_effect(catalog::Snapshot& snapshot, const Action& action) {
  switch (action.verb) {
    case Verb::Grant:
      put_permission(snapshot, action.key.local,
                     united(permission_in(snapshot, action.key.local), std::get<PermissionValue>(action.value)));
      return;
    case Verb::Revoke: revoke(snapshot, action); return;
    case Verb::Delete: forget(snapshot, action.key); return;
    case Verb::Accept:
      snapshot.entries.insert_or_assign(action.key.local,
                                        EntryValue(catalog::Shared<catalog::ShareAcceptance>()));
      return;
    case Verb::Create:
    case Verb::Update:
      if (const auto* tag = std::get_if<catalog::Shared<catalog::TagKey>>(&action.value); tag != nullptr && (*tag)->exact) {
        put_exact_tag(snapshot, action.key.local, **tag);
      } else if (const auto* database = std::get_if<catalog::Shared<catalog::Database>>(&action.value)) {
        put_database(snapshot, action.key.local, **database);
      } else if (action.key.local.kind == EntryKind::Settings || action.key.local.kind == EntryKind::TagKey) {
        merge_in(snapshot, action);
      } else if (action.key.local.kind == EntryKind::Table) {
        put_table(snapshot, action);
      } else {
        snapshot.entries.insert_or_assign(action.key.local, action.value);
      }
  }
}

}  // namespace datamesh::engine
