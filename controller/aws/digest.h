// SHA-256 and HMAC-SHA-256, as signatures need them: by the thousand a second.
#pragma once

#include <string>
#include <string_view>

namespace datamesh::aws {

/// The 32 bytes of the digest of `text`.
std::string sha256(std::string_view text);
/// The 32 bytes of the HMAC of `text` under `key`.
std::string hmac_sha256(std::string_view key, std::string_view text);
/// The digest of SHA-1 in hex, for names that others make with it; not for security.
std::string sha1_hex(std::string_view text);
/// "\x0f\xa0" -> "0fa0"
std::string to_hex(std::string_view bytes);

}  // namespace datamesh::aws
