// What a plan would use of the quotas of AWS, looked at before anything is written. Pure.
#pragma once

#include "controller/catalog/quotas.h"
#include "controller/engine/planner.h"

namespace datamesh::engine {

/// Takes out of the plan what would fail for want of a quota, with all that needs it. Of what one resource claims either
/// all is made in a scope or nothing. Invitations are sent as many as may wait at once; the others wait for those.
void keep_within_quotas(CatalogPlan& plan, const PlanInput& input);

}  // namespace datamesh::engine
