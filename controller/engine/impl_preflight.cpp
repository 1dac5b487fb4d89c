// What the operator's role of each account of AWS may not do, known before it is refused. IAM is asked beside the work on
// the catalogs, which never waits for it: when an account comes into use, when it needs other actions, after a refusal, and
// about hourly.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/engine/policy_place.h"
#include "controller/engine/schedule.h"
#include "controller/mesh/topology.h"
#include "reconcilers/reasons.h"

namespace datamesh::engine {

namespace reason = reconcilers::reason;

namespace {

constexpr int kAtOnce = 2;                                     ///< workers that may wait for IAM
constexpr Millis kLookEvery = std::chrono::seconds(5);         ///< needs are gathered by a walk over the account's claims
constexpr Millis kAskAgainAfter = std::chrono::minutes(1);     ///< however much happens
constexpr Millis kWhileMissing = std::chrono::minutes(5);       ///< or the account cannot be reached
constexpr Millis kWhileAllowed = std::chrono::hours(1);
constexpr std::size_t kMostActions = 200;
constexpr std::size_t kMostResources = 20;

}  // namespace

/// Null for accounts that are not declared, or not of AWS: nobody else has IAM.
const api::Resource* Engine::Impl::remote_account(const std::string& id) const {
  const auto accounts = mesh_.accounts_with_id(id);
  if (accounts.empty()) return nullptr;
  const auto& spec = mesh::spec_of<api::AccountSpec>(*accounts.front());
  return spec.connection.type == api::ConnectionType::Aws ? accounts.front() : nullptr;
}

void Engine::Impl::needs_changed(const std::string& account) {
  if (stopping_ || (!preflights_.contains(account) && remote_account(account) == nullptr)) return;
  to_look_over_.insert(account);
  if (look_posted_) return;
  look_posted_ = true;
  const auto look = [this] { look_over_needs(); };
  next_look_ <= now() ? parts_.executor->post(look) : void(parts_.executor->run_at(next_look_, look));
}

/// Gathers what the accounts need whose claims have changed; nobody else is looked at.
void Engine::Impl::look_over_needs() {
  look_posted_ = false;
  if (stopping_) return;
  next_look_ = now() + kLookEvery;
  for (const std::string& id : std::exchange(to_look_over_, {})) look_over_needs_of(id);
  begin_preflights();
}

void Engine::Impl::look_over_needs_of(const std::string& id) {
  const api::Resource* const account = remote_account(id);
  if (account == nullptr) {
    const auto at = preflights_.find(id);
    if (at != preflights_.end() && !at->second.busy) preflights_.erase(at);
    return;
  }
  std::vector<lake::NeededEntry> entries;
  for (const KeyId key : ledger_.claimed_in(id)) {
    const IndexedClaim& claim = ledger_.first_claim(key);
    entries.push_back({ledger_.key(key), claim.value, claim.release == reconcilers::Release::Retain});
  }
  const auto& spec = mesh::spec_of<api::AccountSpec>(*account);
  auto needs = lake::needs_to_ask(policy_place(spec, entries), entries);
  AccountPreflight& preflight = preflights_[id];
  if (preflight.needs == needs && preflight.account.connection == spec.connection) return;
  const bool other_way = !(preflight.account.connection == spec.connection);
  preflight.catalog = {id, spec.regions.front()};
  preflight.account = spec;
  preflight.needs = std::move(needs);
  preflight.next = other_way ? now() : std::min(preflight.next, std::max(now(), preflight.asked + kAskAgainAfter));
}

/// Asks about those who are due, a few at once, and sets the alarm for the next.
void Engine::Impl::begin_preflights() {
  if (stopping_) return;
  if (preflight_timer_) parts_.executor->cancel(*std::exchange(preflight_timer_, std::nullopt));
  while (preflights_running_ < kAtOnce) {
    AccountPreflight* first = nullptr;
    for (auto& [id, each] : preflights_) {
      if (!each.busy && (first == nullptr || each.next < first->next)) first = &each;
    }
    if (first == nullptr) return;
    if (first->next > now()) {
      preflight_timer_ = parts_.executor->run_at(first->next, [this] {
        preflight_timer_.reset();
        begin_preflights();
      });
      return;
    }
    ask_iam(*first);
  }
}

void Engine::Impl::ask_iam(AccountPreflight& preflight) {
  preflight.busy = true;
  preflight.asked = now();
  ++preflights_running_;
  ++jobs_;
  const auto copy = std::make_shared<const AccountPreflight>(preflight);
  parts_.executor->offload([this, copy]() -> Executor::Task {
    aws::Api* api = parts_.api_for(copy->account);
    auto found = std::make_shared<Result<lake::Preflight>>(
        api == nullptr ? Result<lake::Preflight>(fail(ErrorKind::Unavailable, "no connection is configured", to_string(copy->catalog)))
                       : lake::simulate(*api, copy->catalog, mesh::operator_role(copy->account), copy->needs));
    return [this, copy, found] {
      --preflights_running_;
      --jobs_;
      if (stopping_) return stop(std::move(stopped_));
      take_preflight(copy->account.account_id, *copy, std::move(*found));
      begin_preflights();
    };
  });
}

/// What was found before stays while IAM fails in passing.
void Engine::Impl::take_preflight(const std::string& account, const AccountPreflight& asked, Result<lake::Preflight> found) {
  AccountPreflight& preflight = preflights_[account];
  preflight.busy = false;
  const bool is_outdated = preflight.needs != asked.needs || preflight.account.connection != asked.account.connection;
  const bool was_missing = preflight.found && !preflight.found->missing.empty();
  if (found) {
    preflight.found = std::move(*found);
    preflight.error.reset();
    preflight.failures = 0;
    preflight.next = now() + (preflight.found->missing.empty() ? kWhileAllowed : kWhileMissing);
    if (was_missing && preflight.found->missing.empty()) try_refused_again(account);
  } else {
    const bool in_passing = found.error().kind == ErrorKind::Throttled || found.error().kind == ErrorKind::Transient;
    if (!in_passing) preflight.found.reset();
    preflight.error = found.error();
    const Millis delay = delay_after(found.error(), preflight.failures++);
    const bool may_not_ask = found.error().kind == ErrorKind::Denied && found.error().origin.starts_with("iam:");
    preflight.next = now() + (in_passing ? std::max(kAskAgainAfter, delay) : may_not_ask ? kWhileAllowed : kWhileMissing);
  }
  if (is_outdated) preflight.next = std::min(preflight.next, now() + kAskAgainAfter);
  if (const api::Resource* resource = remote_account(account)) {
    if (ResourceState* state = ledger_.find(resource->key)) assess_later(*state);
  } else {
    preflights_.erase(account);
  }
}

/// What IAM refused is allowed now: nobody need wait for the next attempt.
void Engine::Impl::try_refused_again(const std::string& account) {
  for (auto& [ref, state] : catalogs_) {
    if (ref.account != account) continue;
    for (auto& [id, failure] : state.failures) {
      if (failure.error.kind == ErrorKind::Denied) failure.next = now();
    }
    pump_later(state);
  }
}

/// AWS refused something: perhaps more is missing than that.
void Engine::Impl::denied_in(const std::string& account) {
  const auto at = preflights_.find(account);
  if (at == preflights_.end()) return;
  at->second.next = std::min(at->second.next, std::max(now(), at->second.asked + kAskAgainAfter));
  begin_preflights();
}

/// The condition Permitted; nullopt until IAM has been asked, and for accounts without IAM.
std::optional<reconcilers::StatedCondition> Engine::Impl::permitted(const api::Resource& account) const {
  const std::string& id = mesh::spec_of<api::AccountSpec>(account).account_id;
  const api::Resource* const remote = remote_account(id);
  const auto at = preflights_.find(id);
  if (at == preflights_.end() || remote == nullptr || remote->key != account.key) return std::nullopt;
  const AccountPreflight& preflight = at->second;
  const std::string role = mesh::operator_role(preflight.account);
  if (preflight.found && !preflight.found->missing.empty()) {
    return reconcilers::StatedCondition{"Permitted", "False", std::string(reason::kActionsMissing),
            role + " lacks what the declared resources need: " + lake::sentence_of(preflight.found->missing) +
                ". datamesh iam-policy prints all that it needs"};
  }
  if (preflight.found && preflight.found->undecided.empty()) {
    return reconcilers::StatedCondition{"Permitted", "True", std::string(reason::kActionsAllowed),
                                        "IAM allows what the declared resources need"};
  }
  if (preflight.found) {
    return reconcilers::StatedCondition{"Permitted", "Unknown", std::string(reason::kCannotSimulate),
                                        lake::sentence_of(preflight.found->undecided)};
  }
  if (!preflight.error) return std::nullopt;
  return reconcilers::StatedCondition{
      "Permitted", "Unknown", std::string(reason::kCannotSimulate),
      "what " + role + " may do cannot be asked: " + to_string(*preflight.error) +
          ". Nothing depends on it; to know, allow it iam:SimulatePrincipalPolicy on itself"};
}

/// `status.missingActions`, for programs and `datamesh preflight`.
Json Engine::Impl::missing_actions(const std::string& account) const {
  Json out = Json::array();
  const auto at = preflights_.find(account);
  if (at == preflights_.end() || !at->second.found) return out;
  for (const lake::MissingAction& each : at->second.found->missing) {
    if (out.size() == kMostActions) break;
    Json resources = Json::array();
    for (const std::string& resource : each.resources) {
      if (resources.size() < kMostResources) resources.push_back(resource);
    }
    out.push_back({{"action", each.action}, {"why", lake::to_string(each.why)}, {"resources", std::move(resources)}});
  }
  return out;
}

}  // namespace datamesh::engine
