#include "controller/kube/events.h"

#include <algorithm>
#include <cstdio>

#include "controller/kube/micro_time.h"

namespace datamesh::kube {
namespace {

constexpr Millis kRefresh{std::chrono::minutes(30)};
constexpr Millis kOver{std::chrono::minutes(6)};
constexpr double kBurst = 25;
constexpr double kTokensASecond = 1.0 / 300;
constexpr std::size_t kMaxNote = 1024;
constexpr const char* kClusterNamespace = "default";  ///< of Events about objects without one

/// At most `size` bytes, and no half character.
std::string shortened(std::string text, std::size_t size) {
  if (text.size() <= size) return text;
  std::size_t end = size - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string event_name(const Occurrence& occurrence, Time now, std::size_t distinct) {
  char suffix[40];
  std::snprintf(suffix, sizeof suffix, ".%llx%04zx", static_cast<unsigned long long>(now.time_since_epoch().count()),
                distinct % 0x10000);
  return occurrence.about.name + suffix;
}

}  // namespace

std::optional<EventWrite> EventSeries::note(const Occurrence& occurrence, Time now) {
  const Key key{occurrence.about, occurrence.uid, occurrence.kind, occurrence.reason, occurrence.action};
  if (const auto known = series_.find(key); known != series_.end()) {
    Series& series = known->second;
    ++series.count;
    series.last = now;
    if (series.count > 2) return std::nullopt;  // the second makes it a series; later ones are written when due
    return series_patch(series, now);
  }
  if (!may_create(occurrence, now)) return std::nullopt;
  Series series;
  series.ns = occurrence.about.ns.empty() ? kClusterNamespace : occurrence.about.ns;
  series.name = event_name(occurrence, now, series_.size());
  series.last = series.written_at = now;
  EventWrite write{EventWrite::Verb::Create, series.ns, series.name, {}};
  Json regarding = {{"apiVersion", "datamesh.dev/v1alpha1"},
                    {"kind", occurrence.about.kind},
                    {"name", occurrence.about.name},
                    {"uid", occurrence.uid}};
  if (!occurrence.about.ns.empty()) regarding["namespace"] = occurrence.about.ns;
  write.body = {{"apiVersion", "events.k8s.io/v1"},
                {"kind", "Event"},
                {"metadata", {{"name", series.name}, {"namespace", series.ns}}},
                {"eventTime", micro_time(now)},
                {"reportingController", source_.controller},
                {"reportingInstance", shortened(source_.instance, 128)},
                {"action", occurrence.action},
                {"reason", occurrence.reason},
                {"type", occurrence.kind == EventKind::Warning ? "Warning" : "Normal"},
                {"note", shortened(occurrence.note, kMaxNote)},
                {"regarding", regarding}};
  series_.emplace(key, std::move(series));
  return write;
}

bool EventSeries::may_create(const Occurrence& occurrence, Time now) {
  const auto [at, fresh] = allowances_.try_emplace(occurrence.uid, Allowance{kBurst, now});
  Allowance& allowance = at->second;
  const double seconds = static_cast<double>((now - allowance.filled).count()) / 1000;
  allowance.tokens = std::min(kBurst, allowance.tokens + seconds * kTokensASecond);
  allowance.filled = now;
  if (allowance.tokens < 1) return false;
  allowance.tokens -= 1;
  return true;
}

EventWrite EventSeries::series_patch(Series& series, Time now) const {
  series.written = series.count;
  series.written_at = now;
  const Json body = {{"series", {{"count", series.count}, {"lastObservedTime", micro_time(series.last)}}}};
  return {EventWrite::Verb::Patch, series.ns, series.name, body};
}

std::vector<EventWrite> EventSeries::due(Time now) {
  std::vector<EventWrite> out;
  for (auto at = series_.begin(); at != series_.end();) {
    Series& series = at->second;
    const bool over = now - series.last >= kOver;
    const bool news = series.count > series.written;
    if (news && (over || now - series.written_at >= kRefresh)) out.push_back(series_patch(series, now));
    at = over ? series_.erase(at) : std::next(at);
  }
  std::erase_if(allowances_, [&](const auto& each) {
    const double seconds = static_cast<double>((now - each.second.filled).count()) / 1000;
    return each.second.tokens + seconds * kTokensASecond >= kBurst;
  });
  return out;
}

void EventSeries::lost(const std::string& name) {
  std::erase_if(series_, [&](const auto& each) { return each.second.name == name; });
}

}  // namespace datamesh::kube
