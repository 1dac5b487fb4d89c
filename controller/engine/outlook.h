// Whether what is declared and not there yet comes by itself before long, so that what goes may wait for it a little
// (decision 0011). Pure, over a plan and what is known of the other catalogs.
#pragma once

#include <map>

#include "controller/engine/planner.h"

namespace datamesh::engine {

class Outlook {
 public:
  /// Sees the verdicts of the plan's entries as they are when it is asked; no entry may be added meanwhile.
  Outlook(const CatalogPlan& plan, const PlanInput& input);

  /// True when the entry is claimed and nothing is known to be in its way but what comes as well: it is planned, is not on record
  /// yet, failed in passing, or waits for a share, for what another entry gives it, or for one that goes.
  bool comes(KeyId id) const { return comes(id, kLongestChain); }

 private:
  static constexpr int kLongestChain = 8;

  bool comes(KeyId id, int steps_left) const;

  const PlanInput& input_;
  std::map<KeyId, const EntryPlan*> entries_;
};

}  // namespace datamesh::engine
