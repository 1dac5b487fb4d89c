#include "controller/aws/sender.h"

namespace datamesh::aws {

HttpSender::HttpSender(http::ClientOptions options) : options_(std::move(options)) {}

Result<http::Response> HttpSender::send(const std::string& base, const http::Request& request, Millis timeout) {
  TRY_VALUE(const std::shared_ptr<http::Client> client, client_of(base));
  return client->send(request, timeout);
}

Result<std::shared_ptr<http::Client>> HttpSender::client_of(const std::string& base) {
  const std::lock_guard lock(mutex_);
  auto& place = clients_[base];
  if (!place) {
    auto made = http::Client::create(base, options_);
    if (!made) {
      clients_.erase(base);
      return fail(made.error());
    }
    place = std::make_shared<http::Client>(std::move(*made));
  }
  return place;
}

}  // namespace datamesh::aws
