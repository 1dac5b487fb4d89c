#include "controller/cli/long_poll.h"

#include <memory>

#include "controller/cli/api_status.h"

namespace datamesh::cli {
namespace {

constexpr std::size_t kMostEvents = 500;

/// Owned by its timer, so it ends at its deadline at the latest. The executor's thread only.
class Waiting : public std::enable_shared_from_this<Waiting> {
 public:
  Waiting(LongPoll wanted, Executor& executor, http::Respond respond)
      : wanted_(std::move(wanted)), executor_(executor), respond_(std::move(respond)), seen_(wanted_.watch.since) {}

  void start(api::ResourceStore& store) {
    auto watch = store.watch(wanted_.watch, [weak = weak_from_this(), &executor = executor_] {
      executor.post([weak] {
        if (const auto self = weak.lock()) self->poll();
      });
    });
    if (!watch) return respond_(status_response(watch.error()));
    watch_ = std::move(*watch);
    timer_ = executor_.run_at(wanted_.deadline, [self = shared_from_this()] { self->answer(); });
    poll();
  }

 private:
  void poll() {
    if (answered_) return;
    auto events = watch_->poll(kMostEvents);
    if (!events) return finish(status_response(events.error()));
    for (api::WatchEvent& event : *events) {
      seen_ = event.revision;
      if (!wanted_.selector.matches(event.object)) continue;
      events_.push_back({{"type", to_string(event.type)}, {"object", std::move(event.object)}});
    }
    if (!events_.empty()) answer();
  }

  void answer() {
    if (answered_) return;
    finish(http::json_response(200, {{"events", events_}, {"resourceVersion", std::to_string(seen_)}}));
  }

  void finish(http::Response response) {
    const auto self = shared_from_this();  // the timer may hold the last reference
    answered_ = true;
    executor_.cancel(timer_);
    watch_.reset();
    respond_(std::move(response));
  }

  const LongPoll wanted_;
  Executor& executor_;
  http::Respond respond_;
  api::Revision seen_;
  std::unique_ptr<api::Watch> watch_;
  Executor::TimerId timer_ = 0;
  Json events_ = Json::array();
  bool answered_ = false;
};

}  // namespace

void start_long_poll(const LongPoll& wanted, api::ResourceStore& store, Executor& executor, http::Respond respond) {
  std::make_shared<Waiting>(wanted, executor, std::move(respond))->start(store);
}

}  // namespace datamesh::cli
