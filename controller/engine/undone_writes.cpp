#include "controller/engine/undone_writes.h"

#include <algorithm>

namespace datamesh::engine {
namespace {

/// A reading right after a write may show what was there before. Source: lake-formation.md 4 (trap T33)
constexpr Millis kSettles{5'000};
constexpr Millis kLongestRest = std::chrono::hours(1);

}  // namespace

void UndoneWrites::written(KeyId id, Time now) {
  const auto [at, fresh] = entries_.try_emplace(id);
  if (fresh) at->second.first = now;
  at->second.last = now;
  at->second.pending = true;
  resting_.erase(id);
}

std::vector<KeyId> UndoneWrites::judge(const std::set<KeyId>& changed, Time taken, Time now, Millis interval) {
  std::vector<KeyId> news;
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (!entry.pending || taken < entry.last + kSettles) {
      ++at;
      continue;
    }
    if (changed.contains(at->first)) {
      entry.pending = false;
      if (++entry.undone >= kSuspicious) {
        const int doublings = std::min(entry.undone - kSuspicious, 12);
        resting_.insert(at->first);
        entry.next = now + std::min(interval * (1 << doublings), std::max(interval, kLongestRest));
        news.push_back(at->first);
      }
      ++at;
    } else {
      if (entry.undone >= kSuspicious) news.push_back(at->first);
      at = entries_.erase(at);
    }
  }
  return news;
}

void UndoneWrites::settle(KeyId id) {
  const auto at = entries_.find(id);
  if (at == entries_.end() || at->second.pending) return;
  entries_.erase(at);
  resting_.erase(id);
}

int UndoneWrites::times(KeyId id) const {
  const auto at = entries_.find(id);
  return at == entries_.end() || at->second.undone < kSuspicious ? 0 : at->second.undone;
}

bool UndoneWrites::rests(KeyId id, Time now) const {
  const auto at = entries_.find(id);
  return at != entries_.end() && !at->second.pending && at->second.next > now;
}

std::vector<KeyId> UndoneWrites::due(Time now) const {
  std::vector<KeyId> out;
  for (const KeyId id : resting_) {
    if (entries_.at(id).next <= now) out.push_back(id);
  }
  return out;
}

std::optional<Time> UndoneWrites::next() const {
  std::optional<Time> out;
  for (const KeyId id : resting_) {
    const Time next = entries_.at(id).next;
    out = out ? std::min(*out, next) : next;
  }
  return out;
}

}  // namespace datamesh::engine
