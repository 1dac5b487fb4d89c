#include "controller/engine/quota_check.h"

#include <algorithm>
#include <set>

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Quota;
using catalog::QuotaScope;
using catalog::QuotaUse;

namespace {

bool makes(const Action& action) {
  return action.verb != catalog::Verb::Delete && action.verb != catalog::Verb::Revoke;
}

/// Now, or as soon as it is on record.
bool is_to_be_done(const EntryPlan& entry) {
  return entry.verdict == EntryVerdict::Act || entry.verdict == EntryVerdict::Unrecorded;
}

class Check {
 public:
  Check(CatalogPlan& plan, const PlanInput& input)
      : plan_(plan), input_(input), ledger_(*input.ledger), snapshot_(*input.snapshots(input.catalog)) {}

  void run() {
    count();
    admit();
    admit_receivers();
    if (!refused_.empty()) drop();
  }

 private:
  struct Wanted {
    EntryPlan* entry = nullptr;
    std::vector<QuotaUse> uses;
  };

  /// What the plan frees, and what each resource wants.
  void count() {
    for (EntryPlan& entry : plan_.entries) {
      if (!is_to_be_done(entry)) continue;
      std::vector<QuotaUse> wanted;
      for (const Action& action : entry.actions) {
        for (QuotaUse& use : uses_of(action, snapshot_)) {
          if (use.amount < 0) {
            room(use.scope) -= use.amount;
          } else {
            wanted.push_back(std::move(use));
          }
        }
      }
      if (wanted.empty()) continue;
      const auto& claimants = ledger_.claimants(entry.id);
      wanted_[claimants.empty() ? api::ObjectKey{} : claimants.front()->key].push_back({&entry, std::move(wanted)});
    }
  }

  long& room(const QuotaScope& scope) {
    const auto [at, fresh] = room_.try_emplace(scope, 0);
    if (fresh) {
      const auto used = input_.usage->used.find(scope);
      at->second = static_cast<long>(catalog::limit_of(scope.quota, *input_.agreed_limits)) -
                   (used == input_.usage->used.end() ? 0 : used->second);
    }
    return at->second;
  }

  /// Resource by resource: a scope takes all that it wants there, or nothing.
  void admit() {
    for (auto& [key, entries] : wanted_) {
      std::map<QuotaScope, std::map<std::string, long>> sums;
      for (const Wanted& each : entries) {
        for (const QuotaUse& use : each.uses) {
          if (!counted_.contains({use.scope, use.what})) sums[use.scope][use.what] = use.amount;
        }
      }
      std::map<QuotaScope, std::string> exceeded;
      for (const auto& [scope, things] : sums) {
        long sum = 0;
        for (const auto& [what, amount] : things) sum += amount;
        if (sum > room(scope)) {
          exceeded[scope] = message(scope, sum);
        } else {
          room(scope) -= sum;
          for (const auto& [what, amount] : things) counted_.insert({scope, what});
        }
      }
      for (const Wanted& each : entries) {
        for (const QuotaUse& use : each.uses) {
          const auto found = exceeded.find(use.scope);
          if (found != exceeded.end()) refuse(*each.entry, EntryVerdict::Exceeds, found->second);
        }
      }
    }
  }

  std::string message(const QuotaScope& scope, long wanted) {
    const std::size_t limit = catalog::limit_of(scope.quota, *input_.agreed_limits);
    const catalog::QuotaRule& rule = catalog::rule_of(scope.quota);
    const long there = static_cast<long>(limit) - room(scope);
    return "catalog " + to_string(input_.catalog) + " would have " + std::to_string(there + wanted) + " " + describe(scope) +
           " where AWS allows " + std::to_string(limit) + ": " + std::string(rule.remedy) +
           ", or have the quota raised and say so in spec.quotas." + std::string(rule.name) + " of the Account";
  }

  void refuse(EntryPlan& entry, EntryVerdict verdict, std::string message) {
    if (!refused_.insert(entry.id).second) return;
    entry.verdict = verdict;
    entry.message = std::move(message);
  }

  /// The account that an action invites for the first time, with the entry that says whether it has accepted.
  std::optional<std::pair<std::string, KeyId>> newcomer(const Action& action) const {
    if (action.verb != catalog::Verb::Grant) return std::nullopt;
    const auto id = catalog::parse_permission_id(action.key.local.name);
    const std::string receiver = id ? catalog::account_of_principal(id->principal) : "";
    if (receiver.empty() || receiver == input_.catalog.account || id->resource.owner != input_.catalog.account) return std::nullopt;
    const auto share = awaited_share(receiver);
    return share ? std::optional(std::make_pair(receiver, *share)) : std::nullopt;
  }

  /// The acceptance that the receiver is declared to give and has not given.
  std::optional<KeyId> awaited_share(const std::string& receiver) const {
    const auto share =
        ledger_.lookup({{receiver, input_.catalog.region}, {EntryKind::ShareAcceptance, input_.catalog.account}});
    return share && !in_place(ledger_, input_.snapshots, *share) ? share : std::nullopt;
  }

  /// How many invitations wait already, and whose.
  std::map<std::string, KeyId> invited() const {
    std::map<std::string, KeyId> out;
    for (const std::string& receiver : input_.usage->receivers) {
      if (const auto share = awaited_share(receiver)) out.emplace(receiver, *share);
    }
    return out;
  }

  void admit_receivers() {
    std::map<std::string, KeyId> waiting;
    bool counted = false;
    for (EntryPlan& entry : plan_.entries) {
      if (!is_to_be_done(entry)) continue;
      for (const Action& action : entry.actions) {
        const auto person = newcomer(action);
        if (!person) continue;
        if (!counted) waiting = invited();
        counted = true;
        if (waiting.contains(person->first)) continue;
        const std::size_t limit = catalog::limit_of(Quota::PendingInvitations, *input_.agreed_limits);
        if (waiting.size() < limit) {
          waiting.insert(*person);
          continue;
        }
        refuse(entry, EntryVerdict::Waits,
               std::to_string(limit) + " accounts have been invited and have not accepted yet, which is all that AWS allows: " +
                   person->first + " is invited when one of them has");
        // Not all for the same one, which may never accept.
        entry.waits_for = std::next(waiting.begin(), static_cast<long>(++turned_away_ % waiting.size()))->second;
        break;
      }
    }
  }

  /// What needs something that is refused is not done either. Entries are planned after what they need.
  void drop() {
    for (EntryPlan& entry : plan_.entries) {
      if (!is_to_be_done(entry) || !std::any_of(entry.actions.begin(), entry.actions.end(), makes)) continue;
      const auto needs = ledger_.needs(entry.id);
      const auto need = std::find_if(needs.begin(), needs.end(), [&](KeyId each) { return refused_.contains(each); });
      if (need == needs.end()) continue;
      refused_.insert(entry.id);
      entry.verdict = EntryVerdict::Waits;
      entry.waits_for = *need;
    }
    std::set<EntryKey> keys;
    for (const KeyId id : refused_) keys.insert(ledger_.key(id));
    std::erase_if(plan_.actions, [&](const Action& action) { return makes(action) && keys.contains(action.key); });
  }

  CatalogPlan& plan_;
  const PlanInput& input_;
  const Ledger& ledger_;
  const catalog::Snapshot& snapshot_;
  std::map<api::ObjectKey, std::vector<Wanted>> wanted_;
  std::map<QuotaScope, long> room_;
  std::set<std::pair<QuotaScope, std::string>> counted_;
  std::set<KeyId> refused_;
  std::size_t turned_away_ = 0;
};

}  // namespace

void keep_within_quotas(CatalogPlan& plan, const PlanInput& input) {
  if (input.usage != nullptr && input.agreed_limits != nullptr) Check(plan, input).run();
}

}  // namespace datamesh::engine
