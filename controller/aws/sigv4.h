// AWS Signature Version 4, for who signs and for who checks. Pure.
// Source: IAM User Guide, "Signature Version 4 signing process"; AWS's test suite in tests/aws/sigv4
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/result.h"
#include "controller/http/message.h"

namespace datamesh::aws::sigv4 {

/// A request as it goes over the wire. Path and query are as the request line has them: percent-encoded.
struct Request {
  std::string method;  ///< "POST"
  std::string path = "/";
  std::string query;      ///< without the '?'
  http::Headers headers;  ///< must name the Host
  std::string body;
  std::optional<std::string> payload_hash;  ///< of a body that is not at hand: hex, or "UNSIGNED-PAYLOAD"
};

/// `request` with its path and query cut from `target`, the origin form ("/a%20b?x=1").
void set_target(Request& request, std::string_view target);

/// A key pair; of a session, with its token.
struct Keys {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< empty for long-lived keys
  bool operator==(const Keys&) const = default;
};

/// What a signature is good for: one day, one region, one service.
struct Scope {
  std::string date;  ///< "20150830"
  std::string region;
  std::string service;  ///< the signing name: "glue"
  bool operator==(const Scope&) const = default;
};

/// "20150830/us-east-1/service/aws4_request"
std::string to_string(const Scope& scope);

/// "20150830T123600Z"
std::string timestamp(Time time);
/// Reads `timestamp`'s form; nullopt when malformed.
std::optional<Time> parse_timestamp(std::string_view text);

/// S3 takes the path as it is; everybody else removes dot segments and encodes it once more.
enum class PathRule { Normalized, AsItIs };
/// Whether the session token is part of what is signed. Every service of ours wants it signed.
enum class TokenRule { Signed, AddedAfterwards };

/// The canonical form of `request`, with `signed_headers` in lower case and sorted.
std::string canonical_request(const Request& request, const std::vector<std::string>& signed_headers, PathRule rule);
std::string string_to_sign(std::string_view canonical_request, std::string_view timestamp, const Scope& scope);
/// Shape: 32 bytes.
std::string signing_key(std::string_view secret_key, const Scope& scope);
/// The signature itself. Shape: 64 hex digits.
std::string signature(std::string_view signing_key, std::string_view string_to_sign);

struct Purpose {
  std::string region;
  std::string service;
  PathRule path = PathRule::Normalized;
  TokenRule token = TokenRule::Signed;
};

/// Signs `request` with every header that it has, but for those that are changed on the way. Sets Authorization,
/// X-Amz-Date and, for a session, X-Amz-Security-Token; older ones are replaced.
void sign(Request& request, const Keys& keys, const Purpose& purpose, Time now);

/// An Authorization header, taken apart.
struct Authorization {
  std::string access_key;
  Scope scope;
  std::vector<std::string> signed_headers;  ///< as they stand there
  std::string signature;
  bool operator==(const Authorization&) const = default;
};

/// Errors: Invalid with the code IncompleteSignature.
Result<Authorization> parse_authorization(std::string_view header);

/// The signature that the owner of `secret_key` gives `request` under the scope and signed headers of `authorization`.
/// An X-Amz-Content-Sha256 header counts as the hash of the payload.
/// Errors: Invalid, with the code IncompleteSignature when X-Amz-Date is missing or of another day, when Host is not
/// signed, or when a signed header is missing; XAmzContentSHA256Mismatch when that header is not the body's hash.
Result<std::string> expected_signature(const Request& request, const Authorization& authorization,
                                       std::string_view secret_key, PathRule rule = PathRule::Normalized);

/// Whether `authorization` carries the expected signature, compared in constant time. When it was made is for the
/// caller to judge: `parse_timestamp` of X-Amz-Date.
/// Errors: those of `expected_signature`; Denied with the code SignatureDoesNotMatch.
Result<void> verify(const Request& request, const Authorization& authorization, std::string_view secret_key,
                    PathRule rule = PathRule::Normalized);

}  // namespace datamesh::aws::sigv4
