// The API of this process as an API server that needs no network: for what the operator itself tells it.
#pragma once

#include "controller/kube/facade.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

/// Not to be called on the threads of the facade's executor: it waits for them.
class FacadeTransport final : public Transport {
 public:
  explicit FacadeTransport(Facade& facade) : facade_(facade) {}

  Result<http::Response> send(const http::Request& request) override;
  /// Errors: Invalid, always: nothing in this process watches by HTTP.
  Result<http::Response> stream(const http::Request& request, const TakePiece& take, std::stop_token stop) override;

 private:
  Facade& facade_;
};

}  // namespace datamesh::kube
