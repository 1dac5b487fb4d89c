#include "controller/http/body_pipe.h"

namespace datamesh::http {
namespace {

constexpr std::size_t kCapacity = 1 << 20;

using Byte = std::uint8_t;
using StateManager = concurrency::streams::details::streambuf_state_manager<Byte>;

/// A stream buffer that can only be written. All that reads or seeks says that it cannot.
class PipeBuffer final : public StateManager {
 public:
  explicit PipeBuffer(std::shared_ptr<BodyPipe> pipe) : StateManager(std::ios_base::out), pipe_(std::move(pipe)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override { return nowhere(); }
  bool acquire(Byte*& bytes, std::size_t& size) override {
    bytes = nullptr;
    size = 0;
    return false;
  }
  void release(Byte*, std::size_t) override {}

 protected:
  Byte* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}
  pplx::task<int_type> _putc(Byte byte) override {
    return pipe_->put(&byte, 1).then([byte] { return static_cast<int_type>(byte); });
  }
  pplx::task<std::size_t> _putn(const Byte* bytes, std::size_t size) override {
    return pipe_->put(bytes, size).then([size] { return size; });
  }
  pplx::task<int_type> _bumpc() override { return ended(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return ended(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return ended(); }
  pplx::task<int_type> _ungetc() override { return ended(); }
  pplx::task<std::size_t> _getn(Byte*, std::size_t) override { return pplx::task_from_result<std::size_t>(0); }
  std::size_t _scopy(Byte*, std::size_t) override { return 0; }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

 private:
  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<int_type> ended() { return pplx::task_from_result<int_type>(traits::eof()); }

  std::shared_ptr<BodyPipe> pipe_;
};

}  // namespace

concurrency::streams::ostream BodyPipe::writer(const std::shared_ptr<BodyPipe>& pipe) {
  return concurrency::streams::streambuf<Byte>(std::make_shared<PipeBuffer>(pipe)).create_ostream();
}

std::optional<std::string> BodyPipe::take(Millis patience) {
  std::optional<pplx::task_completion_event<void>> room;
  std::string bytes;
  {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [this] { return closed_ || !bytes_.empty(); })) return std::nullopt;
    if (bytes_.empty()) return std::nullopt;
    bytes.swap(bytes_);
    room.swap(room_);
  }
  if (room) room->set();
  return bytes;
}

bool BodyPipe::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void BodyPipe::close() {
  std::optional<pplx::task_completion_event<void>> room;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    room.swap(room_);
  }
  changed_.notify_all();
  if (room) room->set();
}

pplx::task<void> BodyPipe::put(const std::uint8_t* bytes, std::size_t size) {
  const std::lock_guard lock(mutex_);
  if (closed_) return pplx::task_from_result();
  bytes_.append(reinterpret_cast<const char*>(bytes), size);
  changed_.notify_all();
  if (bytes_.size() < kCapacity) return pplx::task_from_result();
  room_.emplace();
  return pplx::create_task(*room_);
}

}  // namespace datamesh::http
