#include "controller/cli/server_connection.h"

#include <optional>

#include "controller/cli/state_folder.h"
#include "controller/http/client.h"

namespace datamesh::cli {
namespace {

Error not_running(const std::string& folder) {
  return {ErrorKind::Unavailable, "",
          "datamesh is not running here; start it with: datamesh up --state-dir " + folder, "", {}};
}

class HttpConnection final : public ServerConnection {
 public:
  HttpConnection(http::Client client, std::string token, std::string folder)
      : client_(std::move(client)), token_(std::move(token)), folder_(std::move(folder)) {}

  Result<http::Response> send(http::Request request, Millis timeout) override {
    request.headers.add("Authorization", "Bearer " + token_);
    auto response = client_.send(request, timeout);
    if (!response && response.error().message.starts_with("no response: ")) return fail(not_running(folder_));
    if (response && response->status == 401) {
      return fail(ErrorKind::Denied, "the token in " + folder_ + " is not that of the running server; restart it");
    }
    return response;
  }

 private:
  http::Client client_;
  std::string token_;
  std::string folder_;
};

class InProcessConnection final : public ServerConnection {
 public:
  InProcessConnection(LocalApi& api, std::function<void()> work) : api_(api), work_(std::move(work)) {}

  Result<http::Response> send(http::Request request, Millis /*timeout*/) override {
    const auto answer = std::make_shared<std::optional<http::Response>>();
    api_.handle(std::move(request), [answer](http::Response response) { *answer = std::move(response); });
    while (!answer->has_value()) work_();
    return std::move(**answer);
  }

 private:
  LocalApi& api_;
  std::function<void()> work_;
};

}  // namespace

Result<std::unique_ptr<ServerConnection>> connect_to_state_folder(const std::string& state_folder) {
  const auto address = read_state_file(state_folder, kAddressFile);
  const auto token = read_state_file(state_folder, kTokenFile);
  const auto authority = read_state_text(state_folder, kAuthorityFile);
  if (!address || !token || !authority) return fail(not_running(state_folder));
  http::ClientOptions options;
  options.ca_pem = *authority;
  TRY_VALUE(auto client, http::Client::create("https://" + *address, options));
  return std::make_unique<HttpConnection>(std::move(client), *token, state_folder);
}

std::unique_ptr<ServerConnection> connect_in_process(LocalApi& api, std::function<void()> work) {
  return std::make_unique<InProcessConnection>(api, std::move(work));
}

}  // namespace datamesh::cli
