// The head of a response as text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/http/message.h"

namespace datamesh::http {

/// How the end of a body is told.
enum class Framing { None, Length, Chunked, UntilClose };
enum class Persistence { Close, KeepAlive };

/// Status line, fields and the empty line. Line ends in a field's value become spaces.
std::string response_head(const Response& response, Framing framing, Persistence persistence);

/// `data` as one chunk; "" for no data, which would end the body.
std::string chunk(std::string_view data);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

}  // namespace datamesh::http
