#include "controller/kube/facade_transport.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace datamesh::kube {
namespace {

constexpr Millis kPatience{10'000};

/// Where the answer arrives; shared, for it may come after nobody waits any more.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<http::Response> answer;
};

}  // namespace

Result<http::Response> FacadeTransport::send(const http::Request& request) {
  const auto mailbox = std::make_shared<Mailbox>();
  facade_.handle(request, [mailbox](http::Response response) {
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->answer) return;
    mailbox->answer = std::move(response);
    mailbox->arrived.notify_all();
  });
  std::unique_lock lock(mailbox->mutex);
  if (!mailbox->arrived.wait_for(lock, kPatience, [&] { return mailbox->answer.has_value(); })) {
    return fail(ErrorKind::Transient, "no answer in time", "facade");
  }
  return std::move(*mailbox->answer);
}

Result<http::Response> FacadeTransport::stream(const http::Request&, const TakePiece&, std::stop_token) {
  return fail(ErrorKind::Invalid, "nothing is watched here", "facade");
}

}  // namespace datamesh::kube
