#include "controller/engine/tag_trial.h"

#include <algorithm>

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKind;
using catalog::Verb;

namespace {

bool is_database(const std::string& resource) { return resource.find('/') == std::string::npos; }

std::string above(const std::string& resource) {
  const std::size_t slash = resource.rfind('/');
  return slash == std::string::npos ? "" : resource.substr(0, slash);
}

/// Of a part of a table's columns, the whole table: it may be any of them that is asked for.
bool reaches(const catalog::ResourceId& named, const std::string& resource) {
  if (named.type == catalog::ResourceType::Database) return resource == named.database;
  const std::string from = named.type == catalog::ResourceType::AllTables ? named.database : named.database + "/" + named.table;
  return resource.starts_with(from + "/") || (resource == from && named.type != catalog::ResourceType::AllTables);
}

/// Without `coming`, the step that leaves `after` of `before` takes something of it.
bool gives_what_goes(const ComingByName& coming, const Rights& before, const Rights& after) {
  return !((before & coming.rights) - after).empty();
}

/// The resource and all under it.
template <class Cells, class Visit>
void for_cells_under(Cells& cells, const std::string& resource, const Visit& visit) {
  if (const auto itself = cells.find(resource); itself != cells.end()) visit(itself->second);
  const std::string prefix = resource + "/";
  for (auto at = cells.lower_bound(prefix); at != cells.end() && at->first.starts_with(prefix); ++at) visit(at->second);
}

}  // namespace

TagTrial::TagTrial(const Ledger& ledger, const catalog::Snapshot& snapshot, const CatalogRef& catalog)
    : ledger_(ledger),
      snapshot_(snapshot),
      catalog_(catalog),
      observed_(snapshot),
      now_(observed_),
      in_the_end_(ledger, snapshot, catalog_) {}

HeldPolicy& TagTrial::add(HeldPolicy policy) {
  for (const auto& [key, values] : policy.expression.terms) keys_.insert(key);
  HeldPolicy& kept = policies_[policy.principal].emplace_back(std::move(policy));
  for (const auto& [key, values] : kept.expression.terms) by_key_[key].push_back(&kept);
  return kept;
}

HeldPolicy* TagTrial::find(KeyId policy) {
  const auto known = tag_policy_of(ledger_.key(policy).local);
  const auto held = known ? policies_.find(known->principal) : policies_.end();
  if (held == policies_.end()) return nullptr;
  for (HeldPolicy& each : held->second) {
    if (each.id == policy) return &each;
  }
  return nullptr;
}

void TagTrial::add_pending(const std::string& tag, KeyId id) {
  const std::string resource = split_tag(tag).first;
  pending_[resource].push_back(id);
  add_cells(resource);
}

void TagTrial::add(TagStep& step) {
  const auto number = static_cast<std::ptrdiff_t>(steps_.size());
  Standing& standing = steps_[&step];
  standing.step = &step;
  standing.number = number;
  if (step.kind != TagStep::Kind::Tags) {
    policy_steps_[step.policy->principal].insert(&step);
  } else {
    add_cells(step.resource);
  }
}

void TagTrial::add(const std::string& principal, ComingByName coming) {
  if (!coming.resource.table.empty()) add_cells(coming.resource.database + "/" + coming.resource.table);
  by_name_[principal].push_back(std::move(coming));
}

void TagTrial::add_cells(const std::string& resource) {
  for (const std::string& each : tagged_under(resource, snapshot_, ledger_, catalog_)) {
    cells_.try_emplace(each, Cell{each, is_database(each), {}, {}, {}, {}});
  }
}

void TagTrial::begin(const Preference& preference) {
  preference_ = preference;
  for (auto& [resource, cell] : cells_) {
    cell.now = row_of(resource, now_);
    cell.in_the_end = row_of(resource, in_the_end_);
  }
  for (auto& [key, standing] : steps_) {
    TagStep* step = standing.step;
    if (preference.last_first) standing.number = -standing.number;
    standing.beyond = beyond_the_cells(*step);
    standing.place = place_of(standing);
    queue_.insert(*standing.place);
    const auto try_at = [&, each = step](Cell& cell) {
      if (each->kind == TagStep::Kind::Tags) cell.steps.insert(each);
      update(*each, cell);
    };
    if (step->kind == TagStep::Kind::Tags) {
      for_cells_under(cells_, step->resource, try_at);
    } else {
      for (auto& [resource, cell] : cells_) try_at(cell);
    }
  }
}

Harm TagTrial::harm(const TagStep& step) const {
  const Standing& standing = steps_.at(&step);
  for (const Harm each : {Harm::Gives, Harm::Takes, Harm::MayTake}) {
    if (standing.cells[static_cast<std::size_t>(each)] > 0 || standing.beyond == each) return each;
  }
  return Harm::None;
}

std::vector<TagStep*> TagTrial::left() const {
  std::vector<TagStep*> out;
  for (const auto& place : queue_) out.push_back(std::get<TagStep*>(place));
  return out;
}

TagRow TagTrial::row_of(const std::string& resource, const Tags& tags) const {
  TagRow out;
  for (const std::string& key : keys_) out[key] = tags.effective(resource, key);
  return out;
}

std::optional<std::string> TagTrial::claimed(const std::string& resource, const std::string& key) const {
  const auto id = ledger_.lookup({catalog_, {EntryKind::TagAssignment, resource + "#" + key}});
  const Desired desired = id ? ledger_.desired(*id) : Desired{};
  const std::string* value = desired.value ? tag_value(&*desired.value) : nullptr;
  return value == nullptr ? std::nullopt : std::optional(*value);
}

/// The value that the resource, the step's own or one under it, has after the step with its pins.
std::string TagTrial::after(const TagStep& step, const std::string& resource, const std::string& key) const {
  if (resource == step.resource) {
    const auto& change = step.changes.at(key);
    return change ? *change : now_.effective(above(resource), key);
  }
  if (const auto own = now_.assigned(resource, key)) return *own;
  if (const auto wanted = claimed(resource, key); wanted && *wanted == now_.effective(resource, key)) return *wanted;
  return after(step, above(resource), key);
}

/// What the step makes different at the resource.
TagRow TagTrial::changed_row(const TagStep& step, const Cell& cell) const {
  TagRow out;
  for (const auto& [key, value] : step.changes) {
    const auto now = cell.now.find(key);
    if (now == cell.now.end()) continue;  // nobody asks for it
    std::string becomes = after(step, cell.resource, key);
    if (becomes != now->second) out.emplace(key, std::move(becomes));
  }
  return out;
}

/// The principals of permissions that may begin or end to reach the resource.
std::set<std::string_view> TagTrial::concerned(const TagRow& changed, const Cell& cell) const {
  std::set<std::string_view> out;
  for (const auto& [key, becomes] : changed) {
    const auto named = by_key_.find(key);
    if (named == by_key_.end()) continue;
    const std::string& was = cell.now.at(key);
    for (const HeldPolicy* policy : named->second) {
      if (policy->on_databases != cell.is_database || policy->wants(key, was) == policy->wants(key, becomes)) continue;
      out.insert(policy->principal);
    }
  }
  return out;
}

TagTrial::Held TagTrial::held_by(std::string_view principal, const Cell& cell, const TagRow& changed) const {
  Held out;
  for (const HeldPolicy& policy : policies_.find(principal)->second) {
    if (policy.reaches(cell.now, changed, cell.is_database)) {
      out.now = out.now | policy.now;
      out.lingering = out.lingering | policy.lingering;
    }
    if (policy.reaches(cell.in_the_end, cell.is_database)) out.in_the_end = out.in_the_end | policy.in_the_end;
  }
  return out;
}

Harm TagTrial::try_out(const TagStep& step, const Cell& cell) const {
  ++tried_;
  return step.kind == TagStep::Kind::Tags ? try_tags(step, cell) : try_policy(step, cell);
}

Harm TagTrial::try_tags(const TagStep& step, const Cell& cell) const {
  Harm harm = Harm::None;
  const TagRow changed = changed_row(step, cell);
  for (const std::string_view principal : concerned(changed, cell)) {
    const Held before = held_by(principal, cell, {});
    const Held after = held_by(principal, cell, changed);
    if (!(after.now - before.now - before.in_the_end).empty()) return Harm::Gives;
    if (!((before.now & before.in_the_end) - after.now).empty()) harm = Harm::Takes;
    for (const ComingByName& coming : coming_to(principal)) {
      if (reaches(coming.resource, cell.resource) && gives_what_goes(coming, before.now, after.now)) harm = Harm::Takes;
    }
  }
  return harm;
}

const std::vector<ComingByName>& TagTrial::coming_to(std::string_view principal) const {
  static const std::vector<ComingByName> kNone;
  const auto found = by_name_.find(principal);
  return found == by_name_.end() ? kNone : found->second;
}

Harm TagTrial::try_policy(const TagStep& step, const Cell& cell) const {
  if (!step.policy->reaches(cell.now, cell.is_database)) return Harm::None;
  const Held held = held_by(step.policy->principal, cell, {});
  if (step.kind == TagStep::Kind::Grant) return (step.rights - held.now - held.in_the_end).empty() ? Harm::None : Harm::Gives;
  Rights others;
  for (const HeldPolicy& policy : policies_.at(step.policy->principal)) {
    if (!policy.reaches(cell.now, cell.is_database)) continue;
    others = others | (&policy == step.policy ? policy.now - step.rights : policy.now);
  }
  return ((step.rights & held.in_the_end) - others).empty() ? Harm::None : Harm::Takes;
}

/// Of what no tag changes of, all that can be said is by the expressions.
Harm TagTrial::beyond_the_cells(const TagStep& step) const {
  if (step.kind != TagStep::Kind::Revoke) return Harm::None;
  const auto& all = policies_.at(step.policy->principal);
  for (const HeldPolicy& to_come : all) {
    const Rights wanted = (step.rights & to_come.in_the_end) - to_come.now;
    if (wanted.empty() || &to_come == step.policy || !overlap(to_come, *step.policy)) continue;
    const bool is_covered = std::any_of(all.begin(), all.end(), [&](const HeldPolicy& other) {
      return &other != step.policy && (wanted - other.now).empty() && covers_overlap(other, to_come, *step.policy);
    });
    if (!is_covered) return Harm::MayTake;
  }
  return Harm::None;
}

void TagTrial::update(TagStep& step, Cell& cell) {
  const Harm harm = try_out(step, cell);
  const auto known = cell.harms.find(&step);
  const Harm before = known == cell.harms.end() ? Harm::None : known->second;
  if (harm == before) return;
  Standing& standing = steps_.at(&step);
  if (before != Harm::None) --standing.cells[static_cast<std::size_t>(before)];
  if (harm == Harm::None) {
    cell.harms.erase(known);
    standing.harmed.erase(cell.resource);
  } else {
    ++standing.cells[static_cast<std::size_t>(harm)];
    cell.harms[&step] = harm;
    standing.harmed.insert(cell.resource);
  }
  place(step);
}

TagTrial::Place TagTrial::place_of(const Standing& standing) const {
  const Harm does = harm(*standing.step);
  const int rank = preference_.rank[static_cast<std::size_t>(standing.step->kind)];
  const int level = static_cast<int>(does);
  return {does == Harm::Gives, preference_.kind_first ? rank : level, preference_.kind_first ? level : rank, standing.number, standing.step};
}

void TagTrial::place(TagStep& step) {
  Standing& standing = steps_.at(&step);
  if (!standing.place) return;
  queue_.erase(*standing.place);
  standing.place = place_of(standing);
  queue_.insert(*standing.place);
}

void TagTrial::close(TagStep& step) {
  Standing& standing = steps_.at(&step);
  if (standing.place) queue_.erase(*standing.place);
  standing.place.reset();
  if (step.kind != TagStep::Kind::Tags) {
    policy_steps_.at(step.policy->principal).erase(&step);
    return;
  }
  for_cells_under(cells_, step.resource, [&](Cell& cell) {
    cell.steps.erase(&step);
    cell.harms.erase(&step);
  });
}

std::vector<Action> TagTrial::pins_of(const TagStep& step) const {
  std::vector<Action> out;
  if (step.kind != TagStep::Kind::Tags) return out;
  const auto& known = ledger_.tag_assignments(catalog_);
  const std::string prefix = step.resource + "/";
  for (auto at = known.lower_bound(prefix); at != known.end() && at->first.starts_with(prefix); ++at) {
    const auto [resource, key] = split_tag(at->first);
    if (!step.changes.contains(key) || now_.has_noted(at->first)) continue;
    const auto wanted = claimed(resource, key);
    if (!wanted || now_.effective(resource, key) != *wanted) continue;
    const std::string from = above(resource);
    if (now_.effective(from, key) != *wanted || after(step, from, key) == *wanted) continue;
    out.push_back({ledger_.key(at->second), Verb::Create, *ledger_.desired(at->second).value, catalog::Cause::Changed});
  }
  return out;
}

void TagTrial::done(TagStep& step, const std::vector<Action>& pins) {
  close(step);
  if (step.kind == TagStep::Kind::Tags) {
    tags_done(step, pins);
  } else {
    policy_done(step);
  }
}

void TagTrial::tags_done(const TagStep& step, const std::vector<Action>& pins) {
  for (const Action& action : pins) now_.note(action);
  for (const Action& action : step.actions) now_.note(action);
  for_cells_under(cells_, step.resource, [&](Cell& cell) {
    TagRow row = row_of(cell.resource, now_);
    const bool is_news = row != cell.now;
    TagRow changed;
    for (const auto& [key, value] : row) {
      if (value != cell.now.at(key)) changed.emplace(key, value);
    }
    const auto principals = concerned(changed, cell);
    cell.now = std::move(row);
    for (TagStep* other : cell.steps) update(*other, cell);
    if (!is_news) return;
    for (const std::string_view principal : principals) {
      const auto steps = policy_steps_.find(principal);
      if (steps == policy_steps_.end()) continue;
      for (TagStep* other : steps->second) update(*other, cell);
    }
  });
}

void TagTrial::policy_done(const TagStep& step) {
  HeldPolicy& policy = *step.policy;
  if (step.kind == TagStep::Kind::Grant) {
    policy.now = policy.now | step.rights;
  } else {
    policy.now = policy.now - step.rights;
    policy.lingering = policy.lingering | step.rights;
    lingers_ = lingers_ || !step.rights.empty();
  }
  const std::set<TagStep*>& siblings = policy_steps_.at(policy.principal);
  for (TagStep* sibling : siblings) {
    steps_.at(sibling).beyond = beyond_the_cells(*sibling);
    place(*sibling);
  }
  for (auto& [resource, cell] : cells_) {
    if (!may_reach(policy, cell)) continue;
    for (TagStep* other : cell.steps) update(*other, cell);
    for (TagStep* sibling : siblings) update(*sibling, cell);
  }
}

/// As it is, or after one of the steps that change its tags.
bool TagTrial::may_reach(const HeldPolicy& policy, const Cell& cell) const {
  if (policy.on_databases != cell.is_database) return false;
  return std::all_of(policy.expression.terms.begin(), policy.expression.terms.end(), [&](const auto& term) {
    return policy.wants(term.first, cell.now.at(term.first)) ||
           std::any_of(cell.steps.begin(), cell.steps.end(), [&](const TagStep* step) { return step->changes.contains(term.first); });
  });
}

void TagTrial::put_off(TagStep& step) {
  close(step);
  for (const EntryPlan* entry : step.tags) pending_[step.resource].push_back(entry->id);
}

void TagTrial::given(KeyId by_name) {
  std::vector<catalog::ResourceId> given;
  for (auto& [principal, comings] : by_name_) {
    std::erase_if(comings, [&](const ComingByName& coming) {
      if (coming.id == by_name) given.push_back(coming.resource);
      return coming.id == by_name;
    });
  }
  for (auto& [resource, cell] : cells_) {
    const bool concerned = std::any_of(given.begin(), given.end(), [&, at = resource](const auto& named) { return reaches(named, at); });
    if (!concerned) continue;
    for (TagStep* step : cell.steps) update(*step, cell);
  }
}

std::optional<KeyId> TagTrial::replacement_by_name(const TagStep& step, const std::function<bool(KeyId)>& counts) const {
  if (step.kind != TagStep::Kind::Tags || by_name_.empty()) return std::nullopt;
  for (const std::string& resource : steps_.at(&step).harmed) {
    const Cell& cell = cells_.at(resource);
    const TagRow changed = changed_row(step, cell);
    for (const std::string_view principal : concerned(changed, cell)) {
      const Rights before = held_by(principal, cell, {}).now, after = held_by(principal, cell, changed).now;
      for (const ComingByName& coming : coming_to(principal)) {
        if (reaches(coming.resource, resource) && gives_what_goes(coming, before, after) && counts(coming.id)) return coming.id;
      }
    }
  }
  return std::nullopt;
}

/// A tag of the resource, or of what it inherits from, that is to change and not at hand.
std::optional<KeyId> TagTrial::pending_at(const std::string& resource, const std::function<bool(KeyId)>& counts) const {
  for (std::string at = resource; !at.empty(); at = above(at)) {
    const auto pending = pending_.find(at);
    if (pending == pending_.end()) continue;
    for (const KeyId id : pending->second) {
      if (!counts || counts(id)) return id;
    }
  }
  return std::nullopt;
}

std::optional<KeyId> TagTrial::blocker(const TagStep& step) const {
  for (const std::string& resource : steps_.at(&step).harmed) {
    const Cell& cell = cells_.at(resource);
    if (cell.harms.at(&step) != Harm::Gives) continue;
    if (step.kind == TagStep::Kind::Tags) {
      const TagRow changed = changed_row(step, cell);
      for (const std::string_view principal : concerned(changed, cell)) {
        for (const HeldPolicy& policy : policies_.find(principal)->second) {
          const bool begins = !policy.reaches(cell.now, cell.is_database) && policy.reaches(cell.now, changed, cell.is_database);
          if (begins && policy.goes() && policy.id) return policy.id;
        }
      }
    }
    if (auto pending = pending_at(resource, {})) return pending;
  }
  return std::nullopt;
}

std::optional<KeyId> TagTrial::lingering_blocker(const TagStep& step) const {
  if (step.kind != TagStep::Kind::Tags) return std::nullopt;
  std::optional<KeyId> out;
  const auto look_at = [&](const Cell& cell) {
    const TagRow changed = changed_row(step, cell);
    for (const std::string_view principal : concerned(changed, cell)) {
      const Held before = held_by(principal, cell, {});
      const Held after = held_by(principal, cell, changed);
      if (((after.now | after.lingering) - before.now - before.lingering - before.in_the_end).empty()) continue;
      for (const HeldPolicy& policy : policies_.find(principal)->second) {
        const bool begins = !policy.reaches(cell.now, cell.is_database) && policy.reaches(cell.now, changed, cell.is_database);
        if (begins && !policy.lingering.empty()) out = policy.id;
      }
    }
  };
  if (!lingers_) return out;
  for_cells_under(cells_, step.resource, look_at);
  return out;
}

std::optional<KeyId> TagTrial::replacement(const TagStep& step, const std::function<bool(const HeldPolicy&)>& policy_counts,
                                           const std::function<bool(KeyId)>& tag_counts) const {
  if (step.policy != nullptr) {
    for (const HeldPolicy& other : policies_.at(step.policy->principal)) {
      const bool gives_it = other.comes() && !(step.rights & (other.in_the_end - other.now)).empty();
      if (&other != step.policy && gives_it && overlap(other, *step.policy) && policy_counts(other)) return other.id;
    }
  }
  for (const std::string& resource : steps_.at(&step).harmed) {
    const Cell& cell = cells_.at(resource);
    if (cell.harms.at(&step) != Harm::Takes) continue;
    for (const auto& [principal, held] : policies_) {
      if (step.policy != nullptr && principal != step.policy->principal) continue;
      for (const HeldPolicy& other : held) {
        if (other.comes() && other.reaches(cell.in_the_end, cell.is_database) && policy_counts(other)) return other.id;
      }
    }
    if (auto pending = pending_at(resource, tag_counts)) return pending;
    for (const TagStep* other : cell.steps) {
      if (other != &step && harm(*other) == Harm::Gives && tag_counts(other->tags.front()->id)) return other->tags.front()->id;
    }
  }
  return std::nullopt;
}

bool TagTrial::replaces_something(const TagPolicy& policy) const {
  const auto held = policies_.find(policy.principal);
  return held != policies_.end() &&
         std::any_of(held->second.begin(), held->second.end(), [](const HeldPolicy& each) { return each.goes(); });
}

bool TagTrial::has_open_ends() const {
  if (!pending_.empty()) return true;
  return std::any_of(policies_.begin(), policies_.end(), [](const auto& held) {
    return std::any_of(held.second.begin(), held.second.end(), [](const HeldPolicy& policy) { return policy.goes(); });
  });
}

bool TagTrial::would_reach_new(const HeldPolicy& policy, const std::string& resource) const {
  const bool on_database = is_database(resource);
  return policy.reaches(row_of(resource, now_), on_database) && !policy.reaches(row_of(resource, in_the_end_), on_database);
}

}  // namespace datamesh::engine
