// The changes of several collections of an API server as one watch.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

/// A collection, and the revision after which its changes are wanted.
struct WatchTarget {
  std::string path;
  api::Revision since = 0;
};

struct WatchPace {
  Millis first_backoff{800};
  Millis last_backoff{30'000};
  std::size_t queue = 10'000;  ///< events that wait; then the streams are not read
};

/// Told when a watch fails again and again: of `path`, with what was said last; and when it is well again, with
/// nothing. On any thread.
using WatchTrouble = std::function<void(const std::string& path, const std::optional<Error>& error)>;

/// One line of a watch.
struct WatchLine {
  enum class Kind { Event, Bookmark, Gone, Error };
  Kind kind = Kind::Error;
  api::WatchEvent event;       ///< of Event
  api::Revision revision = 0;  ///< of Event and Bookmark
  std::string message;         ///< of Gone and Error
};

/// Reads one line of a watch. What is not understood is an Error. Pure.
WatchLine parse_watch_line(std::string_view line);

/// How long to wait after `failures` failures in a row: doubles from the first to the last backoff, and up to as much
/// again by chance. `chance` is in [0, 1). Pure.
Millis backoff_after(int failures, const WatchPace& pace, double chance);

/// Reads each target's stream on a thread of its own, and begins again where it ended: at once when the server ended
/// it, after a while when it failed. Ends for good (Gone) when a history is compacted.
/// Source: client-go's reflector, for when to list again
class KubeWatch final : public api::Watch {
 public:
  /// `trouble` may be empty.
  KubeWatch(Transport& transport, std::vector<WatchTarget> targets, WatchPace pace, std::function<void()> wake,
            WatchTrouble trouble);
  ~KubeWatch() override;

  Result<std::vector<api::WatchEvent>> poll(std::size_t limit = 1000) override;

 private:
  void follow(WatchTarget target, std::stop_token stop);
  /// One request; after a good one the next may follow at once.
  Result<void> read(WatchTarget& target, std::stop_token stop);
  Result<void> take(WatchLine line, WatchTarget& target, std::stop_token stop);
  void give_up(const std::string& message);
  void pause(Millis time, std::stop_token stop);

  Transport& transport_;
  const WatchPace pace_;
  const std::function<void()> wake_;
  const WatchTrouble trouble_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<api::WatchEvent> events_;
  std::string gone_;  ///< why; empty while it lives
  std::vector<std::jthread> threads_;
};

}  // namespace datamesh::kube
