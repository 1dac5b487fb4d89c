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

/// What a revoked permission leaves behind. Revoking ALL takes what it stood for; the option goes with the permission.
void revoke(catalog::Snapshot& snapshot, const Action& action) {
  const auto type = type_of(action.key.local);
  const PermissionValue before = expanded(permission_in(snapshot, action.key.local), type);
  PermissionValue taken = expanded(std::get<PermissionValue>(action.value), type);
  taken.grantable = taken.grantable | taken.permissions;
  taken.grantable_columns = taken.columns;
  put_permission(snapshot, action.key.local, minus(before, taken));
}

/// Settings and tag values only ever gain.
void merge_in(catalog::Snapshot& snapshot, const Action& action) {
  const EntryValue* before = snapshot.find(action.key.local);
  const auto both = before == nullptr ? std::nullopt : catalog::merged(action.value, *before);
  snapshot.entries.insert_or_assign(action.key.local, both ? *both : action.value);
}

}  // namespace

void note_effect(catalog::Snapshot& snapshot, const Action& action) {
  switch (action.verb) {
    case Verb::Grant:
      put_permission(snapshot, action.key.local,
                     united(permission_in(snapshot, action.key.local), std::get<PermissionValue>(action.value)));
      return;
    case Verb::Revoke: revoke(snapshot, action); return;
    case Verb::Delete: snapshot.entries.erase(action.key.local); return;
    case Verb::Accept:
      snapshot.entries.insert_or_assign(action.key.local,
                                        EntryValue(catalog::Shared<catalog::ShareAcceptance>()));
      return;
    case Verb::Create:
    case Verb::Update:
      if (action.key.local.kind == EntryKind::Settings || action.key.local.kind == EntryKind::TagKey) {
        merge_in(snapshot, action);
      } else {
        snapshot.entries.insert_or_assign(action.key.local, action.value);
      }
  }
}

}  // namespace datamesh::engine
