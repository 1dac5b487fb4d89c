#include "controller/kube/event_recorder.h"

namespace datamesh::kube {
namespace {

constexpr std::size_t kQueue = 1000;
constexpr Millis kTick{std::chrono::minutes(1)};

http::Request request_of(const EventWrite& write) {
  const std::string collection = "/apis/events.k8s.io/v1/namespaces/" + write.ns + "/events";
  const bool create = write.verb == EventWrite::Verb::Create;
  http::Request request;
  request.method = create ? "POST" : "PATCH";
  request.path = create ? collection : collection + "/" + write.name;
  request.headers.add("Accept", "application/json");
  request.headers.add("Content-Type", create ? "application/json" : "application/merge-patch+json");
  request.body = write.body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

}  // namespace

WriteEvent event_writer(Transport& transport) {
  return [&transport](const EventWrite& write) -> Result<void> {
    TRY(body_of(transport.send(request_of(write)), "events"));
    return {};
  };
}

EventRecorder::EventRecorder(EventSource source, const Clock& clock, WriteEvent write)
    : clock_(clock),
      write_(std::move(write)),
      series_(std::move(source)),
      thread_([this](std::stop_token stop) { work(std::move(stop)); }) {}

EventRecorder::~EventRecorder() {
  {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, kDrain, [this] { return queue_.empty(); });
  }
  thread_.request_stop();
}

void EventRecorder::record(Occurrence occurrence) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kQueue) return;
  queue_.push_back(std::move(occurrence));
  arrived_.notify_all();
}

void EventRecorder::work(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::optional<Occurrence> next;
    {
      std::unique_lock lock(mutex_);
      arrived_.wait_for(lock, stop, kTick, [this] { return !queue_.empty(); });
      if (!queue_.empty()) {
        next = std::move(queue_.front());
        queue_.pop_front();
        arrived_.notify_all();
      }
    }
    if (next) {
      if (const auto write = series_.note(*next, clock_.now())) perform(*write);
    }
    for (const EventWrite& write : series_.due(clock_.now())) perform(write);
  }
}

void EventRecorder::perform(const EventWrite& write) {
  const auto done = write_(write);
  if (!done && write.verb == EventWrite::Verb::Patch && done.error().kind == ErrorKind::NotFound) {
    series_.lost(write.name);
  }
}

}  // namespace datamesh::kube
