// From claims and snapshots to an ordered plan for one catalog: what is done now, what waits and for what. Reads the
// ledger and the snapshots, changes neither.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/catalog/quotas.h"
#include "controller/catalog/snapshot.h"
#include "controller/engine/guard.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

/// The last reading of a catalog; null while it has not been read.
using SnapshotOf = std::function<const catalog::Snapshot*(const CatalogRef&)>;

/// What the account of a catalog wants done with what nobody declared.
struct CatalogPolicy {
  api::Undeclared undeclared = api::Undeclared::Report;
  std::set<std::string> implicit_principals;  ///< the operator and the administrators: their rights are no drift
};

/// What was taken back for certain while the records still name it: of permissions the part, of all else the whole.
using Confirmed = std::map<KeyId, catalog::PermissionValue>;

/// So long may what takes something from somebody for a while wait for what gives it again (decision 0011).
inline constexpr Millis kLongestPutOff = std::chrono::minutes(1);

enum class EntryVerdict {
  InOrder,
  Act,
  Waits,        ///< for `waits_for`, or for what `message` says
  Unrecorded,   ///< must be recorded in its claimants' statuses first
  Conflict,
  Exceeds,      ///< AWS has no room for it
};

/// What is known of an entry that is not in order.
struct OpenEntry {
  EntryVerdict verdict = EntryVerdict::Act;
  std::optional<KeyId> waits_for;
  std::string message;

  bool operator==(const OpenEntry&) const = default;
};

/// How far what was planned before has come. A function that is empty knows of nothing.
struct Progress {
  std::function<std::vector<KeyId>(const CatalogRef&)> open;  ///< all of the catalog that is known not to be in order
  /// Of what is open: Act where it failed in passing and is tried again by itself, Conflict where it failed for good, Unrecorded
  /// where it is about to be planned.
  std::function<std::optional<OpenEntry>(KeyId)> state_of;
  std::function<bool(KeyId)> rests;          ///< it failed, and is not tried just now
  std::function<bool(KeyId)> waited_enough;  ///< it was put off as long as it may be
};

struct PlanInput {
  const Ledger* ledger = nullptr;
  CatalogRef catalog;
  CatalogPolicy policy;
  SnapshotOf snapshots;
  const Confirmed* confirmed = nullptr;
  const std::set<KeyId>* irrevocable = nullptr;  ///< revoked without effect: implicit rights
  const std::map<KeyId, Time>* repaired = nullptr;   ///< grants made anew because their share was broken, and when
  std::function<Time(const CatalogRef&)> shares_read;  ///< when the last reading of a catalog's shares began
  const catalog::QuotaUsage* usage = nullptr;          ///< of the catalog now; null: quotas are not looked at
  const catalog::AgreedLimits* agreed_limits = nullptr;  ///< with `usage`
  Progress progress;
};

/// What is to be done about one entry.
struct EntryPlan {
  KeyId id = 0;
  EntryVerdict verdict = EntryVerdict::InOrder;
  std::vector<catalog::Action> actions;
  std::optional<KeyId> waits_for;
  std::string message;
  bool put_off = false;  ///< of Waits: for the sake of those who would lose something for a while, and not for long
};

struct CatalogPlan {
  std::vector<EntryPlan> entries;        ///< one an id asked for
  std::vector<catalog::Action> actions;  ///< of the entries that act, in the order to do them
  std::size_t tried_out = 0;  ///< how often a change by tags was tried out at a resource to find that order
};

/// The plan for the entries `ids` of the catalog.
CatalogPlan plan_catalog(const PlanInput& input, const std::vector<KeyId>& ids);

/// The place of an action in the order of its catalog: taking away comes before giving, and within each what others
/// depend on comes in their order.
int phase_of(const catalog::Action& action);

/// What is left of a recorded permission after what was taken back for certain; nothing for other kinds of entry
/// that were taken back.
catalog::PermissionValue left_of(const Confirmed& confirmed, const Ledger& ledger, KeyId id,
                                 const catalog::PermissionValue& recorded);
/// True when all that is recorded for `id` was taken back for certain.
bool is_taken_back(const Confirmed& confirmed, const Ledger& ledger, KeyId id,
                   const catalog::PermissionValue& recorded);

/// True when what is claimed for `id` is in place, or, unclaimed, when it is there at all.
bool in_place(const Ledger& ledger, const SnapshotOf& snapshots, KeyId id);

/// True when the permission entry, observed as `observed`, is of the kind that `undeclared` speaks of: nobody claims or
/// made it, or it gives more than is claimed and made, and it is no implicit right. What Lake Formation gives IAM in every fresh catalog counts only where the
/// undeclared is revoked.
bool is_undeclared(const Ledger& ledger, const CatalogPolicy& policy, const catalog::EntryKey& key,
                   const catalog::EntryValue* observed);
/// True when the tag assignment, observed as `observed`, is on a claimed database, table or column, and nobody claims or made it.
bool is_undeclared_tag(const Ledger& ledger, const catalog::EntryKey& key, const catalog::EntryValue* observed);

}  // namespace datamesh::engine
