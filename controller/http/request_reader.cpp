#include "controller/http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

namespace datamesh::http {
namespace {

namespace beast = boost::beast;
using Field = beast::http::field;
using Fields = beast::http::fields;

constexpr std::size_t kSmallRoom = 4 << 10;   ///< for heads and small bodies
constexpr std::size_t kLargeRoom = 64 << 10;  ///< once a body is known to be large
constexpr std::string_view kHeadEnd = "\r\n\r\n";

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

Refusal refusal_of(beast::error_code error) {
  if (error == beast::http::error::bad_version) return {400, "only versions 1.1 and 1.0 of HTTP are supported"};
  return {400, "cannot read the request: " + error.message()};
}

Refusal too_large(const ServerLimits& limits) {
  return {413, "Request entity too large: limit is " + std::to_string(limits.body)};
}

}  // namespace

RequestReader::RequestReader(const ServerLimits& limits) : limits_(limits) {}

void RequestReader::begin() {
  head_read_ = false;
  body_left_ = 0;
  chunks_.reset();
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

RequestReader::Step RequestReader::advance() {
  if (refusal_) return Step::Refused;
  return head_read_ ? read_body() : read_head();
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
  head_read_ = true;
  return Step::HeadRead;
}

std::optional<Refusal> RequestReader::parse(std::string_view head) {
  beast::http::request_parser<beast::http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(limits_.header));
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());  // the body is not its business
  parser.skip(true);
  beast::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  const auto& message = parser.get();
  if (error) return refusal_of(error);
  if (used != head.size() || !parser.is_header_done()) return Refusal{400, "cannot read the request"};
  http_1_0_ = message.version() < 11;
  if (auto refusal = objection(message, http_1_0_, limits_)) return refusal;
  if (message.target().size() > limits_.target) return Refusal{414, "the request target is too long"};
  if (!is_supported(message.method())) return Refusal{405, "the method is not supported"};
  if (const auto length = parser.content_length()) {
    if (*length > limits_.body) return too_large(limits_);
    body_left_ = static_cast<std::size_t>(*length);
  }
  if (count(message, Field::transfer_encoding) > 0) chunks_.emplace(limits_.body);
  request_.method = text(message.method_string());
  is_head_ = message.method() == beast::http::verb::head;
  for (const auto& field : message) request_.headers.add(text(field.name_string()), text(field.value()));
  if (const auto parsed = parse_target({message.target().data(), message.target().size()}, request_); !parsed) {
    return Refusal{400, parsed.error().message};
  }
  expects_continue_ = !message[Field::expect].empty() && !http_1_0_;
  keeps_alive_ = message.keep_alive();
  return std::nullopt;
}

RequestReader::Step RequestReader::read_body() {
  if (chunks_) return read_chunks();
  const std::string_view part = unread().substr(0, body_left_);
  request_.body += part;
  first_ += part.size();
  body_left_ -= part.size();
  return body_left_ == 0 ? Step::Complete : Step::NeedsMore;
}

RequestReader::Step RequestReader::read_chunks() {
  std::string_view bytes = unread();
  const ChunkedBody::Step step = chunks_->read(bytes, request_.body);
  first_ = last_ - bytes.size();
  switch (step) {
    case ChunkedBody::Step::NeedsMore: return Step::NeedsMore;
    case ChunkedBody::Step::Complete: return Step::Complete;
    case ChunkedBody::Step::TooLarge: return refuse(413, too_large(limits_).message);
    case ChunkedBody::Step::Malformed: break;
  }
  return refuse(400, "the chunks of the body are malformed");
}

Request RequestReader::take() { return std::move(request_); }

}  // namespace datamesh::http
