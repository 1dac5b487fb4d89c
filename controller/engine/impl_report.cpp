// What is asked of the engine: its state as a whole, and the gauges.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/engine/schedule.h"

namespace datamesh::engine {

using reconcilers::EntryState;

namespace {

constexpr Millis kGaugesEvery{5000};

/// A failure that only a change can mend is not something to wait for.
bool waits_for_a_change(const Failure& failure) {
  return reaction_to(failure.error.kind) == Reaction::GiveUp;
}

bool is_ready(const ResourceState& state) { return state.health == reconcilers::Health::Ready; }

const char* state_label(reconcilers::Health health) {
  switch (health) {
    case reconcilers::Health::Ready: return "Ready";
    case reconcilers::Health::Reconciling: return "NotReady";
    case reconcilers::Health::Stalled: return "Stalled";
  }
  return "NotReady";
}

bool is_idle(const CatalogState& state, Time now) {
  if (!state.snapshot) return state.error && reaction_to(state.error->kind) == Reaction::GiveUp;
  const auto gave_up = [&](KeyId id) {
    const auto failure = state.failures.find(id);
    return failure != state.failures.end() && waits_for_a_change(failure->second);
  };
  const bool acting = std::any_of(state.open.begin(), state.open.end(), [&](const auto& each) {
    const EntryVerdict verdict = each.second.verdict;
    return (verdict == EntryVerdict::Act || verdict == EntryVerdict::Unrecorded) && !state.held.contains(each.first) &&
           !gave_up(each.first);
  });
  const bool retrying = std::any_of(state.failures.begin(), state.failures.end(),
                                    [](const auto& each) { return !waits_for_a_change(each.second); });
  const bool dirty = std::any_of(state.dirty.begin(), state.dirty.end(),
                                 [&](KeyId id) { return !state.failures.contains(id); });
  return !state.busy && !state.must_observe && !dirty && !retrying && state.rests_until <= now &&
         !acting && !(state.poll_shares && state.share_polls == 0);
}

}  // namespace

bool Engine::Impl::idle() const {
  if (!synced_ || jobs_ > preflights_running_ || !to_reclaim_.empty() || !to_assess_.empty() || poll_posted_) return false;
  const Time present = now();
  return std::all_of(catalogs_.begin(), catalogs_.end(),
                     [&](const auto& each) { return is_idle(each.second, present); });
}

bool Engine::Impl::converged() const {
  if (!idle()) return false;
  return std::all_of(ledger_.all().begin(), ledger_.all().end(),
                     [](const auto& each) { return is_ready(*each.second) && !each.second->gone; });
}

Json Engine::Impl::status() const {
  Json resources = Json::object();
  for (const auto& [key, state] : ledger_.all()) {
    Json& line = resources[key.kind];
    if (line.is_null()) line = {{"total", 0}, {"ready", 0}};
    line["total"] = line["total"].get<int>() + 1;
    if (is_ready(*state)) line["ready"] = line["ready"].get<int>() + 1;
  }
  Json catalogs = Json::array();
  std::size_t undeclared = 0;
  for (const auto& [ref, state] : catalogs_) {
    undeclared += state.undeclared.size();
    std::size_t waiting = 0;
    for (const auto& [id, open] : state.open) waiting += open.verdict == EntryVerdict::Waits ? 1 : 0;
    Json line = {{"catalog", to_string(ref)},
                 {"observed", state.snapshot.has_value()},
                 {"entries", state.snapshot ? state.snapshot->entries.size() : 0},
                 {"pending", state.dirty.size() + state.open.size() - waiting},
                 {"waiting", waiting},
                 {"failed", state.failures.size()},
                 {"undeclared", state.undeclared.size()},
                 {"held", state.held.empty() ? Json() : Json(state.held_hash)},
                 {"error", state.error ? Json(to_string(*state.error)) : Json()}};
    line["lastSweep"] = state.snapshot ? Json(to_rfc3339(state.observed_at)) : Json();
    catalogs.push_back(std::move(line));
  }
  return {{"synced", synced_},     {"idle", idle()},         {"converged", converged()},
          {"resources", resources}, {"catalogs", catalogs}, {"undeclared", undeclared}};
}

/// Counts take a walk over everything, so they are taken now and then, not with every change.
void Engine::Impl::publish_gauges() {
  const Time present = now();
  if (parts_.observer == nullptr || present < next_gauges_) return;
  next_gauges_ = present + kGaugesEvery;
  Gauges gauges;
  for (const auto& [ref, state] : catalogs_) {
    ++gauges.catalogs;
    gauges.undeclared += static_cast<std::int64_t>(state.undeclared.size());
    for (const auto& [key, since] : state.undeclared) {
      gauges.oldest_undeclared = std::max(gauges.oldest_undeclared, present - since);
    }
    if (!state.held.empty()) ++gauges.plans_held;
    for (const catalog::QuotaWarning& warning : state.warnings) {
      double& ratio = gauges.quotas[{to_string(ref), std::string(rule_of(warning.scope.quota).name)}];
      ratio = std::max(ratio, static_cast<double>(warning.used) / static_cast<double>(warning.limit));
    }
  }
  for (const auto& [key, state] : ledger_.all()) {
    ++gauges.resources[{key.kind, state_label(state->health)}];
    std::map<std::pair<reconcilers::Step, CatalogRef>, bool> hops;
    for (const IndexedClaim& claim : state->claims) {
      const catalog::EntryKey& entry = ledger_.key(claim.key);
      const EntryState now_is = standing(claim.key).state;
      ++gauges.entries[{std::string(to_string(entry.local.kind)), std::string(to_string(now_is))}];
      auto [hop, fresh] = hops.try_emplace({claim.step, entry.catalog}, true);
      hop->second = hop->second && now_is == EntryState::InForce;
    }
    for (const auto& [hop, done] : hops) ++gauges.hops[done ? "Done" : "Open"];
  }
  parts_.observer->gauges(gauges);
  // When nothing else happens the last state must still be shown.
  parts_.executor->run_at(next_gauges_, [this] { publish_gauges(); });
}

}  // namespace datamesh::engine
