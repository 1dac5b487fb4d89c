#include "controller/aws/wire_auth.h"

#include <algorithm>

#include "controller/base/text.h"

namespace datamesh::aws {
namespace {

constexpr const char* kInvalidToken = "The security token included in the request is invalid.";

tl::unexpected<Refused> refuse(Refusal refusal, std::string message) {
  return tl::unexpected<Refused>({refusal, std::move(message)});
}

/// The x-amz- header that is there and not signed, so that anybody on the way could have put it there; or "".
std::string unsigned_header(const http::Request& request, const std::vector<std::string>& signed_headers) {
  for (const auto& [name, value] : request.headers) {
    const std::string header = lower(name);
    if (!header.starts_with("x-amz-")) continue;
    if (std::find(signed_headers.begin(), signed_headers.end(), header) == signed_headers.end()) return header;
  }
  return {};
}

tl::expected<void, Refused> check_time(const http::Request& request, Time now) {
  const std::string given = request.headers.find("X-Amz-Date").value_or("");
  const auto when = sigv4::parse_timestamp(given);
  if (!when) return refuse(Refusal::Incomplete, "X-Amz-Date must be a time like 20150830T123600Z");
  if (*when < now - kMostSkew) {
    return refuse(Refusal::BadSignature, "Signature expired: " + given + " is now earlier than " +
                                             sigv4::timestamp(now - kMostSkew) + " (" + sigv4::timestamp(now) +
                                             " - 15 min.)");
  }
  if (*when > now + kMostSkew) {
    return refuse(Refusal::BadSignature, "Signature not yet current: " + given + " is still later than " +
                                             sigv4::timestamp(now + kMostSkew) + " (" + sigv4::timestamp(now) +
                                             " + 15 min.)");
  }
  return {};
}

sigv4::Request signed_form(const http::Request& request) {
  sigv4::Request out;
  out.method = request.method;
  sigv4::set_target(out, request.raw_target);
  out.headers = request.headers;
  out.body = request.body;
  return out;
}

/// The body is always signed here: it is small, and at hand.
bool leaves_body_unsigned(const http::Request& request) {
  const auto hash = request.headers.find("X-Amz-Content-Sha256");
  return hash && hash->size() != 64;
}

tl::expected<void, Refused> check_signature(const http::Request& request, const sigv4::Authorization& authorization,
                                            const std::string& secret) {
  if (leaves_body_unsigned(request)) return refuse(Refusal::BadSignature, "The body must be signed.");
  const auto verified = sigv4::verify(signed_form(request), authorization, secret);
  if (verified) return {};
  const bool incomplete = verified.error().code == "IncompleteSignature";
  return refuse(incomplete ? Refusal::Incomplete : Refusal::BadSignature, verified.error().message);
}

}  // namespace

tl::expected<WireKey, Refused> authenticate(const http::Request& request, const sigv4::Authorization& authorization,
                                            WireBackend& backend, Time now) {
  if (const std::string name = unsigned_header(request, authorization.signed_headers); !name.empty()) {
    return refuse(Refusal::Incomplete, "The header " + name + " must be signed.");
  }
  const auto key = backend.find_key(authorization.access_key);
  if (!key) return refuse(Refusal::UnknownKey, kInvalidToken);
  const std::string token = request.headers.find("X-Amz-Security-Token").value_or("");
  if (!http::equals_in_constant_time(token, key->token)) return refuse(Refusal::UnknownKey, kInvalidToken);
  if (const auto timely = check_time(request, now); !timely) return tl::unexpected(timely.error());
  if (const auto good = check_signature(request, authorization, key->secret); !good) {
    return tl::unexpected(good.error());
  }
  if (key->expires && *key->expires <= now) {
    return refuse(Refusal::ExpiredToken, "The security token included in the request is expired");
  }
  return *key;
}

}  // namespace datamesh::aws
