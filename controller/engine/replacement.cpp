#include "controller/engine/replacement.h"

#include <algorithm>

namespace datamesh::engine {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::PermissionId;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::Verb;

namespace {

constexpr PermissionSet kSelect{Permission::Select};

bool is_on_tables(ResourceType type) {
  return type == ResourceType::Table || type == ResourceType::AllTables || type == ResourceType::Columns ||
         type == ResourceType::ColumnsExcept || type == ResourceType::DataFilter;
}

/// Some table is part of both.
bool meet(const ResourceId& a, const ResourceId& b) {
  if (a.owner != b.owner || a.database != b.database) return false;
  return a.type == ResourceType::AllTables || b.type == ResourceType::AllTables || a.table == b.table;
}

/// The permissions on whatever part of a table; SELECT on columns counts as SELECT.
PermissionSet permissions_in(const std::vector<Action>& actions, Verb verb, ResourceType type) {
  PermissionSet out;
  for (const Action& action : actions) {
    if (action.verb != verb) continue;
    const PermissionValue value = expanded(std::get<PermissionValue>(action.value), type);
    out = out | value.permissions;
    if (!value.columns.empty()) out.insert(Permission::Select);
  }
  return out;
}

/// Of what a revoke on a whole table takes: SELECT, or all else.
Action part_of(const Action& action, bool select) {
  Action out = action;
  auto& value = std::get<PermissionValue>(out.value);
  value.permissions = select ? value.permissions & kSelect : value.permissions - kSelect;
  value.grantable = select ? value.grantable & kSelect : value.grantable - kSelect;
  return out;
}

class Replacing {
 public:
  Replacing(CatalogPlan& plan, const PlanInput& input) : plan_(plan), ledger_(*input.ledger), input_(input) {}

  std::vector<Action> run() {
    for (EntryPlan& entry : plan_.entries) {
      const auto id = table_permission(entry.id);
      if (!id) continue;
      const bool gives = std::any_of(entry.actions.begin(), entry.actions.end(), [](const Action& action) { return action.verb == Verb::Grant; });
      if (gives) given_[id->principal].push_back({&entry, *id});
    }
    if (input_.progress.failing) note_failing();
    for (EntryPlan& entry : plan_.entries) look_at(entry);
    return std::move(late_);
  }

 private:
  struct Given {
    EntryPlan* entry;
    PermissionId id;
  };

  std::optional<PermissionId> table_permission(KeyId id) const {
    const EntryKey& key = ledger_.key(id);
    if (key.local.kind != EntryKind::Permission) return std::nullopt;
    auto out = catalog::parse_permission_id(key.local.name);
    return out && is_on_tables(out->resource.type) ? out : std::nullopt;
  }

  void note_failing() {
    for (const KeyId each : input_.progress.failing()) {
      if (const auto id = table_permission(each)) failing_[id->principal].push_back(each);
    }
  }

  void look_at(EntryPlan& entry) {
    if (entry.verdict != EntryVerdict::Act || !only_revokes(entry)) return;
    const auto id = table_permission(entry.id);
    if (!id || changes_with_its_table(*id)) return;
    const PermissionSet taken = permissions_in(entry.actions, Verb::Revoke, id->resource.type);
    const auto in_its_place = given_.find(id->principal);
    if (in_its_place != given_.end()) {
      for (const Given& given : in_its_place->second) {
        if (given.entry == &entry || !meet(given.id.resource, id->resource)) continue;
        const PermissionSet granted = permissions_in(given.entry->actions, Verb::Grant, given.id.resource.type);
        if ((granted & taken).empty()) continue;
        if (given.entry->verdict == EntryVerdict::Act) return revoke_last(entry, *id);
        if (given.entry->verdict == EntryVerdict::Unrecorded) return put_off(entry, *id, given.entry->id);
        if (given.entry->verdict == EntryVerdict::Waits && given.entry->waits_for == entry.id) return keep_select(entry, *id, given.entry->id);
      }
    }
    if (!input_.progress.failing) return;
    for (const KeyId other : failing_[id->principal]) {
      if (other != entry.id && takes_its_place(other, *id, taken) && input_.progress.comes_soon(other)) return put_off(entry, *id, other);
    }
    if (id->resource.type != ResourceType::Table || ledger_.is_claimed(entry.id)) return;
    for (const KeyId other : input_.progress.waiting_for(entry.id)) {
      if (takes_its_place(other, *id, taken)) return keep_select(entry, *id, other);
    }
  }

  /// For a change of mind, that is: neither time nor somebody's caution has taken it back.
  static bool only_revokes(const EntryPlan& entry) {
    return std::all_of(entry.actions.begin(), entry.actions.end(), [](const Action& action) {
      return action.verb == Verb::Revoke && (action.cause == Cause::Released || action.cause == Cause::Surplus);
    });
  }

  /// A column that is added would show to whoever keeps the table a little longer; and what goes goes without permissions on it.
  bool changes_with_its_table(const PermissionId& id) const {
    const std::string& database = id.resource.database;
    return std::any_of(plan_.actions.begin(), plan_.actions.end(), [&](const Action& action) {
      const std::string& name = action.key.local.name;
      if (action.key.local.kind == EntryKind::Database) return action.verb == Verb::Delete && name == database;
      if (action.key.local.kind != EntryKind::Table) return false;
      return id.resource.type == ResourceType::AllTables ? name.starts_with(database + "/") : name == database + "/" + id.resource.table;
    });
  }

  /// `other` is claimed, and gives some of what is taken.
  bool takes_its_place(KeyId other, const PermissionId& id, PermissionSet taken) const {
    const auto given = table_permission(other);
    if (!given || given->principal != id.principal || !meet(given->resource, id.resource)) return false;
    const Desired desired = ledger_.desired(other);
    const auto* value = desired.value ? std::get_if<PermissionValue>(&*desired.value) : nullptr;
    if (value == nullptr) return false;
    PermissionSet wanted = expanded(*value, given->resource.type).permissions;
    if (!value->columns.empty()) wanted.insert(Permission::Select);
    return !(wanted & taken).empty();
  }

  void revoke_last(const EntryPlan& entry, const PermissionId& id) {
    late_.insert(late_.end(), entry.actions.begin(), entry.actions.end());
    drop(entry.id);
    keep_filter(entry.id, id);
  }

  /// It goes once nothing is granted on it any more.
  void keep_filter(KeyId permission, const PermissionId& id) {
    if (id.resource.type != ResourceType::DataFilter) return;
    const EntryKey filter{input_.catalog, {EntryKind::DataFilter, id.resource.database + "/" + id.resource.table + "/" + id.resource.detail}};
    for (EntryPlan& other : plan_.entries) {
      if (ledger_.key(other.id) != filter || other.verdict != EntryVerdict::Act || other.actions.front().verb != Verb::Delete) continue;
      drop(other.id);
      other.verdict = EntryVerdict::Waits;
      other.waits_for = permission;
    }
  }

  void put_off(EntryPlan& entry, const PermissionId& id, KeyId coming) {
    if (input_.progress.waited_enough && input_.progress.waited_enough(entry.id)) return;
    drop(entry.id);
    keep_filter(entry.id, id);
    entry.verdict = EntryVerdict::Waits;
    entry.waits_for = coming;
    entry.message = to_string(ledger_.key(coming).local) + " is given first";
    entry.put_off = true;
  }

  /// What keeps the replacement out goes, and SELECT stays until that is there.
  void keep_select(EntryPlan& entry, const PermissionId& id, KeyId coming) {
    if (input_.progress.waited_enough && input_.progress.waited_enough(entry.id)) return;
    std::vector<Action> first;
    for (const Action& action : entry.actions) {
      Action rest = part_of(action, false);
      if (!std::get<PermissionValue>(rest.value).permissions.empty()) first.push_back(std::move(rest));
    }
    if (first.empty()) return put_off(entry, id, coming);
    drop(entry.id);
    entry.actions = std::move(first);
    entry.put_off = true;
    plan_.actions.insert(plan_.actions.end(), entry.actions.begin(), entry.actions.end());
  }

  void drop(KeyId id) {
    const EntryKey& key = ledger_.key(id);
    std::erase_if(plan_.actions, [&](const Action& action) { return action.key == key; });
  }

  CatalogPlan& plan_;
  const Ledger& ledger_;
  const PlanInput& input_;
  std::map<std::string, std::vector<Given>> given_;  ///< by principal
  std::map<std::string, std::vector<KeyId>> failing_;  ///< by principal
  std::vector<Action> late_;
};

}  // namespace

std::vector<Action> replaced_last(CatalogPlan& plan, const PlanInput& input) { return Replacing(plan, input).run(); }

bool leave_select(std::vector<Action>& actions) {
  std::vector<Action> out;
  for (const Action& action : actions) {
    const auto id = catalog::parse_permission_id(action.key.local.name);
    if (action.verb != Verb::Grant || action.cause == Cause::Preserve || !id || id->resource.type != ResourceType::Table) return false;
    Action part = part_of(action, true);
    if (!std::get<PermissionValue>(part.value).permissions.empty()) out.push_back(std::move(part));
  }
  if (out.empty()) return false;
  actions = std::move(out);
  return true;
}

}  // namespace datamesh::engine
