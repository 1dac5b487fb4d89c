// AWS over HTTP, for unmodified clients: requests are read in the protocol of their service, their signatures checked,
// and the calls made as whoever signed.
//
//   request ─► Authorization ─► a worker: key ─► time ─► signature ─► session ─► operation and input ─► WireBackend
//                 none: refused          each may refuse, in the words that the service's protocol has for it
//
// Services: Glue, Lake Formation, RAM, STS and SQS. The service and the region are those of the credential scope.
// Source: lake-formation.md 1.1 and 1.2; IAM User Guide, "Signature Version 4 signing process"
#pragma once

#include <memory>

#include "controller/aws/wire_backend.h"
#include "controller/base/executor.h"
#include "controller/http/server.h"

namespace datamesh::aws {

struct WireParts {
  WireBackend* backend = nullptr;
  const Clock* clock = nullptr;
  Executor* executor = nullptr;
};

class WireFacade {
 public:
  /// All parts must outlive it, and every request that it was given.
  explicit WireFacade(const WireParts& parts) : parts_(parts) {}

  /// Answers `request`, on any thread. Callable from any thread; does not block. A ReceiveMessage that shall wait is made
  /// again and again, so that none occupies a worker.
  void handle(http::Request request, http::Respond respond) const;

  /// The answer to `request`. Blocks for as long as the backend does.
  /// Long polls of SQS are answered at once.
  http::Response answer(const http::Request& request) const;

 private:
  http::Response answer(const http::Request& request, Millis& patience) const;
  void attempt(const std::shared_ptr<const http::Request>& request, const http::Respond& respond, Time begun) const;

  const WireParts parts_;
};

/// Shapes what the server answers by itself (413, 431, 504, …), so that clients of AWS can read it.
http::Response wire_refusal(int status, const std::string& message);

}  // namespace datamesh::aws
