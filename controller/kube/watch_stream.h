// One watch, as the body of its response: what was there at its begin, then what happens, then its end.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/executor.h"
#include "controller/http/message.h"
#include "controller/kube/watch_feed.h"

namespace datamesh::kube {

struct WatchPlan {
  std::shared_ptr<WatchFeed> feed;
  WatchFilter filter;
  api::Revision since = 0;
  std::deque<std::string> first_lines;  ///< the objects at the begin
  std::string initial_end;              ///< the bookmark behind them; empty: none
  bool bookmarks = false;
  Time end;
};

class WatchStream final : public http::BodySource, public FeedListener, public std::enable_shared_from_this<WatchStream> {
 public:
  /// `executor` and `clock` must outlive it.
  WatchStream(WatchPlan plan, Executor& executor, const Clock& clock);
  ~WatchStream() override;

  /// Begins to listen, and sets its timer. The executor's thread.
  void start();

  Piece take(std::size_t budget) override;
  void on_ready(std::function<void()> wake) override;
  void wake() override;

 private:
  void schedule();
  void on_timer();
  std::string bookmark(api::Revision revision) const;

  WatchPlan plan_;
  Executor& executor_;
  const Clock& clock_;
  api::Revision cursor_;      ///< the server's thread only
  bool sent_any_ = false;     ///< the server's thread only
  std::atomic<bool> bookmark_due_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<Executor::TimerId> timer_ = 0;
  Time next_bookmark_;
  bool end_is_near_ = false;  ///< the last bookmark has been sent, or there is no time for one
  std::mutex waking_;  ///< guards ready_
  std::function<void()> ready_;
};

/// A stream that says one thing and ends: errors that come after the start of a watch.
std::shared_ptr<http::BodySource> single_line(std::string line);

}  // namespace datamesh::kube
