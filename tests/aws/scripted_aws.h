// An AWS on loopback that answers as a test says, and what a RemoteAws before it needs.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/aws/remote_api.h"
#include "controller/http/server.h"
#include "tests/aws/fake_aws.h"

namespace datamesh::aws::testing {

inline constexpr const char* kAccount = "111122223333";
inline constexpr const char* kRole = "arn:aws:iam::111122223333:role/datamesh-operator";

/// "glue:GetTable", "sts:AssumeRole", …: what a request asks for.
inline std::string operation_of(const http::Request& request) {
  if (const auto target = request.headers.find("X-Amz-Target")) return "glue:" + target->substr(target->find('.') + 1);
  if (request.path != "/") return request.path;
  const std::size_t begin = request.body.find('=') + 1;
  const bool is_iam = request.body.find("&Version=2010-05-08") != std::string::npos;
  return (is_iam ? "iam:" : "sts:") + request.body.substr(begin, request.body.find('&') - begin);
}

/// The access key that signed `request`.
inline std::string signer_of(const http::Request& request) {
  const auto parsed = sigv4::parse_authorization(request.headers.find("Authorization").value_or(""));
  return parsed ? parsed->access_key : "nobody";
}

class ScriptedAws {
 public:
  using Answer = std::function<http::Response(const http::Request&)>;

  ScriptedAws() {
    auto server = http::Server::start({}, {}, [this](const http::Request& request, const http::Respond& respond) {
      Answer answer;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        if (hold) {
          held_.push_back(respond);
          return;
        }
        answer = this->answer;
      }
      respond(operation_of(request).starts_with("sts:") ? sts(request) : answer(request));
    });
    server_ = std::move(*server);
  }

  std::string base() const { return "http://" + to_string(server_->address()); }

  std::vector<http::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// "sts:AssumeRole by OWN1", …
  std::vector<std::string> log() const {
    std::vector<std::string> out;
    for (const http::Request& request : requests()) out.push_back(operation_of(request) + " by " + signer_of(request));
    return out;
  }

  Answer answer = [](const http::Request&) { return reply(200, "{}"); };
  /// AssumeRole gives SESSION1, SESSION2, … until another is set.
  Answer sts = [this](const http::Request& request) {
    if (operation_of(request) == "sts:GetCallerIdentity") return caller(kAccount);
    return session("AssumeRole", "SESSION" + std::to_string(++sessions_));
  };
  std::atomic<bool> hold{false};  ///< answers nothing

 private:
  mutable std::mutex mutex_;
  std::vector<http::Request> requests_;
  std::vector<http::Respond> held_;
  std::atomic<int> sessions_{0};
  std::unique_ptr<http::Server> server_;
};

/// Gives OWN1, OWN2, … with the secret "s"; when `lasting`, always OWN1.
class OwnKeys final : public CredentialProvider {
 public:
  std::string name() const override { return "own keys"; }
  Result<std::optional<Credentials>> obtain() override {
    return Credentials{{"OWN" + std::to_string(lasting ? 1 : ++given_), "s", ""}, std::nullopt};
  }
  std::atomic<bool> lasting{false};

 private:
  std::atomic<int> given_{0};
};

/// An operator whose clock and sleep are the test's.
struct Operator {
  explicit Operator(const std::string& base, EndpointOptions endpoints = {}, Millis timeout = Millis(5'000))
      : endpoints_(with_base(std::move(endpoints), base)), calls(sender, clock, {endpoints_, timeout}) {}

  Result<Json> call(Service service, const std::string& operation, Json input = Json::object(),
                    const std::string& account = kAccount) {
    return api.call({{account, "eu-west-1"}, service, operation, std::move(input)});
  }
  Result<Json> glue(const std::string& operation = "GetTable") { return call(Service::Glue, operation); }

  static EndpointOptions with_base(EndpointOptions options, const std::string& base) {
    options.override_all = base;
    return options;
  }

  FakeClock clock{kNow};
  HttpSender sender{clock};
  EndpointOptions endpoints_;
  SignedCalls calls;
  OwnKeys keys;
  CachedCredentials own{keys, calls.clock()};
  RateLimiter limiter{clock, {}};
  RoleAccess access{{kRole, "datamesh-operator", "", {}, std::chrono::seconds(3600)}, ""};
  RemoteAws api{{calls, own, limiter, [this](Millis wait) { clock.advance(wait); }},
                [this](const std::string&) -> Result<RoleAccess> { return access; }};
};

}  // namespace datamesh::aws::testing
