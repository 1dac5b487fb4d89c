// Reads the requests of one connection out of its bytes. Refuses whatever another reader could take for another
// request: that is how requests are smuggled. Knows no sockets.
//
//   begin() ─► NeedsMore ─► HeadRead ─► NeedsMore ─► Complete ─► take(), begin() …
//                  └───────────┴────────────┴──────► Refused
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controller/http/chunked_body.h"
#include "controller/http/limits.h"
#include "controller/http/message.h"

namespace datamesh::http {

struct Refusal {
  int status = 400;
  std::string message;
  bool operator==(const Refusal&) const = default;
};

class RequestReader {
 public:
  enum class Step { NeedsMore, HeadRead, Complete, Refused };

  /// `limits` outlives it.
  explicit RequestReader(const ServerLimits& limits);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Forgets the last request; bytes that came after it stay.
  void begin();
  bool has_bytes() const { return first_ < last_; }

  /// Where the next bytes go, until `received` says how many of them came; `begin` and `advance` may come between.
  std::span<char> room();
  void received(std::size_t size) { last_ += size; }
  /// Reads on in what was received. HeadRead is reported once a request.
  Step advance();

  /// Bytes of the body so far.
  std::size_t body_size() const { return request_.body.size(); }
  /// After HeadRead.
  bool expects_continue() const { return expects_continue_; }
  bool keeps_alive() const { return keeps_alive_; }
  bool is_head() const { return is_head_; }
  bool is_http_1_0() const { return http_1_0_; }
  /// After Refused.
  const Refusal& refusal() const { return *refusal_; }
  /// After Complete. Once.
  Request take();

 private:
  std::string_view unread() const { return {buffer_.data() + first_, last_ - first_}; }
  Step read_head();
  Step read_body();
  Step read_chunks();
  Step refuse(int status, std::string message);
  std::optional<Refusal> parse(std::string_view head);

  const ServerLimits& limits_;
  std::string buffer_;
  std::size_t first_ = 0;  ///< of the bytes not yet read
  std::size_t last_ = 0;
  std::size_t scanned_ = 0;  ///< how much of what is unread was searched for the head's end
  bool head_read_ = false;
  std::size_t body_left_ = 0;          ///< of a body whose length was told
  std::optional<ChunkedBody> chunks_;  ///< of a body whose length was not
  Request request_;
  bool expects_continue_ = false;
  bool keeps_alive_ = false;
  bool is_head_ = false;
  bool http_1_0_ = false;
  std::optional<Refusal> refusal_;
};

}  // namespace datamesh::http
