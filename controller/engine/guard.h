// Holds plans that would take away more than the mesh allows, until somebody approves them. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/catalog/diff.h"

namespace datamesh::engine {

inline constexpr const char* kApproveAnnotation = "datamesh.dev/approve-plan";

/// What the guard weighs the actions against.
struct GuardFacts {
  api::GuardLimits limits;
  std::size_t permissions = 0;          ///< explicit permissions in the catalog
  std::size_t recently_revoked = 0;     ///< within limits.window, without approval
  std::size_t recently_deleted = 0;     ///< tables, within limits.window, without approval
  std::string approved;                 ///< the value of the annotation; empty when absent
};

struct GuardVerdict {
  std::vector<catalog::Action> allowed;
  std::vector<catalog::Action> held;
  std::string hash;       ///< of what is held; what the annotation must say
  std::string message;    ///< why, and what to do
  bool approved = false;  ///< it was over the limits and the annotation names it
};

/// True for what the limits count: revoked permissions and deleted tables, but not what has expired.
bool is_destructive(const catalog::Action& action);

GuardVerdict guard(std::vector<catalog::Action> actions, const GuardFacts& facts);

}  // namespace datamesh::engine
