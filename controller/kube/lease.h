// A Lease as its holder and its rivals see it. Pure but for the seam.
// Source: coordination.k8s.io/v1; client-go's leader election, for the rules
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::kube {

/// What a Lease says.
struct LeaseRecord {
  std::string holder;  ///< empty: nobody
  int duration_seconds = 0;
  Time acquired{};
  Time renewed{};
  int transitions = 0;  ///< how often it changed hands
  bool operator==(const LeaseRecord&) const = default;
};

/// Reads the spec of a Lease object; what is missing or malformed counts as never set.
LeaseRecord decode_lease(const Json& object);
/// The spec for a Lease object. Times are written to the microsecond.
Json encode_lease(const LeaseRecord& record);

/// Where the Lease is kept.
class LeaseLock {
 public:
  struct Held {
    LeaseRecord record;
    std::string version;  ///< what `put` must name
  };

  virtual ~LeaseLock() = default;
  /// nullopt when there is none yet. Blocks.
  virtual Result<std::optional<Held>> get() = 0;
  /// Creates it (an empty `version`) or replaces the one of that version; returns the new version. Blocks.
  /// Errors: Conflict or AlreadyExists when somebody else was faster.
  virtual Result<std::string> put(const LeaseRecord& record, const std::string& version) = 0;
};

struct LeaseTimings {
  Millis lease{15'000};  ///< after this long without renewal, rivals may take it
  Millis renew{10'000};  ///< after this long without a successful renewal, the holder steps down
  Millis retry{2'000};   ///< between two tries
};

/// Errors: Invalid unless lease > renew > 1.2 x retry > 0.
Result<void> validate(const LeaseTimings& timings);

/// Takes and keeps a Lease, one try at a time. Clocks of several machines are never compared: a rival's lease runs
/// from when we saw its record change. Not thread-safe but for may_write().
class LeaderElector {
 public:
  /// `clock` must not jump. `wall` is written into the record, for people.
  LeaderElector(LeaseLock& lock, std::string identity, LeaseTimings timings, const Clock& clock, const Clock& wall);

  /// One try to take or renew. Returns whether we hold it now.
  bool attempt();
  /// True while we hold it: the last renewal is younger than the renewal deadline.
  bool is_leader() const;
  /// True while no rival can hold it, whatever happened to us meanwhile: asked before each write to a catalog, so
  /// that a process that was stopped for a while writes nothing after its time. Safe from any thread.
  bool may_write() const;
  /// Gives it up, so that a rival need not wait. Only after the last write has ended.
  Result<void> release();
  /// Who holds it, as far as we know.
  std::string holder() const { return seen_ ? seen_->record.holder : std::string(); }

 private:
  bool take(std::optional<LeaseLock::Held> held);
  bool put(const LeaseRecord& record, const std::string& version);
  bool is_taken_by_other(Time now) const;

  LeaseLock& lock_;
  const std::string identity_;
  const LeaseTimings timings_;
  const Clock& clock_;
  const Clock& wall_;
  std::optional<LeaseLock::Held> seen_;
  Time seen_since_{};                            ///< when `seen_` last changed, by `clock_`
  std::atomic<Millis::rep> renewed_at_{kNever};  ///< when the last successful renewal began, by `clock_`

  static constexpr Millis::rep kNever = -1;
};

}  // namespace datamesh::kube
