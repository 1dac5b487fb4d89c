#include "controller/engine/asio_executor.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <thread>

namespace datamesh::engine {

class AsioExecutor::Impl {
 public:
  explicit Impl(std::size_t workers) : pool_(workers), thread_([this] { io_.run(); }) {}

  ~Impl() { stop(); }

  void post(Task task) { boost::asio::post(io_, std::move(task)); }

  TimerId run_at(Time when, Task task) {
    const TimerId id = ++last_timer_;
    Timer& timer = timers_.try_emplace(id, io_).first->second;
    timer.expires_at(when);
    timer.async_wait([this, id, task = std::move(task)](const boost::system::error_code& cancelled) {
      // A timer that was cancelled after it expired has its wait succeed all the same.
      const bool forgotten = timers_.erase(id) == 0;
      if (!cancelled && !forgotten) task();
    });
    return id;
  }

  void cancel(TimerId id) {
    const auto found = timers_.find(id);
    if (found == timers_.end()) return;
    timers_.erase(found);  // its destructor cancels the wait
  }

  void offload(Job job) {
    boost::asio::post(pool_, [this, job = std::move(job)] { post(job()); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    pool_.stop();
    pool_.join();
    io_.stop();
    thread_.join();
    timers_.clear();
  }

 private:
  /// Waits on the wall clock: an expiry is a time of day, also when somebody sets the clock.
  using Timer = boost::asio::basic_waitable_timer<std::chrono::system_clock>;

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  boost::asio::thread_pool pool_;
  std::map<TimerId, Timer> timers_;
  TimerId last_timer_ = 0;
  std::thread thread_;
};

AsioExecutor::AsioExecutor(std::size_t workers) : impl_(std::make_unique<Impl>(workers)) {}
AsioExecutor::~AsioExecutor() = default;

void AsioExecutor::post(Task task) { impl_->post(std::move(task)); }
Executor::TimerId AsioExecutor::run_at(Time when, Task task) { return impl_->run_at(when, std::move(task)); }
void AsioExecutor::cancel(TimerId timer) { impl_->cancel(timer); }
void AsioExecutor::offload(Job job) { impl_->offload(std::move(job)); }
void AsioExecutor::stop() { impl_->stop(); }

}  // namespace datamesh::engine
