// RemoteAws for scripts: reads one call a line from stdin and answers each with a line.
//
// usage: remote_calls ENDPOINT
//
// In:  {"account": "111122223333", "region": "eu-west-1", "service": "glue", "operation": "GetTable", "input": {}}
// Out: {"output": {}} or {"error": {"kind": "NotFound", "code": "EntityNotFoundException", "message": "…"}}
//
// Credentials are those of the environment or of the AWS CLI's files; each account is reached as its role
// datamesh-operator.
#include <iostream>
#include <thread>

#include "controller/aws/credential_chain.h"
#include "controller/aws/remote_api.h"

namespace datamesh::aws {
namespace {

Service service_of(const std::string& name) {
  for (const Service service : {Service::Glue, Service::LakeFormation, Service::Ram}) {
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

int run(const std::string& endpoint) {
  const SystemClock clock;
  HttpSender sender(clock);
  SignedCalls calls(sender, clock, {{.override_all = endpoint}});
  const auto chain = default_credentials(this_machine(), calls);
  CachedCredentials own(*chain, calls.clock());
  RateLimiter limiter(clock, {});
  RemoteAws api({calls, own, limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
                [](const std::string& account) -> Result<RoleAccess> {
                  RoleAccess access;
                  access.role.role_arn = "arn:aws:iam::" + account + ":role/datamesh-operator";
                  return access;
                });
  for (std::string line; std::getline(std::cin, line);) std::cout << answer(api, line).dump() << std::endl;
  return 0;
}

}  // namespace
}  // namespace datamesh::aws

int main(int argc, char** argv) {
  if (argc == 2) return datamesh::aws::run(argv[1]);
  std::cerr << "usage: remote_calls ENDPOINT\n";
  return 2;
}
