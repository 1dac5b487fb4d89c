#include "controller/engine/planner.h"

#include <algorithm>

#include "controller/engine/hybrid_rules.h"
#include "controller/engine/obstacles.h"
#include "controller/engine/quota_check.h"
#include "controller/engine/replacement.h"
#include "controller/engine/tag_order.h"
#include "controller/engine/tag_rules.h"
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
    case EntryKind::Permission: return 9;
    case EntryKind::OptIn: return 10;
  }
  return 11;
}

/// When tags change, and with them permissions by tags.
constexpr int kPhaseOfTags = 27;

bool makes_something(const Action& action) {
  return action.verb != Verb::Delete && action.verb != Verb::Revoke;
}

/// Time ended what the resource claimed of the entry.
bool ended(const ResourceState& state, KeyId id) {
  namespace reason = reconcilers::reason;
  return state.ended.contains(id) ||
         std::any_of(state.findings.begin(), state.findings.end(), [](const reconcilers::Finding& finding) {
    return finding.reason == reason::kExpired || finding.reason == reason::kUnpublished;
  });
}

/// What the resource has on record of the permission.
PermissionValue recorded_by(const ResourceState& state, KeyId id, catalog::ResourceType type) {
  const auto record = state.recorded.find(id);
  return record == state.recorded.end() ? PermissionValue{} : expanded(record->second.permission, type);
}

/// Time, not a change of mind, ended the claims to all that is let go of. Records overlap, since claimants take over what
/// others leave beside them; so what an ended one had on record is taken to have gone with it.
bool expired(const Ledger& ledger, KeyId id) {
  const auto permission = catalog::parse_permission_id(ledger.key(id).local.name);
  const bool claimed = ledger.is_claimed(id);
  if (claimed && !permission) return false;  // nothing is let go of
  PermissionValue gone, let_go;
  bool any = false, all = true;
  for (const ResourceState* party : ledger.parties(id)) {
    const auto type = permission ? permission->resource.type : catalog::ResourceType::Table;
    const PermissionValue record = recorded_by(*party, id, type);
    const bool over = ended(*party, id);
    any = any || over;
    all = all && over;
    const auto claim = claimed_value(*party, id);
    const auto* value = claim ? std::get_if<PermissionValue>(&*claim) : nullptr;
    (over ? gone : let_go) =
        united(over ? gone : let_go, over || value == nullptr ? record : minus(record, expanded(*value, type)));
  }
  return any && (all || (permission && covers(gone, let_go)));
}

/// Why what nobody claims any more of the entry is taken away.
Cause release_cause(const Ledger& ledger, KeyId id) {
  const auto withholds = [&](const ResourceState* party) { return party->withheld.contains(id); };
  const auto any = [&](const auto& parties) { return std::any_of(parties.begin(), parties.end(), withholds); };
  const bool withheld = any(ledger.former_claimants(id)) || any(ledger.claimants(id)) || is_withheld_opening(ledger, ledger.key(id));
  return withheld ? Cause::Withheld : expired(ledger, id) ? Cause::Expired : Cause::Released;
}

/// One planning of one catalog.
class Planning {
 public:
  explicit Planning(const PlanInput& input)
      : input_(input),
        ledger_(*input.ledger),
        snapshot_(*input.snapshots(input.catalog)),
        hybrid_(*input.ledger, input.snapshots, input.catalog) {}

  CatalogPlan plan(std::vector<KeyId> ids) {
    const auto others = other_changes_by_tags(input_, ids);
    ids.insert(ids.end(), others.begin(), others.end());
    std::stable_sort(ids.begin(), ids.end(), [&](KeyId a, KeyId b) {
      return rank_of(ledger_.key(a).local.kind) < rank_of(ledger_.key(b).local.kind);
    });
    CatalogPlan out;
    for (std::size_t n = 0; n < ids.size(); ++n) {
      out.entries.push_back(entry(ids[n]));
      add_what_hangs_on(out.entries.back(), ids);
    }
    for (const EntryPlan& plan : out.entries) {
      if (plan.verdict == EntryVerdict::Act) {
        out.actions.insert(out.actions.end(), plan.actions.begin(), plan.actions.end());
      }
    }
    keep_filled_databases(out);
    keep_what_is_granted_on(out);
    keep_off_taken_names(out);
    keep_within_quotas(out, input_);
    std::vector<Action> by_tags = order_by_tags(out, input_);
    const std::vector<Action> last = replaced_last(out, by_tags, input_);
    std::stable_sort(out.actions.begin(), out.actions.end(),
                     [](const Action& a, const Action& b) { return phase_of(a) < phase_of(b); });
    const auto after = std::find_if(out.actions.begin(), out.actions.end(),
                                    [](const Action& action) { return phase_of(action) > kPhaseOfTags; });
    out.actions.insert(after, by_tags.begin(), by_tags.end());
    out.actions.insert(out.actions.end(), last.begin(), last.end());
    return out;
  }

 private:
  EntryPlan entry(KeyId id) {
    EntryPlan out;
    out.id = id;
    const EntryKey& key = ledger_.key(id);
    Desired desired = ledger_.desired(id);
    const auto going = desired.value ? its_table_that_goes(key) : std::nullopt;
    if (going) desired.value.reset();
    if (desired.conflict) {
      out.verdict = EntryVerdict::Conflict;
      return out;
    }
    out.actions = difference(id, key, desired);
    if (out.actions.empty() && going) {
      // It comes back when the table is declared again before it is gone.
      out.verdict = EntryVerdict::Waits;
      out.waits_for = going;
      out.message = to_string(ledger_.key(*going).local) + " is being deleted";
      return out;
    }
    if (const auto table = awaited_with_column(ledger_, snapshot_, id)) {
      out.verdict = EntryVerdict::Waits;
      out.waits_for = table;
      return out;
    }
    if (out.actions.empty()) {
      if (desired.value && !in_place(ledger_, input_.snapshots, id)) wait_for_share(key, out);
      return out;
    }
    out.verdict = EntryVerdict::Act;
    if (stop_at_rival(out) || keep_used_values(out) || hybrid_.hold(out)) return out;
    const bool makes = std::any_of(out.actions.begin(), out.actions.end(), makes_something);
    if (makes && !ledger_.is_recorded(id)) {
      out.verdict = EntryVerdict::Unrecorded;
    } else if (makes) {
      if (const auto shown = withheld_beside(snapshot_, ledger_, out.actions.front())) {
        out.verdict = EntryVerdict::Waits;
        out.waits_for = ledger_.lookup(*shown);
      } else if (const auto missing = first_missing_need(id); missing && !pass_on_select(id, *missing, out)) {
        out.verdict = EntryVerdict::Waits;
        out.waits_for = missing;
        take_back_meanwhile(out);
      } else if (wait_for_tag_value(key, *desired.value, out)) {
        take_back_meanwhile(out);
      } else {
        planned_.insert(id);
      }
    }
    return out;
  }

  /// Whoever has something on a table that goes loses it first, even if he still claims it; permissions are planned last.
  void add_what_hangs_on(const EntryPlan& entry, std::vector<KeyId>& ids) const {
    const EntryKey& key = ledger_.key(entry.id);
    const bool goes = entry.verdict == EntryVerdict::Act && entry.actions.front().verb == Verb::Delete;
    if (!goes || key.local.kind != EntryKind::Table) return;
    for (const KeyId id : permissions_on(key)) {
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
  }

  std::optional<KeyId> its_table_that_goes(const EntryKey& key) const {
    const auto id = key.local.kind == EntryKind::Permission ? catalog::parse_permission_id(key.local.name) : std::nullopt;
    if (!id || id->resource.table.empty() || id->resource.owner != key.catalog.account) return std::nullopt;
    const EntryKey table{key.catalog, catalog::table_key(id->resource.database, id->resource.table)};
    return snapshot_.find(table.local) != nullptr && goes(table) ? ledger_.lookup(table) : std::nullopt;
  }

  /// What is ours and goes is waited for; what others want, or hold, is a conflict until somebody changes his mind. What
  /// the entry is to lose it loses all the same.
  bool stop_at_rival(EntryPlan& out) const {
    for (const Action& action : out.actions) {
      const auto rival = rival_of(snapshot_, ledger_, action);
      if (!rival) continue;
      if (goes(rival->key) && leave_select(out.actions)) return false;
      out.waits_for = ledger_.lookup(rival->key);
      out.verdict = goes(rival->key) ? EntryVerdict::Waits : EntryVerdict::Conflict;
      out.message = rival->message;
      take_back_meanwhile(out);
      if (out.verdict == EntryVerdict::Conflict) out.actions.clear();
      return true;
    }
    return false;
  }

  /// The entry was made by the operator, and nobody claims it any more.
  bool goes(const EntryKey& key) const {
    const auto id = ledger_.lookup(key);
    if (!id || ledger_.is_claimed(*id)) return false;
    const auto owned = ledger_.owned(*id);
    if (!owned) return false;
    return key.local.kind == EntryKind::Permission ? !left_of(*input_.confirmed, ledger_, *id, owned->permission).empty()
                                                   : owned->deletable;
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
    out.message.clear();
    out.actions = std::move(revokes);
  }

  std::vector<Action> difference(KeyId id, const EntryKey& key, const Desired& desired) {
    const EntryValue* observed = snapshot_.find(key.local);
    const EntryValue broken = broken_share(key, desired, observed);
    const EntryValue believed = believed_tag(ledger_, snapshot_, id);
    const auto ownership = ledger_.owned(id);
    const EntryValue owned = owned_value(id, key, ownership);
    catalog::DiffInput input;
    input.key = key;
    input.claimed = desired.value ? &*desired.value : nullptr;
    input.observed = !is_absent(broken) ? &broken : !is_absent(believed) ? &believed : observed;
    input.owned = is_absent(owned) ? nullptr : &owned;
    input.inherited = key.local.kind == EntryKind::TagAssignment ? inherited_tag(snapshot_, key.local) : nullptr;
    input.surplus = surplus_of(id, key);
    input.release_cause = release_cause(ledger_, id);
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
      if (!ownership->deletable && opened_entry(key)) return {};  // IAM goes on where the product is retained
      const PermissionValue left = left_of(*input_.confirmed, ledger_, id, ownership->permission);
      const bool is_lost = snapshot_.find(key.local) == nullptr && is_lost_to_a_link(snapshot_, key, left);
      return is_lost ? EntryValue() : EntryValue(left);
    }
    if (!ownership->deletable) return {};
    return catalog::OptIn{};  // any value: that it is ours is all that counts
  }

  catalog::Surplus surplus_of(KeyId id, const EntryKey& key) const {
    if (key.local.kind != EntryKind::Permission || input_.irrevocable->contains(id)) {
      return catalog::Surplus::OursOnly;
    }
    if (const auto opened = opened_entry(key)) {
      const auto opened_id = ledger_.lookup(*opened);
      const bool ours = opened_id && ledger_.is_claimed(*opened_id);
      if (ours && !is_declared_open(ledger_, key)) return catalog::Surplus::All;
    }
    const bool revoke = input_.policy.undeclared == api::Undeclared::Revoke &&
                        is_undeclared(ledger_, input_.policy, key, snapshot_.find(key.local));
    return revoke ? catalog::Surplus::All : catalog::Surplus::OursOnly;
  }

  /// `but`: that one aside.
  std::optional<KeyId> first_missing_need(KeyId id, std::optional<KeyId> but = std::nullopt) const {
    for (const KeyId need : ledger_.needs(id)) {
      if (need != but && !planned_.contains(need) && !in_place(ledger_, input_.snapshots, need)) return need;
    }
    return std::nullopt;
  }

  /// An account that is to get more than SELECT on a table, and has that so far, passes that on: the rest comes when those who read
  /// some columns of the table need these no more (lake-formation.md 2.2, rule 3).
  bool pass_on_select(KeyId id, KeyId missing, EntryPlan& out) const {
    const auto wanted = catalog::parse_permission_id(ledger_.key(id).local.name);
    const auto needed = catalog::parse_permission_id(ledger_.key(missing).local.name);
    if (!wanted || !needed || wanted->resource != needed->resource || wanted->resource.type != catalog::ResourceType::Table) return false;
    if (first_missing_need(id, missing)) return false;
    const catalog::Snapshot* snapshot = input_.snapshots(ledger_.key(missing).catalog);
    const auto* seen = snapshot == nullptr ? nullptr : snapshot->find(ledger_.key(missing).local);
    const auto* has = seen == nullptr ? nullptr : std::get_if<PermissionValue>(seen);
    return has != nullptr && has->grantable.has(catalog::Permission::Select) && leave_select(out.actions);
  }

  /// Values of a tag that something uses, whoever made it, stay: they would vanish from it without a word.
  /// Source: lake-formation.md 2.7 (UpdateLFTag and DeleteLFTag may not look)
  bool keep_used_values(EntryPlan& out) const {
    const EntryKey& key = ledger_.key(out.id);
    if (key.local.kind != EntryKind::TagKey || snapshot_.find(key.local) == nullptr) return false;
    const bool deletes = out.actions.front().verb == Verb::Delete;
    const catalog::TagKey& there = *value_in<catalog::TagKey>(snapshot_.find(key.local));
    catalog::TagKey wanted = deletes ? catalog::TagKey{{}, {}, true} : *value_in<catalog::TagKey>(&out.actions.front().value);
    const auto used = tag_values_used(snapshot_, key.catalog.account, key.local.name);
    for (const std::string& value : surplus_values(there, wanted)) {
      const auto user = used.find(value);
      if (user == used.end()) continue;
      wanted.kept.insert(value);
      out.waits_for = ledger_.lookup({key.catalog, user->second});
      out.message = "value " + value + " of LF-tag " + key.local.name + " is still used: " + to_string(user->second);
    }
    if (out.message.empty()) return false;
    const EntryValue rest = catalog::with_kept(wanted, there);
    if (!deletes && !satisfies(key.local, snapshot_.find(key.local), rest)) {
      out.actions.front().value = rest;
      out.waits_for.reset();
      out.message.clear();
      return false;
    }
    out.verdict = EntryVerdict::Waits;
    return true;
  }

  /// A value can be given only when its tag has it, or gets it in this plan.
  bool wait_for_tag_value(const EntryKey& key, const EntryValue& wanted, EntryPlan& out) const {
    for (const auto& [tag, values] : tag_values_needed(key, wanted)) {
      const catalog::LocalKey local{EntryKind::TagKey, tag};
      const auto id = ledger_.lookup({key.catalog, local});
      const auto desired = id && planned_.contains(*id) ? ledger_.desired(*id).value : std::nullopt;
      const auto* there = value_in<catalog::TagKey>(snapshot_.find(local));
      const auto* coming = value_in<catalog::TagKey>(desired ? &*desired : nullptr);
      for (const std::string& value : values) {
        if ((there != nullptr && there->values.contains(value)) || (coming != nullptr && coming->values.contains(value))) continue;
        out.verdict = EntryVerdict::Waits;
        out.waits_for = id;
        out.message = "LF-tag " + tag + " has no value " + value;
        return true;
      }
    }
    return false;
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

  /// What cannot be created because its name is taken waits until what has it is gone, and with it what is to be made
  /// on it. What stays is a conflict.
  void keep_off_taken_names(CatalogPlan& plan) const {
    std::set<EntryKey> deleted;
    for (const Action& action : plan.actions) {
      if (action.verb == Verb::Delete) deleted.insert(action.key);
    }
    std::set<KeyId> blocked;
    for (EntryPlan& entry : plan.entries) {
      if (entry.verdict != EntryVerdict::Act || !std::any_of(entry.actions.begin(), entry.actions.end(), makes_something)) {
        continue;
      }
      const auto needs = ledger_.needs(entry.id);
      const auto need = std::find_if(needs.begin(), needs.end(), [&](KeyId each) { return blocked.contains(each); });
      if (need != needs.end()) {
        entry.verdict = EntryVerdict::Waits;
        entry.waits_for = *need;
        take_back_meanwhile(entry);
      } else if (!note_occupant(entry, deleted)) {
        continue;
      }
      blocked.insert(entry.id);
      const EntryKey& key = ledger_.key(entry.id);
      const bool takes = entry.verdict == EntryVerdict::Act;  // what it loses it loses all the same
      std::erase_if(plan.actions,
                    [&](const Action& action) { return action.key == key && (!takes || makes_something(action)); });
    }
  }

  /// False when the name of what the entry creates is free, or will be by then.
  bool note_occupant(EntryPlan& entry, const std::set<EntryKey>& deleted) const {
    const auto occupant = occupant_of(snapshot_, entry.actions.back());
    if (!occupant || deleted.contains(*occupant)) return false;
    entry.verdict = goes(*occupant) ? EntryVerdict::Waits : EntryVerdict::Conflict;
    entry.waits_for = ledger_.lookup(*occupant);
    entry.message = to_string(ledger_.key(entry.id)) + " cannot be made: " + to_string(occupant->local) +
                    " has its name and stays, retained or made by somebody else; delete that, or take another name";
    if (entry.verdict == EntryVerdict::Conflict) entry.actions.clear();
    return true;
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
      const auto given = permissions_on(key);
      const auto left = std::find_if(given.begin(), given.end(), [&](KeyId id) {
        return !revoked.contains(ledger_.key(id)) && (key.local.kind == EntryKind::Table || !ledger_.is_claimed(id));
      });
      if (left == given.end()) continue;
      entry.verdict = EntryVerdict::Waits;
      entry.waits_for = *left;
      std::erase_if(plan.actions, [&](const Action& action) { return action.key == key; });
    }
  }

  /// The permissions of ours on the database, table or filter that are seen and not yet taken back.
  std::vector<KeyId> permissions_on(const EntryKey& key) const {
    std::vector<KeyId> out;
    const std::size_t slash = key.local.name.find('/');
    const std::string database = key.local.name.substr(0, slash);
    std::string table = slash == std::string::npos ? "" : key.local.name.substr(slash + 1);
    std::string filter;
    using Type = catalog::ResourceType;
    std::vector<Type> types;
    switch (key.local.kind) {
      case EntryKind::Database: types = {Type::Database, Type::AllTables}; break;
      case EntryKind::Table: types = {Type::Table, Type::Columns, Type::ColumnsExcept, Type::DataFilter}; break;
      case EntryKind::DataFilter:
        types = {Type::DataFilter};
        filter = table.substr(table.find('/') + 1);
        table.resize(table.find('/'));
        break;
      default: break;
    }
    for (const Type type : types) {
      const std::string prefix = to_string(catalog::ResourceId{type, key.catalog.account, database, table, filter});
      for (auto at = snapshot_.entries.lower_bound({EntryKind::Permission, prefix});
           at != snapshot_.entries.end() && at->first.kind == EntryKind::Permission &&
           at->first.name.starts_with(prefix);
           ++at) {
        const char next = at->first.name.size() > prefix.size() ? at->first.name[prefix.size()] : '@';
        const auto id = ledger_.lookup({key.catalog, at->first});
        if ((next != '@' && next != '!') || !id) continue;
        const auto owned = ledger_.owned(*id);
        if (owned && !left_of(*input_.confirmed, ledger_, *id, owned->permission).empty()) out.push_back(*id);
      }
    }
    return out;
  }

  const PlanInput& input_;
  const Ledger& ledger_;
  const catalog::Snapshot& snapshot_;
  HybridRules hybrid_;
  std::set<KeyId> planned_;
};

}  // namespace

int phase_of(const Action& action) {
  const bool away = !makes_something(action);
  const EntryKind kind = action.key.local.kind;
  if (action.cause == Cause::Preserve) return 2;
  if (!away) return kind == EntryKind::Settings ? 0 : kind == EntryKind::ShareAcceptance ? 1 : 20 + rank_of(kind);
  if (kind == EntryKind::TagAssignment) return kPhaseOfTags;  // among those that are set: order_by_tags
  // Revoke before delete, and dependents before what they hang on (trap T15). Whoever is no longer opted in goes by IAM
  // again before he loses what Lake Formation gave.
  return kind == EntryKind::OptIn ? 3 : kind == EntryKind::Permission ? 4 : 15 - rank_of(kind);
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

CatalogPlan plan_catalog(const PlanInput& input, const std::vector<KeyId>& ids) {
  return Planning(input).plan(ids);
}

}  // namespace datamesh::engine
