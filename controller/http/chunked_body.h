// Reads a chunked body, however its bytes are cut. Strict, as ambiguity here is how requests are smuggled; Beast's own
// reader is not used because some cuts make it fail an assertion.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace datamesh::http {

class ChunkedBody {
 public:
  enum class Step { NeedsMore, Complete, TooLarge, Malformed };

  /// `limit` of the body's bytes.
  explicit ChunkedBody(std::size_t limit) : limit_(limit) {}

  /// Moves from the front of `bytes` to the end of `body`. Extensions and trailers are dropped. After Complete, `bytes`
  /// is what follows the body.
  Step read(std::string_view& bytes, std::string& body);

 private:
  enum class State { Size, Data, DataEnd, Trailer };

  Step read_line(std::string_view& bytes);
  Step on_size(std::size_t body_size);
  Step on_trailer();

  std::size_t limit_;
  State state_ = State::Size;
  std::string line_;           ///< as far as it came
  std::size_t left_ = 0;       ///< of the chunk's data
  std::size_t trailers_ = 0;   ///< bytes of them
};

}  // namespace datamesh::http
