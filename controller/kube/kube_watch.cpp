#include "controller/kube/kube_watch.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace datamesh::kube {
namespace {

/// A stream that ends so soon with nothing in it is a failure, whatever the server says: without this rule a proxy
/// that cuts every stream makes a busy loop.
constexpr Millis kVeryShort{1'000};
constexpr const char* kOrigin = "kubernetes";
/// A server closes a watch itself after this long; spread, so that not all come back at once.
constexpr int kMinTimeoutSeconds = 300;
constexpr int kMaxTimeoutSeconds = 600;
constexpr std::size_t kMaxLine = 16 << 20;
/// A server that starts again fails once or twice, which is no news.
constexpr int kFailuresOfTrouble = 3;

WatchLine refusal(const Json& status) {
  const Json& code = member(status, "code");
  const bool gone = (code.is_number_integer() && code.get<int>() == 410) || string_at(status, "reason") == "Expired";
  const std::string said = string_at(status, "message");
  return {gone ? WatchLine::Kind::Gone : WatchLine::Kind::Error, {}, 0, said.empty() ? "the server ended the watch" : said};
}

double draw() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

/// Cuts a stream into its lines.
class Lines {
 public:
  /// False when `take` says so, or a line is longer than any event can be.
  bool add(std::string_view piece, const std::function<bool(std::string_view)>& take) {
    for (auto end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
      rest_.append(piece.substr(0, end));
      piece.remove_prefix(end + 1);
      const std::string line = std::exchange(rest_, {});
      if (!line.empty() && !take(line)) return false;
    }
    rest_.append(piece);
    return rest_.size() <= kMaxLine;
  }

 private:
  std::string rest_;
};

}  // namespace

WatchLine parse_watch_line(std::string_view line) {
  auto json = parse_json(line);
  if (!json) return {WatchLine::Kind::Error, {}, 0, "a line of the watch is no JSON: " + json.error().message};
  const std::string type = string_at(*json, "type");
  Json object = member(*json, "object");
  if (type == "ERROR") return refusal(object);
  const auto revision = api::revision_in(object);
  if (!revision) return {WatchLine::Kind::Error, {}, 0, "an event of the watch has no resourceVersion"};
  if (type == "BOOKMARK") return {WatchLine::Kind::Bookmark, {}, *revision, {}};
  static const std::map<std::string, api::EventType> kTypes = {{"ADDED", api::EventType::Added},
                                                               {"MODIFIED", api::EventType::Modified},
                                                               {"DELETED", api::EventType::Deleted}};
  const auto known = kTypes.find(type);
  if (known == kTypes.end()) return {WatchLine::Kind::Error, {}, 0, "the watch has an event of type \"" + type + "\""};
  object["metadata"].erase("managedFields");
  return {WatchLine::Kind::Event, {known->second, std::move(object), *revision}, *revision, {}};
}

Millis backoff_after(int failures, const WatchPace& pace, double chance) {
  const double doubled = static_cast<double>(pace.first_backoff.count()) * std::pow(2.0, std::max(failures - 1, 0));
  const double capped = std::min(doubled, static_cast<double>(pace.last_backoff.count()));
  return Millis(static_cast<Millis::rep>(capped * (1 + chance)));
}

KubeWatch::KubeWatch(Transport& transport, std::vector<WatchTarget> targets, WatchPace pace,
                     std::function<void()> wake, WatchTrouble trouble)
    : transport_(transport), pace_(pace), wake_(std::move(wake)), trouble_(std::move(trouble)) {
  for (WatchTarget& target : targets) {
    threads_.emplace_back([this, target](std::stop_token stop) { follow(target, std::move(stop)); });
  }
}

KubeWatch::~KubeWatch() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

Result<std::vector<api::WatchEvent>> KubeWatch::poll(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (events_.empty() && !gone_.empty()) return fail(ErrorKind::Gone, gone_, "kubernetes");
  std::vector<api::WatchEvent> out;
  while (!events_.empty() && out.size() < limit) {
    out.push_back(std::move(events_.front()));
    events_.pop_front();
  }
  changed_.notify_all();
  return out;
}

void KubeWatch::follow(WatchTarget target, std::stop_token stop) {
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto begun = std::chrono::steady_clock::now();
    const api::Revision before = target.since;
    Result<void> outcome = read(target, stop);
    {
      const std::lock_guard lock(mutex_);
      if (!gone_.empty()) return;
    }
    const bool idle = target.since == before && std::chrono::steady_clock::now() - begun < kVeryShort;
    if (outcome && idle) outcome = fail(ErrorKind::Transient, "the stream ended at once, with nothing in it", kOrigin);
    if (outcome && failures >= kFailuresOfTrouble && trouble_) trouble_(target.path, std::nullopt);
    failures = outcome ? 0 : failures + 1;
    if (failures == kFailuresOfTrouble && trouble_ && !stop.stop_requested()) trouble_(target.path, outcome.error());
    if (failures > 0) pause(backoff_after(failures, pace_, draw()), stop);
  }
}

Result<void> KubeWatch::read(WatchTarget& target, std::stop_token stop) {
  http::Request request;
  request.method = "GET";
  request.path = target.path;
  request.headers.add("Accept", "application/json");
  const int spread = static_cast<int>(draw() * (kMaxTimeoutSeconds - kMinTimeoutSeconds));
  request.query = {{"watch", "true"},
                   {"allowWatchBookmarks", "true"},
                   {"resourceVersion", std::to_string(target.since)},
                   {"timeoutSeconds", std::to_string(kMinTimeoutSeconds + spread)}};
  Lines lines;
  Result<void> taken;
  const auto answer = transport_.stream(
      request,
      [&](std::string_view piece) {
        return lines.add(piece, [&](std::string_view line) {
          taken = take(parse_watch_line(line), target, stop);
          return taken.has_value();
        });
      },
      stop);
  if (!answer) return fail(answer.error());
  if (answer->status == 410) give_up(error_of(*answer, kOrigin).message);
  if (answer->status != 200) return fail(error_of(*answer, kOrigin));
  return taken;
}

/// An error ends the stream.
Result<void> KubeWatch::take(WatchLine line, WatchTarget& target, std::stop_token stop) {
  switch (line.kind) {
    case WatchLine::Kind::Gone: give_up(line.message); return fail(ErrorKind::Gone, line.message, kOrigin);
    case WatchLine::Kind::Error: return fail(ErrorKind::Transient, line.message, kOrigin);
    case WatchLine::Kind::Bookmark: target.since = line.revision; return {};
    case WatchLine::Kind::Event: break;
  }
  std::unique_lock lock(mutex_);
  const bool room = changed_.wait(lock, stop, [this] { return events_.size() < pace_.queue; });
  if (!room) return fail(ErrorKind::Cancelled, "stopped", kOrigin);
  target.since = line.revision;
  events_.push_back(std::move(line.event));
  lock.unlock();
  wake_();
  return {};
}

void KubeWatch::give_up(const std::string& message) {
  {
    const std::lock_guard lock(mutex_);
    gone_ = message.empty() ? "the history was compacted" : message;
  }
  wake_();
}

void KubeWatch::pause(Millis time, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace datamesh::kube
