// An API server over HTTP, as one user of a kubeconfig or as a pod.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "controller/http/client.h"
#include "controller/kube/credentials.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

/// Certificates are read again every minute, and connections begin anew when they changed. Those that have idled are not
/// used again: whoever stands between may have closed them, and a request that meets a closed one is lost, although it may
/// have been carried out. A request that is refused with 401 is sent once more with a fresh credential: the server has not
/// acted on it.
class HttpTransport final : public Transport {
 public:
  struct Options {
    Millis timeout{30'000};  ///< of one request
    /// Told of each answer ("200", or "<error>" when there was none), for metrics; any thread. May be empty.
    std::function<void(const std::string& code, const std::string& method)> observe;
  };

  /// Errors: Invalid or NotFound for certificates that cannot be used.
  static Result<std::unique_ptr<HttpTransport>> create(ClusterAccess access, const Clock& clock, ReadFile read,
                                                       Options options);

  Result<http::Response> send(const http::Request& request) override;
  Result<http::Response> stream(const http::Request& request, const TakePiece& take, std::stop_token stop) override;

  const ClusterAccess& access() const { return access_; }

 private:
  HttpTransport(ClusterAccess access, const Clock& clock, ReadFile read, Options options);

  using Exchange = std::function<Result<http::Response>(http::Client&, const http::Request&)>;

  Result<std::shared_ptr<http::Client>> client(const Credential& credential);
  Result<http::ClientOptions> client_options(const Credential& credential) const;
  Result<http::Response> exchange(const http::Request& request, const Exchange& exchange);

  const ClusterAccess access_;
  const Clock& clock_;
  const ReadFile read_;
  const Options options_;
  Credentials credentials_;
  std::mutex mutex_;
  std::shared_ptr<http::Client> client_;
  std::string fingerprint_;  ///< of the certificates that `client_` uses
  Time checked_{};
  Time used_{};  ///< when a request last ended, or `client_` was made
  Credential shown_;         ///< whose certificate `client_` shows
};

}  // namespace datamesh::kube
