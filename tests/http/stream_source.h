// A streamed body that a test feeds.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>

#include "controller/http/message.h"

namespace datamesh::http {

class StreamSource final : public BodySource {
 public:
  ~StreamSource() override { gone_.set_value(); }

  /// Callable on any thread.
  void push(const std::string& data) { add(data, false); }
  void end() { add("", true); }
  /// Ready when the source was destroyed.
  std::future<void> gone() { return gone_.get_future(); }

  Piece take(std::size_t budget) override {
    const std::lock_guard lock(mutex_);
    Piece piece{data_.substr(0, budget), false};
    data_.erase(0, piece.data.size());
    piece.last = data_.empty() && ended_;
    return piece;
  }
  void on_ready(std::function<void()> wake) override {
    const std::lock_guard lock(mutex_);
    wake_ = std::move(wake);
  }

 private:
  void add(const std::string& data, bool last) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(mutex_);
      data_ += data;
      ended_ = last;
      wake = wake_;
    }
    if (wake) wake();
  }

  std::mutex mutex_;
  std::string data_;
  bool ended_ = false;
  std::function<void()> wake_;
  std::promise<void> gone_;
};

inline Response streamed(std::shared_ptr<BodySource> source) {
  Response response;
  response.stream = std::move(source);
  return response;
}

}  // namespace datamesh::http
