// Who we are before an API server, request by request: tokens that are read again, and plugins that are asked again.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/run_program.h"
#include "controller/kube/kubeconfig.h"

namespace datamesh::kube {

/// What one request shows of us.
struct Credential {
  std::string authorization;  ///< of the header of that name; empty: none is sent
  std::string certificate;    ///< PEM, with `key`; empty: that of the kubeconfig, if any
  std::string key;
  bool operator==(const Credential&) const = default;
};

/// Safe to use from several threads.
class Credentials {
 public:
  using RunPlugin = std::function<Result<std::string>(const ProgramCall&)>;

  Credentials(ClusterAccess access, const Clock& clock, ReadFile read, RunPlugin run);

  /// Reads files and runs plugins when what is known is too old; a token file that cannot be read for a while is no
  /// failure.
  /// Errors: those of the plugin or of a token file that was never read.
  Result<Credential> current();

  /// The server refused `credential` with 401: it is not used again, unless another was obtained meanwhile.
  void refused(const Credential& credential);

 private:
  struct Cached {
    Credential value;
    std::optional<Time> until;  ///< nullopt: until refused
  };

  Result<Cached> obtain() const;
  Result<Cached> from_plugin() const;

  const ClusterAccess access_;
  const Clock& clock_;
  const ReadFile read_;
  const RunPlugin run_;
  std::mutex mutex_;  ///< held while a plugin runs, so that one at a time does
  std::optional<Cached> cached_;
};

}  // namespace datamesh::kube
