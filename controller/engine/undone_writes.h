// Whether what was written stays. AWS may acknowledge a write and not carry it out, or somebody may take it back each
// time: repeating it with every reading would help nobody, and would look as if all were well. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controller/base/clock.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

class UndoneWrites {
 public:
  /// So often in a row it has to be undone before it is said, and no longer repeated at once.
  static constexpr int kSuspicious = 3;

  /// An action on the entry succeeded.
  void written(KeyId id, Time now);
  /// A reading that began at `taken` found the entries `changed` otherwise than they were believed to be, and all others
  /// as they were. `interval`: the pause before the next attempt, doubled with each further one up to an hour.
  /// Returns the entries of which something else is to be said now.
  std::vector<KeyId> judge(const std::set<KeyId>& changed, Time taken, Time now, Millis interval);
  /// The entry is in order without a further write, or nothing is to be done about it: no more is known of it.
  void settle(KeyId id);

  /// How often in a row the entry was undone, when that is suspicious; else 0.
  int times(KeyId id) const;
  /// When the first write of that row was made; only for suspicious entries.
  Time since(KeyId id) const { return entries_.at(id).first; }
  /// True while the entry is not to be written again.
  bool rests(KeyId id, Time now) const;
  /// The entries whose rest is over.
  std::vector<KeyId> due(Time now) const;
  /// When the next rest is over.
  std::optional<Time> next() const;

 private:
  struct Entry {
    Time first{};         ///< write of the row
    Time last{};          ///< write of the row
    int undone = 0;       ///< in a row
    bool pending = true;  ///< written, and not read since
    Time next{};          ///< not written before
  };
  std::map<KeyId, Entry> entries_;
  std::set<KeyId> resting_;  ///< of `entries_` those that are suspicious and not written again yet: few, and looked at often
};

}  // namespace datamesh::engine
