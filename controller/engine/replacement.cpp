#include "controller/engine/replacement.h"

#include <algorithm>

#include "controller/engine/outlook.h"
#include "controller/engine/reach.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::Verb;

namespace {

constexpr PermissionSet kSelect{Permission::Select};

/// Of what a revoke on a whole table takes: SELECT, or all else.
Action part_of(const Action& action, bool select) {
  Action out = action;
  auto& value = std::get<PermissionValue>(out.value);
  value.permissions = select ? value.permissions & kSelect : value.permissions - kSelect;
  value.grantable = select ? value.grantable & kSelect : value.grantable - kSelect;
  return out;
}

/// For a change of mind, that is: neither time nor somebody's caution has taken it back.
bool is_changed_mind(const Action& action) {
  return action.verb == Verb::Revoke && (action.cause == Cause::Released || action.cause == Cause::Surplus);
}

/// The revokes among them that take what the others do not give again; empty when something else is to be done.
std::vector<Action> revokes_in(const EntryPlan& entry) {
  std::vector<Action> out;
  PermissionValue granted, revoked;
  for (const Action& action : entry.actions) {
    const auto* value = std::get_if<PermissionValue>(&action.value);
    const bool grants = action.verb == Verb::Grant && action.cause != Cause::Preserve;
    if (value == nullptr || (!grants && !is_changed_mind(action))) return {};
    (grants ? granted : revoked) = united(grants ? granted : revoked, *value);
    if (!grants) out.push_back(action);
  }
  return common(granted, revoked).empty() ? out : std::vector<Action>{};
}

/// A permission that is declared and not there.
struct Coming {
  KeyId id;
  Reach reach;
  PermissionSet given;
  std::optional<KeyId> waits_for;
  bool is_planned = false;
  bool at_hand = false;  ///< it is granted in this plan
};

/// Found by what it is on, so that each revoke is held against what may take its place, and not against all that is open.
class Comings {
 public:
  void add(Coming coming) {
    const ResourceId& resource = coming.reach.id.resource;
    (coming.reach.policy ? by_tags_ : by_database_[resource.database]).push_back(std::move(coming));
  }
  /// Those that may have something in common with `reach`.
  std::vector<const Coming*> near(const Reach& reach) const {
    std::vector<const Coming*> out;
    const auto add = [&](const std::vector<Coming>& some) {
      for (const Coming& each : some) out.push_back(&each);
    };
    add(by_tags_);
    if (reach.policy) {
      for (const auto& [database, some] : by_database_) add(some);
    } else if (const auto some = by_database_.find(reach.id.resource.database); some != by_database_.end()) {
      add(some->second);
    }
    return out;
  }

 private:
  std::vector<Coming> by_tags_;
  std::map<std::string, std::vector<Coming>> by_database_;
};

/// Tag assignments that change, by "resource#key"; nullopt: at hand.
using TagChanges = std::map<std::string, std::optional<KeyId>>;

class Replacing {
 public:
  Replacing(CatalogPlan& plan, std::vector<Action>& by_tags, const PlanInput& input)
      : plan_(plan), by_tags_(by_tags), ledger_(*input.ledger), input_(input), own_(*input.snapshots(input.catalog)), outlook_(plan, input) {}

  std::vector<Action> run() {
    std::vector<Going> going;
    for (EntryPlan& entry : plan_.entries) {
      if (entry.verdict != EntryVerdict::Act) continue;
      auto reach = reach_of(ledger_.key(entry.id).local);
      auto revokes = reach ? revokes_in(entry) : std::vector<Action>{};
      if (revokes.empty()) continue;
      PermissionSet taken;
      for (const Action& action : revokes) taken = taken | permissions_in(std::get<PermissionValue>(action.value), reach->id.resource.type);
      going.push_back({&entry, std::move(*reach), std::move(revokes), taken});
    }
    if (going.empty()) return {};
    note_what_comes();
    for (Going& each : going) {
      if (!changes_with_its_table(each.reach)) look_at(each);
    }
    return std::move(late_);
  }

 private:
  struct Going {
    EntryPlan* entry;
    Reach reach;
    std::vector<Action> revokes;
    PermissionSet taken;
  };

  // ---- what comes

  void note_what_comes() {
    std::set<KeyId> planned;
    for (const EntryPlan& entry : plan_.entries) {
      planned.insert(entry.id);
      if (entry.verdict == EntryVerdict::InOrder) continue;
      note_coming(&entry, entry.id, entry.waits_for);
      note_tag(entry.id, entry.verdict == EntryVerdict::Act);
    }
    for (const KeyId id : open_in(input_.catalog)) {
      if (planned.contains(id)) continue;
      const auto state = input_.progress.state_of(id);
      note_coming(nullptr, id, state ? state->waits_for : std::nullopt);
      note_tag(id, false);
    }
  }

  void note_coming(const EntryPlan* planned, KeyId id, std::optional<KeyId> waits_for) {
    auto reach = reach_of(ledger_.key(id).local);
    const PermissionSet given = reach ? still_to_give(id, *reach, input_) : PermissionSet{};
    if (given.empty()) return;
    const bool at_hand = planned != nullptr && planned->verdict == EntryVerdict::Act;
    Comings& comings = comings_[reach->id.principal];
    comings.add({id, std::move(*reach), given, waits_for, planned != nullptr, at_hand});
  }

  void note_tag(KeyId id, bool at_hand) {
    const EntryKey& key = ledger_.key(id);
    if (key.local.kind != EntryKind::TagAssignment) return;
    tags_[key.catalog.account].emplace(key.local.name, at_hand ? std::nullopt : std::optional(id));
  }

  std::vector<KeyId> open_in(const CatalogRef& catalog) const {
    return input_.progress.open ? input_.progress.open(catalog) : std::vector<KeyId>{};
  }

  // ---- what goes

  void look_at(Going& going) {
    bool has_replacement = false;
    std::optional<KeyId> awaited;
    for (const Coming* each : comings_[going.reach.id.principal].near(going.reach)) {
      const Coming& coming = *each;
      if (coming.id == going.entry->id || (going.reach.policy && coming.reach.policy)) continue;  // order_by_tags sees to these
      if ((coming.given & going.taken).empty() || !meet(going.reach, coming.reach, input_)) continue;
      if (coming.at_hand) {
        has_replacement = true;
      } else if (is_kept_out(coming, going)) {
        return keep_select(going, coming.id);
      } else if (outlook_.comes(coming.id)) {
        awaited = coming.id;
      }
    }
    if (!going.reach.policy) look_for_tags(going, has_replacement, awaited);
    if (!awaited) awaited = passed_on(going);
    if (awaited && may_wait(going)) return put_off(going, *awaited);
    if (has_replacement || awaited) revoke_last(going);
  }

  /// What was planned before and waits for some columns to go is planned again only when they are gone.
  bool is_kept_out(const Coming& coming, const Going& going) const {
    if (coming.waits_for != going.entry->id || ledger_.is_claimed(going.entry->id)) return false;
    return coming.is_planned || going.reach.id.resource.type == ResourceType::Table;
  }

  /// What changes the tags of what is reached by name may let in whoever has a permission by tags.
  void look_for_tags(const Going& going, bool& has_replacement, std::optional<KeyId>& awaited) {
    const auto changes = tag_changes_of(going.reach);
    if (changes.empty() || !is_let_in_by_tags(going)) return;
    for (const auto& id : changes) {
      if (!id) has_replacement = true;
      if (id && outlook_.comes(*id)) awaited = id;
    }
  }

  /// Of what it is on, of what is in that and of what that is in.
  std::vector<std::optional<KeyId>> tag_changes_of(const Reach& named) {
    const ResourceId& resource = named.id.resource;
    const TagChanges& all = tags_of(resource.owner);
    const std::string table = resource.database + "/" + resource.table;
    std::vector<std::optional<KeyId>> out;
    for (auto at = all.lower_bound(resource.database); at != all.end() && at->first.starts_with(resource.database); ++at) {
      const std::string tagged = split_tag(at->first).first;
      const bool is_within = !named.is_on_databases() && (resource.type == ResourceType::AllTables ? tagged.starts_with(resource.database + "/")
                                                                                                 : tagged == table || tagged.starts_with(table + "/"));
      if (tagged == resource.database || is_within) out.push_back(at->second);
    }
    return out;
  }

  const TagChanges& tags_of(const std::string& owner) {
    const auto [at, is_new] = tags_.try_emplace(owner);
    if (is_new && owner != input_.catalog.account) {
      for (const KeyId id : open_in({owner, input_.catalog.region})) note_tag(id, false);
    }
    return at->second;
  }

  /// A permission by tags that the principal has, or gets, will reach what is taken.
  bool is_let_in_by_tags(const Going& going) {
    const std::set<std::string> principals{going.reach.id.principal};
    const auto reaches = [&](const catalog::LocalKey& key, const PermissionSet& given) {
      const auto reach = reach_of(key);
      return reach && !(given & going.taken).empty() && meet(going.reach, *reach, input_);
    };
    const auto held = tag_policies(own_, going.reach.id.resource.owner, &principals);
    const auto comings = comings_[going.reach.id.principal].near(going.reach);
    return std::any_of(held.begin(), held.end(), [&](const TagPolicy& policy) {
             return reaches(policy.key, permissions_in(policy.value, policy.on_databases ? ResourceType::DatabasePolicy : ResourceType::TablePolicy));
           }) ||
           std::any_of(comings.begin(), comings.end(), [&](const Coming* coming) {
             return coming->reach.policy && reaches(ledger_.key(coming->id).local, coming->given);
           });
  }

  /// A whole account loses something. What it is to pass on in its place, to somebody who has it from there now, comes first.
  std::optional<KeyId> passed_on(const Going& going) {
    const std::string& account = going.reach.id.principal;
    if (!catalog::is_account_id(account) || account == input_.catalog.account) return std::nullopt;
    const CatalogRef there{account, input_.catalog.region};
    const catalog::Snapshot* local = input_.snapshots(there);
    if (local == nullptr) return std::nullopt;
    for (const Coming* coming : coming_in(there).near(going.reach)) {
      if ((coming->given & going.taken).empty() || !meet(going.reach, coming->reach, input_)) continue;
      if (outlook_.comes(coming->id) && holds_some(*local, there, going, coming->reach)) return coming->id;
    }
    return std::nullopt;
  }

  const Comings& coming_in(const CatalogRef& there) {
    const auto [at, is_new] = coming_elsewhere_.try_emplace(there.account);
    if (!is_new) return at->second;
    for (const KeyId id : open_in(there)) {
      auto reach = reach_of(ledger_.key(id).local);
      const PermissionSet given = reach ? still_to_give(id, *reach, input_) : PermissionSet{};
      if (!given.empty()) at->second.add({id, std::move(*reach), given, std::nullopt});
    }
    return at->second;
  }

  /// The principal of `coming` has something of what is taken from its account.
  bool holds_some(const catalog::Snapshot& local, const CatalogRef& there, const Going& going, const Reach& coming) const {
    const std::string& principal = coming.id.principal;
    const auto is_some = [&](const catalog::LocalKey& key, const PermissionValue& value) {
      const auto reach = reach_of(key);
      return reach && !(permissions_in(value, reach->id.resource.type) & going.taken).empty() && meet(going.reach, *reach, input_);
    };
    const ResourceId& named = going.reach.policy ? coming.id.resource : going.reach.id.resource;
    if (!named.database.empty()) {
      for (const KeyId id : ledger_.given_on(named.owner, named.database)) {
        const EntryKey& key = ledger_.key(id);
        const auto* seen = key.catalog == there && key.local.name.ends_with("@" + principal) ? local.find(key.local) : nullptr;
        const auto* value = seen == nullptr ? nullptr : std::get_if<PermissionValue>(seen);
        if (value != nullptr && is_some(key.local, *value)) return true;
      }
    }
    const std::set<std::string> principals{principal};
    const auto held = tag_policies(local, named.owner, &principals);
    return std::any_of(held.begin(), held.end(), [&](const TagPolicy& policy) { return is_some(policy.key, policy.value); });
  }

  /// A column that is added would show to whoever keeps the table a little longer; and what goes goes without permissions on it.
  bool changes_with_its_table(const Reach& reach) const {
    const std::string& database = reach.id.resource.database;
    return std::any_of(plan_.actions.begin(), plan_.actions.end(), [&](const Action& action) {
      const std::string& name = action.key.local.name;
      if (action.key.local.kind == EntryKind::Database) return action.verb == Verb::Delete && name == database;
      if (action.key.local.kind != EntryKind::Table) return false;
      if (reach.policy) return may_reach(*reach.policy, name);
      return reach.id.resource.type == ResourceType::AllTables ? name.starts_with(database + "/") : name == database + "/" + reach.id.resource.table;
    });
  }

  /// As tags are, or as they will be.
  bool may_reach(const TagPolicy& policy, const std::string& table) const {
    return policy.reaches(table, TagsNow(own_)) || policy.reaches(table, TagsInTheEnd(ledger_, own_, input_.catalog));
  }

  bool may_wait(const Going& going) const {
    return !input_.progress.waited_enough || !input_.progress.waited_enough(going.entry->id);
  }

  void revoke_last(const Going& going) {
    late_.insert(late_.end(), going.revokes.begin(), going.revokes.end());
    drop(going);
    keep_filter(going);
  }

  /// It goes once nothing is granted on it any more.
  void keep_filter(const Going& going) {
    const ResourceId& resource = going.reach.id.resource;
    if (resource.type != ResourceType::DataFilter) return;
    const EntryKey filter{input_.catalog, {EntryKind::DataFilter, resource.database + "/" + resource.table + "/" + resource.detail}};
    for (EntryPlan& other : plan_.entries) {
      if (ledger_.key(other.id) != filter || other.verdict != EntryVerdict::Act || other.actions.front().verb != Verb::Delete) continue;
      std::erase_if(plan_.actions, [&](const Action& action) { return action.key == filter; });
      other.verdict = EntryVerdict::Waits;
      other.waits_for = going.entry->id;
    }
  }

  /// What else is to be done about the entry is done all the same.
  void put_off(Going& going, KeyId coming) {
    EntryPlan& entry = *going.entry;
    drop(going);
    keep_filter(going);
    entry.put_off = true;
    entry.waits_for = coming;
    entry.message = to_string(ledger_.key(coming).local) + " is given first";
    std::erase_if(entry.actions, [](const Action& action) { return action.verb == Verb::Revoke; });
    if (entry.actions.empty()) entry.verdict = EntryVerdict::Waits;
  }

  /// What keeps the replacement out goes, and SELECT stays until that is there.
  void keep_select(Going& going, KeyId coming) {
    if (!may_wait(going)) return;
    std::vector<Action> first;
    for (const Action& action : going.revokes) {
      Action rest = part_of(action, false);
      if (!std::get<PermissionValue>(rest.value).permissions.empty()) first.push_back(std::move(rest));
    }
    if (first.empty()) return put_off(going, coming);
    drop(going);
    auto& actions = going.entry->actions;
    std::erase_if(actions, [](const Action& action) { return action.verb == Verb::Revoke; });
    actions.insert(actions.end(), first.begin(), first.end());
    going.entry->put_off = true;
    plan_.actions.insert(plan_.actions.end(), first.begin(), first.end());
  }

  void drop(const Going& going) {
    const EntryKey& key = ledger_.key(going.entry->id);
    for (auto* actions : {&plan_.actions, &by_tags_}) {
      std::erase_if(*actions, [&](const Action& action) { return action.key == key && action.verb == Verb::Revoke; });
    }
  }

  CatalogPlan& plan_;
  std::vector<Action>& by_tags_;
  const Ledger& ledger_;
  const PlanInput& input_;
  const catalog::Snapshot& own_;
  const Outlook outlook_;
  std::map<std::string, Comings> comings_;           ///< by principal
  std::map<std::string, Comings> coming_elsewhere_;  ///< by account, those that were asked for
  std::map<std::string, TagChanges> tags_;           ///< by account, those that were asked for
  std::vector<Action> late_;
};

}  // namespace

std::vector<Action> replaced_last(CatalogPlan& plan, std::vector<Action>& by_tags, const PlanInput& input) {
  return Replacing(plan, by_tags, input).run();
}

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
