// Who signed a request. Pure, but for asking the backend for keys.
// Source: IAM User Guide, "Signature Version 4 signing process"
#pragma once

#include "controller/aws/sigv4.h"
#include "controller/aws/wire_answer.h"
#include "controller/aws/wire_backend.h"

namespace datamesh::aws {

/// How far a signature's time may be from ours, either way.
inline constexpr Millis kMostSkew{15 * 60'000};

struct Refused {
  Refusal refusal = Refusal::MissingToken;
  std::string message;
};

/// The key that `request` was signed with, after its signature, its time and its session have been checked.
tl::expected<WireKey, Refused> authenticate(const http::Request& request, const sigv4::Authorization& authorization,
                                            WireBackend& backend, Time now);

}  // namespace datamesh::aws
