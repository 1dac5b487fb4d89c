#include "controller/kube/watch_stream.h"

#include <algorithm>

namespace datamesh::kube {
namespace {

constexpr Millis kBookmarkInterval{60'000};
constexpr Millis kBookmarkBeforeEnd{2'000};

class SingleLine final : public http::BodySource {
 public:
  explicit SingleLine(std::string line) : line_(std::move(line)) {}
  Piece take(std::size_t) override { return {std::exchange(line_, {}), true}; }
  void on_ready(std::function<void()>) override {}

 private:
  std::string line_;
};

std::string expired_line(api::Revision since, api::Revision first) {
  const Fault fault{410, "Expired", "too old resource version: " + std::to_string(since) + " (" + std::to_string(first) + ")"};
  return event_line("ERROR", to_status(fault).dump());
}

}  // namespace

std::shared_ptr<http::BodySource> single_line(std::string line) { return std::make_shared<SingleLine>(std::move(line)); }

WatchStream::WatchStream(WatchPlan plan, Executor& executor, const Clock& clock)
    : plan_(std::move(plan)), executor_(executor), clock_(clock), cursor_(plan_.since),
      next_bookmark_(clock.now() + kBookmarkInterval), end_is_near_(plan_.end - kBookmarkBeforeEnd <= clock.now()) {}

WatchStream::~WatchStream() {
  if (const Executor::TimerId timer = timer_; timer != 0) {
    executor_.post([&executor = executor_, timer] { executor.cancel(timer); });
  }
}

void WatchStream::start() {
  plan_.feed->subscribe(weak_from_this());
  schedule();
}

void WatchStream::schedule() {
  Time when = plan_.end;
  if (plan_.bookmarks) {
    when = std::min(when, next_bookmark_);
    if (!end_is_near_) when = std::min(when, plan_.end - kBookmarkBeforeEnd);
  }
  timer_ = executor_.run_at(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void WatchStream::on_timer() {
  const Time now = clock_.now();
  timer_ = 0;
  if (now >= plan_.end) {
    ended_ = true;
  } else {
    if (now >= plan_.end - kBookmarkBeforeEnd) end_is_near_ = true;
    next_bookmark_ = now + kBookmarkInterval;
    bookmark_due_ = true;
    schedule();
  }
  wake();
}

void WatchStream::wake() {
  std::function<void()> ready;
  {
    const std::lock_guard lock(waking_);
    ready = ready_;
  }
  if (ready) ready();
}

void WatchStream::on_ready(std::function<void()> wake) {
  const std::lock_guard lock(waking_);
  ready_ = std::move(wake);
}

std::string WatchStream::bookmark(api::Revision revision) const {
  const ServedType& type = *plan_.filter.form.type;
  return event_line("BOOKMARK", Json{{"kind", type.kind}, {"apiVersion", api_version(type)},
                                     {"metadata", {{"resourceVersion", std::to_string(revision)}}}}.dump());
}

http::BodySource::Piece WatchStream::take(std::size_t budget) {
  Piece piece;
  while (!plan_.first_lines.empty() && piece.data.size() < budget) {
    piece.data += plan_.first_lines.front();
    plan_.first_lines.pop_front();
    sent_any_ = true;
  }
  if (!plan_.first_lines.empty()) return piece;
  piece.data += std::exchange(plan_.initial_end, {});
  if (piece.data.size() >= budget) return piece;

  const bool ended = ended_;  // read first: what happened until then is still sent
  const bool bookmark_due = bookmark_due_;
  const auto reading = plan_.feed->read(cursor_, budget - piece.data.size(), plan_.filter, !sent_any_);
  if (reading.gone) {
    piece.data += expired_line(cursor_, plan_.feed->first());
    piece.last = true;
    return piece;
  }
  piece.data += reading.lines;
  cursor_ = reading.cursor;
  sent_any_ = sent_any_ || reading.any;
  if (reading.drained && bookmark_due && bookmark_due_.exchange(false)) piece.data += bookmark(cursor_);
  piece.last = ended && reading.drained;
  return piece;
}

}  // namespace datamesh::kube
