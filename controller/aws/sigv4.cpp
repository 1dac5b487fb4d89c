#include "controller/aws/sigv4.h"

#include <algorithm>
#include <array>
#include <map>

#include "controller/aws/digest.h"
#include "controller/base/text.h"

namespace datamesh::aws::sigv4 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Without spaces around it, and one where there are several.
std::string trimmed(std::string_view text) {
  std::string out;
  bool space = false;
  for (const char c : text) {
    if (is_space(c)) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

/// Without "." and "..", and without empty segments but for the last.
/// Source: RFC 3986, 5.2.4; AWS's suite adds that slashes in a row are one
std::string normalized(std::string_view path) {
  std::vector<std::string_view> kept;
  const auto segments = split(path, '/');
  for (const std::string_view segment : segments) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out = "/";
  for (const std::string_view segment : kept) out.append(segment) += '/';
  const std::string_view last = segments.back();
  const bool is_folder = last.empty() || last == "." || last == "..";
  if (!kept.empty() && !is_folder) out.pop_back();
  return out;
}

std::string canonical_path(std::string_view path, PathRule rule) {
  if (rule == PathRule::AsItIs) return path.empty() ? "/" : std::string(path);
  const std::string whole = normalized(path);
  std::string out;
  for (const std::string_view segment : split(std::string_view(whole).substr(1), '/')) {
    out += "/" + http::percent_encode(segment);
  }
  return out;
}

/// Encoded anew, so that it does not matter how the sender encoded it. What cannot be decoded stays as it is.
std::string encoded(std::string_view text) {
  const auto decoded = http::percent_decode(text);
  return http::percent_encode(decoded ? std::string_view(*decoded) : text);
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    pairs.emplace_back(encoded(pair.substr(0, equals)), encoded(value));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::map<std::string, std::string> canonical_headers(const http::Headers& headers) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers) {
    const auto [place, is_new] = out.try_emplace(lower(name), trimmed(value));
    if (!is_new) place->second += "," + trimmed(value);
  }
  return out;
}

std::string payload_hash(const Request& request) {
  if (request.payload_hash) return *request.payload_hash;
  if (auto stated = request.headers.find("X-Amz-Content-Sha256")) return *std::move(stated);
  return to_hex(sha256(request.body));
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ";") + name;
  return out;
}

bool is_never_signed(std::string_view name) {
  static constexpr std::array kChangedOnTheWay = {"authorization", "connection",      "content-length", "expect",
                                                  "user-agent",    "x-amzn-trace-id", "transfer-encoding"};
  return std::find(kChangedOnTheWay.begin(), kChangedOnTheWay.end(), name) != kChangedOnTheWay.end();
}

std::vector<std::string> headers_to_sign(const Request& request) {
  std::vector<std::string> out;
  for (const auto& [name, value] : canonical_headers(request.headers)) {
    if (!is_never_signed(name)) out.push_back(name);
  }
  return out;
}

void drop(http::Headers& headers, const std::vector<std::string>& names) {
  http::Headers kept;
  for (const auto& [name, value] : headers) {
    if (std::find(names.begin(), names.end(), lower(name)) == names.end()) kept.add(name, value);
  }
  headers = std::move(kept);
}

tl::unexpected<Error> incomplete(std::string message) {
  return fail(ErrorKind::Invalid, std::move(message), "signature", "IncompleteSignature");
}

/// "name=value" of one part of the header, or nothing.
std::optional<std::string_view> value_of(std::string_view part, std::string_view name) {
  while (!part.empty() && is_space(part.front())) part.remove_prefix(1);
  while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
  if (!part.starts_with(name) || part.size() <= name.size() || part[name.size()] != '=') return std::nullopt;
  return part.substr(name.size() + 1);
}

/// "AKID/20150830/us-east-1/service/aws4_request". An access key may hold slashes, the rest not.
bool read_credential(std::string_view text, Authorization& out) {
  const auto parts = split(text, '/');
  const std::size_t count = parts.size();
  if (count < 5 || parts[count - 1] != kTerminator) return false;
  out.scope = {std::string(parts[count - 4]), std::string(parts[count - 3]), std::string(parts[count - 2])};
  const std::size_t rest = out.scope.date.size() + out.scope.region.size() + out.scope.service.size() +
                           kTerminator.size() + 4;
  out.access_key = text.substr(0, text.size() - rest);
  return !out.access_key.empty() && out.scope.date.size() == 8 && !out.scope.region.empty() &&
         !out.scope.service.empty();
}

}  // namespace

void set_target(Request& request, std::string_view target) {
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  request.query = question == std::string_view::npos ? "" : target.substr(question + 1);
}

std::string to_string(const Scope& scope) {
  return scope.date + "/" + scope.region + "/" + scope.service + "/" + std::string(kTerminator);
}

std::string timestamp(Time time) {
  std::string out;
  for (const char c : to_rfc3339(time)) {
    if (c != '-' && c != ':') out += c;
  }
  return out;
}

std::optional<Time> parse_timestamp(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  std::string out(text);
  for (const std::size_t at : {13, 11}) out.insert(at, ":");
  for (const std::size_t at : {6, 4}) out.insert(at, "-");
  return parse_rfc3339(out);
}

std::string canonical_request(const Request& request, const std::vector<std::string>& signed_headers, PathRule rule) {
  const auto headers = canonical_headers(request.headers);
  std::string out = request.method + "\n" + canonical_path(request.path, rule) + "\n" + canonical_query(request.query) +
                    "\n";
  for (const std::string& name : signed_headers) {
    const auto found = headers.find(name);
    out += name + ":" + (found == headers.end() ? "" : found->second) + "\n";
  }
  return out + "\n" + joined(signed_headers) + "\n" + payload_hash(request);
}

std::string string_to_sign(std::string_view canonical_request, std::string_view timestamp, const Scope& scope) {
  return std::string(kAlgorithm) + "\n" + std::string(timestamp) + "\n" + to_string(scope) + "\n" +
         to_hex(sha256(canonical_request));
}

std::string signing_key(std::string_view secret_key, const Scope& scope) {
  std::string key = hmac_sha256("AWS4" + std::string(secret_key), scope.date);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  return hmac_sha256(key, kTerminator);
}

std::string signature(std::string_view signing_key, std::string_view string_to_sign) {
  return to_hex(hmac_sha256(signing_key, string_to_sign));
}

void sign(Request& request, const Keys& keys, const Purpose& purpose, Time now) {
  drop(request.headers, {"authorization", "x-amz-date", "x-amz-security-token"});
  const std::string when = timestamp(now);
  const Scope scope{when.substr(0, 8), purpose.region, purpose.service};
  request.headers.add("X-Amz-Date", when);
  const bool is_session = !keys.session_token.empty();
  if (is_session && purpose.token == TokenRule::Signed) {
    request.headers.add("X-Amz-Security-Token", keys.session_token);
  }
  const std::vector<std::string> names = headers_to_sign(request);
  const std::string text = string_to_sign(canonical_request(request, names, purpose.path), when, scope);
  request.headers.add("Authorization", std::string(kAlgorithm) + " Credential=" + keys.access_key + "/" +
                                           to_string(scope) + ", SignedHeaders=" + joined(names) + ", Signature=" +
                                           signature(signing_key(keys.secret_key, scope), text));
  if (is_session && purpose.token == TokenRule::AddedAfterwards) {
    request.headers.add("X-Amz-Security-Token", keys.session_token);
  }
}

Result<Authorization> parse_authorization(std::string_view header) {
  if (!header.starts_with(kAlgorithm) || header.size() == kAlgorithm.size() || header[kAlgorithm.size()] != ' ') {
    return incomplete("the Authorization header must begin with " + std::string(kAlgorithm));
  }
  Authorization out;
  bool has_credential = false;
  for (const std::string_view part : split(header.substr(kAlgorithm.size() + 1), ',')) {
    if (const auto credential = value_of(part, "Credential")) {
      has_credential = read_credential(*credential, out);
    } else if (const auto headers = value_of(part, "SignedHeaders")) {
      for (const std::string_view name : split(*headers, ';')) out.signed_headers.emplace_back(name);
    } else if (const auto given = value_of(part, "Signature")) {
      out.signature = *given;
    }
  }
  if (!has_credential) return incomplete("Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request");
  if (out.signed_headers.empty()) return incomplete("SignedHeaders is missing from the Authorization header");
  if (out.signature.empty()) return incomplete("Signature is missing from the Authorization header");
  return out;
}

namespace {

Result<void> check_headers(const Request& request, const Authorization& authorization) {
  const auto headers = canonical_headers(request.headers);
  for (const std::string& name : authorization.signed_headers) {
    if (!headers.contains(name)) return incomplete("the signed header \"" + name + "\" is missing from the request");
  }
  const auto& names = authorization.signed_headers;
  if (std::find(names.begin(), names.end(), "host") == names.end()) return incomplete("Host must be signed");
  return {};
}

Result<void> check_payload(const Request& request) {
  const auto stated = request.headers.find("X-Amz-Content-Sha256");
  if (!stated || request.payload_hash || *stated == kUnsignedPayload) return {};
  if (*stated == to_hex(sha256(request.body))) return {};
  return fail(ErrorKind::Invalid, "X-Amz-Content-Sha256 is not the hash of the body", "signature",
              "XAmzContentSHA256Mismatch");
}

}  // namespace

Result<std::string> expected_signature(const Request& request, const Authorization& authorization,
                                       std::string_view secret_key, PathRule rule) {
  const std::string when = request.headers.find("X-Amz-Date").value_or("");
  if (!parse_timestamp(when)) return incomplete("X-Amz-Date must be a time like 20150830T123600Z");
  if (!when.starts_with(authorization.scope.date)) return incomplete("X-Amz-Date is not of the Credential's day");
  TRY(check_headers(request, authorization));
  TRY(check_payload(request));
  const std::string text =
      string_to_sign(canonical_request(request, authorization.signed_headers, rule), when, authorization.scope);
  return signature(signing_key(secret_key, authorization.scope), text);
}

Result<void> verify(const Request& request, const Authorization& authorization, std::string_view secret_key,
                    PathRule rule) {
  TRY_VALUE(const std::string expected, expected_signature(request, authorization, secret_key, rule));
  if (http::equals_in_constant_time(expected, authorization.signature)) return {};
  return fail(ErrorKind::Denied,
              "The request signature we calculated does not match the signature you provided. Check the secret access "
              "key and the method of signing.",
              "signature", "SignatureDoesNotMatch");
}

}  // namespace datamesh::aws::sigv4
