// One API server, as requests and answers: what stands between KubeStore and the network, so that tests can stand
// there too.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/base/clock.h"
#include "controller/base/json.h"
#include "controller/base/result.h"
#include "controller/http/message.h"

namespace datamesh::kube {

/// Takes a part of a streamed body; false ends the stream.
using TakePiece = std::function<bool(std::string_view piece)>;

/// Adds what identifies us. Safe to use from several threads.
class Transport {
 public:
  virtual ~Transport() = default;

  /// One request; whatever the server answers is a success. Blocks, at most as long as the transport's own limit.
  /// Errors: Transient when the answer is lost or late; those of credentials.
  virtual Result<http::Response> send(const http::Request& request) = 0;

  /// A request whose answer is read while it comes. A success has its pieces taken until the server, `take` or `stop`
  /// ends it; the body of any other status comes with the returned response. Blocks until then.
  /// Errors: as send.
  virtual Result<http::Response> stream(const http::Request& request, const TakePiece& take, std::stop_token stop) = 0;
};

/// What a refusal means: the Status object of the body, its reason first, then the HTTP status.
/// Source: metav1.Status
Error error_of(const http::Response& response, const std::string& origin);

/// The body of a 2xx, the error of anything else.
Result<Json> body_of(const Result<http::Response>& answer, const std::string& origin);

}  // namespace datamesh::kube
