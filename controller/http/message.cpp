#include "controller/http/message.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

namespace datamesh::http {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_unreserved(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode(std::string_view text, std::string_view also_kept) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || also_kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

/// One side of "name=value"; a plus stands for a space there.
Result<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

/// What RFC 3986 keeps out of a request target. Bytes above 127 are let through: clients send them, harmlessly.
bool is_out_of_place(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '#' || c == '\\'; }

/// Why a decoded segment of a path is refused; null when it is not.
const char* trick_in(std::string_view segment) {
  if (segment == "." || segment == "..") return "the address has a segment of dots";
  if (segment.find_first_of("/\\") != std::string_view::npos) return "the address has an escaped slash";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  return std::any_of(segment.begin(), segment.end(), is_control) ? "the address has a control character" : nullptr;
}

/// Refuses what a reader after us could take for another path than we did.
Result<std::string> decode_path(std::string_view raw) {
  std::string path;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find('/', at + 1), raw.size());
    TRY_VALUE(std::string segment, percent_decode(raw.substr(at + 1, end - at - 1)));
    if (const char* const trick = trick_in(segment)) return fail(ErrorKind::Invalid, trick);
    path += '/';
    path += segment;
    at = end;
  }
  return path;
}

Result<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view rest) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    TRY_VALUE(std::string name, form_decode(pair.substr(0, equals)));
    TRY_VALUE(std::string value, form_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1)));
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string> Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (same_name(field, name)) return value;
  }
  return std::nullopt;
}

Response json_response(int status, const Json& body) {
  return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", {}, {}};
}

Response text_response(int status, std::string text) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}, {}};
}

std::string percent_encode(std::string_view text) { return encode(text, ""); }

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(ErrorKind::Invalid, "broken percent escape in the address");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return fail(ErrorKind::Invalid, "NUL in the address");
    out += c;
  }
  return out;
}

Result<void> parse_target(std::string_view target, Request& request) {
  if (!target.starts_with('/')) return fail(ErrorKind::Invalid, "the request target must begin with '/'");
  if (const auto bad = std::find_if(target.begin(), target.end(), is_out_of_place); bad != target.end()) {
    return fail(ErrorKind::Invalid, "a character in the address must be percent-escaped");
  }
  const std::size_t mark = target.find('?');
  TRY_VALUE(request.path, decode_path(target.substr(0, mark)));
  TRY_VALUE(auto pairs, decode_query(mark == std::string_view::npos ? "" : target.substr(mark + 1)));
  request.query.clear();
  for (auto& [name, value] : pairs) request.query[std::move(name)] = std::move(value);
  request.raw_target = target;
  return {};
}

std::vector<std::string> query_values(const Request& request, std::string_view name) {
  const std::string_view target = request.raw_target;
  const std::size_t mark = target.find('?');
  const auto pairs = decode_query(mark == std::string_view::npos ? "" : target.substr(mark + 1));
  std::vector<std::string> values;
  if (!pairs) return values;
  for (const auto& [field, value] : *pairs) {
    if (field == name) values.push_back(value);
  }
  return values;
}

std::string target_of(const Request& request) {
  std::string target = encode(request.path, "/:@");
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  return target;
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace datamesh::http
