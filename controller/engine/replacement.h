// Where one permission takes the place of another of the same principal, by name or by tags, it is given first. Reads the ledger
// and the snapshots, changes nothing but the plan.
#pragma once

#include "controller/engine/planner.h"

namespace datamesh::engine {

/// Takes out of the plan's actions, and out of `by_tags`, the revokes that take what is given in their place, and returns them: they
/// come last. One whose replacement is on its way waits for that, as long as it may; so does one from an account that is to pass on
/// something else to somebody who has it from there. What goes with time, what nobody declared, and what stands on a table that
/// changes in the plan is revoked first all the same. A filter goes after what was granted on it. One permission by tags in the
/// place of another is for order_by_tags.
/// Of rights on a whole table that give way to some of its columns SELECT alone stays until then: Lake Formation lets nothing
/// else stand beside those (lake-formation.md 2.2, rule 3).
std::vector<catalog::Action> replaced_last(CatalogPlan& plan, std::vector<catalog::Action>& by_tags, const PlanInput& input);

/// Leaves of what is to be granted on a table SELECT alone, which may stand beside SELECT on some of its columns. False when
/// nothing would be left.
bool leave_select(std::vector<catalog::Action>& actions);

}  // namespace datamesh::engine
