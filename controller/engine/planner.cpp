#include "controller/engine/planner.h"

#include <algorithm>

#include "reconcilers/reasons.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::EntryValue;
using catalog::PermissionValue;
using catalog::Verb;

namespace {

/// How long a share that was made anew may take until its invitation shows.
constexpr Millis kRepairShowsWithin = std::chrono::minutes(10);

template <class T>
const T* value_in(const EntryValue* value) {
  const auto* shared = value == nullptr ? nullptr : std::get_if<catalog::Shared<T>>(value);
  return shared == nullptr ? nullptr : &**shared;
}

/// Where an entry stands among those that others need; entries are planned in this order.
int rank_of(EntryKind kind) {
  switch (kind) {
    case EntryKind::Settings: return 0;
    case EntryKind::ShareAcceptance: return 1;
    case EntryKind::TagKey: return 2;
    case EntryKind::Location: return 3;
    case EntryKind::Database: return 4;
    case EntryKind::Table: return 5;
    case EntryKind::Link: return 6;
    case EntryKind::TagAssignment: return 7;
    case EntryKind::DataFilter: return 8;
    case EntryKind::OptIn: return 9;
    case EntryKind::Permission: return 10;
  }
  return 11;
}

bool makes_something(const Action& action) {
  return action.verb != Verb::Delete && action.verb != Verb::Revoke;
}

bool ended(const ResourceState& state) {
  namespace reason = reconcilers::reason;
  return std::any_of(state.findings.begin(), state.findings.end(), [](const reconcilers::Finding& finding) {
    return finding.reason == reason::kExpired || finding.reason == reason::kUnpublished;
  });
}

/// Time, not a change of mind, ended the claims of everybody who owns the entry.
bool expired(const Ledger& ledger, KeyId id) {
  const auto parties = ledger.parties(id);
  return !parties.empty() && !ledger.is_claimed(id) &&
         std::all_of(parties.begin(), parties.end(), [](const ResourceState* s) { return ended(*s); });
}

/// The database or table, if any, that a permission of IAM_ALLOWED_PRINCIPALS opens.
std::optional<EntryKey> opened_entry(const EntryKey& key) {
  const auto id = catalog::parse_permission_id(key.local.name);
  if (!id || !catalog::is_iam_allowed_principals(id->principal)) return std::nullopt;
  if (id->resource.owner != key.catalog.account) return std::nullopt;
  if (id->resource.table.empty()) return EntryKey{key.catalog, catalog::database_key(id->resource.database)};
  return EntryKey{key.catalog, catalog::table_key(id->resource.database, id->resource.table)};
}

/// One planning of one catalog.
class Planning {
 public:
  explicit Planning(const PlanInput& input)
      : input_(input), ledger_(*input.ledger), snapshot_(*input.snapshots(input.catalog)) {}

  CatalogPlan plan(std::vector<KeyId> ids) {
    std::stable_sort(ids.begin(), ids.end(), [&](KeyId a, KeyId b) {
      return rank_of(ledger_.key(a).local.kind) < rank_of(ledger_.key(b).local.kind);
    });
    CatalogPlan out;
    for (const KeyId id : ids) out.entries.push_back(entry(id));
    for (const EntryPlan& plan : out.entries) {
      if (plan.verdict == EntryVerdict::Act) {
        out.actions.insert(out.actions.end(), plan.actions.begin(), plan.actions.end());
      }
    }
    keep_filled_databases(out);
    keep_what_is_granted_on(out);
    std::stable_sort(out.actions.begin(), out.actions.end(),
                     [](const Action& a, const Action& b) { return phase_of(a) < phase_of(b); });
    return out;
  }

 private:
  EntryPlan entry(KeyId id) {
    EntryPlan out;
    out.id = id;
    const EntryKey& key = ledger_.key(id);
    const Desired desired = ledger_.desired(id);
    if (desired.conflict) {
      out.verdict = EntryVerdict::Conflict;
      return out;
    }
    out.actions = difference(id, key, desired);
    if (out.actions.empty()) {
      if (desired.value && !in_place(ledger_, input_.snapshots, id)) wait_for_share(key, out);
      return out;
    }
    out.verdict = EntryVerdict::Act;
    const bool makes = std::any_of(out.actions.begin(), out.actions.end(), makes_something);
    if (makes && !ledger_.is_recorded(id)) {
      out.verdict = EntryVerdict::Unrecorded;
    } else if (makes) {
      if (const auto missing = first_missing_need(id)) {
        out.verdict = EntryVerdict::Waits;
        out.waits_for = missing;
        take_back_meanwhile(out);
      } else {
        planned_.insert(id);
      }
    }
    return out;
  }

  /// Revoking waits for nobody (decision 0003), unless it revokes what is to be granted again at once.
  static void take_back_meanwhile(EntryPlan& out) {
    std::vector<Action> revokes;
    PermissionValue granted;
    for (const Action& action : out.actions) {
      if (action.verb == Verb::Revoke) revokes.push_back(action);
      if (action.verb == Verb::Grant) granted = united(granted, std::get<PermissionValue>(action.value));
    }
    const bool given_again = std::any_of(revokes.begin(), revokes.end(), [&](const Action& action) {
      return !common(std::get<PermissionValue>(action.value), granted).empty();
    });
    if (revokes.empty() || given_again) return;
    out.verdict = EntryVerdict::Act;
    out.waits_for.reset();
    out.actions = std::move(revokes);
  }

  std::vector<Action> difference(KeyId id, const EntryKey& key, const Desired& desired) {
    const EntryValue* observed = snapshot_.find(key.local);
    const EntryValue broken = broken_share(key, desired, observed);
    const auto ownership = ledger_.owned(id);
    const EntryValue owned = owned_value(id, key, ownership);
    catalog::DiffInput input;
    input.key = key;
    input.claimed = desired.value ? &*desired.value : nullptr;
    input.observed = is_absent(broken) ? observed : &broken;
    input.owned = is_absent(owned) ? nullptr : &owned;
    input.inherited = key.local.kind == EntryKind::TagAssignment ? inherited_tag(snapshot_, key.local) : nullptr;
    input.surplus = surplus_of(id, key, ownership.has_value());
    input.release_cause = expired(ledger_, id) ? Cause::Expired : Cause::Released;
    return diff(input);
  }

  /// The observed permission, marked as broken when the receiving account says that its share is; absent otherwise.
  EntryValue broken_share(const EntryKey& key, const Desired& desired, const EntryValue* observed) const {
    const auto* seen = observed == nullptr ? nullptr : std::get_if<PermissionValue>(observed);
    if (seen == nullptr || !desired.value) return {};
    const auto id = catalog::parse_permission_id(key.local.name);
    const std::string receiver = id ? catalog::account_of_principal(id->principal) : "";
    if (receiver.empty() || receiver == key.catalog.account || id->resource.owner != key.catalog.account) return {};
    const catalog::Snapshot* theirs = input_.snapshots({receiver, key.catalog.region});
    if (theirs == nullptr) return {};
    const auto* share = value_in<catalog::ShareAcceptance>(
        theirs->find({EntryKind::ShareAcceptance, key.catalog.account}));
    if (share == nullptr || share->state != catalog::ShareState::Broken) return {};
    if (made_anew_since_read(key, id->principal)) return {};
    PermissionValue marked = *seen;
    marked.share_broken = true;
    return marked;
  }

  /// What the receiver was read to say is older than the last repair, or hardly newer: another one would not help.
  bool made_anew_since_read(const EntryKey& key, const std::string& receiver) const {
    const auto id = ledger_.lookup(key);
    if (!id || input_.repaired == nullptr || !input_.shares_read) return false;
    const auto at = input_.repaired->find(*id);
    const std::string account = catalog::account_of_principal(receiver);
    return at != input_.repaired->end() && input_.shares_read({account, key.catalog.region}) <= at->second + kRepairShowsWithin;
  }

  EntryValue owned_value(KeyId id, const EntryKey& key, const std::optional<Ownership>& ownership) const {
    if (!ownership || is_taken_back(*input_.confirmed, ledger_, id, ownership->permission)) return {};
    if (key.local.kind == EntryKind::Permission) {
      return left_of(*input_.confirmed, ledger_, id, ownership->permission);
    }
    if (!ownership->deletable) return {};
    return catalog::OptIn{};  // any value: that it is ours is all that counts
  }

  catalog::Surplus surplus_of(KeyId id, const EntryKey& key, bool owned) const {
    if (key.local.kind != EntryKind::Permission || input_.irrevocable->contains(id)) {
      return catalog::Surplus::OursOnly;
    }
    if (const auto opened = opened_entry(key)) {
      const auto opened_id = ledger_.lookup(*opened);
      const bool ours = opened_id && ledger_.is_claimed(*opened_id);
      if (ours && input_.policy.access_mode == api::AccessMode::LakeFormation) return catalog::Surplus::All;
    }
    const bool revoke = input_.policy.undeclared == api::Undeclared::Revoke && !owned &&
                        is_undeclared(ledger_, input_.policy, key);
    return revoke ? catalog::Surplus::All : catalog::Surplus::OursOnly;
  }

  std::optional<KeyId> first_missing_need(KeyId id) const {
    for (const KeyId need : ledger_.needs(id)) {
      if (!planned_.contains(need) && !in_place(ledger_, input_.snapshots, need)) return need;
    }
    return std::nullopt;
  }

  /// A share that has not arrived cannot be made from this side.
  void wait_for_share(const EntryKey& key, EntryPlan& out) const {
    if (key.local.kind != EntryKind::ShareAcceptance) return;
    out.verdict = EntryVerdict::Waits;
    out.waits_for = first_missing_need(out.id);
    out.message = "no accepted share from account " + key.local.name;
  }

  /// Deleting a database deletes its tables, so one that holds others' tables stays.
  void keep_filled_databases(CatalogPlan& plan) const {
    std::set<std::string> deleted_tables;
    for (const Action& action : plan.actions) {
      if (action.verb == Verb::Delete && action.key.local.kind == EntryKind::Table) {
        deleted_tables.insert(action.key.local.name);
      }
    }
    for (EntryPlan& entry : plan.entries) {
      const EntryKey& key = ledger_.key(entry.id);
      if (entry.verdict != EntryVerdict::Act || key.local.kind != EntryKind::Database ||
          entry.actions.front().verb != Verb::Delete) {
        continue;
      }
      const std::string left = table_left_in(key.local.name, deleted_tables);
      if (left.empty()) continue;
      entry.verdict = EntryVerdict::Waits;
      entry.message = "the database still holds " + left + ", which nobody here may delete";
      std::erase_if(plan.actions, [&](const Action& action) { return action.key == key; });
    }
  }

  std::string table_left_in(const std::string& database, const std::set<std::string>& deleted) const {
    for (const EntryKind kind : {EntryKind::Table, EntryKind::Link}) {
      for (auto at = snapshot_.entries.lower_bound({kind, database + "/"});
           at != snapshot_.entries.end() && at->first.kind == kind &&
           at->first.name.starts_with(database + "/");
           ++at) {
        if (!deleted.contains(at->first.name)) return to_string(at->first);
      }
    }
    return {};
  }

  /// A table, database or filter goes only with or after the permissions that we gave on it: what is revoked later is
  /// stranded, and so is its share (trap T15).
  void keep_what_is_granted_on(CatalogPlan& plan) const {
    std::set<EntryKey> revoked;
    for (const Action& action : plan.actions) {
      if (action.verb == Verb::Revoke) revoked.insert(action.key);
    }
    for (EntryPlan& entry : plan.entries) {
      const EntryKey& key = ledger_.key(entry.id);
      if (entry.verdict != EntryVerdict::Act || entry.actions.front().verb != Verb::Delete) continue;
      const EntryKind kind = key.local.kind;
      if (kind != EntryKind::Database && kind != EntryKind::Table && kind != EntryKind::DataFilter) continue;
      const auto left = permission_left_on(key, revoked);
      if (!left) continue;
      entry.verdict = EntryVerdict::Waits;
      entry.waits_for = left;
      std::erase_if(plan.actions, [&](const Action& action) { return action.key == key; });
    }
  }

  /// A permission of ours on the database or table that is claimed no more and not in `revoked`.
  std::optional<KeyId> permission_left_on(const EntryKey& key, const std::set<EntryKey>& revoked) const {
    const std::string& account = key.catalog.account;
    const std::size_t slash = key.local.name.find('/');
    const std::string database = key.local.name.substr(0, slash);
    std::string table = slash == std::string::npos ? "" : key.local.name.substr(slash + 1);
    std::string filter;
    if (key.local.kind == EntryKind::DataFilter) {
      filter = table.substr(table.find('/') + 1);
      table.resize(table.find('/'));
    }
    using Type = catalog::ResourceType;
    const std::vector<Type> types =
        table.empty()      ? std::vector{Type::Database, Type::AllTables}
        : !filter.empty()  ? std::vector{Type::DataFilter}
                           : std::vector{Type::Table, Type::Columns, Type::ColumnsExcept, Type::DataFilter};
    for (const Type type : types) {
      const std::string prefix = to_string(catalog::ResourceId{type, account, database, table, filter});
      for (auto at = snapshot_.entries.lower_bound({EntryKind::Permission, prefix});
           at != snapshot_.entries.end() && at->first.kind == EntryKind::Permission &&
           at->first.name.starts_with(prefix);
           ++at) {
        const char next = at->first.name.size() > prefix.size() ? at->first.name[prefix.size()] : '@';
        const EntryKey permission{key.catalog, at->first};
        const auto id = ledger_.lookup(permission);
        if ((next != '@' && next != '!') || !id || ledger_.is_claimed(*id) || revoked.contains(permission)) continue;
        const auto owned = ledger_.owned(*id);
        if (owned && !left_of(*input_.confirmed, ledger_, *id, owned->permission).empty()) return id;
      }
    }
    return std::nullopt;
  }

  const PlanInput& input_;
  const Ledger& ledger_;
  const catalog::Snapshot& snapshot_;
  std::set<KeyId> planned_;
};

}  // namespace

int phase_of(const Action& action) {
  const bool away = !makes_something(action);
  const EntryKind kind = action.key.local.kind;
  if (action.cause == Cause::Preserve) return 2;
  if (!away) return kind == EntryKind::Settings ? 0 : kind == EntryKind::ShareAcceptance ? 1 : 20 + rank_of(kind);
  // Revoke before delete, and dependents before what they hang on (trap T15).
  return kind == EntryKind::Permission ? 3 : 15 - rank_of(kind);
}

PermissionValue left_of(const Confirmed& confirmed, const Ledger& ledger, KeyId id, const PermissionValue& recorded) {
  const auto taken = confirmed.find(id);
  const auto permission = catalog::parse_permission_id(ledger.key(id).local.name);
  if (taken == confirmed.end() || !permission) return recorded;
  return minus(expanded(recorded, permission->resource.type), taken->second);
}

bool is_taken_back(const Confirmed& confirmed, const Ledger& ledger, KeyId id, const PermissionValue& recorded) {
  if (!confirmed.contains(id)) return false;
  return ledger.key(id).local.kind != EntryKind::Permission || left_of(confirmed, ledger, id, recorded).empty();
}

bool in_place(const Ledger& ledger, const SnapshotOf& snapshots, KeyId id) {
  const EntryKey& key = ledger.key(id);
  const catalog::Snapshot* snapshot = snapshots(key.catalog);
  if (snapshot == nullptr) return false;
  const EntryValue* observed = snapshot->find(key.local);
  if (key.local.kind == EntryKind::ShareAcceptance) {
    const auto* share = value_in<catalog::ShareAcceptance>(observed);
    return share != nullptr && share->state == catalog::ShareState::Active;
  }
  const Desired desired = ledger.desired(id);
  // Who may speak for it is open: nobody builds on it meanwhile.
  if (desired.conflict) return false;
  if (key.local.kind != EntryKind::Permission && key.local.kind != EntryKind::Settings) return observed != nullptr;
  if (!desired.value) return observed != nullptr;
  return satisfies(key.local, observed, *desired.value);
}

bool is_undeclared(const Ledger& ledger, const CatalogPolicy& policy, const EntryKey& key) {
  if (key.local.kind != EntryKind::Permission) return false;
  const auto id = ledger.lookup(key);
  if (id && (ledger.is_claimed(*id) || ledger.owned(*id))) return false;
  const auto permission = catalog::parse_permission_id(key.local.name);
  return permission && !policy.implicit_principals.contains(permission->principal);
}

CatalogPlan plan_catalog(const PlanInput& input, const std::vector<KeyId>& ids) {
  return Planning(input).plan(ids);
}

}  // namespace datamesh::engine
