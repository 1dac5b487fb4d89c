// The order in which LF-tags and permissions by them change, so that on the way nobody gets by tag what neither the state before
// nor the one after gives him, and nobody loses what both give. Reads the ledger and the snapshots, changes neither.
#pragma once

#include "controller/engine/planner.h"

namespace datamesh::engine {

/// True for an LF-tag of a resource and for a permission on whatever has certain tags.
bool is_about_tags(const catalog::LocalKey& key);

/// What else about tags is to change in the catalog when something of it is among `ids`, and does not rest after a failure: all
/// of it is planned together, since each may be what keeps another harmless.
std::vector<KeyId> other_changes_by_tags(const PlanInput& input, const std::vector<KeyId>& ids);

/// Takes the changes of tags and of permissions by tags out of the plan's actions and returns them in an order in which every
/// step is harmless; what takes nothing that is declared stays with what is taken away first. What has no place in the order waits:
/// - for a permission that is to be revoked, and for a tag that is not at hand: what would give somebody too much before that;
/// - for a permission or a tag that is on its way: what would take from somebody what that gives, for a while only.
/// Where no order is harmless nobody gets more: what both states give may be lost until the plan is done; where not even that
/// can be had, the order is as it was. A tag that was inherited so far is assigned before what it was inherited from changes.
/// Units: for every change the tagged resources under it and the permissions by its key, and for every principal whose permissions
/// change the resources of which tags change.
/// Source: lake-formation.md 2.7 (inheritance, expressions)
std::vector<catalog::Action> order_by_tags(CatalogPlan& plan, const PlanInput& input);

}  // namespace datamesh::engine
