#include "controller/engine/notice_poller.h"

#include <algorithm>
#include <utility>

namespace datamesh::engine {
namespace {

/// Source: Amazon SQS Developer Guide, "Amazon SQS short and long polling"
constexpr std::chrono::seconds kLongestWait{20};

/// A server that does not wait for messages is asked this often.
constexpr Millis kShortPoll{500};

/// What passes by itself is told of after so many failures in a row.
constexpr int kFailuresOfTrouble = 3;

constexpr Millis kFirstDelay{1'000};
constexpr Millis kLongestDelay{30'000};

/// SQS may deliver a message twice, and one that cannot be deleted again and again.
constexpr std::size_t kRemembered = 1'000;

Millis delay_after(int failures) { return std::min(kLongestDelay, kFirstDelay * (1 << std::min(failures, 5))); }

}  // namespace

void NoticePoller::follow(std::vector<NoticeQueue> queues) {
  parts_.executor->post([this, queues = std::move(queues)] {
    std::set<std::string> before;
    for (auto& [url, line] : lines_) {
      if (std::exchange(line.is_followed, false)) before.insert(url);
    }
    for (const NoticeQueue& queue : queues) {
      Line& line = lines_[queue.queue.url];
      if (!before.contains(queue.queue.url)) line.was_told = false;
      line.queue = queue;
      line.is_followed = true;
    }
    std::vector<std::string> urls;
    for (const auto& [url, line] : lines_) urls.push_back(url);
    for (const std::string& url : urls) begin(url);
  });
}

/// Waits for a worker, unless it does or is polled already. A queue that is followed no more is forgotten.
void NoticePoller::begin(const std::string& url) {
  const auto found = lines_.find(url);
  if (found == lines_.end() || found->second.is_busy) return;
  if (!found->second.is_followed) {
    lines_.erase(found);
    return;
  }
  found->second.is_busy = true;
  waiting_.push_back(url);
  begin_waiting();
}

void NoticePoller::begin_waiting() {
  while (!waiting_.empty() && polls_ < parts_.at_once) {
    const std::string url = std::move(waiting_.front());
    waiting_.pop_front();
    poll(lines_.at(url));
  }
}

/// Where queues take turns, each waits for less.
std::chrono::seconds NoticePoller::wait() const {
  if (lines_.size() <= parts_.at_once) return kLongestWait;
  const auto share = static_cast<std::chrono::seconds::rep>(kLongestWait.count() * parts_.at_once / lines_.size());
  return std::chrono::seconds(std::max<std::chrono::seconds::rep>(1, share));
}

void NoticePoller::poll(Line& line) {
  ++polls_;
  parts_.executor->offload([this, queue = line.queue, wait = wait(), begun = parts_.clock->now()]() -> Executor::Task {
    aws::Api* const api = parts_.api_for(queue.account);
    auto batch = std::make_shared<Batch>();
    if (api == nullptr) {
      batch->error = Error{ErrorKind::Unavailable, "", "no connection is configured", queue.queue.url, std::nullopt};
    } else {
      *batch = read(*api, queue.queue, wait);
    }
    return [this, url = queue.queue.url, batch, begun] {
      --polls_;
      take(url, *batch, begun);
      begin_waiting();
    };
  });
}

/// What cannot be understood is deleted like the rest: it would only come again. What was told of and is lost in a crash
/// needs no second telling, since every catalog is read after a start.
NoticePoller::Batch NoticePoller::read(aws::Api& api, const lake::QueueRef& queue, std::chrono::seconds wait) {
  Batch out;
  const auto messages = lake::receive(api, queue, wait);
  if (!messages) {
    out.error = messages.error();
    return out;
  }
  for (const lake::Message& message : *messages) out.notices.emplace_back(message.id, lake::read_notice(message.body));
  const auto kept = lake::remove(api, queue, *messages);
  if (!kept) {
    out.error = kept.error();
  } else if (*kept > 0) {
    out.error = Error{ErrorKind::Transient, "", std::to_string(*kept) + " messages could not be deleted",
                      "sqs:DeleteMessageBatch", std::nullopt};
  }
  return out;
}

void NoticePoller::take(const std::string& url, const Batch& batch, Time begun) {
  Line& line = lines_.at(url);
  for (const auto& [id, notice] : batch.notices) {
    const bool says_something = notice && !notice->catalogs.empty() && line.is_followed;
    if (is_new(line, id) && says_something) {
      parts_.tell(*notice);
    } else if (parts_.drop) {
      parts_.drop(!notice ? NoticeFate::Malformed : says_something ? NoticeFate::Duplicate : NoticeFate::Irrelevant);
    }
  }
  report(line, batch.error);
  const Time now = parts_.clock->now();
  if (batch.error) return again_at(url, now + delay_after(line.failures - 1));
  const bool did_not_wait = batch.notices.empty() && now < begun + kShortPoll;
  again_at(url, did_not_wait ? begun + kShortPoll : now);
}

void NoticePoller::again_at(const std::string& url, Time when) {
  const auto again = [this, url] {
    lines_.at(url).is_busy = false;
    begin(url);
  };
  if (when <= parts_.clock->now()) return again();
  parts_.executor->run_at(when, again);
}

bool NoticePoller::is_new(Line& line, const std::string& id) {
  if (!line.seen.insert(id).second) return false;
  line.seen_order.push_back(id);
  if (line.seen_order.size() > kRemembered) {
    line.seen.erase(line.seen_order.front());
    line.seen_order.pop_front();
  }
  return true;
}

void NoticePoller::report(Line& line, const std::optional<Error>& error) {
  if (error && error->kind == ErrorKind::Cancelled) return;
  line.failures = error ? line.failures + 1 : 0;
  const bool may_pass = error && (error->kind == ErrorKind::Transient || error->kind == ErrorKind::Throttled);
  if (may_pass && line.failures < kFailuresOfTrouble) return;
  std::optional<ErrorKind> kind;
  if (error) kind = error->kind;
  if (line.was_told && line.told == kind) return;
  line.was_told = true;
  line.told = kind;
  if (parts_.trouble) parts_.trouble(line.queue.queue, error);
}

}  // namespace datamesh::engine
