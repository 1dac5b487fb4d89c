#include "controller/engine/outlook.h"

namespace datamesh::engine {

Outlook::Outlook(const CatalogPlan& plan, const PlanInput& input) : input_(input) {
  for (const EntryPlan& entry : plan.entries) entries_.emplace(entry.id, &entry);
}

bool Outlook::comes(KeyId id, int steps_left) const {
  const Ledger& ledger = *input_.ledger;
  const bool is_claimed = ledger.is_claimed(id);
  if (steps_left == 0 || (!is_claimed && steps_left == kLongestChain)) return false;
  const auto planned = entries_.find(id);
  std::optional<OpenEntry> known;
  if (planned != entries_.end()) {
    known = OpenEntry{planned->second->verdict, planned->second->waits_for, {}};
  } else if (input_.progress.state_of) {
    known = input_.progress.state_of(id);
  }
  if (!known) return false;
  if (!is_claimed) return true;  // it goes, and what waits for that comes
  switch (known->verdict) {
    case EntryVerdict::Unrecorded:
    case EntryVerdict::Act: return true;
    case EntryVerdict::Waits: break;
    case EntryVerdict::InOrder:
    case EntryVerdict::Conflict:
    case EntryVerdict::Exceeds: return false;
  }
  // An invitation is on its way once something was granted.
  if (!known->waits_for) return ledger.key(id).local.kind == catalog::EntryKind::ShareAcceptance;
  return comes(*known->waits_for, steps_left - 1);
}

}  // namespace datamesh::engine
