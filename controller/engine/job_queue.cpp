#include "controller/engine/job_queue.h"

#include <algorithm>

namespace datamesh::engine {
namespace {

/// How much later than an edit's its turn comes.
constexpr std::array<Millis, 3> kHandicaps = {Millis(0), std::chrono::seconds(10), std::chrono::minutes(1)};
constexpr std::array kUrgencies = {Urgency::Edit, Urgency::Read, Urgency::Sweep};

}  // namespace

bool JobQueue::add(const CatalogRef& catalog, Urgency urgency, Time now) {
  const Time turn = now + kHandicaps.at(static_cast<std::size_t>(urgency));
  const auto [at, fresh] = waiting_.try_emplace(catalog, Waiting{urgency, now, turn});
  Waiting& waiting = at->second;
  if (!fresh) {
    const bool earlier = turn < waiting.turn || (turn == waiting.turn && urgency < waiting.urgency);
    if (!earlier) return false;
    line(waiting.urgency).erase({waiting.turn, catalog});
    waiting.urgency = urgency;
    waiting.turn = turn;
  }
  line(urgency).insert({turn, catalog});
  return fresh;
}

bool JobQueue::may_begin(Urgency urgency) const {
  if (working_.size() >= workers_) return false;
  return urgency == Urgency::Edit || workers_ == 1 || readings_ + 1 < workers_;
}

std::optional<JobQueue::Next> JobQueue::take(Time now) {
  std::optional<Urgency> chosen;
  for (const Urgency each : kUrgencies) {
    if (line(each).empty() || !may_begin(each)) continue;
    if (!chosen || line(each).begin()->first < line(*chosen).begin()->first) chosen = each;
  }
  if (!chosen) return std::nullopt;
  const CatalogRef catalog = line(*chosen).begin()->second;
  line(*chosen).erase(line(*chosen).begin());
  const Time since = waiting_.at(catalog).since;
  waiting_.erase(catalog);
  working_.emplace(catalog, *chosen);
  if (*chosen != Urgency::Edit) ++readings_;
  return Next{catalog, std::max(Millis(0), std::chrono::duration_cast<Millis>(now - since))};
}

void JobQueue::done(const CatalogRef& catalog) {
  const auto found = working_.find(catalog);
  if (found == working_.end()) return;
  if (found->second != Urgency::Edit) --readings_;
  working_.erase(found);
}

}  // namespace datamesh::engine
