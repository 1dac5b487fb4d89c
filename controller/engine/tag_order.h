// The order in which LF-tags change, so that on the way nobody gets by tag what neither the state before nor the one after
// gives him, and nobody loses what both give. Reads the ledger and the snapshot, changes neither.
#pragma once

#include "controller/engine/planner.h"

namespace datamesh::engine {

/// The tag assignments in the databases of those among `ids` that are to change as well: all of a database are planned together,
/// even those that rest after a failure, since each may be what keeps another harmless.
std::vector<KeyId> other_tag_changes(const PlanInput& input, const std::vector<KeyId>& ids);

/// Puts the changes of tags in an order in which every step is harmless. What has no place in it waits: a change by which a
/// permission that is to be revoked would reach more, and a permission by tags that would reach what is to get another tag.
/// A tag that was inherited so far is assigned before what it was inherited from changes. Where no order is harmless, nobody
/// gets more: what both states give may be lost until the plan is done; where not even that can be had, the order is as it was.
/// Units: for every change the tagged resources under it and the permissions by its key.
/// Source: lake-formation.md 2.7 (inheritance, expressions)
void order_tag_changes(CatalogPlan& plan, const PlanInput& input);

}  // namespace datamesh::engine
