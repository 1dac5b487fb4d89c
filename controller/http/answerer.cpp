#include "controller/http/answerer.h"

#include <atomic>
#include <boost/asio/post.hpp>

#include "controller/http/connection.h"

namespace datamesh::http {
namespace {

/// Shared by the copies of one Respond.
class Answerer {
 public:
  Answerer(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection, std::uint64_t request)
      : gate_(std::move(gate)), connection_(std::move(connection)), request_(request) {}
  ~Answerer() {
    if (!sent_) send(text_response(500, "the request was dropped unanswered\n"));
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  void send(Response response) {
    if (sent_.exchange(true)) return;
    const auto held = std::make_shared<Response>(std::move(response));
    gate_->post([connection = connection_, request = request_, held] {
      if (const auto alive = connection.lock()) alive->respond(request, std::move(*held));
    });
  }

 private:
  std::shared_ptr<Gate> gate_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t request_;
  std::atomic<bool> sent_{false};
};

}  // namespace

void Gate::post(std::function<void()> task) {
  const std::lock_guard lock(mutex);
  if (io != nullptr) boost::asio::post(*io, std::move(task));
}

Respond make_respond(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection, std::uint64_t request) {
  const auto answerer = std::make_shared<Answerer>(std::move(gate), std::move(connection), request);
  return [answerer](Response response) { answerer->send(std::move(response)); };
}

std::function<void()> make_wake(std::shared_ptr<Gate> gate, std::weak_ptr<Connection> connection,
                                std::uint64_t request) {
  return [gate = std::move(gate), connection = std::move(connection), request,
          under_way = std::make_shared<std::atomic<bool>>(false)] {
    if (under_way->exchange(true)) return;
    gate->post([connection, request, under_way] {
      under_way->store(false);
      if (const auto alive = connection.lock()) alive->wake(request);
    });
  };
}

}  // namespace datamesh::http
