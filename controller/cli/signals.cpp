#include "controller/cli/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <stdexcept>

namespace datamesh::cli {

Signals::Signals() {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGINT);
  sigaddset(&mask, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &mask, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = ::signalfd(-1, &mask, SFD_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || wake_ < 0) throw std::runtime_error("no descriptors to wait for signals with");
}

Signals::~Signals() {
  ::close(signals_);
  ::close(wake_);
}

Signals::Event Signals::wait(Millis patience) {
  pollfd waiting[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
  if (::poll(waiting, 2, patience.count() < 0 ? -1 : static_cast<int>(patience.count())) <= 0) return Event::TimeOut;
  if ((waiting[0].revents & POLLIN) != 0) {
    signalfd_siginfo ignored;
    return ::read(signals_, &ignored, sizeof ignored) > 0 ? Event::Signal : Event::TimeOut;
  }
  std::uint64_t ignored = 0;
  return ::read(wake_, &ignored, sizeof ignored) > 0 ? Event::Woken : Event::TimeOut;
}

void Signals::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

}  // namespace datamesh::cli
