#include "controller/engine/tag_order.h"

#include <algorithm>
#include <list>

#include "controller/engine/outlook.h"
#include "controller/engine/reach.h"
#include "controller/engine/tag_trial.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::LocalKey;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::Verb;

namespace {

using Kind = TagStep::Kind;

/// Which orders are looked for, while those before harm somebody. What they find was measured (decision 0011).
constexpr Preference kPreferences[] = {
    {{0, 1, 2}, false, false}, {{1, 0, 2}, false, false}, {{1, 0, 2}, true, false}, {{0, 1, 2}, true, false},
    {{0, 2, 1}, false, false}, {{0, 2, 1}, true, false},
    {{1, 2, 0}, false, true},  // nothing is given before all that goes has gone
};
/// An order that took more to find is not looked for again.
constexpr std::size_t kTriesForAnotherOrder = 20000;

/// The account whose tags the permission is on; empty for what is none by tags.
std::string tag_owner(const LocalKey& key) {
  const auto id = key.kind == EntryKind::Permission ? catalog::parse_permission_id(key.name) : std::nullopt;
  const bool by_tags = id && (id->resource.type == ResourceType::DatabasePolicy || id->resource.type == ResourceType::TablePolicy);
  return by_tags ? id->resource.owner : "";
}

/// The resource itself is to get another value of the key, or to lose its own; what changes above it is another matter.
bool is_to_change(const std::string& name, const Tags& now, const Tags& in_the_end) {
  const auto [resource, key] = split_tag(name);
  const auto wanted = in_the_end.assigned(resource, key);
  return wanted ? now.effective(resource, key) != *wanted : now.assigned(resource, key).has_value();
}

bool has_cause(const std::vector<Action>& actions, std::initializer_list<Cause> causes) {
  return std::any_of(actions.begin(), actions.end(), [&](const Action& action) {
    return std::find(causes.begin(), causes.end(), action.cause) != causes.end();
  });
}

std::vector<KeyId> open_by_tags(const PlanInput& input, const CatalogRef& catalog) {
  std::vector<KeyId> out = input.progress.open ? input.progress.open(catalog) : std::vector<KeyId>{};
  std::erase_if(out, [&](KeyId id) { return !is_about_tags(input.ledger->key(id).local); });
  return out;
}

/// One ordering of what is planned by the tags of one account.
class Ordering {
 public:
  Ordering(CatalogPlan& plan, const PlanInput& input, const std::string& owner)
      : plan_(plan),
        ledger_(*input.ledger),
        input_(input),
        own_(*input.snapshots(input.catalog)),
        owner_(owner),
        tags_in_{owner, input.catalog.region},
        tags_(*input.snapshots(tags_in_)),
        trial_(ledger_, tags_, tags_in_),
        outlook_(plan, input) {}

  std::vector<Action> run(const Preference& preference) {
    for (EntryPlan& entry : plan_.entries) take_up(entry);
    if (steps_.empty()) return {};
    for (const KeyId id : open_in(tags_in_)) note_pending(id);
    if (tags_in_ != input_.catalog) {
      for (const KeyId id : open_in(input_.catalog)) note_pending(id);
    }
    if (!by_resource_.empty()) note_what_comes_by_name();
    add_policies();
    for (TagStep& step : steps_) {
      if (step.kind != Kind::Tags) complete(step);
      trial_.add(step);
    }
    trial_.begin(preference);
    drop_from_plan();
    take_back_first();
    wait_for_records();
    while (!trial_.empty()) choose();
    plan_.tried_out += trial_.tried();
    plan_.entries.insert(plan_.entries.end(), std::make_move_iterator(pinned_.begin()), std::make_move_iterator(pinned_.end()));
    return std::move(ordered_);
  }

  /// The worst first; less is better.
  std::array<std::size_t, 3> harm() const { return {harm_[3], harm_[2], harm_[1]}; }

 private:
  std::vector<KeyId> open_in(const CatalogRef& catalog) const {
    return open_by_tags(input_, catalog);
  }

  // ---- what is there to be ordered

  void take_up(EntryPlan& entry) {
    const LocalKey& key = ledger_.key(entry.id).local;
    const bool is_tag = key.kind == EntryKind::TagAssignment && tags_in_ == input_.catalog;
    if (!is_tag && tag_owner(key) != owner_) return;
    planned_.insert(entry.id);
    if (entry.verdict == EntryVerdict::Unrecorded) unrecorded_.insert(entry.id);
    if (!is_tag) changing_.insert(entry.id);
    if (entry.verdict == EntryVerdict::Act) at_hand_.insert(entry.id);
    if (entry.verdict != EntryVerdict::Act) {
      if (is_tag && entry.verdict != EntryVerdict::InOrder) note_tag(key.name, entry.id);
    } else if (is_tag) {
      take_up_tag(key.name, entry);
    } else {
      take_up_permission(entry);
    }
  }

  void take_up_tag(const std::string& name, EntryPlan& entry) {
    const auto [resource, key] = split_tag(name);
    const bool removes = entry.actions.front().verb == Verb::Delete;
    TagStep*& step = by_resource_[{resource, removes}];
    if (step == nullptr) {
      step = &steps_.emplace_back();
      step->resource = resource;
    }
    step->changes[key] = removes ? std::nullopt : std::optional(*tag_value(&entry.actions.front().value));
    step->tags.push_back(&entry);
    step->actions.insert(step->actions.end(), entry.actions.begin(), entry.actions.end());
  }

  /// What is revoked only to be granted again, or granted only to be kept, stays as it is.
  void take_up_permission(EntryPlan& entry) {
    if (has_cause(entry.actions, {Cause::Preserve})) return;
    TagStep grant, revoke;
    grant.kind = Kind::Grant;
    revoke.kind = Kind::Revoke;
    PermissionValue granted, revoked;
    for (const Action& action : entry.actions) {
      TagStep& step = action.verb == Verb::Grant ? grant : revoke;
      PermissionValue& sum = action.verb == Verb::Grant ? granted : revoked;
      step.entry = &entry;
      step.actions.push_back(action);
      sum = united(sum, std::get<PermissionValue>(action.value));
    }
    if (!revoke.actions.empty() && common(granted, revoked).empty()) steps_.push_back(std::move(revoke));
    if (!grant.actions.empty()) steps_.push_back(std::move(grant));
  }

  /// Something that is not in order and was not asked for: it failed and rests, or belongs to another catalog.
  void note_pending(KeyId id) {
    const EntryKey& key = ledger_.key(id);
    if (planned_.contains(id)) return;
    if (key.local.kind == EntryKind::TagAssignment) {
      if (key.catalog == tags_in_) note_tag(key.local.name, id);
    } else if (key.catalog == input_.catalog && tag_owner(key.local) == owner_) {
      changing_.insert(id);
    }
  }

  void note_tag(const std::string& name, KeyId id) {
    if (is_to_change(name, TagsNow(tags_), TagsInTheEnd(ledger_, tags_, tags_in_))) trial_.add_pending(name, id);
  }

  // ---- what is to be given by name, in this catalog and by the accounts that have something of it

  void note_what_comes_by_name() {
    std::set<KeyId> planned;
    for (const EntryPlan& entry : plan_.entries) {
      planned.insert(entry.id);
      if (entry.verdict != EntryVerdict::InOrder) note_by_name(entry.id, input_.catalog);
      if (entry.verdict == EntryVerdict::Act) given_here_.insert(entry.id);
    }
    for (const KeyId id : all_open_in(input_.catalog)) {
      if (!planned.contains(id)) note_by_name(id, input_.catalog);
    }
    for (const std::string& account : receivers()) {
      const CatalogRef there{account, input_.catalog.region};
      for (const KeyId id : all_open_in(there)) note_by_name(id, there);
    }
  }

  void note_by_name(KeyId id, const CatalogRef& catalog) {
    const EntryKey& key = ledger_.key(id);
    const auto reach = key.catalog == catalog ? reach_of(key.local) : std::nullopt;
    if (!reach || reach->policy || reach->id.resource.owner != owner_) return;
    const catalog::PermissionSet given = still_to_give(id, *reach, input_);
    if (given.empty()) return;
    trial_.add(reach->id.principal, {id, reach->id.resource, {given, {}}});
    comes_by_name_[catalog.account].insert(reach->id.principal);
  }

  std::vector<KeyId> all_open_in(const CatalogRef& catalog) const {
    return input_.progress.open ? input_.progress.open(catalog) : std::vector<KeyId>{};
  }

  /// The accounts that were granted something by tags.
  std::set<std::string> receivers() const {
    std::set<std::string> out;
    for (const TagPolicy& policy : tag_policies(own_, owner_)) {
      const std::string account = catalog::account_of_principal(policy.principal);
      const bool is_read = !account.empty() && account != owner_ && input_.snapshots({account, input_.catalog.region}) != nullptr;
      if (is_read) out.insert(account);
    }
    return out;
  }

  // ---- who holds what

  /// While no tag changes all that matters is what else those hold whose permissions do.
  void add_policies() {
    std::set<std::string> principals;
    for (const KeyId id : changing_) principals.insert(tag_policy_of(ledger_.key(id).local)->principal);
    const bool tags_change = trial_.knows_of_changes() || !by_resource_.empty();
    for (TagPolicy& policy : tag_policies(own_, owner_, tags_change ? nullptr : &principals)) add_policy(std::move(policy), input_.catalog);
    for (const KeyId id : changing_) {
      if (own_.find(ledger_.key(id).local) == nullptr) add_policy(*tag_policy_of(ledger_.key(id).local), input_.catalog);
    }
    if (tags_change && tags_in_ == input_.catalog) add_local_policies();
  }

  HeldPolicy& add_policy(TagPolicy policy, const CatalogRef& catalog) {
    return trial_.add(held_policy(std::move(policy), input_, catalog));
  }

  /// What receiving accounts have passed on, of those to whom more or less is to be passed on.
  void add_local_policies() {
    for (const std::string& account : receivers()) {
      const CatalogRef there{account, input_.catalog.region};
      const catalog::Snapshot* local = input_.snapshots(there);
      std::set<std::string> principals = comes_by_name_[account];
      std::set<KeyId> changing;
      for (const KeyId id : open_in(there)) {
        if (tag_owner(ledger_.key(id).local) != owner_) continue;
        changing.insert(id);
        principals.insert(tag_policy_of(ledger_.key(id).local)->principal);
      }
      if (principals.empty()) continue;
      for (TagPolicy& policy : tag_policies(*local, owner_, &principals)) add_policy(std::move(policy), there);
      for (const KeyId id : changing) {
        if (local->find(ledger_.key(id).local) == nullptr) add_policy(*tag_policy_of(ledger_.key(id).local), there);
      }
    }
  }

  /// Which permission the step changes, and by what.
  void complete(TagStep& step) {
    step.policy = trial_.find(step.entry->id);
    const ResourceType type = step.policy->on_databases ? ResourceType::DatabasePolicy : ResourceType::TablePolicy;
    PermissionValue sum;
    for (const Action& action : step.actions) sum = united(sum, expanded(std::get<PermissionValue>(action.value), type));
    step.rights = Rights::of(sum, type);
    if (step.kind == Kind::Revoke) {
      step.rights = step.policy->now - Rights::of(minus(expanded(step.policy->value, type), sum), type);
    }
  }

  // ---- the order

  void drop_from_plan() {
    std::set<std::pair<EntryKey, Verb>> taken;
    for (const TagStep& step : steps_) {
      for (const Action& action : step.actions) taken.emplace(action.key, action.verb);
    }
    std::erase_if(plan_.actions, [&](const Action& action) { return taken.contains({action.key, action.verb}); });
  }

  /// What takes nothing that is declared is taken back before all else; and so is what would reach a table or column that is
  /// about to be made, which has the tags of what it is in until it gets its own.
  void take_back_first() {
    const auto fresh = new_resources();
    std::vector<TagStep*> others;
    for (TagStep& step : steps_) {
      if (step.kind != Kind::Revoke) continue;
      const bool in_danger = std::any_of(fresh.begin(), fresh.end(), [&](const std::string& resource) {
        return trial_.would_reach_new(*step.policy, resource);
      });
      if (in_danger) take_back(step); else others.push_back(&step);
    }
    for (TagStep* step : others) {
      if (trial_.harm(*step) == Harm::None) take_back(*step);
    }
  }

  void take_back(TagStep& step) {
    trial_.done(step, {});
    plan_.actions.insert(plan_.actions.end(), step.actions.begin(), step.actions.end());
  }

  std::set<std::string> new_resources() const {
    std::set<std::string> out;
    if (tags_in_ != input_.catalog) return out;
    for (const Action& action : plan_.actions) {
      if (action.key.local.kind != EntryKind::Table || (action.verb != Verb::Create && action.verb != Verb::Update)) continue;
      const auto* seen = own_.find(action.key.local);
      const auto* table = seen == nullptr ? nullptr : std::get_if<catalog::Shared<catalog::Table>>(seen);
      const std::string& name = action.key.local.name;
      for (const std::string& resource : tagged_under(name, own_, ledger_, tags_in_)) {
        if (table != nullptr && (resource == name || catalog::has_column(**table, resource.substr(name.size() + 1)))) continue;
        out.insert(resource);
      }
    }
    return out;
  }

  void choose() {
    TagStep& step = trial_.best();
    const Harm harm = trial_.harm(step);
    if (harm == Harm::Gives) {
      if (const auto blocker = blocker_of_any()) return wait_for(*blocker);
    } else if (harm != Harm::None) {
      if (const auto by_name = trial_.replacement_by_name(step, [&](KeyId id) { return given_here_.contains(id); })) return grant_first(*by_name);
      if (const auto coming = worth_waiting_for(step)) return put_off(step, *coming);
    }
    const auto pins = trial_.pins_of(step);
    if (!ends_with_) ends_with_ = trial_.lingering_blocker(step);
    if (!ends_with_ && !pin(step, pins)) return;
    ++harm_[static_cast<std::size_t>(harm)];
    trial_.done(step, pins);
    if (ends_with_ && (step.kind != Kind::Revoke || may_wait(step))) return keep_for_later(step);
    ordered_.insert(ordered_.end(), pins.begin(), pins.end());
    ordered_.insert(ordered_.end(), step.actions.begin(), step.actions.end());
  }

  /// With the filter that it is on.
  void grant_first(KeyId by_name) {
    trial_.given(by_name);
    const EntryKey& key = ledger_.key(by_name);
    const ResourceId on = catalog::parse_permission_id(key.local.name)->resource;
    const LocalKey filter{EntryKind::DataFilter, on.database + "/" + on.table + "/" + on.detail};
    const auto comes_first = [&](const Action& action) {
      const bool is_filter = on.type == ResourceType::DataFilter && action.key.local == filter && action.verb != Verb::Delete;
      return is_filter || (action.key == key && action.verb == Verb::Grant && action.cause != Cause::Preserve);
    };
    std::copy_if(plan_.actions.begin(), plan_.actions.end(), std::back_inserter(ordered_), comes_first);
    std::erase_if(plan_.actions, comes_first);
  }

  /// All that is left gives too much. When that ends with something that is to be revoked, or with a tag that is not at hand,
  /// all of it waits for that; else it is as declared, and no order helps.
  std::optional<KeyId> blocker_of_any() const {
    if (!trial_.has_open_ends()) return std::nullopt;
    for (const TagStep* step : trial_.left()) {
      if (auto blocker = trial_.blocker(*step)) return blocker;
    }
    return std::nullopt;
  }

  void wait_for(KeyId blocker) {
    for (TagStep* step : trial_.left()) wait(*step, blocker);
  }

  void put_off(TagStep& step, KeyId coming) {
    wait(step, coming);
    note_put_off(step);
  }

  /// A place in the order is known, and not yet come.
  void keep_for_later(TagStep& step) {
    mark_waiting(step, *ends_with_);
    if (step.kind == Kind::Revoke) note_put_off(step);
  }

  static void note_put_off(TagStep& step) {
    for (EntryPlan* entry : step.entries()) entry->put_off = entry->verdict == EntryVerdict::Waits;
  }

  /// For what would spare it harm, and not for long (decision 0003). Time does not wait.
  bool may_wait(const TagStep& step) const {
    if (has_cause(step.actions, {Cause::Expired, Cause::Withheld})) return false;
    const auto entries = step.entries();
    return std::none_of(entries.begin(), entries.end(), [&](const EntryPlan* entry) {
      return input_.progress.waited_enough && input_.progress.waited_enough(entry->id);
    });
  }

  /// What belongs together and is not on record yet is on its way: an order of only a part of it may leave none for the rest.
  void wait_for_records() {
    const std::set<KeyId> unrecorded = unrecorded_;
    if (unrecorded.empty()) return;
    for (TagStep* step : trial_.left()) {
      const auto other = std::find_if(unrecorded.begin(), unrecorded.end(), [&](KeyId id) { return belongs_to(*step, id); });
      if (other != unrecorded.end() && may_wait(*step)) put_off(*step, *other);
    }
  }

  bool belongs_to(const TagStep& step, KeyId id) const {
    const LocalKey& key = ledger_.key(id).local;
    const auto policy = tag_policy_of(key);
    if (policy && step.policy != nullptr) return policy->principal == step.policy->principal;
    if (policy) return trial_.replaces_something(*policy) && names_any(*policy, step);
    const auto [resource, tag] = split_tag(key.name);
    if (step.policy != nullptr) return step.policy->expression.terms.contains(tag);
    return resource.substr(0, resource.find('/')) == step.resource.substr(0, step.resource.find('/'));
  }

  static bool names_any(const TagPolicy& policy, const TagStep& step) {
    return std::any_of(step.changes.begin(), step.changes.end(),
                       [&](const auto& change) { return policy.expression.terms.contains(change.first); });
  }

  /// The step takes something for a while. What would spare it that and is under way, if it may wait for that.
  std::optional<KeyId> worth_waiting_for(const TagStep& step) const {
    if (!may_wait(step)) return std::nullopt;
    if (const auto by_name = trial_.replacement_by_name(step, [&](KeyId id) { return outlook_.comes(id); })) return by_name;
    return trial_.replacement(step, [&](const HeldPolicy& policy) { return comes(policy); }, [&](KeyId tag) { return comes(tag); });
  }

  bool comes_soon(KeyId id) const {
    if (unrecorded_.contains(id) || on_their_way_.contains(id)) return true;
    return !at_hand_.contains(id) && outlook_.comes(id);
  }

  /// It is on its way, or at hand and kept back by what is on its way.
  bool comes(const HeldPolicy& policy) const { return policy.id && comes(*policy.id); }
  bool comes(KeyId id) const {
    if (comes_soon(id)) return true;
    for (const TagStep* step : trial_.left()) {
      const auto entries = step->kind == Kind::Revoke ? std::vector<EntryPlan*>{} : step->entries();
      const bool is_it = std::any_of(entries.begin(), entries.end(), [&](const EntryPlan* entry) { return entry->id == id; });
      if (!is_it || trial_.harm(*step) != Harm::Gives) continue;
      const auto blocker = trial_.blocker(*step);
      if (blocker && comes_soon(*blocker)) return true;
    }
    return false;
  }

  /// False when a value that is to be pinned is not on record yet: the step waits for that.
  bool pin(TagStep& step, const std::vector<Action>& pins) {
    std::optional<KeyId> missing;
    for (const Action& action : pins) {
      const KeyId id = *ledger_.lookup(action.key);
      EntryPlan& entry = entry_of(id);
      if (input_.progress.rests && input_.progress.rests(id)) {
        wait(step, id);
        return false;
      }
      const bool on_record = ledger_.is_recorded(id);
      entry.verdict = on_record ? EntryVerdict::Act : EntryVerdict::Unrecorded;
      entry.actions = {action};
      if (on_record) continue;
      unrecorded_.insert(id);
      missing = id;
    }
    if (!missing) return true;
    wait(step, *missing);
    return false;
  }

  EntryPlan& entry_of(KeyId id) {
    for (auto* entries : {&plan_.entries, &pinned_}) {
      const auto found = std::find_if(entries->begin(), entries->end(), [&](const EntryPlan& entry) { return entry.id == id; });
      if (found != entries->end()) return *found;
    }
    pinned_.push_back({id, EntryVerdict::Act, {}, std::nullopt, ""});
    return pinned_.back();
  }

  /// What else is to be done about its entries is done all the same.
  void wait(TagStep& step, KeyId on) {
    trial_.put_off(step);
    if (comes_soon(on)) {
      for (const EntryPlan* entry : step.entries()) on_their_way_.insert(entry->id);
    }
    mark_waiting(step, on);
  }

  void mark_waiting(TagStep& step, KeyId on) {
    for (EntryPlan* entry : step.entries()) {
      std::erase_if(entry->actions, [&](const Action& action) {
        return std::find(step.actions.begin(), step.actions.end(), action) != step.actions.end();
      });
      if (!entry->actions.empty()) continue;
      entry->verdict = EntryVerdict::Waits;
      entry->waits_for = on;
      entry->message = to_string(ledger_.key(on).local) + " changes first";
    }
  }

  CatalogPlan& plan_;
  const Ledger& ledger_;
  const PlanInput& input_;
  const catalog::Snapshot& own_;
  const std::string owner_;
  const CatalogRef tags_in_;
  const catalog::Snapshot& tags_;
  TagTrial trial_;
  const Outlook outlook_;
  std::list<TagStep> steps_;
  std::map<std::pair<std::string, bool>, TagStep*> by_resource_;
  std::set<KeyId> planned_;
  std::set<KeyId> at_hand_;
  std::set<KeyId> unrecorded_;
  std::set<KeyId> on_their_way_;  ///< kept back by what is on its way
  std::optional<KeyId> ends_with_;  ///< what this plan revokes: the rest of the order waits until that is done
  std::set<KeyId> changing_;  ///< permissions
  std::set<KeyId> given_here_;  ///< by name, in this plan
  std::map<std::string, std::set<std::string>> comes_by_name_;  ///< to whom, by the account that gives it
  std::vector<EntryPlan> pinned_;
  std::vector<Action> ordered_;
  std::array<std::size_t, 4> harm_{};  ///< how many steps did which
};

/// Chooses one step after the other, and again with other preferences while what comes out harms somebody.
std::vector<Action> least_harmful(CatalogPlan& plan, const PlanInput& input, const std::string& owner) {
  const CatalogPlan before = plan;
  std::vector<Action> best;
  std::optional<std::array<std::size_t, 3>> least;
  for (const Preference& preference : kPreferences) {
    CatalogPlan attempt = before;
    Ordering ordering(attempt, input, owner);
    auto ordered = ordering.run(preference);
    const std::size_t tried = attempt.tried_out;
    if (!least || ordering.harm() < *least) {
      least = ordering.harm();
      best = std::move(ordered);
      plan = std::move(attempt);
    }
    if (*least == std::array<std::size_t, 3>{} || tried > kTriesForAnotherOrder) break;
  }
  return best;
}

}  // namespace

bool is_about_tags(const LocalKey& key) { return key.kind == EntryKind::TagAssignment || !tag_owner(key).empty(); }

std::vector<KeyId> other_changes_by_tags(const PlanInput& input, const std::vector<KeyId>& ids) {
  std::vector<KeyId> out;
  const bool concerned =
      std::any_of(ids.begin(), ids.end(), [&](KeyId id) { return is_about_tags(input.ledger->key(id).local); });
  if (!concerned) return out;
  const std::set<KeyId> known(ids.begin(), ids.end());
  for (const KeyId id : open_by_tags(input, input.catalog)) {
    if (!known.contains(id) && !input.progress.rests(id)) out.push_back(id);
  }
  return out;
}

std::vector<Action> order_by_tags(CatalogPlan& plan, const PlanInput& input) {
  std::set<std::string> owners;
  for (const EntryPlan& entry : plan.entries) {
    const LocalKey& key = input.ledger->key(entry.id).local;
    if (entry.verdict != EntryVerdict::Act) continue;
    const std::string owner = key.kind == EntryKind::TagAssignment ? input.catalog.account : tag_owner(key);
    if (!owner.empty() && input.snapshots({owner, input.catalog.region}) != nullptr) owners.insert(owner);
  }
  std::vector<Action> out;
  for (const std::string& owner : owners) {
    auto ordered = least_harmful(plan, input, owner);
    out.insert(out.end(), std::make_move_iterator(ordered.begin()), std::make_move_iterator(ordered.end()));
  }
  return out;
}

}  // namespace datamesh::engine
