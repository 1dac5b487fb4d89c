// All that the engine knows of one catalog while it works on it. Engine thread only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/base/clock.h"
#include "controller/base/error.h"
#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"
#include "controller/engine/planner.h"
#include "controller/engine/undone_writes.h"
#include "controller/lake/observe.h"

namespace datamesh::engine {

struct Failure {
  Error error;
  int attempts = 0;
  Time since{};  ///< of the first attempt
  Time next{};  ///< not tried again before
};

/// Destructive actions that were done without approval; the guard counts them for a while.
struct Spent {
  Time when{};
  std::size_t revoked = 0;
  std::size_t deleted = 0;
};

struct CatalogState {
  CatalogRef catalog;
  api::AccountSpec account;  ///< as last declared

  std::optional<catalog::Snapshot> snapshot;
  std::shared_ptr<lake::Reader> reading;  ///< begun and not ended
  bool busy = false;           ///< a job is on its way; nothing else may start, the snapshot may not change
  bool must_observe = true;    ///< what we believe may be wrong
  bool poll_shares = false;    ///< somebody shared with this account just now
  int share_polls = 0;         ///< in a row without the share
  Time next_share_poll{};
  Time next_sweep{};
  std::optional<Time> noticed;  ///< somebody said that something changed: no reading has begun since; read then
  Time wrote_at{};              ///< when the last write of ours ended
  Time rests_until{};          ///< backoff of the whole catalog
  int setbacks = 0;
  std::optional<Error> error;  ///< of the last observation or run, until one succeeds
  Time error_since{};
  std::optional<Error> shares_error;  ///< why what others share here could not be read the last time
  Time observed_at{};          ///< when the last observation ended
  std::optional<Time> wakes_at;           ///< of the armed timer
  std::optional<std::uint64_t> wake_timer;

  std::set<KeyId> dirty;                ///< to be planned
  std::map<KeyId, Time> put_off;        ///< since when: what would take something for a while waits for what gives it again
  std::map<KeyId, OpenEntry> open;      ///< planned, not in order
  std::map<KeyId, Failure> failures;
  UndoneWrites undone;
  Confirmed confirmed;
  std::set<KeyId> irrevocable;          ///< implicit rights that a revoke does not touch
  std::map<KeyId, Time> repaired;       ///< grants made anew because their share was broken
  Time shares_read{};                   ///< when the last reading of the shares began
  std::map<catalog::LocalKey, Time> undeclared;  ///< permissions that nobody claims, since when
  /// The policy under which the permissions were last looked at.
  std::optional<api::Undeclared> followed;
  std::set<KeyId> closing;  ///< what leaves to IAM what is not declared so, and has to wait

  std::set<KeyId> held;
  std::string held_hash;
  std::string held_message;
  std::vector<catalog::Action> held_actions;
  std::deque<Spent> spent;
  bool approved = false;  ///< what is being done was approved, and counts for nothing

  std::size_t permissions = 0;  ///< in the snapshot
  catalog::QuotaUsage usage;    ///< of the snapshot
  std::vector<catalog::QuotaWarning> warnings;

  /// Nothing is known to be wrong with the entry.
  bool in_order(KeyId id) const {
    return snapshot && !dirty.contains(id) && !open.contains(id) && !failures.contains(id) && !held.contains(id);
  }
};

/// Notes what an action took back for certain, or gave again.
void confirm(Confirmed& confirmed, KeyId id, const catalog::Action& action);

/// The snapshot with the effect of a successful action in it.
void note_effect(catalog::Snapshot& snapshot, const catalog::Action& action);

}  // namespace datamesh::engine
