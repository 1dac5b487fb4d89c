// The actual side: each catalog is compared with what is claimed, and written to, one job at a time.
#include <algorithm>

#include "controller/engine/hybrid_rules.h"
#include "controller/engine/impl.h"
#include "controller/engine/schedule.h"
#include "controller/engine/tag_order.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKind;
using catalog::LocalKey;
using catalog::Snapshot;

namespace {

constexpr Millis kTroubleIsSaidAfter = std::chrono::minutes(1);

/// After so long what was shared is there to be asked for. Source: lake-formation.md 1.2 (eventual consistency)
constexpr Millis kShowsWithin = std::chrono::minutes(2);

}  // namespace

CatalogState& Engine::Impl::catalog(const CatalogRef& ref) {
  const auto [at, fresh] = catalogs_.try_emplace(ref);
  if (fresh) {
    at->second.catalog = ref;
    at->second.account.account_id = ref.account;
    pump_later(at->second);
  }
  return at->second;
}

const Snapshot* Engine::Impl::snapshot(const CatalogRef& ref) const {
  const auto found = catalogs_.find(ref);
  return found == catalogs_.end() || !found->second.snapshot ? nullptr : &*found->second.snapshot;
}

SnapshotOf Engine::Impl::snapshots() const {
  return [this](const CatalogRef& ref) { return snapshot(ref); };
}

CatalogPolicy Engine::Impl::policy(const CatalogState& state) const {
  CatalogPolicy policy;
  policy.undeclared = mesh::undeclared_policy(state.account, mesh_.spec());
  policy.implicit_principals.insert(mesh::operator_role(state.account));
  const catalog::EntryValue* settings =
      state.snapshot ? state.snapshot->find({EntryKind::Settings, ""}) : nullptr;
  if (settings != nullptr) {
    const auto& admins = std::get<catalog::Shared<catalog::Settings>>(*settings)->administrators;
    policy.implicit_principals.insert(admins.begin(), admins.end());
  }
  return policy;
}

/// The entry is to be planned again, and with a database or table what opens it to everybody: whether that may stay
/// depends on who claims it.
void Engine::Impl::mark(KeyId id) {
  const catalog::EntryKey key = ledger_.key(id);
  CatalogState& state = catalog(key.catalog);
  for (const LocalKey& opening : openings_of(key)) {
    if (state.snapshot && state.snapshot->find(opening) != nullptr) state.dirty.insert(ledger_.intern({key.catalog, opening}));
  }
  if (state.dirty.insert(id).second) pump_later(state);
}

/// Those that waited for the entry are to be planned again, and what was refused without it tried at once.
void Engine::Impl::mark_waiters(KeyId id) {
  const auto found = waiters_.find(id);
  if (found == waiters_.end()) return;
  const auto waiting = std::move(found->second);
  waiters_.erase(found);
  for (const KeyId each : waiting) {
    auto& failures = catalog(ledger_.key(each).catalog).failures;
    const auto failure = failures.find(each);
    if (failure != failures.end() && reaction_to(failure->second.error.kind) == Reaction::GiveUp) failures.erase(failure);
    mark(each);
  }
}

PlanInput Engine::Impl::plan_input(const CatalogState& state) const {
  PlanInput input;
  input.ledger = &ledger_;
  input.catalog = state.catalog;
  input.policy = policy(state);
  input.snapshots = snapshots();
  input.confirmed = &state.confirmed;
  input.irrevocable = &state.irrevocable;
  input.repaired = &state.repaired;
  input.usage = &state.usage;
  input.agreed_limits = &state.account.quotas;
  input.progress = progress(state);
  input.shares_read = [this](const CatalogRef& ref) {
    const auto found = catalogs_.find(ref);
    return found == catalogs_.end() ? Time{} : found->second.shares_read;
  };
  return input;
}

Progress Engine::Impl::progress(const CatalogState& state) const {
  Progress out;
  out.open = [this](const CatalogRef& ref) {
    std::set<KeyId> found;
    if (const auto at = catalogs_.find(ref); at != catalogs_.end()) {
      for (const auto& [id, open] : at->second.open) found.insert(id);
      for (const auto& [id, failure] : at->second.failures) found.insert(id);
      found.insert(at->second.dirty.begin(), at->second.dirty.end());
    }
    return std::vector<KeyId>(found.begin(), found.end());
  };
  out.state_of = [this](KeyId id) -> std::optional<OpenEntry> {
    const auto at = catalogs_.find(ledger_.key(id).catalog);
    if (at == catalogs_.end()) return std::nullopt;
    if (const auto failure = at->second.failures.find(id); failure != at->second.failures.end()) {
      const bool for_good = reaction_to(failure->second.error.kind) == Reaction::GiveUp;
      return OpenEntry{for_good ? EntryVerdict::Conflict : EntryVerdict::Act, {}, {}};
    }
    if (at->second.dirty.contains(id)) return OpenEntry{EntryVerdict::Unrecorded, {}, {}};
    const auto open = at->second.open.find(id);
    return open == at->second.open.end() ? std::nullopt : std::optional(open->second);
  };
  out.rests = [this, &state](KeyId id) { return rests(state, id); };
  out.waited_enough = [this, &state](KeyId id) {
    const auto since = state.put_off.find(id);
    return since != state.put_off.end() && since->second + kLongestPutOff <= now();
  };
  return out;
}

bool Engine::Impl::rests(const CatalogState& state, KeyId id) const {
  const auto failure = state.failures.find(id);
  return (failure != state.failures.end() && failure->second.next > now()) || state.undone.rests(id, now());
}

void Engine::Impl::plan_and_apply(CatalogState& state) {
  // What is planned is what is claimed by what has been read: nothing is given on a table that is found made again.
  while (!to_reclaim_.empty() && !stopping_) reclaim_queued();
  const PlanInput input = plan_input(state);
  std::vector<KeyId> ids;
  for (const KeyId id : state.dirty) {
    if (!rests(state, id)) ids.push_back(id);
  }
  // What is held is weighed as a whole each time, so that its hash says all of it.
  for (const KeyId id : state.held) {
    if (!state.dirty.contains(id)) ids.push_back(id);
  }
  state.dirty.clear();
  const CatalogPlan plan = plan_catalog(input, ids);
  settle_plan(state, plan);
  auto actions = guarded(state, plan.actions);
  settings_first(state, actions);
  if (!actions.empty()) apply(state, std::move(actions));
}

/// Settings decide what the operator may see, so nothing else is done on what was seen before them.
void Engine::Impl::settings_first(CatalogState& state, std::vector<Action>& actions) {
  const auto rest = std::find_if(actions.begin(), actions.end(), [](const Action& action) {
    return action.key.local.kind != EntryKind::Settings;
  });
  if (rest == actions.begin()) return;
  for (auto at = rest; at != actions.end(); ++at) state.dirty.insert(ledger_.intern(at->key));
  actions.erase(rest, actions.end());
}

/// Notes the verdicts; whatever is not acted on waits for its occasion.
void Engine::Impl::settle_plan(CatalogState& state, const CatalogPlan& plan) {
  bool shares_awaited = false;
  for (const EntryPlan& entry : plan.entries) {
    const bool was_held = state.held.erase(entry.id) > 0;
    const bool had_failed = state.failures.contains(entry.id);
    if (entry.put_off) state.put_off.try_emplace(entry.id, now());
    if (entry.verdict == EntryVerdict::InOrder) state.put_off.erase(entry.id);
    const auto known = state.open.find(entry.id);
    const auto before = known == state.open.end() ? std::nullopt : std::optional(known->second);
    if (ledger_.key(entry.id).local.kind == EntryKind::Permission) {
      update_undeclared(state, ledger_.key(entry.id).local);
      follow_opening(state, entry);
    }
    std::optional<OpenEntry> after;
    if (entry.verdict != EntryVerdict::Act && state.undone.times(entry.id) > 0) {
      state.undone.settle(entry.id);
      assess_parties(entry.id);
    }
    if (entry.verdict == EntryVerdict::InOrder) {
      state.open.erase(entry.id);
      state.failures.erase(entry.id);
      mark_waiters(entry.id);
    } else {
      if (entry.verdict != EntryVerdict::Act) state.failures.erase(entry.id);  // it is not tried any more
      after = OpenEntry{entry.verdict, entry.waits_for, entry.message};
      state.open[entry.id] = *after;
      if (entry.waits_for) {
        waiters_[*entry.waits_for].insert(entry.id);
        catalog(ledger_.key(*entry.waits_for).catalog);
      }
      if (entry.verdict == EntryVerdict::Waits &&
          ledger_.key(entry.id).local.kind == EntryKind::ShareAcceptance) {
        // Only once something was granted there can an invitation be on its way.
        shares_awaited = shares_awaited || !entry.waits_for;
      }
    }
    // An entry may have thousands of parties; they are told only of what is news.
    const bool news = was_held || had_failed || before != after || entry.verdict == EntryVerdict::Act;
    if (news) assess_parties(entry.id);
  }
  assess_deferred();
  for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
    ResourceState* resource = account->metadata.deletion ? ledger_.find(account->key) : nullptr;
    if (resource != nullptr) assess_later(*resource);  // it may have waited for the last entry here
  }
  if (!shares_awaited || state.poll_shares) return;
  state.poll_shares = true;
  state.share_polls = 0;
  state.next_share_poll = now();
}

GuardFacts Engine::Impl::guard_facts(CatalogState& state) const {
  GuardFacts facts;
  facts.limits = mesh_.spec().guard;
  facts.permissions = state.permissions;
  while (!state.spent.empty() && state.spent.front().when + facts.limits.window <= now()) state.spent.pop_front();
  for (const Spent& spent : state.spent) {
    facts.recently_revoked += spent.revoked;
    facts.recently_deleted += spent.deleted;
  }
  for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
    const auto found = account->metadata.annotations.find(kApproveAnnotation);
    if (found != account->metadata.annotations.end()) facts.approved = found->second;
  }
  return facts;
}

std::vector<Action> Engine::Impl::guarded(CatalogState& state, std::vector<Action> actions) {
  GuardVerdict verdict = guard(std::move(actions), guard_facts(state));
  const bool was_held = !state.held_actions.empty();
  state.held_hash = verdict.held.empty() ? "" : verdict.hash;
  state.held_message = verdict.held.empty() ? "" : verdict.message;
  for (const Action& action : verdict.held) {
    const KeyId id = ledger_.intern(action.key);
    state.held.insert(id);
    state.failures.erase(id);  // it is not tried any more
    assess_parties(id);
  }
  if (was_held || !verdict.held.empty()) {
    for (const api::Resource* account : mesh_.accounts_with_id(state.catalog.account)) {
      if (ResourceState* resource = ledger_.find(account->key)) assess_later(*resource);
    }
  }
  state.held_actions = std::move(verdict.held);
  state.approved = verdict.approved;
  return std::move(verdict.allowed);
}

/// What was taken away without approval counts against the limits for a while; attempts that failed do not.
void Engine::Impl::spend(CatalogState& state, const std::vector<Action>& actions, const lake::ApplyReport& report) {
  if (state.approved) return;
  Spent spent{now(), 0, 0};
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (report.outcomes[i].effect != lake::Effect::Done || !is_destructive(actions[i])) continue;
    if (actions[i].verb == catalog::Verb::Revoke) ++spent.revoked;
    if (actions[i].key.local.kind == EntryKind::Table) ++spent.deleted;
  }
  if (spent.revoked + spent.deleted > 0) state.spent.push_back(spent);
}

void Engine::Impl::apply(CatalogState& state, std::vector<Action> actions) {
  begin_job(state);
  state.reading.reset();  // what it has read would lack what is written now
  const CatalogRef ref = state.catalog;
  const api::AccountSpec account = state.account;
  auto shared = std::make_shared<const std::vector<Action>>(std::move(actions));
  const Time begun = now();
  parts_.executor->offload([this, ref, account, shared, begun]() -> Executor::Task {
    aws::Api* api = parts_.api_for(account);
    auto report = std::make_shared<lake::ApplyReport>();
    if (api == nullptr) {
      report->outcomes.assign(shared->size(), {lake::Effect::Failed, Error{ErrorKind::Unavailable, "", "no connection is configured", to_string(ref), std::nullopt}});
    } else {
      *report = lake::apply(*api, ref, *shared, stopping_);
    }
    return [this, ref, shared, report, begun] {
      CatalogState& again = catalog(ref);
      take_report(again, *shared, *report);
      if (parts_.observer != nullptr) {
        parts_.observer->finished("catalog", again.error ? Outcome::Error : Outcome::Success, now() - begun);
      }
      job_done(again);
    };
  });
}

void Engine::Impl::take_report(CatalogState& state, const std::vector<Action>& actions,
                               const lake::ApplyReport& report) {
  bool failed_any = false;
  // Whoever gets on between two refusals need not rest longer with each of them.
  const bool got_on = std::any_of(report.outcomes.begin(), report.outcomes.end(),
                                  [](const lake::Outcome& outcome) { return outcome.effect == lake::Effect::Done; });
  if (got_on) state.setbacks = 0;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    take_outcome(state, actions[i], report.outcomes[i]);
    failed_any = failed_any || report.outcomes[i].effect == lake::Effect::Failed;
  }
  spend(state, actions, report);
  state.wrote_at = now();
  if (!failed_any) recovered(state);
  if (parts_.observer == nullptr) return;
  for (const auto& [operation, size] : report.batches) parts_.observer->batch(operation, size);
}

void Engine::Impl::take_outcome(CatalogState& state, const Action& action, const lake::Outcome& outcome) {
  const KeyId id = ledger_.intern(action.key);
  state.dirty.insert(id);
  switch (outcome.effect) {
    case lake::Effect::Done:
    case lake::Effect::AlreadyDone: succeeded(state, id, action, outcome.effect); break;
    case lake::Effect::Failed:
      if (went_with_its_share(state, id, action, outcome.error)) {
        succeeded(state, id, action, lake::Effect::AlreadyDone);
      } else {
        failed(state, id, outcome.error);
      }
      break;
    case lake::Effect::NotAttempted: return;
  }
  audit(state, action, outcome);
}

void Engine::Impl::succeeded(CatalogState& state, KeyId id, const Action& action, lake::Effect effect) {
  note_use(state.usage, action, *state.snapshot);
  note_effect(*state.snapshot, action);
  state.failures.erase(id);
  if (effect == lake::Effect::Done) state.undone.written(id, now());
  confirm(state.confirmed, id, action);
  const bool implicit = effect == lake::Effect::AlreadyDone && action.cause == catalog::Cause::Undeclared;
  if (implicit) {
    state.irrevocable.insert(id);
    state.must_observe = true;  // it is still there, whatever was noted just now
  }
  // Whoever has just become an administrator sees more than before; and with a link go the permissions on its name,
  // which may be wanted for what takes its place.
  const EntryKind kind = action.key.local.kind;
  if (kind == EntryKind::Table) table_changed(id);
  if (kind == EntryKind::Table && action.verb == catalog::Verb::Delete) table_deleted(id);
  if (kind == EntryKind::Settings || (kind == EntryKind::Link && action.verb == catalog::Verb::Delete)) {
    state.must_observe = true;
  }
  mark_waiters(id);
  const bool repaired = action.verb == catalog::Verb::Revoke && action.cause == catalog::Cause::Repair;
  if (action.verb != catalog::Verb::Grant && !repaired) return;
  if (action.cause == catalog::Cause::Repair) state.repaired[id] = now();
  // Whoever was granted something from here may have an invitation soon.
  const auto permission = catalog::parse_permission_id(action.key.local.name);
  const std::string receiver = permission ? catalog::account_of_principal(permission->principal) : "";
  const auto theirs = catalogs_.find({receiver, state.catalog.region});
  if (receiver == state.catalog.account || theirs == catalogs_.end()) return;
  // What was passed on there went with the permission that it stood on.
  if (repaired) theirs->second.must_observe = true;
  theirs->second.poll_shares = true;
  theirs->second.share_polls = 0;
  theirs->second.next_share_poll = now();
  pump_later(theirs->second);
}

/// What was passed on goes with the share that it stood on. Then nobody may ask for it any more, not even to take it back,
/// and readings do not show it. Source: lake-formation.md 2.5, 4 (trap T18)
bool Engine::Impl::went_with_its_share(const CatalogState& state, KeyId id, const Action& action, const Error& error) const {
  if (action.verb != catalog::Verb::Revoke || action.cause != catalog::Cause::Confirm) return false;
  const auto failure = state.failures.find(id);
  if (error.kind != ErrorKind::Eventual || failure == state.failures.end()) return false;
  return failure->second.since + kShowsWithin <= now() && failure->second.since < state.snapshot->taken;
}

void Engine::Impl::failed(CatalogState& state, KeyId id, const Error& error) {
  Failure& failure = state.failures[id];
  if (failure.attempts == 0) failure.since = now();
  failure.next = now() + delay_after(error, failure.attempts++);
  failure.error = error;
  if (parts_.observer != nullptr) parts_.observer->retried("catalog");
  assess_parties(id);
  if (error.kind == ErrorKind::Denied) denied_in(state.catalog.account);
  switch (reaction_to(error.kind)) {
    case Reaction::RetryCatalog: setback(state, error); return;
    case Reaction::ReadAgain: state.must_observe = true; return;
    case Reaction::RetryEntry: return;
    case Reaction::GiveUp:
      for (const KeyId need : ledger_.needs(id)) waiters_[need].insert(id);
      return;
  }
}

/// The whole catalog rests for a while.
void Engine::Impl::setback(CatalogState& state, const Error& error) {
  if (!state.error) state.error_since = now();
  state.rests_until = now() + delay_after(error, state.setbacks++);
  state.error = error;
  if (is_lasting(state)) assess_parties(ledger_.intern({state.catalog, {EntryKind::Settings, ""}}));
}

void Engine::Impl::recovered(CatalogState& state) {
  const bool was_said = is_lasting(state);
  state.setbacks = 0;
  state.error.reset();
  if (was_said) assess_parties(ledger_.intern({state.catalog, {EntryKind::Settings, ""}}));
}

/// The catalog was within reach once and is not any more: worth telling those who declared its account.
bool Engine::Impl::is_lasting(const CatalogState& state) const {
  if (!state.error) return false;
  return reaction_to(state.error->kind) == Reaction::GiveUp || now() - state.error_since >= kTroubleIsSaidAfter;
}

void Engine::Impl::audit(const CatalogState& state, const Action& action, const lake::Outcome& outcome) const {
  if (!parts_.audit) return;
  Json because = Json::array();
  if (const auto id = ledger_.lookup(action.key)) {
    for (const ResourceState* party : ledger_.parties(*id)) because.push_back(to_string(party->key));
  }
  Json line = {{"time", to_rfc3339(now())},
               {"event", "Applied"},
               {"catalog", to_string(state.catalog)},
               {"verb", to_string(action.verb)},
               {"entry", to_string(action.key.local)},
               {"action", describe(action)},
               {"reason", to_string(action.cause)},
               {"because", because},
               {"outcome", outcome.effect == lake::Effect::Failed ? "Failed" : "Done"}};
  if (outcome.effect == lake::Effect::Failed) line["error"] = to_string(outcome.error);
  parts_.audit(line);
}

}  // namespace datamesh::engine
