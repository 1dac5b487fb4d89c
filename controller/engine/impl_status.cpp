// What is said about the resources: statuses are assessed when something about their entries changed, written in
// batches, and only where they differ. An entry is on the record before it is made.
#include <algorithm>

#include "controller/engine/impl.h"
#include "controller/engine/schedule.h"
#include "controller/engine/status_entries.h"
#include "controller/mesh/topology.h"
#include "reconcilers/reasons.h"

namespace datamesh::engine {

using api::ObjectKey;
using api::Resource;
using reconcilers::EntryState;
using reconcilers::Standing;
namespace reason = reconcilers::reason;

namespace {

constexpr std::size_t kWritesAFlush = 1000;

bool has_finalizer(const Resource& resource) {
  const auto& all = resource.metadata.finalizers;
  return std::find(all.begin(), all.end(), kFinalizer) != all.end();
}

}  // namespace

void Engine::Impl::assess_later(ResourceState& state) {
  to_assess_.insert(state.key);
  if (flush_posted_ || flushing_) return;
  flush_posted_ = true;
  parts_.executor->post([this] { flush_statuses(); });
}

void Engine::Impl::assess_parties(KeyId id) {
  for (ResourceState* state : ledger_.claimants(id)) assess_later(*state);
  for (ResourceState* state : ledger_.former_claimants(id)) assess_later(*state);
}

void Engine::Impl::flush_statuses() {
  flush_posted_ = false;
  if (flushing_ || stopping_) return;
  std::vector<PendingWrite> writes;
  while (!to_assess_.empty() && writes.size() < kWritesAFlush) {
    const ObjectKey key = *to_assess_.begin();
    to_assess_.erase(to_assess_.begin());
    ResourceState* state = ledger_.find(key);
    if (state == nullptr) continue;
    if (auto write = write_for(*state)) writes.push_back(std::move(*write));
  }
  publish_gauges();
  if (writes.empty()) {
    if (!to_assess_.empty()) assess_later(ledger_.at(*to_assess_.begin()));
    return;
  }
  flushing_ = true;
  ++jobs_;
  auto shared = std::make_shared<std::vector<PendingWrite>>(std::move(writes));
  parts_.executor->offload([this, shared]() -> Executor::Task {
    auto results = std::make_shared<std::vector<WriteResult>>(perform(std::move(*shared)));
    return [this, results] {
      --jobs_;
      flushing_ = false;
      take_writes(std::move(*results));
      if (stopping_) stop(std::move(stopped_));
    };
  });
}

/// What must be written about the resource now; nullopt when nothing, or when it is not there any more.
std::optional<PendingWrite> Engine::Impl::write_for(ResourceState& state) {
  if (unsettled(state)) return std::nullopt;
  auto recorded = records_for(state);
  const Resource* resource = mesh_.find(state.key);
  if (resource == nullptr) {
    // Deleted without its finalizer: the record lives on here until the entries are taken back.
    for (const KeyId id : ledger_.set_recorded(state, std::move(recorded))) mark(id);
    if (state.recorded.empty() && !to_reclaim_.contains(state.key)) ledger_.erase(state.key);
    return std::nullopt;
  }
  PendingWrite write;
  write.key = state.key;
  write.uid = resource->metadata.uid;
  write.revision = revisions_[state.key];
  write.recorded = std::move(recorded);
  write.tables = memory_of(*resource, state);
  auto finalizers = resource->metadata.finalizers;
  if (resource->metadata.deletion) {
    if (!has_finalizer(*resource)) return std::nullopt;
    const bool is_needed = is_needed_for_release(*resource);
    if (state.claims.empty() != claims_of(*resource, is_needed, now()).claims.empty()) {
      queue_reclaim({state.key});  // what it claims for the sake of others begins or ends
      return std::nullopt;
    }
    if (write.recorded.empty() && !is_needed) {
      std::erase(finalizers, kFinalizer);
      write.finalizers = std::move(finalizers);
      return write;
    }
  } else if (!write.recorded.empty() && !has_finalizer(*resource)) {
    finalizers.emplace_back(kFinalizer);
    write.finalizers = std::move(finalizers);
  }
  Json status = status_json(state, *resource, write.recorded, write.tables);
  write.hash = json_hash(status);
  write.conditions = member(status, "conditions").dump();
  write.health = reconcilers::health_of(status);
  if (write.hash == state.status_hash && !write.finalizers) {
    // The store says so already: after a restart that is all there is to learn.
    note_health(state, write.health);
    take_tables(state, std::move(write.tables));
    for (const KeyId id : ledger_.set_recorded(state, std::move(write.recorded))) mark(id);
    return std::nullopt;
  }
  write.status = std::move(status);
  return write;
}

/// Something about the resource is about to be read or planned: its status is assessed right after that, once. What
/// cannot be planned for a while, since its catalog rests, is said now and looked at again when it is planned.
bool Engine::Impl::unsettled(const ResourceState& state) {
  const Time present = now();
  bool soon = to_reclaim_.contains(state.key), later = false;
  const auto look = [&](KeyId id) {
    const auto at = catalogs_.find(ledger_.key(id).catalog);
    if (at == catalogs_.end()) return;
    const CatalogState& catalog = at->second;
    if (!catalog.snapshot) {
      (catalog.error ? later : soon) = true;
    } else if (catalog.dirty.contains(id)) {
      (catalog.rests_until > present ? later : soon) = true;
    }
  };
  for (const IndexedClaim& claim : state.claims) look(claim.key);
  for (const auto& [id, record] : state.recorded) look(id);
  if (soon || later) deferred_.insert(state.key);
  return soon;
}

/// An account that is being deleted stays while something in its catalogs is still to be taken back: without it nobody
/// could approve a held plan.
bool Engine::Impl::is_needed_for_release(const Resource& resource) const {
  const auto* account = std::get_if<api::AccountSpec>(&resource.spec);
  if (account == nullptr || !resource.metadata.deletion || mesh_.accounts_with_id(account->account_id).size() > 1) return false;
  return std::any_of(ledger_.all().begin(), ledger_.all().end(), [&](const auto& each) {
    if (each.first == resource.key) return false;
    return std::any_of(each.second->recorded.begin(), each.second->recorded.end(), [&](const auto& pair) {
      return !pair.second.retain && ledger_.key(pair.first).catalog.account == account->account_id &&
             !ledger_.is_claimed(pair.first) && !ledger_.is_of_a_dropped_column(*each.second, pair.first);
    });
  });
}

/// Those whose status waited for a plan.
void Engine::Impl::assess_deferred() {
  for (const ObjectKey& key : std::exchange(deferred_, {})) {
    if (ResourceState* state = ledger_.find(key)) assess_later(*state);
  }
}

/// What is there of anybody's record beyond the claim: DESCRIBE is not taken back beside another permission, and must
/// go with it in the end.
catalog::PermissionValue Engine::Impl::left_beside(const IndexedClaim& claim, const catalog::Snapshot& snapshot) const {
  const auto owned = ledger_.owned(claim.key);
  if (!owned) return {};
  const auto type = type_of(claim.key);
  return minus(still_there(claim.key, owned->permission, snapshot),
               expanded(std::get<catalog::PermissionValue>(claim.value), type));
}

catalog::ResourceType Engine::Impl::type_of(KeyId id) const {
  const auto permission = catalog::parse_permission_id(ledger_.key(id).local.name);
  return permission ? permission->resource.type : catalog::ResourceType::Table;
}

/// The part of a recorded permission that the snapshot shows; expanded.
catalog::PermissionValue Engine::Impl::still_there(KeyId id, const catalog::PermissionValue& recorded,
                                                   const catalog::Snapshot& snapshot) const {
  const catalog::EntryValue* seen = snapshot.find(ledger_.key(id).local);
  const auto* value = seen == nullptr ? nullptr : std::get_if<catalog::PermissionValue>(seen);
  if (value == nullptr) return {};
  return common(expanded(recorded, type_of(id)), expanded(*value, type_of(id)));
}

/// Nothing is left to do about an entry that was claimed: it is gone, stays by design, or those who claim it still
/// remember all of it.
bool Engine::Impl::is_released(KeyId id, const Recorded& record) const {
  if (record.retain) return true;
  const auto at = catalogs_.find(ledger_.key(id).catalog);
  const bool known = at != catalogs_.end() && at->second.snapshot.has_value();
  if (known && is_taken_back(at->second.confirmed, ledger_, id, record.permission)) return true;
  const bool in_order = known && at->second.in_order(id);
  if (!ledger_.is_claimed(id)) return in_order;
  const bool permission = ledger_.key(id).local.kind == catalog::EntryKind::Permission;
  if (in_order && !permission) return true;
  static const Confirmed kNothing;
  const Confirmed& confirmed = known ? at->second.confirmed : kNothing;
  const auto seen = known ? still_there(id, record.permission, *at->second.snapshot) : record.permission;
  auto there = in_order ? seen : expanded(left_of(confirmed, ledger_, id, record.permission), type_of(id));
  if (!seen.permissions.has(catalog::Permission::Describe)) {
    there.permissions.erase(catalog::Permission::Describe);  // never taken back beside another, and not there either
    there.grantable.erase(catalog::Permission::Describe);
  }
  catalog::PermissionValue remembered;
  bool anybody = in_order;
  for (const ResourceState* other : ledger_.claimants(id)) {
    const auto theirs = other->recorded.find(id);
    if (theirs == other->recorded.end()) continue;
    anybody = true;
    remembered = united(remembered, expanded(theirs->second.permission, type_of(id)));
  }
  return anybody && covers(remembered, there);
}

/// Somebody has it on record as made by the operator, rather than found.
bool Engine::Impl::is_made_by_us(KeyId id) const {
  const auto& owners = ledger_.owners(id);
  return std::any_of(owners.begin(), owners.end(),
                     [&](const ResourceState* owner) { return !owner->recorded.at(id).adopted; });
}

/// What the status shall record: every claim on a catalog that has been read, and former claims until their entries
/// are taken back.
std::map<KeyId, Recorded> Engine::Impl::records_for(const ResourceState& state) const {
  std::map<KeyId, Recorded> out;
  for (const IndexedClaim& claim : state.claims) {
    const catalog::EntryKey& key = ledger_.key(claim.key);
    const auto at = catalogs_.find(key.catalog);
    if (at == catalogs_.end() || !at->second.snapshot) continue;
    const auto before = state.recorded.find(claim.key);
    const bool permission = key.local.kind == catalog::EntryKind::Permission;
    const bool settled = at->second.in_order(claim.key);
    Recorded& record = out[claim.key];
    if (before == state.recorded.end()) {
      record.adopted = !permission && at->second.snapshot->find(key.local) != nullptr && !is_made_by_us(claim.key);
    } else {
      record.adopted = before->second.adopted;
      if (permission && !settled) record.permission = united(record.permission, before->second.permission);
    }
    // Whoever comes to claim what others had takes over what they leave beside it.
    if (permission && settled) record.permission = united(record.permission, left_beside(claim, *at->second.snapshot));
    record.retain = claim.release == reconcilers::Release::Retain;
    if (const auto* value = std::get_if<catalog::PermissionValue>(&claim.value)) {
      record.permission = united(record.permission, *value);
    }
    if (const auto* tag = std::get_if<catalog::TagAssignment>(&claim.value)) record.tag_value = tag->value;
  }
  for (const auto& [id, record] : state.recorded) {
    if (out.contains(id) || claims_any(state, id)) continue;
    if (ledger_.keeps(state, id) || !is_released(id, record)) out.emplace(id, record);
  }
  // A claim on a catalog that cannot be read just now keeps what it had.
  for (const auto& [id, record] : state.recorded) {
    if (claims_any(state, id)) out.try_emplace(id, record);
  }
  return out;
}

Json Engine::Impl::entries_json(const ResourceState& state, const std::map<KeyId, Recorded>& recorded) const {
  std::map<catalog::EntryKey, Json> sorted;
  for (const auto& [id, record] : recorded) {
    const bool claimed = claims_any(state, id);
    const EntryState now = claimed ? standing(id).state : EntryState::Pending;
    sorted.emplace(ledger_.key(id), encode_entry(ledger_.key(id), record, now));
  }
  Json out = Json::array();
  for (auto& [key, entry] : sorted) out.push_back(std::move(entry));
  return out;
}

Standing Engine::Impl::standing(KeyId id) const {
  const catalog::EntryKey& key = ledger_.key(id);
  const auto at = catalogs_.find(key.catalog);
  if (at == catalogs_.end()) return {EntryState::Waiting, std::string(reason::kCatalogNotObserved), "", "", false};
  const CatalogState& state = at->second;
  if (!state.snapshot) {
    if (!state.error) {
      return {EntryState::Waiting, std::string(reason::kCatalogNotObserved),
              "catalog " + to_string(key.catalog) + " is being read", "", false};
    }
    return unreachable(state);
  }
  if (key.local.kind == catalog::EntryKind::Settings && is_lasting(state)) return unreachable(state);
  if (const auto failure = state.failures.find(id); failure != state.failures.end()) {
    const Error& error = failure->second.error;
    return {EntryState::Failed, std::string(reason_for(error, now() - failure->second.since)),
            to_string(key.local) + ": " + with_remedy(error), "",
            reaction_to(error.kind) == Reaction::GiveUp};
  }
  if (const int times = state.undone.times(id); times > 0) {
    return {EntryState::Failed, std::string(reason::kNotKept),
            to_string(key.local) + ": written " + std::to_string(times) + " times since " +
                to_rfc3339(state.undone.since(id)) +
                ", and otherwise at the next reading each time. Somebody else changes it back, or AWS acknowledges the "
                "write and does not carry it out: CloudTrail says who writes it. It is tried again, less and less often",
            "", true};
  }
  if (state.held.contains(id)) {
    return {EntryState::Held, std::string(reason::kPlanHeld), state.held_message, "", true};
  }
  if (const auto open = state.open.find(id); open != state.open.end()) return open_standing(id, open->second);
  if (state.dirty.contains(id)) return {EntryState::Pending, std::string(reason::kProgressing), "", "", false};
  return {EntryState::InForce, std::string(reason::kInForce), "", "", false};
}

/// Of what is in a catalog that cannot be read.
Standing Engine::Impl::unreachable(const CatalogState& state) const {
  const Error& error = *state.error;
  const std::string_view why = error.kind == ErrorKind::Throttled || error.kind == ErrorKind::Expired
                                   ? reason_for(error, Millis(0))
                                   : reason::kCatalogUnreachable;
  return {EntryState::Failed, std::string(why),
          "catalog " + to_string(state.catalog) + ": " + with_remedy(error), "",
          reaction_to(error.kind) == Reaction::GiveUp};
}

Standing Engine::Impl::open_standing(KeyId id, const OpenEntry& open) const {
  switch (open.verdict) {
    case EntryVerdict::Conflict: {
      std::string others;
      for (const ResourceState* each : ledger_.claimants(id)) others += (others.empty() ? "" : ", ") + to_string(each->key);
      const std::string claimed = to_string(ledger_.key(id)) + " is claimed differently by " + others;
      return {EntryState::Conflict, std::string(reason::kConflict), open.message.empty() ? claimed : open.message, "", true};
    }
    case EntryVerdict::Waits: {
      const bool share = ledger_.key(id).local.kind == catalog::EntryKind::ShareAcceptance;
      const std::string needed = open.waits_for ? to_string(ledger_.key(*open.waits_for)) : "";
      const bool on_share =
          open.waits_for && ledger_.key(*open.waits_for).local.kind == catalog::EntryKind::ShareAcceptance;
      const catalog::EntryKey& awaited = ledger_.key(share ? id : open.waits_for.value_or(id));
      const auto theirs = catalogs_.find(awaited.catalog);
      if ((on_share || (share && !open.waits_for)) && theirs != catalogs_.end() && theirs->second.shares_error) {
        const Error& error = *theirs->second.shares_error;
        return {EntryState::Failed, std::string(reason_for(error, Millis(0))),
                "what others share with account " + awaited.catalog.account + " cannot be read: " + with_remedy(error),
                "", reaction_to(error.kind) == Reaction::GiveUp};
      }
      const bool on_table = open.waits_for && ledger_.key(*open.waits_for).local.kind == catalog::EntryKind::Table;
      const std::string_view why = share || on_share ? reason::kShareNotAccepted
                                   : on_table        ? reason::kTableNotFound
                                                     : reason::kEntryMissing;
      return {EntryState::Waiting, std::string(why), open.message.empty() ? "waits for " + needed : open.message,
              needed, false};
    }
    case EntryVerdict::Exceeds: return {EntryState::Failed, std::string(reason::kLimitExceeded), open.message, "", true};
    case EntryVerdict::InOrder:
    case EntryVerdict::Act:
    case EntryVerdict::Unrecorded: break;
  }
  return {EntryState::Pending, std::string(reason::kProgressing), "", "", false};
}

Json Engine::Impl::status_json(ResourceState& state, const Resource& resource,
                               const std::map<KeyId, Recorded>& recorded, const TableMemory& tables) {
  reconcilers::ClaimSet claims;
  claims.findings = state.findings;
  reconcilers::AssessInput input;
  for (const IndexedClaim& claim : state.claims) {
    claims.claims.push_back({ledger_.key(claim.key), catalog::EntryValue(), {}, claim.step, claim.release});
    input.standings.push_back(standing(claim.key));
  }
  for (const auto& [id, record] : recorded) {
    if (claims_any(state, id) || ledger_.keeps(state, id)) continue;
    Standing releasing = standing(id);
    if (releasing.state == EntryState::InForce) releasing.state = EntryState::Pending;
    input.releasing.push_back(std::move(releasing));
  }
  add_openings(state, recorded, input.releasing);
  input.resource = &resource;
  input.claims = &claims;
  input.entries = entries_json(state, recorded);
  if (!state.conditions.empty()) input.previous["conditions"] = Json::parse(state.conditions);
  input.now = now();
  if (resource.key.kind == "Account") {
    for (auto& each : {permitted(resource), change_notices(resource)}) {
      if (each) input.stated.push_back(*each);
    }
  }
  Json status = assess(input);
  if (resource.key.kind == "Account") add_account_status(resource, status);
  if (resource.key.kind == "DataProduct") add_product_status(resource, state, tables, status);
  return status;
}

void Engine::Impl::add_product_status(const Resource& product, const ResourceState& state, const TableMemory& tables,
                                      Json& status) const {
  const mesh::AccountAnswer owner = mesh::owner_of(product, mesh_);
  if (owner) status["owner"] = owner.spec().account_id;
  std::set<std::string> catalogs;
  for (const IndexedClaim& claim : state.claims) catalogs.insert(to_string(ledger_.key(claim.key).catalog));
  if (!catalogs.empty()) status["catalogs"] = catalogs;
  if (!tables.empty()) status["tables"] = encode_tables(tables);
  if (Json again = encode_recreated(mesh_.withheld(product.key)); !again.empty()) status["recreatedTables"] = std::move(again);
}

void Engine::Impl::add_account_status(const Resource& account, Json& status) const {
  const auto& spec = mesh::spec_of<api::AccountSpec>(account);
  std::vector<UndeclaredEntry> undeclared;
  for (const auto& [ref, state] : catalogs_) {
    if (ref.account != spec.account_id) continue;
    for (const auto& [key, since] : state.undeclared) undeclared.push_back({ref, key, since});
    for (const catalog::QuotaWarning& warning : state.warnings) {
      status["quotas"].push_back({{"catalog", to_string(ref)},
                                  {"quota", rule_of(warning.scope.quota).name},
                                  {"what", describe(warning.scope)},
                                  {"used", warning.used},
                                  {"limit", warning.limit}});
    }
    if (state.held.empty()) continue;
    status["plan"] = {{"hash", state.held_hash}, {"held", true}, {"actions", state.held_actions.size()}};
  }
  if (Json missing = missing_actions(spec.account_id); !missing.empty()) status["missingActions"] = std::move(missing);
  if (!undeclared.empty()) status["undeclared"] = encode_undeclared(std::move(undeclared));
}

/// Runs on a worker: finalizers first, so that no entry is on record without one.
std::vector<WriteResult> Engine::Impl::perform(std::vector<PendingWrite> writes) {
  std::vector<WriteResult> results;
  std::vector<api::StatusWrite> statuses;
  std::vector<std::size_t> indices;
  for (PendingWrite& write : writes) {
    WriteResult result;
    result.revision = write.revision;
    api::Revision seen = write.revision;
    if (write.finalizers) {
      const Json patch = {{"metadata",
                           {{"finalizers", *write.finalizers}, {"resourceVersion", std::to_string(write.revision)}}}};
      const auto patched = parts_.store->patch(write.key, api::PatchType::Merge, patch);
      if (patched) {
        seen = api::revision_in(*patched).value_or(0);
      } else {
        result.error = patched.error();
      }
    }
    if (!result.error && write.status) {
      statuses.push_back({write.key, write.uid, *write.status, std::nullopt, {}, seen});
      indices.push_back(results.size());
    }
    result.write = std::move(write);
    results.push_back(std::move(result));
  }
  const auto written = parts_.store->write_statuses(statuses);
  for (std::size_t n = 0; n < written.size(); ++n) {
    if (!written[n]) results[indices[n]].error = written[n].error();
  }
  return results;
}

void Engine::Impl::take_writes(std::vector<WriteResult> results) {
  const bool failed = std::any_of(results.begin(), results.end(), [](const WriteResult& r) {
    return r.error && r.error->kind != ErrorKind::NotFound;
  });
  write_failures_ = failed ? write_failures_ + 1 : 0;
  for (WriteResult& result : results) take_write(std::move(result));
  if (!to_assess_.empty()) assess_later(ledger_.at(*to_assess_.begin()));
}

void Engine::Impl::take_write(WriteResult result) {
  ResourceState* state = ledger_.find(result.write.key);
  if (state == nullptr || state->uid != result.write.uid) return;
  if (result.error) {
    if (result.error->kind == ErrorKind::NotFound) return;  // the deletion event is on its way
    state->status_hash.clear();  // only the answer may have been lost: what the store holds is not known
    const ObjectKey key = result.write.key;
    const Millis delay = delay_after(Error{ErrorKind::Transient, "", "", "", std::nullopt}, write_failures_);
    parts_.executor->run_at(now() + delay, [this, key] {
      if (ResourceState* again = ledger_.find(key)) assess_later(*again);
    });
    return;
  }
  if (!result.write.status) return;  // the finalizer is gone, and with it the object
  tell_of_transition(*state, result.write);
  state->status_hash = result.write.hash;
  state->conditions = result.write.conditions;
  take_tables(*state, std::move(result.write.tables));
  for (const KeyId id : ledger_.set_recorded(*state, std::move(result.write.recorded))) {
    if (ledger_.owners(id).empty()) catalog(ledger_.key(id).catalog).confirmed.erase(id);
    // What thousands claim is planned when the last of them has it on record, not after each.
    if (!claims_any(*state, id) || ledger_.is_recorded(id)) mark(id);
    // Who claims it no more may have waited for this record.
    for (ResourceState* former : ledger_.former_claimants(id)) assess_later(*former);
  }
  note_health(*state, result.write.health);
}

void Engine::Impl::tell_of_transition(const ResourceState& state, const PendingWrite& write) const {
  if (!parts_.transition || state.conditions == write.conditions) return;
  const auto ready = [](const std::string& conditions) {
    const auto list = parse_own_json(conditions);
    if (!list) return Json();
    const auto found = std::find_if(list->begin(), list->end(),
                                    [](const Json& each) { return string_at(each, "type") == "Ready"; });
    return found == list->end() ? Json() : *found;
  };
  const Json before = ready(state.conditions), after = ready(write.conditions);
  const auto same = [&](const char* name) { return string_at(before, name) == string_at(after, name); };
  if (same("status") && same("reason")) return;
  parts_.transition({write.key, write.uid, string_at(after, "status"), string_at(after, "reason"),
                     string_at(after, "message")});
}

void Engine::Impl::note_health(ResourceState& state, reconcilers::Health health) {
  const bool ready = health == reconcilers::Health::Ready;
  if (ready && state.edited && parts_.observer != nullptr) {
    parts_.observer->converged(state.key.kind, now() - *state.edited);
  }
  if (ready) state.edited.reset();
  state.health = health;
}

}  // namespace datamesh::engine
