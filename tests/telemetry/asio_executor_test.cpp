#include "controller/engine/asio_executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace datamesh::engine {
namespace {

/// Waits until `start` has let its callback be called; true when that was within ten seconds.
bool happens(const std::function<void(std::function<void()>)>& start) {
  const auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  start([done] { done->set_value(); });
  return future.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
}

TEST(AsioExecutor, RunsPostedTasksInOrderOnOneThread) {
  AsioExecutor executor(2);
  std::vector<int> order;
  std::vector<std::thread::id> threads;
  ASSERT_TRUE(happens([&](const auto& done) {
    for (int i = 0; i < 100; ++i) {
      executor.post([&, i] {
        order.push_back(i);
        threads.push_back(std::this_thread::get_id());
      });
    }
    executor.post(done);
  }));
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(std::count(threads.begin(), threads.end(), threads[0]), 100);
  EXPECT_NE(threads[0], std::this_thread::get_id());
}

TEST(AsioExecutor, AJobRunsOnAWorkerAndItsResultOnTheEngineThread) {
  AsioExecutor executor(2);
  std::thread::id engine;
  std::thread::id worker;
  std::thread::id result;
  ASSERT_TRUE(happens([&](const auto& done) {
    executor.post([&, done] {
      engine = std::this_thread::get_id();
      executor.offload([&, done] {
        worker = std::this_thread::get_id();
        return [&, done] {
          result = std::this_thread::get_id();
          done();
        };
      });
    });
  }));
  EXPECT_EQ(result, engine);
  EXPECT_NE(worker, engine);
}

TEST(AsioExecutor, ATimerFiresAndACancelledOneDoesNot) {
  AsioExecutor executor(1);
  std::atomic<bool> cancelled_fired{false};
  ASSERT_TRUE(happens([&](const auto& done) {
    executor.post([&, done] {
      const Time now = SystemClock().now();
      const auto timer = executor.run_at(now, [&] { cancelled_fired = true; });
      executor.cancel(timer);
      executor.run_at(now + Millis(20), done);
      executor.run_at(now + std::chrono::hours(1), [&] { cancelled_fired = true; });
    });
  }));
  executor.stop();
  EXPECT_FALSE(cancelled_fired);
}

TEST(AsioExecutor, StopWaitsForTheJobUnderWay) {
  AsioExecutor executor(1);
  std::promise<void> begun;
  std::promise<void> go_on;
  std::atomic<bool> finished{false};
  executor.post([&] {
    executor.offload([&]() -> Executor::Task {
      begun.set_value();
      go_on.get_future().wait();
      finished = true;
      return [] {};
    });
  });
  begun.get_future().wait();
  std::thread stopping([&] { executor.stop(); });
  go_on.set_value();
  stopping.join();
  EXPECT_TRUE(finished);
}

}  // namespace
}  // namespace datamesh::engine
