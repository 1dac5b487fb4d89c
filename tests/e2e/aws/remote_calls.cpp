// RemoteAws for scripts: reads one call a line from stdin and answers each with a line.
//
// usage: remote_calls [ENDPOINT]
//
// In:  {"account": "111122223333", "region": "eu-west-1", "service": "glue", "operation": "GetTable", "input": {}}
// Out: {"output": {}} or {"error": {"kind": "NotFound", "code": "EntityNotFoundException", "message": "…"}}
//
// Credentials, endpoint and trust are those of the environment or of the AWS CLI's files; each account is reached as
// its role datamesh-operator.
#include <iostream>
#include <thread>

#include "controller/aws/credential_chain.h"
#include "controller/aws/machine_settings.h"
#include "controller/aws/remote_api.h"

namespace datamesh::aws {
namespace {

Service service_of(const std::string& name) {
  for (const Service service : {Service::Glue, Service::LakeFormation, Service::Ram, Service::Iam}) {
    if (to_string(service) == name) return service;
  }
  return Service::Sts;
}

Json answer(Api& api, const std::string& line) {
  const auto json = parse_json(line);
  if (!json) return {{"error", {{"kind", "Invalid"}, {"message", json.error().message}}}};
  const auto out = api.call({{string_at(*json, "account"), string_at(*json, "region")},
                             service_of(string_at(*json, "service")),
                             string_at(*json, "operation"),
                             json->value("input", Json::object())});
  if (out) return {{"output", *out}};
  return {{"error",
           {{"kind", to_string(out.error().kind)}, {"code", out.error().code}, {"message", out.error().message}}}};
}

Result<void> run(const std::string& endpoint) {
  const SystemClock clock;
  const Machine machine = this_machine();
  TRY_VALUE(EndpointOptions endpoints, endpoint_options_of(machine));
  if (!endpoint.empty()) endpoints.override_all = endpoint;
  TRY_VALUE(const http::ClientOptions client, client_options_of(machine));
  HttpSender sender(clock, client);
  HttpSender local(clock);
  SignedCalls calls(sender, clock, {endpoints});
  const auto chain = default_credentials(machine, calls, local);
  CachedCredentials own(*chain, calls.clock());
  RateLimiter limiter(clock, {});
  RemoteAws api({calls, own, limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
                [](const std::string& account) -> Result<RoleAccess> {
                  RoleAccess access;
                  access.role.role_arn = "arn:aws:iam::" + account + ":role/datamesh-operator";
                  return access;
                });
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(api, line).dump() << std::endl;
  return {};
}

}  // namespace
}  // namespace datamesh::aws

int main(int argc, char** argv) {
  const auto out = datamesh::aws::run(argc > 1 ? argv[1] : "");
  if (out) return 0;
  std::cerr << datamesh::to_string(out.error()) << "\n";
  return 1;
}
