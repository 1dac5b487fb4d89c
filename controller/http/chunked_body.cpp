#include "controller/http/chunked_body.h"

#include <algorithm>
#include <charconv>

namespace datamesh::http {
namespace {

constexpr std::size_t kLongestLine = 4 << 10;
constexpr std::size_t kMostTrailers = 16 << 10;
constexpr std::size_t kMostDigits = 15;

}  // namespace

ChunkedBody::Step ChunkedBody::read(std::string_view& bytes, std::string& body) {
  while (!bytes.empty()) {
    if (state_ == State::Data) {
      const std::size_t size = std::min(left_, bytes.size());
      body.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      left_ -= size;
      if (left_ == 0) state_ = State::DataEnd;
      continue;
    }
    const Step line = read_line(bytes);
    if (line != Step::Complete) return line;
    Step next = Step::NeedsMore;
    if (state_ == State::Size) next = on_size(body.size());
    else if (state_ == State::Trailer) next = on_trailer();
    else if (line_.empty()) state_ = State::Size;
    else next = Step::Malformed;
    line_.clear();
    if (next != Step::NeedsMore) return next;
  }
  return Step::NeedsMore;
}

/// Complete when `line_` is a whole line, which is then without its end.
ChunkedBody::Step ChunkedBody::read_line(std::string_view& bytes) {
  const std::size_t end = bytes.find('\n');
  const std::size_t size = std::min(end, bytes.size() - 1) + 1;
  line_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  const std::size_t stop = line_.find_first_of(std::string_view("\r\n\0", 3));
  const bool whole = end != std::string_view::npos;
  if (line_.size() > kLongestLine) return Step::Malformed;
  if (whole && line_.size() >= 2 && stop == line_.size() - 2 && line_[stop] == '\r') {
    line_.resize(stop);
    return Step::Complete;
  }
  const bool ends_with_cr = stop != std::string::npos && stop + 1 == line_.size() && line_[stop] == '\r';
  return !whole && (stop == std::string::npos || ends_with_cr) ? Step::NeedsMore : Step::Malformed;
}

ChunkedBody::Step ChunkedBody::on_size(std::size_t body_size) {
  const std::string_view digits = std::string_view(line_).substr(0, line_.find(';'));
  if (digits.empty() || digits.size() > kMostDigits) return Step::Malformed;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return Step::Malformed;
  if (left_ > limit_ - body_size) return Step::TooLarge;
  state_ = left_ == 0 ? State::Trailer : State::Data;
  return Step::NeedsMore;
}

ChunkedBody::Step ChunkedBody::on_trailer() {
  if (line_.empty()) return Step::Complete;
  trailers_ += line_.size();
  const bool is_field = line_[0] != ' ' && line_[0] != '\t' && line_.find(':') != std::string::npos;
  return is_field && trailers_ <= kMostTrailers ? Step::NeedsMore : Step::Malformed;
}

}  // namespace datamesh::http
