// Reads the queues of change notices, off the engine's thread: one long poll per queue, as many at once as there are
// workers for. A queue that cannot be read is asked again later and later, and nothing else depends on it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/base/executor.h"
#include "controller/engine/engine.h"
#include "controller/lake/notice_queue.h"

namespace datamesh::engine {

struct NoticeParts {
  const Clock* clock = nullptr;
  Executor* executor = nullptr;  ///< not the engine's: its workers wait for messages
  std::size_t at_once = 8;       ///< how many queues are waited for side by side: the workers of the executor
  ApiFor api_for;
  std::function<void(const lake::Notice&)> tell;  ///< what changed; on the executor's thread
  std::function<void(NoticeFate)> drop;           ///< of every message that says nothing; may be empty
  /// A queue cannot be read or emptied, or can (nullopt): told of the first poll, and when that changes. What passes by
  /// itself counts when it has happened three times in a row. On the executor's thread; may be empty.
  std::function<void(const lake::QueueRef&, const std::optional<Error>&)> trouble;
};

/// All parts, and it itself, must live until the executor has stopped.
class NoticePoller {
 public:
  explicit NoticePoller(NoticeParts parts) : parts_(std::move(parts)) {}

  /// From now on these are the queues. Callable from any thread.
  void follow(std::vector<NoticeQueue> queues);

 private:
  /// What came of one long poll.
  struct Batch {
    std::vector<std::pair<std::string, Result<lake::Notice>>> notices;  ///< by the message's id
    std::optional<Error> error;
  };
  struct Line {
    NoticeQueue queue;
    bool is_busy = false;     ///< a poll is under way, or a timer for the next one is set
    bool is_followed = true;
    int failures = 0;
    bool was_told = false;               ///< `trouble` knows of the queue, and last heard of
    std::optional<ErrorKind> told;       ///< this error; nullopt: that it is well
    std::set<std::string> seen;          ///< ids of the messages that came last
    std::deque<std::string> seen_order;  ///< oldest first
  };

  void begin(const std::string& url);
  void begin_waiting();
  void poll(Line& line);
  void take(const std::string& url, const Batch& batch, Time begun);
  void again_at(const std::string& url, Time when);
  bool is_new(Line& line, const std::string& id);
  void report(Line& line, const std::optional<Error>& error);
  std::chrono::seconds wait() const;
  static Batch read(aws::Api& api, const lake::QueueRef& queue, std::chrono::seconds wait);

  const NoticeParts parts_;
  std::map<std::string, Line> lines_;  ///< by URL
  std::deque<std::string> waiting_;    ///< for a worker
  std::size_t polls_ = 0;
};

}  // namespace datamesh::engine
