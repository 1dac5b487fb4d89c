// What the engine tells whoever measures it. Telemetry turns it into metrics; tests count with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "controller/base/catalog_ref.h"
#include "controller/base/clock.h"

namespace datamesh::engine {

/// How one pass over a resource or a catalog ended: the labels of controller_runtime_reconcile_total.
enum class Outcome { Success, Error, Requeue, RequeueAfter };

/// How an entry that was in order came to differ: it vanished, has another value, or appeared unclaimed.
enum class DriftClass { Missing, Changed, Undeclared };

/// What became of one change notice. The first that fits counts.
enum class NoticeFate {
  Woke,        ///< a catalog is read because of it
  Stale,       ///< the catalog has been read since
  Undeclared,  ///< of a catalog that no Account declares
  Own,         ///< the operator did it
  Irrelevant,  ///< about nothing that is observed
  Duplicate,   ///< delivered again
  Malformed,   ///< no event
};

/// The state of the whole, as gauges.
struct Gauges {
  std::map<std::pair<std::string, std::string>, std::int64_t> entries;  ///< (entry kind, state) -> count
  std::map<std::string, std::int64_t> hops;                            ///< hop state -> count
  std::map<std::pair<std::string, std::string>, std::int64_t> resources;  ///< (kind, Ready|NotReady|Stalled)
  std::int64_t undeclared = 0;          ///< permissions that nobody claims
  Millis oldest_undeclared{0};          ///< age of the oldest of them
  std::int64_t plans_held = 0;
  std::int64_t catalogs = 0;
  std::map<std::pair<std::string, std::string>, double> quotas;  ///< (catalog, quota) -> the most that is used of one, 0 to 1
};

/// Called on the engine thread only. `queue` is the resource's kind, or "catalog".
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void queued(std::string_view queue) = 0;
  /// Work on one item started after waiting `waited` in its queue.
  virtual void started(std::string_view queue, Millis waited) = 0;
  virtual void finished(std::string_view queue, Outcome outcome, Millis took) = 0;
  virtual void retried(std::string_view queue) = 0;
  /// One batched write call of `size` entries ("BatchGrantPermissions").
  virtual void batch(std::string_view operation, std::size_t size) = 0;
  virtual void drift(DriftClass drift, std::string_view entry_kind) = 0;
  virtual void swept(const CatalogRef& catalog, std::size_t entries, Millis took) = 0;
  /// A resource reached Ready; `since_edit` counts from when its latest generation was seen.
  virtual void converged(std::string_view kind, Millis since_edit) = 0;
  virtual void gauges(const Gauges& gauges) = 0;
  /// A notice was heard; `lag` since the change, of those that woke a catalog and say when it was.
  virtual void noticed(NoticeFate fate, std::optional<Millis> lag) = 0;
};

}  // namespace datamesh::engine
