#include "controller/kube/leadership.h"

#include <random>

namespace datamesh::kube {
namespace {

/// Rivals that began together do not ask together.
Millis spread(Millis retry) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  const double factor = std::uniform_real_distribution<double>(1.0, 2.2)(engine);
  return Millis(static_cast<Millis::rep>(static_cast<double>(retry.count()) * factor));
}

}  // namespace

Leadership::Leadership(LeaseLock& lock, std::string identity, LeaseTimings timings, Callbacks callbacks)
    : timings_(timings),
      callbacks_(std::move(callbacks)),
      elector_(lock, std::move(identity), timings, clock_, wall_) {}

void Leadership::begin() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

Leadership::~Leadership() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Leadership::work(const std::stop_token& stop) {
  bool led = false;
  while (!stop.stop_requested()) {
    const bool leads = elector_.attempt();
    if (leads || !elector_.holder().empty()) standing_by_ = true;
    if (leads && !led) callbacks_.gained();
    if (led && !leads) {
      callbacks_.lost();
      return;
    }
    led = leads;
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, leads ? timings_.retry : spread(timings_.retry), [] { return false; });
  }
}

Result<void> Leadership::release() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return elector_.release();
}

}  // namespace datamesh::kube
