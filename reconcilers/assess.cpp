#include "reconcilers/assess.h"

#include <algorithm>
#include <array>
#include <map>

#include "controller/mesh/topology.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {
namespace {

/// The word that decides a condition, worst first.
struct Verdict {
  Health health = Health::Ready;
  std::string reason{reason::kInForce};
  std::string message = "everything declared is in force";
};

/// How much a state weighs when many are summed up: the heaviest speaks for all.
int weight(const Standing& standing) {
  switch (standing.state) {
    case EntryState::InForce: return 0;
    case EntryState::Pending: return 1;
    case EntryState::Waiting: return 2;
    case EntryState::Failed: return standing.permanent ? 6 : 3;
    case EntryState::Held: return 4;
    case EntryState::Conflict: return 5;
  }
  return 0;
}

const Standing* heaviest(const std::vector<Standing>& standings) {
  const auto found = std::max_element(standings.begin(), standings.end(),
                                      [](const auto& a, const auto& b) { return weight(a) < weight(b); });
  return found == standings.end() || found->state == EntryState::InForce ? nullptr : &*found;
}

std::size_t open_count(const std::vector<Standing>& standings) {
  return static_cast<std::size_t>(
      std::count_if(standings.begin(), standings.end(),
                    [](const auto& s) { return s.state != EntryState::InForce; }));
}

Verdict verdict_of(const Standing& standing, std::size_t open, std::size_t all) {
  const std::string count = std::to_string(all - open) + " of " + std::to_string(all) + " entries in force";
  switch (standing.state) {
    case EntryState::InForce: return {};
    case EntryState::Pending: return {Health::Reconciling, std::string(reason::kProgressing), count};
    case EntryState::Waiting: return {Health::Reconciling, standing.reason, count + "; " + standing.message};
    case EntryState::Failed:
      return {standing.permanent ? Health::Stalled : Health::Reconciling, standing.reason, standing.message};
    case EntryState::Held:
    case EntryState::Conflict: return {Health::Stalled, standing.reason, standing.message};
  }
  return {};
}

Verdict synced_verdict(const AssessInput& input) {
  const std::size_t all = input.standings.size();
  if (const Standing* worst = heaviest(input.standings)) {
    return verdict_of(*worst, open_count(input.standings), all);
  }
  if (const Standing* worst = heaviest(input.releasing)) {
    Verdict verdict = verdict_of(*worst, open_count(input.releasing), input.releasing.size());
    if (worst->state == EntryState::Pending) verdict.reason = reason::kReleasing;
    if (worst->state == EntryState::Pending || worst->state == EntryState::Waiting) {
      verdict.message = std::to_string(input.releasing.size()) + " entries are being taken back";
      if (worst->state == EntryState::Waiting && !worst->message.empty()) verdict.message += "; " + worst->message;
    }
    return verdict;
  }
  return {};
}

Verdict ready_verdict(const AssessInput& input, const Verdict& synced) {
  const Finding* ended = nullptr;
  for (const Finding& finding : input.claims->findings) {
    switch (finding.effect) {
      case Effect::Refused:
      case Effect::Invalid: return {Health::Stalled, finding.reason, finding.message};
      case Effect::Ended: ended = &finding; break;
      case Effect::Waits:
      case Effect::Held: break;
    }
  }
  if (synced.health == Health::Stalled) return synced;
  for (const Finding& finding : input.claims->findings) {
    if (finding.effect == Effect::Held) return {Health::Stalled, finding.reason, finding.message};
  }
  for (const Finding& finding : input.claims->findings) {
    if (finding.effect == Effect::Waits) return {Health::Reconciling, finding.reason, finding.message};
  }
  if (synced.health != Health::Ready) return synced;
  if (ended != nullptr) return {Health::Ready, ended->reason, ended->message};
  return synced;
}

/// Writes conditions whose transition times move only with their status.
class Conditions {
 public:
  Conditions(const AssessInput& input) : input_(input) {}

  void set(const char* type, bool status, const std::string& reason, const std::string& message) {
    put({type, status ? "True" : "False", reason, message});
  }

  void put(const StatedCondition& condition) {
    const auto& [type, word, reason, message] = condition;
    std::string since = to_rfc3339(input_.now);
    for (const Json& before : member(input_.previous, "conditions")) {
      if (string_at(before, "type") == type && string_at(before, "status") == word) {
        since = string_at(before, "lastTransitionTime");
      }
    }
    out_.push_back({{"type", type},
                    {"status", word},
                    {"reason", reason},
                    {"message", message},
                    {"lastTransitionTime", since},
                    {"observedGeneration", input_.resource->metadata.generation}});
  }

  Json take() { return std::move(out_); }

 private:
  const AssessInput& input_;
  Json out_ = Json::array();
};

Json conditions(const AssessInput& input, const Verdict& synced, const Verdict& ready) {
  Conditions out(input);
  out.set("Ready", ready.health == Health::Ready, ready.reason, ready.message);
  if (ready.health == Health::Reconciling) out.set("Reconciling", true, ready.reason, ready.message);
  if (ready.health == Health::Stalled) out.set("Stalled", true, ready.reason, ready.message);
  const auto refused =
      std::find_if(input.claims->findings.begin(), input.claims->findings.end(),
                   [](const Finding& finding) { return finding.effect == Effect::Refused; });
  if (refused == input.claims->findings.end()) {
    out.set("Authorized", true, std::string(reason::kAuthorized), "the namespace may declare this");
  } else {
    out.set("Authorized", false, refused->reason, refused->message);
  }
  out.set("Synced", synced.health == Health::Ready, synced.reason, synced.message);
  const auto conflict =
      std::find_if(input.standings.begin(), input.standings.end(),
                   [](const Standing& standing) { return standing.state == EntryState::Conflict; });
  if (conflict == input.standings.end()) {
    out.set("Conflict", false, std::string(reason::kNoConflict), "no other resource claims otherwise");
  } else {
    out.set("Conflict", true, conflict->reason, conflict->message);
  }
  for (const StatedCondition& each : input.stated) out.put(each);
  return out.take();
}

std::string_view step_name(Step step) {
  static constexpr std::array<std::string_view, 9> kNames = {
      "0-Baseline",       "1-RegisterLocation", "2-CreateEntities", "3-ShareBack",     "4-ProducerAccess",
      "5-AcceptShare",    "6-PropagateSchema",  "7-GrantConsumer",  "8-ConsumerAccess"};
  return kNames[static_cast<std::size_t>(step)];
}

/// Each hop of the chain: the steps of the workflow, per catalog, each as bad as its worst entry.
Json hops(const AssessInput& input) {
  std::map<std::pair<Step, CatalogRef>, const Standing*> worst;
  const auto weigh = [&](Step step, const CatalogRef& catalog, const Standing& standing) {
    auto& slot = worst[{step, catalog}];
    if (slot == nullptr || weight(standing) > weight(*slot)) slot = &standing;
  };
  for (std::size_t i = 0; i < input.claims->claims.size(); ++i) {
    const Claim& claim = input.claims->claims[i];
    weigh(claim.step, claim.key.catalog, input.standings[i]);
    if (claim.key.local.kind == catalog::EntryKind::Table) {
      weigh(Step::PropagateSchema, claim.key.catalog, input.standings[i]);
    }
  }
  Json out = Json::array();
  for (const auto& [hop, standing] : worst) {
    Json line = {{"step", step_name(hop.first)},
                 {"catalog", to_string(hop.second)},
                 {"state", standing->state == EntryState::InForce ? "Done" : to_string(standing->state)}};
    if (!standing->waits_for.empty()) line["waitsFor"] = standing->waits_for;
    if (!standing->message.empty()) line["message"] = standing->message;
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace

std::string_view to_string(EntryState state) {
  static constexpr std::array<std::string_view, 6> kNames = {"InForce", "Pending", "Waiting",
                                                             "Held",    "Failed",  "Conflict"};
  return kNames[static_cast<std::size_t>(state)];
}

Json assess(const AssessInput& input) {
  const Verdict synced = synced_verdict(input);
  const Verdict ready = ready_verdict(input, synced);
  Json status = {{"observedGeneration", input.resource->metadata.generation},
                 {"conditions", conditions(input, synced, ready)}};
  if (Json lines = hops(input); !lines.empty()) status["hops"] = std::move(lines);
  if (!input.entries.empty()) status["entries"] = input.entries;
  if (input.resource->key.kind == "Grant") {
    status["expired"] = std::any_of(input.claims->findings.begin(), input.claims->findings.end(),
                                    [](const Finding& f) { return f.reason == reason::kExpired; });
  }
  return status;
}

Health health_of(const Json& status) {
  for (const Json& condition : member(status, "conditions")) {
    const std::string type = string_at(condition, "type");
    if (string_at(condition, "status") != "True") continue;
    if (type == "Stalled") return Health::Stalled;
    if (type == "Ready") return Health::Ready;
  }
  return Health::Reconciling;
}

}  // namespace datamesh::reconcilers
