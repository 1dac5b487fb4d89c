#include "controller/embedded/sqlite_store_token.h"

#include <optional>

namespace datamesh::embedded {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kVersion = "datamesh.dev/v1";

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char byte : bytes) {
    buffer = buffer << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text += kAlphabet[buffer >> (bits - 6) & 63];
  }
  if (bits > 0) text += kAlphabet[buffer << (6 - bits) & 63];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char letter : text) {
    const std::size_t value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = buffer << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(buffer >> bits & 255);
  }
  return bytes;
}

tl::unexpected<Error> malformed() {
  return fail(ErrorKind::Invalid, "continue: Invalid value: invalid continue token", "store");
}

}  // namespace

std::string encode(const ContinueToken& token) {
  const Json fields = {{"v", kVersion},
                       {"rv", token.revision},
                       {"start", {token.after.kind, token.after.ns, token.after.name}},
                       {"remaining", token.remaining}};
  return to_base64url(fields.dump());
}

Result<ContinueToken> decode_token(std::string_view text) {
  const std::optional<std::string> bytes = from_base64url(text);
  if (!bytes) return malformed();
  const Result<Json> fields = parse_json(*bytes, 3);
  if (!fields || string_at(*fields, "v") != kVersion) return malformed();
  const Json& revision = member(*fields, "rv");
  const Json& start = member(*fields, "start");
  const Json& remaining = member(*fields, "remaining");
  const bool shaped = revision.is_number_integer() && revision.get<api::Revision>() >= kLatest &&
                      remaining.is_number_unsigned() && start.is_array() && start.size() == 3 &&
                      start[0].is_string() && start[1].is_string() && start[2].is_string();
  if (!shaped) return malformed();
  return ContinueToken{revision.get<api::Revision>(),
                       {start[0].get<std::string>(), start[1].get<std::string>(), start[2].get<std::string>()},
                       remaining.get<std::size_t>()};
}

Result<std::string> inconsistent_continuation(std::string_view token) {
  TRY_VALUE(ContinueToken decoded, decode_token(token));
  decoded.revision = kLatest;
  return encode(decoded);
}

}  // namespace datamesh::embedded
