// From a resource, its claims and how they stand to its status: conditions, hops, entries. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/base/json.h"
#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

enum class EntryState { InForce, Pending, Waiting, Held, Failed, Conflict };
std::string_view to_string(EntryState state);

/// How one claim stands.
struct Standing {
  EntryState state = EntryState::Pending;
  std::string reason;     ///< of Waiting, Held, Failed, Conflict: one of reasons.h
  std::string message;
  std::string waits_for;  ///< Waiting: the entry or object
  bool permanent = false; ///< Failed: nothing but a change of the declaration or of the account helps

  bool operator==(const Standing&) const = default;
};

/// A condition about something else than the claims, which is found elsewhere.
struct StatedCondition {
  std::string type;
  std::string status;  ///< "True", "False" or "Unknown"
  std::string reason;  ///< one of reasons.h
  std::string message;

  bool operator==(const StatedCondition&) const = default;
};

struct AssessInput {
  const api::Resource* resource = nullptr;
  const ClaimSet* claims = nullptr;
  std::vector<Standing> standings;          ///< element i is of claims->claims[i]
  std::vector<Standing> releasing;          ///< entries of former claims that are still to be taken back
  Json entries = Json::array();             ///< status.entries, as the ledger has them
  std::vector<StatedCondition> stated;      ///< shown with the others; decide none of them
  Json previous;                            ///< the status as it was, for transition times
  Time now{};
};

/// The whole status. Times change only when a condition's status changes, so that an equal world gives an equal
/// status.
/// Source: operator-runtime.md 9 (conditions, kstatus, Flux's consistency rules)
Json assess(const AssessInput& input);

/// What `assess` says in one word, for metrics.
enum class Health { Ready, Reconciling, Stalled };
Health health_of(const Json& status);

}  // namespace datamesh::reconcilers
