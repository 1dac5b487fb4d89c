// The contract of aws::Api over the wire: RemoteAws, signed HTTP on loopback, the AWS endpoint, the embedded lake.
#include "controller/aws/remote_api.h"

#include <cstdlib>
#include <fstream>

#include "controller/aws/wire_facade.h"
#include "controller/cli/lake_wire.h"
#include "controller/http/server.h"
#include "tests/aws/machine_key.h"
#include "tests/embedded/lake_world.h"

namespace datamesh::testing {
namespace {

/// Adds a line of JSON to the file that DATAMESH_WIRE_LOG names, for tests/e2e/aws/requests.py to judge.
void record(const http::Request& request, const http::Response& response) {
  const char* file = std::getenv("DATAMESH_WIRE_LOG");
  if (file == nullptr) return;
  Json headers = Json::object();
  for (const auto& [name, value] : request.headers) headers[name] = value;
  std::ofstream(file, std::ios::app) << Json{{"method", request.method},
                                             {"target", request.raw_target},
                                             {"headers", headers},
                                             {"body", request.body},
                                             {"status", response.status},
                                             {"answer", response.body}}
                                     << "\n";
}

class RemoteWorld final : public AwsWorld {
 public:
  aws::Api& as_role(const std::string& role) override {
    return api_as(role, [role](const std::string& account) { return role_arn(account, role); });
  }
  aws::Api& as_principal(const std::string& arn) override {
    return api_as(arn, [arn](const std::string&) { return arn; });
  }
  void advance(Millis by) override { lake_.advance(by); }
  void join_organization(const std::string& management, const std::vector<std::string>& accounts,
                         bool sharing) override {
    lake_.join_organization(management, accounts, sharing);
  }

 private:
  using RoleOf = std::function<std::string(const std::string& account)>;

  aws::Api& api_as(const std::string& name, const RoleOf& role_of) {
    auto& api = apis_[name];
    if (!api) {
      api = std::make_unique<aws::RemoteAws>(
          aws::RemoteAws::Shared{calls_, own_, limiter_, [this](Millis wait) { lake_.advance(wait); }},
          [role_of](const std::string& account) -> Result<aws::RoleAccess> {
            aws::RoleAccess access;
            access.role.role_arn = role_of(account);
            return access;
          });
    }
    return *api;
  }

  std::unique_ptr<http::Server> serve() {
    auto server = http::Server::start({}, {}, [this](const http::Request& request, const http::Respond& respond) {
      const http::Response response = facade_.answer(request);
      record(request, response);
      respond(response);
    });
    return std::move(*server);
  }

  LakeWorld lake_;
  const cli::AwsKey key_{"AKIADATAMESHLOCALKEY", "a secret of this test"};
  cli::LakeWire backend_{lake_.lake(), key_};
  aws::WireFacade facade_{{&backend_, &lake_.clock(), nullptr}};
  std::unique_ptr<http::Server> server_ = serve();
  aws::HttpSender sender_{lake_.clock()};
  aws::SignedCalls calls_{sender_, lake_.clock(), {{.override_all = "http://" + to_string(server_->address())}}};
  MachineKey machine_{key_};
  aws::CachedCredentials own_{machine_, calls_.clock()};
  aws::RateLimiter limiter_{lake_.clock(), {.start = 1e6, .most = 1e6}};
  std::map<std::string, std::unique_ptr<aws::Api>> apis_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(RemoteAws, AwsApiContract,
                         ::testing::Values(AwsWorldFactory([] { return std::make_unique<RemoteWorld>(); })),
                         [](const auto&) { return std::string("Loopback"); });

}  // namespace datamesh::testing
