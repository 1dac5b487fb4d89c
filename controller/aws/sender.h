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

/// What becomes of a request under way when the operator ends.
enum class AtEnd {
  Cut,     ///< nothing is lost: it asks
  Finish,  ///< it changes something, and what came of it shall be known
};

class Sender {
 public:
  virtual ~Sender() = default;
  /// Sends `request` to the server of `base` ("https://host:port"), once. Blocks; safe from several threads.
  /// Errors: those of http::Client::send.
  virtual Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout,
                                      AtEnd at_end) = 0;
  Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout) {
    return send(base, request, timeout, AtEnd::Cut);
  }
};

/// One client for each host, kept with its connections. Connections that have idled are not used again: servers close
/// them when they like, and a request that meets a closed one is lost, although it may have been carried out.
class HttpSender final : public Sender {
 public:
  /// `clock` must outlive it.
  explicit HttpSender(const Clock& clock, http::ClientOptions options = {});

  using Sender::send;
  Result<http::Response> send(const std::string& base, const http::Request& request, Millis timeout, AtEnd at_end) override;

  /// Lets nothing begin any more, and ends what is under way but AtEnd::Finish: it is Cancelled. Callable from any thread.
  void finish() { finish_.request_stop(); }
  /// The same, and ends those too.
  void stop() {
    finish();
    stop_.request_stop();
  }
  /// Waits for `span`, or until `finish` or `stop`.
  void pause(Millis span) const;

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
  std::stop_source finish_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::map<std::string, Host> hosts_;
};

}  // namespace datamesh::aws
