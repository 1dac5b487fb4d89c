// `datamesh plan`: the pipeline without its last step. Changes are put into the mesh and the ledger, planned, and
// taken out again, so that the cost is in proportion to the change.
#include <algorithm>
#include <list>

#include "controller/api/codec.h"
#include "controller/catalog/field_changes.h"
#include "controller/engine/awaited_tables.h"
#include "controller/engine/hybrid_rules.h"
#include "controller/engine/impl.h"
#include "controller/engine/status_entries.h"
#include "controller/engine/tag_access.h"
#include "reconcilers/reasons.h"

namespace datamesh::engine {

using api::ObjectKey;
using catalog::Action;

/// Declares changes for as long as it lives.
class Preview {
 public:
  Preview(Engine::Impl& impl, const PlanRequest& request)
      : impl_(impl), is_of_all_(request.apply.empty() && request.remove.empty()) {
    for (const Json& object : request.apply) put(object);
    for (const ObjectKey& key : request.remove) {
      remember(key);
      impl_.mesh_.remove(key);
    }
    for (const ObjectKey& key : std::set<ObjectKey>(affected_)) after(key);
    for (const ObjectKey& key : affected_) claim(key);
  }

  ~Preview() {
    for (auto& [key, before] : resources_) {
      impl_.mesh_.remove(key);
      if (before) impl_.mesh_.put(*before);
    }
    for (auto& [key, before] : claims_) {
      ResourceState& state = impl_.ledger_.at(key);
      impl_.ledger_.set_claims(state, before.set);
      if (before.fresh) impl_.ledger_.erase(key);
    }
  }

  Preview(const Preview&) = delete;
  Preview& operator=(const Preview&) = delete;

  Json plan();

 private:
  struct Before {
    reconcilers::ClaimSet set;
    bool fresh = false;
  };

  void put(const Json& object) {
    auto resource = api::decode(object);
    if (!resource) {
      problems_.push_back(to_string(resource.error()));
      return;
    }
    const ObjectKey key = resource->key;
    remember(key);
    if (const auto* now = impl_.mesh_.find(key)) {
      resource->metadata = now->metadata;  // a manifest says nothing of these
      resource->metadata.deletion.reset();
    } else {
      resource->metadata.created = impl_.now();
    }
    impl_.mesh_.put(std::move(*resource));
  }

  void remember(const ObjectKey& key) {
    const auto* now = impl_.mesh_.find(key);
    resources_.try_emplace(key, now == nullptr ? std::nullopt : std::optional(*now));
    after(key);
  }

  void after(const ObjectKey& key) {
    for (const ObjectKey& each : impl_.mesh_.affected_by(key)) affected_.insert(each);
  }

  /// Claims anew what the changes affect, noting how it was and which entries that touches.
  void claim(const ObjectKey& key) {
    const bool fresh = impl_.ledger_.find(key) == nullptr;
    ResourceState& state = impl_.ledger_.at(key);
    claims_.try_emplace(key, Before{claims_now(state), fresh});
    const auto* resource = impl_.mesh_.find(key);
    const auto claims = resource == nullptr ? reconcilers::ClaimSet{}
                                            : reconcilers::claims_of(*resource, impl_.mesh_, impl_.now());
    for (const KeyId id : impl_.ledger_.set_claims(state, claims)) touched_.insert(id);
    for (const reconcilers::Finding& finding : claims.findings) {
      if (finding.effect != reconcilers::Effect::Ended) {
        problems_.push_back(to_string(key) + ": " + finding.reason + ": " + finding.message);
      }
    }
  }

  reconcilers::ClaimSet claims_now(const ResourceState& state) const {
    reconcilers::ClaimSet out;
    out.findings = state.findings;
    for (const KeyId id : state.ended) out.ended.push_back(impl_.ledger_.key(id));
    for (const auto& [id, value] : state.withheld) out.withheld.push_back({impl_.ledger_.key(id), value});
    out.unknown_tables = state.unknown_tables;
    for (const IndexedClaim& claim : state.claims) {
      std::vector<catalog::EntryKey> needs;
      for (const KeyId need : claim.needs) needs.push_back(impl_.ledger_.key(need));
      out.claims.push_back({impl_.ledger_.key(claim.key), claim.value, std::move(needs), claim.step, claim.release});
    }
    return out;
  }

  void plan_one(const CatalogRef& ref, std::vector<KeyId> ids, Json& catalogs);
  void note_obstacles(const CatalogPlan& plan);
  void note_standing_problems();
  void note_access(const Action& action);
  void note_access_by_tags();
  void note_opt_in(const Action& action);
  Json access() const;
  Json action_json(const Action& action, const EntryPlan& entry) const;

  Engine::Impl& impl_;
  std::map<ObjectKey, std::optional<api::Resource>> resources_;
  std::map<ObjectKey, Before> claims_;
  std::set<ObjectKey> affected_;
  std::set<KeyId> touched_;
  const bool is_of_all_;  ///< nothing is changed: the plan is of the present difference
  std::vector<std::string> problems_;
  std::size_t others_ = 0;  ///< objects with problems that are not told
  std::map<std::string, int> summary_;
  PlannedActions planned_;
  std::map<std::pair<std::string, std::string>, std::pair<std::set<std::string>, std::set<std::string>>> access_;
};

Json Preview::plan() {
  std::map<CatalogRef, std::vector<KeyId>> by_catalog;
  for (const auto& [ref, state] : impl_.catalogs_) {
    for (const KeyId id : state.dirty) touched_.insert(id);
    for (const auto& [id, open] : state.open) touched_.insert(id);
    for (const auto& [id, failure] : state.failures) touched_.insert(id);
    for (const KeyId id : state.held) touched_.insert(id);
  }
  for (const KeyId id : touched_) by_catalog[impl_.ledger_.key(id).catalog].push_back(id);
  Json catalogs = Json::array();
  for (auto& [ref, ids] : by_catalog) plan_one(ref, std::move(ids), catalogs);
  note_access_by_tags();
  note_standing_problems();
  Json summary = Json::object();
  for (const auto& [verb, count] : summary_) summary[verb] = count;
  return {{"catalogs", catalogs},    {"access", access()},
          {"summary", summary},      {"awaiting", awaiting_json(impl_.mesh_, impl_.ledger_)},
          {"problems", problems_},   {"others", others_}};
}

/// What keeps entries from being as claimed and is no action: somebody must change something.
void Preview::note_obstacles(const CatalogPlan& plan) {
  std::set<std::string> told;
  for (const EntryPlan& entry : plan.entries) {
    const bool stands = entry.verdict == EntryVerdict::Conflict ||
                        (entry.verdict == EntryVerdict::Waits && entry.actions.empty());
    if (entry.verdict == EntryVerdict::Exceeds) told.insert(entry.message);
    if (stands) told.insert(impl_.open_standing(entry.id, {entry.verdict, entry.waits_for, entry.message}).message);
  }
  problems_.insert(problems_.end(), told.begin(), told.end());
}

/// Objects that are not Ready although nothing is done about them; those that the request does not affect are counted only.
void Preview::note_standing_problems() {
  for (const auto& [key, state] : impl_.ledger_.all()) {
    if (affected_.contains(key)) continue;
    const std::string trouble = trouble_of(state.get());
    const bool passes = trouble.empty() || trouble.starts_with(reconcilers::reason::kProgressing) ||
                        trouble.starts_with(reconcilers::reason::kReleasing);
    const bool told = std::any_of(problems_.begin(), problems_.end(),
                                  [&](const std::string& problem) { return trouble.find(problem) != std::string::npos; });
    if (passes || told) continue;
    if (is_of_all_) {
      problems_.push_back(to_string(key) + ": " + trouble);
    } else {
      ++others_;
    }
  }
}

void Preview::plan_one(const CatalogRef& ref, std::vector<KeyId> ids, Json& catalogs) {
  if (impl_.snapshot(ref) == nullptr) {
    problems_.push_back("catalog " + to_string(ref) + " has not been read yet; what changes there is not shown");
    return;
  }
  CatalogState& state = impl_.catalogs_.at(ref);
  PlanInput input = impl_.plan_input(state);
  const Confirmed none;
  input.confirmed = &none;
  const auto accounts = impl_.mesh_.accounts_with_id(ref.account);
  if (!accounts.empty()) input.agreed_limits = &mesh::spec_of<api::AccountSpec>(*accounts.front()).quotas;
  const CatalogPlan plan = plan_catalog(input, ids);
  for (const catalog::QuotaWarning& warning : state.warnings) {
    problems_.push_back("catalog " + to_string(ref) + " has " + std::to_string(warning.used) + " " + describe(warning.scope) +
                        "; AWS allows " + std::to_string(warning.limit));
  }
  note_obstacles(plan);
  std::vector<std::pair<const Action*, const EntryPlan*>> all;
  std::vector<Action> actions;
  for (const EntryPlan& entry : plan.entries) {
    if (entry.verdict == EntryVerdict::Exceeds) continue;
    for (const Action& action : entry.actions) {
      all.emplace_back(&action, &entry);
      actions.push_back(action);
    }
  }
  if (all.empty()) return;
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return phase_of(*a.first) < phase_of(*b.first); });
  const GuardVerdict verdict = guard(std::move(actions), impl_.guard_facts(state));
  Json lines = Json::array();
  for (const auto& [action, entry] : all) {
    ++summary_[std::string(to_string(action->verb))];
    note_access(*action);
    planned_[ref].push_back(*action);
    lines.push_back(action_json(*action, *entry));
  }
  Json line = {{"catalog", to_string(ref)}, {"held", !verdict.held.empty()}, {"actions", lines}};
  line["hash"] = verdict.held.empty() ? Json() : Json(verdict.hash);
  if (!verdict.message.empty()) line["message"] = verdict.message;
  catalogs.push_back(std::move(line));
}

Json Preview::action_json(const Action& action, const EntryPlan& entry) const {
  Json because = Json::array();
  for (const ResourceState* party : impl_.ledger_.parties(entry.id)) because.push_back(to_string(party->key));
  Json line = {{"verb", to_string(action.verb)},
               {"entry", to_string(action.key.local)},
               {"summary", describe(action)},
               {"reason", to_string(action.cause)},
               {"because", because}};
  if (entry.waits_for) line["waitsFor"] = to_string(impl_.ledger_.key(*entry.waits_for));
  const catalog::EntryValue* there = impl_.snapshot(action.key.catalog)->find(action.key.local);
  if (there == nullptr || action.verb != catalog::Verb::Update) return line;
  line["changes"] = Json::array();
  for (const catalog::FieldChange& change : field_changes(action, *there)) {
    line["changes"].push_back({{"field", change.field},
                               {"from", change.from ? Json(*change.from) : Json()},
                               {"to", change.to ? Json(*change.to) : Json()}});
  }
  return line;
}

/// Who is opted in has nothing of what IAM allows him on what is open to it.
void Preview::note_opt_in(const Action& action) {
  const auto id = catalog::parse_permission_id(action.key.local.name);
  if (!id) return;
  const CatalogRef governing{id->resource.owner, action.key.catalog.region};
  const catalog::Snapshot* there = impl_.snapshot(governing);
  const auto is_claimed = [&](const catalog::LocalKey& key) {
    const auto known = impl_.ledger_.lookup({governing, key});
    return known && impl_.ledger_.is_claimed(*known);
  };
  const catalog::ResourceId& on = id->resource;
  const auto object = on.table.empty() ? catalog::database_key(on.database) : catalog::table_key(on.database, on.table);
  // On what is declared IAM decides only where that is declared too.
  const bool is_declared = is_claimed(object);
  const auto is_left_to_iam = [&](const catalog::LocalKey& opening) {
    const bool goes = action.verb == catalog::Verb::Delete && is_declared && !is_claimed(opening);
    return there != nullptr && there->find(opening) != nullptr && !goes;
  };
  const auto openings = openings_of({governing, object});
  if (std::none_of(openings.begin(), openings.end(), is_left_to_iam)) return;
  auto& [gains, loses] = access_[{id->principal, on.owner + " " + describe(on)}];
  (action.verb == catalog::Verb::Delete ? gains : loses).insert("what IAM allows");
}

/// Who would gain or lose what, on which object.
void Preview::note_access(const Action& action) {
  if (action.key.local.kind == catalog::EntryKind::OptIn) return note_opt_in(action);
  const auto* value = std::get_if<catalog::PermissionValue>(&action.value);
  const auto id = value == nullptr ? std::nullopt : catalog::parse_permission_id(action.key.local.name);
  if (!id || action.cause == catalog::Cause::Repair || action.cause == catalog::Cause::Preserve) return;
  std::string object = id->resource.owner + " " + describe(id->resource);
  for (std::size_t i = 0; i < value->columns.size(); ++i) object += (i == 0 ? " (" : ", ") + value->columns[i];
  if (!value->columns.empty()) object += ")";
  auto& [gains, loses] = access_[{id->principal, object}];
  auto& side = action.verb == catalog::Verb::Grant ? gains : loses;
  for (const std::string& name : value->permissions.names()) side.insert(name);
}

/// Who would gain or lose what because tags change, although nobody grants or revokes anything.
void Preview::note_access_by_tags() {
  if (!changes_tags(planned_)) return;
  Readings readings;
  std::list<catalog::Snapshot> copies;
  for (auto& [ref, state] : impl_.catalogs_) {
    if (impl_.snapshot(ref) == nullptr) continue;
    const bool is_read_elsewhere = state.busy && planned_.contains(ref);
    readings[ref] = is_read_elsewhere ? &copies.emplace_back(*state.snapshot) : &*state.snapshot;
  }
  for (const AccessChange& change : access_by_tags(planned_, readings, impl_.ledger_)) {
    auto& [gains, loses] = access_[{change.principal, change.object}];
    for (const std::string& name : change.gains.names()) gains.insert(name);
    for (const std::string& name : change.loses.names()) loses.insert(name);
  }
}

Json Preview::access() const {
  Json out = Json::array();
  for (const auto& [who, change] : access_) {
    std::set<std::string> gains, loses;
    std::set_difference(change.first.begin(), change.first.end(), change.second.begin(), change.second.end(),
                        std::inserter(gains, gains.end()));
    std::set_difference(change.second.begin(), change.second.end(), change.first.begin(), change.first.end(),
                        std::inserter(loses, loses.end()));
    if (gains.empty() && loses.empty()) continue;
    out.push_back({{"principal", who.first}, {"object", who.second}, {"gains", gains}, {"loses", loses}});
  }
  return out;
}

Json Engine::Impl::plan(const PlanRequest& request) { return Preview(*this, request).plan(); }

}  // namespace datamesh::engine
