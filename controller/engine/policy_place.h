// The account for which the operator's policy is made, and about which IAM is asked. Pure.
#pragma once

#include <vector>

#include "controller/api/kinds.h"
#include "controller/lake/iam_policy.h"

namespace datamesh::engine {

/// The account's regions and those of the entries, its role, and the queues that are read as that role.
lake::PolicyPlace policy_place(const api::AccountSpec& account, const std::vector<lake::NeededEntry>& entries);

}  // namespace datamesh::engine
