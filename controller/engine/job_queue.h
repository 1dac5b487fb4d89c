// Which catalog is worked on next, when there are more of them than workers. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "controller/base/catalog_ref.h"
#include "controller/base/clock.h"

namespace datamesh::engine {

/// Why a catalog wants a worker.
enum class Urgency {
  Edit,   ///< something shall be in force that is not
  Read,   ///< an edit cannot be planned before the catalog was read
  Sweep,  ///< the periodic reading
};

/// A queue of catalogs, each in it once. The more urgent come first, but nobody waits for ever: a sweep counts as an
/// edit that came a minute later. Readings are long, so they leave one worker to the edits.
class JobQueue {
 public:
  /// At most `workers` catalogs are worked on at once.
  explicit JobQueue(std::size_t workers) : workers_(workers) {}

  struct Next {
    CatalogRef catalog;
    Millis waited{0};
  };

  /// One that waits already is moved up when `urgency` gives it an earlier turn, and never back. True when it is new.
  bool add(const CatalogRef& catalog, Urgency urgency, Time now);
  /// The catalog whose turn it is; it occupies a worker until `done`. nullopt: none waits that may begin.
  std::optional<Next> take(Time now);
  void done(const CatalogRef& catalog);

 private:
  struct Waiting {
    Urgency urgency = Urgency::Sweep;
    Time since{};
    Time turn{};
  };

  using Line = std::set<std::pair<Time, CatalogRef>>;
  Line& line(Urgency urgency) { return lines_.at(static_cast<std::size_t>(urgency)); }
  bool may_begin(Urgency urgency) const;

  std::size_t workers_;
  std::map<CatalogRef, Waiting> waiting_;
  std::array<Line, 3> lines_;             ///< of each urgency, by turn
  std::map<CatalogRef, Urgency> working_;
  std::size_t readings_ = 0;              ///< of those
};

}  // namespace datamesh::engine
