// Requests to any host, and the clients that carry them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
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

/// One client for each host, kept with its connections. Connections that have idled are not used again: servers close
/// them when they like, and a request that meets a closed one is lost, although it may have been carried out.
class HttpSender final : public Sender {
 public:
  /// `clock` must outlive it.
  explicit HttpSender(const Clock& clock, http::ClientOptions options = {});

  Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout) override;

  /// Ends what is under way, and lets nothing begin any more: it is Cancelled. Callable from any thread.
  void stop() { stop_.request_stop(); }

 private:
  struct Host {
    std::shared_ptr<http::Client> client;
    int under_way = 0;
    Time idle_since{};
  };

  Result<std::shared_ptr<http::Client>> begin(const std::string& base);
  void end(const std::string& base);

  const Clock& clock_;
  const http::ClientOptions options_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::map<std::string, Host> hosts_;
};

}  // namespace datamesh::aws
