#include "controller/engine/tag_order.h"

#include <algorithm>
#include <list>
#include <optional>

#include "controller/engine/tag_view.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::LocalKey;
using catalog::PermissionValue;
using catalog::ResourceType;
using catalog::Verb;

namespace {

/// The resource itself is to get another value of the key, or to lose its own; what changes above it is another matter.
bool is_to_change(const std::string& name, const Tags& now, const Tags& in_the_end) {
  const auto [resource, key] = split_tag(name);
  const auto wanted = in_the_end.assigned(resource, key);
  return wanted ? now.effective(resource, key) != *wanted : now.assigned(resource, key).has_value();
}

struct Policy : TagPolicy {
  bool goes = false;  ///< it, or a part of it, is to be revoked
};

/// What one call does to the tags of one resource.
struct Step {
  std::string resource;
  std::vector<EntryPlan*> entries;
  std::vector<Action> pins;  ///< what has been inherited from here and shall stay, assigned beforehand
};

class Ordering {
 public:
  Ordering(CatalogPlan& plan, const PlanInput& input)
      : plan_(plan),
        ledger_(*input.ledger),
        input_(input),
        snapshot_(*input.snapshots(input.catalog)),
        observed_(snapshot_),
        now_(observed_),
        in_the_end_(ledger_, snapshot_, input.catalog) {}

  void run() {
    if (!concerns_tags()) return;
    find_policies();
    std::vector<Action> ordered;
    for (const Step& step : in_order(steps())) {
      ordered.insert(ordered.end(), step.pins.begin(), step.pins.end());
      for (const EntryPlan* entry : step.entries) {
        ordered.insert(ordered.end(), entry->actions.begin(), entry->actions.end());
      }
    }
    std::erase_if(plan_.actions, [](const Action& action) { return action.key.local.kind == EntryKind::TagAssignment; });
    plan_.actions.insert(plan_.actions.end(), ordered.begin(), ordered.end());
    hold_back_grants();
    plan_.entries.insert(plan_.entries.end(), std::make_move_iterator(pinned_.begin()), std::make_move_iterator(pinned_.end()));
  }

 private:
  bool concerns_tags() const {
    return std::any_of(plan_.actions.begin(), plan_.actions.end(), [](const Action& action) {
      return action.key.local.kind == EntryKind::TagAssignment ||
             (action.verb == Verb::Grant && tag_policy_of(action.key.local).has_value());
    });
  }

  void find_policies() {
    for (TagPolicy& policy : tag_policies(snapshot_, input_.catalog.account)) {
      const ResourceType type = policy.on_databases ? ResourceType::DatabasePolicy : ResourceType::TablePolicy;
      const bool is_going = goes(policy.key, policy.value, type);
      const Policy each{std::move(policy), is_going};
      for (const auto& [key, values] : each.expression.terms) policies_[key].push_back(each);
    }
  }

  /// Some of what the permission gives is to be taken back.
  bool goes(const LocalKey& key, const PermissionValue& observed, ResourceType type) const {
    const EntryKey entry{input_.catalog, key};
    const auto id = ledger_.lookup(entry);
    const bool revoked = input_.policy.undeclared == api::Undeclared::Revoke &&
                         is_undeclared(ledger_, input_.policy, entry, snapshot_.find(key));
    if (id && input_.irrevocable->contains(*id)) return false;
    if (!id || revoked) return revoked;
    const auto owned = ledger_.owned(*id);
    if (!owned) return false;
    const Desired desired = ledger_.desired(*id);
    const auto* wanted = desired.value ? std::get_if<PermissionValue>(&*desired.value) : nullptr;
    if (desired.conflict) return false;
    const PermissionValue ours = common(expanded(observed, type), expanded(owned->permission, type));
    return !minus(ours, wanted == nullptr ? PermissionValue{} : expanded(*wanted, type)).empty();
  }

  std::list<Step> steps() {
    std::list<Step> out;
    std::map<std::pair<std::string, bool>, Step*> index;
    for (EntryPlan& entry : plan_.entries) {
      if (entry.verdict != EntryVerdict::Act || ledger_.key(entry.id).local.kind != EntryKind::TagAssignment) continue;
      const std::string resource = split_tag(ledger_.key(entry.id).local.name).first;
      Step*& step = index[{resource, entry.actions.front().verb == Verb::Delete}];
      if (step == nullptr) step = &out.emplace_back(Step{resource, {}, {}});
      step->entries.push_back(&entry);
    }
    return out;
  }

  /// Chooses again and again the first step that harms nobody, given those before it.
  std::list<Step> in_order(std::list<Step> left) {
    std::list<Step> out;
    while (!left.empty()) {
      auto best = left.begin();
      Harm least = try_out(*best);
      for (auto at = std::next(best); at != left.end() && least != Harm::None; ++at) {
        const Harm harm = try_out(*at);
        if (harm >= least) continue;
        best = at;
        least = harm;
      }
      if (least == Harm::Gives && wait_for_others(left)) return out;
      if (pin(*best)) {
        for (const EntryPlan* entry : best->entries) now_.note(entry->actions.front());
        out.splice(out.end(), left, best);
      } else {
        left.erase(best);
      }
    }
    return out;
  }

  static bool changes(const Step& step, const std::string& key) {
    return std::any_of(step.entries.begin(), step.entries.end(), [&](const EntryPlan* entry) {
      return split_tag(entry->actions.front().key.local.name).second == key;
    });
  }

  enum class Harm { None, Takes, Gives };

  /// What the step would do by itself to whoever holds permissions by tags.
  Harm try_out(const Step& step) {
    TagsAfter after(now_);
    for (const Action& action : pins_of(step)) after.note(action);
    std::set<std::string> keys;
    for (const EntryPlan* entry : step.entries) {
      after.note(entry->actions.front());
      keys.insert(split_tag(entry->actions.front().key.local.name).second);
    }
    Harm harm = Harm::None;
    for (const std::string& resource : resources_under(step.resource)) {
      for (const std::string& key : keys) harm = std::max(harm, harm_of(resource, key, after));
    }
    return harm;
  }

  /// What it does by one key of one resource.
  Harm harm_of(const std::string& resource, const std::string& key, const Tags& after) {
    const auto concerned = policies_.find(key);
    const std::string was = now_.effective(resource, key);
    const std::string becomes = after.effective(resource, key);
    if (concerned == policies_.end() || was == becomes) return Harm::None;
    Harm harm = Harm::None;
    for (const Policy& policy : concerned->second) {
      if (policy.wants(key, was) == policy.wants(key, becomes)) continue;
      const bool had = policy.reaches(resource, now_);
      if (had == policy.reaches(resource, after)) continue;
      const bool will_have = !policy.goes && policy.reaches(resource, in_the_end_);
      if (had && will_have) harm = std::max(harm, Harm::Takes);
      if (had || will_have) continue;
      harm = Harm::Gives;
      if (policy.goes) blocker_ = ledger_.lookup({input_.catalog, policy.key});
    }
    return harm;
  }

  std::set<std::string> resources_under(const std::string& resource) const {
    return tagged_under(resource, snapshot_, ledger_, input_.catalog);
  }

  /// Claimed values under the resource that are in place by inheritance, for all that can be seen, and would not be after
  /// the step.
  std::vector<Action> pins_of(const Step& step) const {
    std::vector<Action> out;
    TagsAfter after(now_);
    for (const EntryPlan* entry : step.entries) after.note(entry->actions.front());
    const auto& known = ledger_.tag_assignments(input_.catalog);
    const std::string prefix = step.resource + "/";
    for (auto at = known.lower_bound(prefix); at != known.end() && at->first.starts_with(prefix); ++at) {
      const auto [resource, key] = split_tag(at->first);
      if (!changes(step, key)) continue;
      const Desired desired = ledger_.desired(at->second);
      const std::string* wanted = desired.value ? tag_value(&*desired.value) : nullptr;
      if (wanted == nullptr || now_.effective(resource, key) != *wanted) continue;
      const std::string above = resource.substr(0, resource.rfind('/'));
      if (now_.effective(above, key) != *wanted || after.effective(above, key) == *wanted) continue;
      out.push_back({ledger_.key(at->second), Verb::Create, *desired.value, catalog::Cause::Changed});
    }
    return out;
  }

  /// False when a value that is to be pinned is not on record yet: the step waits for that.
  bool pin(Step& step) {
    step.pins = pins_of(step);
    bool recorded = true;
    for (const Action& action : step.pins) {
      const KeyId id = *ledger_.lookup(action.key);
      EntryPlan& entry = entry_of(id);
      const bool on_record = ledger_.is_recorded(id);
      entry.verdict = on_record ? EntryVerdict::Act : EntryVerdict::Unrecorded;
      entry.actions = {action};
      if (!on_record) {
        recorded = false;
        wait(step, id, "its value on " + split_tag(action.key.local.name).first + " is assigned there first");
      }
    }
    if (!recorded) return false;
    for (const Action& action : step.pins) now_.note(action);
    return true;
  }

  EntryPlan& entry_of(KeyId id) {
    for (auto* entries : {&plan_.entries, &pinned_}) {
      const auto found = std::find_if(entries->begin(), entries->end(), [&](const EntryPlan& entry) { return entry.id == id; });
      if (found != entries->end()) return *found;
    }
    pinned_.push_back({id, EntryVerdict::Act, {}, std::nullopt, ""});
    return pinned_.back();
  }

  /// Each of these steps gives too much. True when that ends with something that is to be revoked, or with a tag that is
  /// to change and has failed before: they wait for that. False when it is as declared: then no order helps.
  bool wait_for_others(std::list<Step>& left) {
    blocker_.reset();
    for (const Step& step : left) try_out(step);
    if (!blocker_) blocker_ = change_not_at_hand(left);
    if (!blocker_) return false;
    for (Step& step : left) wait(step, *blocker_, to_string(ledger_.key(*blocker_).local) + " changes first");
    return true;
  }

  std::optional<KeyId> change_not_at_hand(const std::list<Step>& left) const {
    std::set<KeyId> at_hand;
    std::set<std::string> databases;
    for (const Step& step : left) {
      databases.insert(step.resource.substr(0, step.resource.find('/')));
      for (const EntryPlan* entry : step.entries) at_hand.insert(entry->id);
    }
    for (const auto& [name, id] : ledger_.tag_assignments(input_.catalog)) {
      if (at_hand.contains(id) || !databases.contains(name.substr(0, name.find_first_of("/#")))) continue;
      if (is_to_change(name, now_, in_the_end_)) return id;
    }
    return std::nullopt;
  }

  static void wait(Step& step, KeyId on, const std::string& message) {
    for (EntryPlan* entry : step.entries) {
      entry->verdict = EntryVerdict::Waits;
      entry->waits_for = on;
      entry->message = message;
    }
  }

  /// A permission by tags is given once nothing has the tags any more that shall not be reached.
  void hold_back_grants() {
    for (EntryPlan& entry : plan_.entries) {
      if (entry.verdict != EntryVerdict::Act) continue;
      const auto grants = [](const Action& action) { return action.verb == Verb::Grant; };
      if (std::none_of(entry.actions.begin(), entry.actions.end(), grants)) continue;
      const auto policy = tag_policy_of(ledger_.key(entry.id).local);
      const auto in_the_way = policy ? still_to_change(*policy) : std::nullopt;
      if (!in_the_way) continue;
      const EntryKey& key = ledger_.key(entry.id);
      std::erase_if(plan_.actions, [&](const Action& action) { return action.key == key && grants(action); });
      std::erase_if(entry.actions, grants);
      if (!entry.actions.empty()) continue;  // what it is to lose it loses all the same
      entry.verdict = EntryVerdict::Waits;
      entry.waits_for = in_the_way;
      entry.message = to_string(ledger_.key(*in_the_way).local) + " changes first";
    }
  }

  /// A tag of something that the permission would reach now, and shall not.
  std::optional<KeyId> still_to_change(const TagPolicy& policy) const {
    for (const auto& [name, id] : ledger_.tag_assignments(input_.catalog)) {
      const auto [resource, key] = split_tag(name);
      if (!policy.expression.terms.contains(key)) continue;
      if (!is_to_change(name, now_, in_the_end_)) continue;
      for (const std::string& each : resources_under(resource)) {
        if (policy.reaches(each, now_) && !policy.reaches(each, in_the_end_)) return id;
      }
    }
    return std::nullopt;
  }

  CatalogPlan& plan_;
  const Ledger& ledger_;
  const PlanInput& input_;
  const catalog::Snapshot& snapshot_;
  const TagsNow observed_;
  TagsAfter now_;
  TagsInTheEnd in_the_end_;
  std::map<std::string, std::vector<Policy>> policies_;  ///< by each key that they name
  std::vector<EntryPlan> pinned_;
  std::optional<KeyId> blocker_;  ///< what is revoked before the step that was tried out last gives nobody too much
};

}  // namespace

std::vector<KeyId> other_tag_changes(const PlanInput& input, const std::vector<KeyId>& ids) {
  const Ledger& ledger = *input.ledger;
  std::set<std::string> databases;
  std::set<KeyId> known;
  for (const KeyId id : ids) {
    const LocalKey& key = ledger.key(id).local;
    if (key.kind != EntryKind::TagAssignment) continue;
    known.insert(id);
    databases.insert(key.name.substr(0, key.name.find_first_of("/#")));
  }
  std::vector<KeyId> out;
  if (databases.empty()) return out;
  const catalog::Snapshot& snapshot = *input.snapshots(input.catalog);
  const TagsNow now(snapshot);
  const TagsInTheEnd in_the_end(ledger, snapshot, input.catalog);
  const auto& all = ledger.tag_assignments(input.catalog);
  for (const std::string& database : databases) {
    for (auto at = all.lower_bound(database); at != all.end() && at->first.starts_with(database); ++at) {
      const char next = at->first[database.size()];
      if ((next != '/' && next != '#') || known.contains(at->second)) continue;
      if (is_to_change(at->first, now, in_the_end)) out.push_back(at->second);
    }
  }
  return out;
}

void order_tag_changes(CatalogPlan& plan, const PlanInput& input) { Ordering(plan, input).run(); }

}  // namespace datamesh::engine
