// Carries out actions on one catalog: in order, in batches where the API has them. Blocking; runs on a worker, one
// job a catalog at a time.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "controller/aws/api.h"
#include "controller/catalog/diff.h"

namespace datamesh::lake {

/// Entries in one BatchGrantPermissions or BatchRevokePermissions call.
/// Source: lake-formation.md 1.4
inline constexpr std::size_t kPermissionBatch = 20;

enum class Effect {
  Done,          ///< the catalog now has it
  AlreadyDone,   ///< the catalog says that there was nothing to do
  Failed,        ///< it said no; `error` tells why
  NotAttempted,  ///< something before it failed, or the job was stopped
};

struct Outcome {
  Effect effect = Effect::NotAttempted;
  Error error;  ///< of Failed
};

struct ApplyReport {
  std::vector<Outcome> outcomes;           ///< element i is of actions[i]
  std::vector<std::pair<std::string, std::size_t>> batches;  ///< operation and size of each batched write
};

/// Does `actions` in the order given; an action whose key failed earlier in the same run is not attempted, nor is
/// - a delete after a revoke or delete that failed;
/// - a change of a tag after one in the same database that failed, or after a permission by tags that did;
/// - a grant or revoke of a permission by tags after a tag that failed;
/// - a revoke from somebody after a grant to him that failed.
/// What was not attempted counts as failed in this. Each might give more than was meant, or take what shall stay.
/// A throttled, transient or denied-by-credentials answer ends the run: the schedule decides when to go on.
/// `stop` is looked at between calls.
ApplyReport apply(aws::Api& api, const CatalogRef& catalog, const std::vector<catalog::Action>& actions,
                  const std::atomic<bool>& stop);

}  // namespace datamesh::lake
