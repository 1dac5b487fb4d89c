// Whose turn it is: when a catalog is looked at, and when it gets a worker.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {

void Engine::Impl::pump_later(CatalogState& state) { wake_at(state, now()); }

/// Looks at the catalog at `when`, or earlier if that is planned already.
void Engine::Impl::wake_at(CatalogState& state, Time when) {
  if (stopping_ || (state.wakes_at && *state.wakes_at <= when)) return;
  if (state.wake_timer) parts_.executor->cancel(*state.wake_timer);
  state.wakes_at = when;
  const CatalogRef ref = state.catalog;
  const auto wake = [this, ref] {
    CatalogState& again = catalog(ref);
    again.wake_timer.reset();
    again.wakes_at.reset();
    pump(again);
  };
  if (when <= now()) {
    state.wake_timer.reset();
    parts_.executor->post(wake);
  } else {
    state.wake_timer = parts_.executor->run_at(when, wake);
  }
}

/// Puts the catalog into the queue when it needs something now, else sets its alarm.
void Engine::Impl::pump(CatalogState& state) {
  if (state.busy || stopping_ || !synced_) return;
  if (is_abandoned(state)) {
    forget(state);
    return;
  }
  const auto accounts = mesh_.accounts_with_id(state.catalog.account);
  if (!accounts.empty()) {
    const auto& spec = mesh::spec_of<api::AccountSpec>(*accounts.front());
    if (spec.connection != state.account.connection) state.reading.reset();
    const bool new_limits = spec.quotas != state.account.quotas;
    state.account = spec;
    if (new_limits && state.snapshot) limits_changed(state);
  }
  follow_policy(state);
  const Time present = now();
  if (present < state.rests_until) return arm(state);
  for (auto& [id, failure] : state.failures) {
    if (failure.next <= present) state.dirty.insert(id);
  }
  for (const KeyId id : state.undone.due(present)) state.dirty.insert(id);
  for (const auto& [id, since] : state.put_off) {
    if (since + kLongestPutOff <= present) state.dirty.insert(id);
  }
  const auto urgency = urgency_of(state);
  if (!urgency) return arm(state);
  if (queue_.add(state.catalog, *urgency, present) && parts_.observer != nullptr) parts_.observer->queued("catalog");
  work_off();
}

/// What the catalog needs a worker for now. User edits come before the periodic sweep, unless that is long overdue.
std::optional<Urgency> Engine::Impl::urgency_of(const CatalogState& state) const {
  const Time present = now();
  if (!state.snapshot || state.must_observe) return Urgency::Read;
  if (state.poll_shares && present >= state.next_share_poll) return Urgency::Read;
  if (is_overdue(state)) return Urgency::Read;
  if (!state.dirty.empty()) return Urgency::Edit;
  if (present >= state.next_sweep) return state.noticed ? Urgency::Read : Urgency::Sweep;
  return std::nullopt;
}

bool Engine::Impl::is_overdue(const CatalogState& state) const {
  return now() >= state.next_sweep + mesh_.spec().sweep_interval;
}

/// Gives free workers to the catalogs whose turn it is.
void Engine::Impl::work_off() {
  while (!stopping_) {
    const auto next = queue_.take(now());
    if (!next) return;
    if (parts_.observer != nullptr) parts_.observer->started("catalog", next->waited);
    CatalogState& state = catalog(next->catalog);
    work_on(state);
    if (state.busy) continue;
    if (parts_.observer != nullptr) parts_.observer->finished("catalog", Outcome::Success, Millis(0));
    queue_.done(state.catalog);
    arm(state);
  }
}

/// No Account declares it any more, and nothing in it is claimed or left to be taken back.
bool Engine::Impl::is_abandoned(const CatalogState& state) const {
  if (!mesh_.accounts_with_id(state.catalog.account).empty()) return false;
  for (KeyId id = 0; id < ledger_.size(); ++id) {
    if (ledger_.key(id).catalog == state.catalog && (ledger_.is_claimed(id) || ledger_.owned(id))) return false;
  }
  return true;
}

/// What is not declared is no business of the operator's. `state` is gone afterwards.
void Engine::Impl::forget(const CatalogState& state) {
  if (state.wake_timer) parts_.executor->cancel(*state.wake_timer);
  catalogs_.erase(CatalogRef(state.catalog));
}

/// Begins a job, or finds that there is nothing to do any more.
void Engine::Impl::work_on(CatalogState& state) {
  const Time present = now();
  if (present < state.rests_until || is_abandoned(state)) return;
  if (!state.snapshot || state.must_observe) return observe(state);
  if (state.poll_shares && present >= state.next_share_poll) return poll_shares(state);
  if (!state.dirty.empty() && !is_overdue(state)) plan_and_apply(state);
  if (!state.busy && present >= state.next_sweep) observe(state);
}

void Engine::Impl::arm(CatalogState& state) {
  if (state.busy) return;
  const Time present = now();
  if (present < state.rests_until) return wake_at(state, state.rests_until);
  Time next = state.next_sweep;
  for (const auto& [id, failure] : state.failures) {
    if (failure.next > present) next = std::min(next, failure.next);  // the others have just been planned
  }
  for (const auto& [id, since] : state.put_off) {
    if (since + kLongestPutOff > present) next = std::min(next, since + kLongestPutOff);
  }
  if (const auto rested = state.undone.next(); rested && *rested > present) next = std::min(next, *rested);
  if (state.poll_shares) next = std::min(next, state.next_share_poll);
  wake_at(state, std::max(next, present + Millis(1)));
}

/// From here on until `job_done` nothing else is done about the catalog.
void Engine::Impl::begin_job(CatalogState& state) {
  state.busy = true;
  ++jobs_;
}

void Engine::Impl::job_done(CatalogState& state) {
  state.busy = false;
  --jobs_;
  queue_.done(state.catalog);
  if (stopping_) {
    stop(std::move(stopped_));
    return;
  }
  assess_deferred();
  follow_notice(state);
  pump_later(state);
  work_off();
}

}  // namespace datamesh::engine
