// The AWS endpoint of `datamesh up`: the embedded lake for unmodified clients of Glue, Lake Formation, RAM, STS and SQS, and
// the files that tell those clients of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "controller/api/resource_store.h"
#include "controller/aws/wire_facade.h"
#include "controller/base/executor.h"
#include "controller/base/log.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/http/server.h"

namespace datamesh::cli {

struct AwsEndpointOptions {
  std::string state_folder;
  http::Address listen;               ///< port 0: the last one, or else a free one
  std::optional<http::Address> plain; ///< where to listen without TLS
  http::TlsIdentity tls;
};

struct AwsEndpointParts {
  embedded::EmbeddedLake* lake = nullptr;
  api::ResourceStore* store = nullptr;  ///< holds the Accounts whose roles get profiles
  Clock* clock = nullptr;
  Executor* executor = nullptr;
  Log* log = nullptr;
};

class AwsEndpoint {
 public:
  /// Listens, and writes the files `aws/config` and `aws/credentials` of the state folder, the former again whenever
  /// an Account changes. The parts must outlive it, and the executor must have stopped before it goes.
  /// Errors: Unavailable, naming the port or the file.
  static Result<std::unique_ptr<AwsEndpoint>> open(const AwsEndpointOptions& options, const AwsEndpointParts& parts);
  ~AwsEndpoint();

  http::Address address() const;
  /// Nothing when there is no plain one.
  std::optional<http::Address> plain_address() const;
  void stop(Millis patience);

 private:
  class Impl;
  explicit AwsEndpoint(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace datamesh::cli
