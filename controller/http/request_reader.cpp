#include "controller/http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>

namespace datamesh::http {
namespace {

namespace beast = boost::beast;
using Field = beast::http::field;
using Fields = beast::http::fields;

constexpr std::size_t kSmallRoom = 4 << 10;   ///< for heads and small bodies
constexpr std::size_t kLargeRoom = 64 << 10;  ///< once a body is known to be large
constexpr std::string_view kHeadEnd = "\r\n\r\n";

/// A body that takes memory for what came, not for what was announced.
struct GrowingBody {
  using value_type = std::string;

  class reader {
   public:
    template <bool is_request, class F>
    reader(beast::http::header<is_request, F>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, beast::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, beast::error_code& error) {
      error = {};
      std::size_t size = 0;
      for (const boost::asio::const_buffer bytes : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(bytes.data()), bytes.size());
        size += bytes.size();
      }
      return size;
    }
    void finish(beast::error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

std::size_t count(const Fields& fields, Field name) {
  const auto range = fields.equal_range(name);
  return static_cast<std::size_t>(std::distance(range.first, range.second));
}

/// A line end that is not CRLF, a folded line, a NUL: readers differ about what they mean.
std::optional<Refusal> doubtful_bytes(std::string_view head, std::size_t from) {
  for (std::size_t i = from; i < head.size(); ++i) {
    const char c = head[i];
    const bool alone = (c == '\n' && (i == 0 || head[i - 1] != '\r')) ||
                       (c == '\r' && i + 1 < head.size() && head[i + 1] != '\n');
    if (alone) return Refusal{400, "lines must end with CR LF"};
    if (c == '\0') return Refusal{400, "NUL in the head"};
    if (c == '\n' && i + 1 < head.size() && (head[i + 1] == ' ' || head[i + 1] == '\t')) {
      return Refusal{400, "folded header lines are not supported"};
    }
  }
  return std::nullopt;
}

/// What is wrong with how the length of the body is told; nullopt when nothing is.
std::optional<Refusal> framing_objection(const Fields& fields, bool http_1_0) {
  const std::size_t lengths = count(fields, Field::content_length);
  const std::size_t codings = count(fields, Field::transfer_encoding);
  if (lengths > 1 || text(fields[Field::content_length]).find(',') != std::string::npos) {
    return Refusal{400, "Content-Length is given more than once"};
  }
  if (codings == 0) return std::nullopt;
  if (lengths > 0) return Refusal{400, "Content-Length beside Transfer-Encoding"};
  if (http_1_0) return Refusal{400, "Transfer-Encoding in HTTP/1.0"};
  if (codings > 1 || !beast::iequals(fields[Field::transfer_encoding], "chunked")) {
    return Refusal{501, "only Transfer-Encoding: chunked is supported"};
  }
  return std::nullopt;
}

/// What is wrong with a well-formed head; nullopt when nothing is.
std::optional<Refusal> objection(const Fields& fields, bool http_1_0, const ServerLimits& limits) {
  if (const auto framing = framing_objection(fields, http_1_0)) return framing;
  if (static_cast<std::size_t>(std::distance(fields.begin(), fields.end())) > limits.fields) {
    return Refusal{431, "more than " + std::to_string(limits.fields) + " header fields"};
  }
  const std::size_t hosts = count(fields, Field::host);
  if (hosts > 1 || (hosts == 0 && !http_1_0)) return Refusal{400, "exactly one Host header is required"};
  const auto expect = fields[Field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue")) {
    return Refusal{417, "only Expect: 100-continue is supported"};
  }
  return std::nullopt;
}

bool is_supported(beast::http::verb method) {
  using Verb = beast::http::verb;
  return method == Verb::get || method == Verb::head || method == Verb::post || method == Verb::put ||
         method == Verb::patch || method == Verb::delete_ || method == Verb::options;
}

Refusal refusal_of(beast::error_code error, const ServerLimits& limits) {
  using Problem = beast::http::error;
  if (error == Problem::body_limit) {
    return {413, "Request entity too large: limit is " + std::to_string(limits.body)};
  }
  if (error == Problem::header_limit) return {431, "the head or a chunk's head is too large"};
  if (error == Problem::bad_version) return {400, "only versions 1.1 and 1.0 of HTTP are supported"};
  return {400, "cannot read the request: " + error.message()};
}

}  // namespace

struct RequestReader::Parser : beast::http::request_parser<GrowingBody> {};

RequestReader::RequestReader(const ServerLimits& limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

void RequestReader::begin() {
  parser_.reset();
  request_ = {};
  refusal_.reset();
  expects_continue_ = keeps_alive_ = is_head_ = http_1_0_ = false;
  scanned_ = 0;
}

std::span<char> RequestReader::room() {
  const std::size_t wanted = body_size() > kSmallRoom ? kLargeRoom : kSmallRoom;
  if (!has_bytes()) {
    first_ = last_ = 0;
    if (buffer_.size() > wanted) buffer_ = std::string();  // what a large request needed, an idle peer does not
  } else if (buffer_.size() - last_ < wanted && first_ > 0) {
    buffer_.erase(0, first_);
    last_ -= first_;
    first_ = 0;
  }
  if (buffer_.size() - last_ < wanted) buffer_.resize(last_ + wanted);
  return {buffer_.data() + last_, wanted};
}

std::size_t RequestReader::body_size() const { return parser_ ? parser_->get().body().size() : 0; }

RequestReader::Step RequestReader::advance() {
  if (refusal_) return Step::Refused;
  return parser_ ? read_body() : read_head();
}

RequestReader::Step RequestReader::refuse(int status, std::string message) {
  refusal_ = Refusal{status, std::move(message)};
  return Step::Refused;
}

RequestReader::Step RequestReader::read_head() {
  const std::string_view bytes = unread();
  const std::size_t from = scanned_ - std::min<std::size_t>(scanned_, kHeadEnd.size());
  const std::size_t end = bytes.find(kHeadEnd, from);
  scanned_ = bytes.size();
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + kHeadEnd.size();
  const std::string_view head = bytes.substr(0, size);
  if (const auto doubtful = doubtful_bytes(head, from)) return refuse(doubtful->status, doubtful->message);
  if (size > limits_.header) {
    const bool long_line = head.substr(0, limits_.header).find('\n') == std::string_view::npos;
    return long_line ? refuse(414, "the request target is too long") : refuse(431, "the head is too large");
  }
  if (end == std::string_view::npos) return Step::NeedsMore;
  if (const auto refusal = parse(head)) return refuse(refusal->status, refusal->message);
  first_ += size;
  return Step::HeadRead;
}

std::optional<Refusal> RequestReader::parse(std::string_view head) {
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header));
  parser_->body_limit(limits_.body);
  beast::error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(head.data(), head.size()), error);
  const auto& message = parser_->get();
  if (!error || error == beast::http::error::body_limit) {
    http_1_0_ = message.version() < 11;
    if (auto refusal = objection(message, http_1_0_, limits_)) return refusal;
  }
  if (error) return refusal_of(error, limits_);
  if (used != head.size() || !parser_->is_header_done()) return Refusal{400, "cannot read the request"};
  if (message.target().size() > limits_.target) return Refusal{414, "the request target is too long"};
  if (!is_supported(message.method())) return Refusal{405, "the method is not supported"};
  request_.method = text(message.method_string());
  is_head_ = message.method() == beast::http::verb::head;
  for (const auto& field : message) request_.headers.add(text(field.name_string()), text(field.value()));
  if (const auto parsed = parse_target({message.target().data(), message.target().size()}, request_); !parsed) {
    return Refusal{400, parsed.error().message};
  }
  expects_continue_ = !message[Field::expect].empty() && !http_1_0_;
  keeps_alive_ = message.keep_alive();
  parser_->eager(!parser_->chunked());
  return std::nullopt;
}

// Trailers are parsed and dropped: the request's fields were taken when its head was read.
RequestReader::Step RequestReader::read_body() {
  // A body in chunks ends with five bytes at least, "0 CR LF CR LF". Given less, Beast of Boost 1.74 may end the program:
  // it asserts that it never resumes at a last chunk with four. It is asked for one part at a time, so that what it is
  // given does not depend on how the bytes came.
  static constexpr std::size_t kLastChunk = 5;
  const std::size_t enough = parser_->chunked() ? kLastChunk : 1;
  while (!parser_->is_done() && unread().size() >= enough) {
    beast::error_code error;
    const std::size_t used = parser_->put(boost::asio::buffer(unread().data(), unread().size()), error);
    first_ += used;
    if (error && error != beast::http::error::need_more) {
      const Refusal refusal = refusal_of(error, limits_);
      return refuse(refusal.status, refusal.message);
    }
    if (error || used == 0) break;
  }
  if (parser_->is_done()) return Step::Complete;
  if (unread().size() > limits_.header) return refuse(400, "a chunk's head is too large");
  return Step::NeedsMore;
}

Request RequestReader::take() {
  request_.body = std::move(parser_->get().body());
  return std::move(request_);
}

}  // namespace datamesh::http
