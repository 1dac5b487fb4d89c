// Requests to any host, and the clients that carry them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/base/clock.h"
#include "controller/http/client.h"

namespace datamesh::aws {

class Sender {
 public:
  virtual ~Sender() = default;
  /// Sends `request` to the server of `base` ("https://host:port"), once. Blocks; safe from several threads.
  /// Errors: those of http::Client::send.
  virtual Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout) = 0;
};

/// One client for each host, kept with its connections.
class HttpSender final : public Sender {
 public:
  explicit HttpSender(http::ClientOptions options = {});

  Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout) override;

 private:
  Result<std::shared_ptr<http::Client>> client_of(const std::string& base);

  const http::ClientOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<http::Client>> clients_;
};

}  // namespace datamesh::aws
