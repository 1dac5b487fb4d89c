#include "controller/aws/sts.h"

#include <algorithm>
#include <array>

namespace datamesh::aws {
namespace {

constexpr CredentialNames kSpelling{"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", Millis(1000)};

Call sts_call(const StsPlace& place, std::string operation, Json input) {
  return {{"", place.region}, Service::Sts, std::move(operation), std::move(input)};
}

Json input_of(const RoleRequest& request) {
  return {{"RoleArn", request.role_arn},
          {"RoleSessionName", request.session_name},
          {"DurationSeconds", request.duration.count()}};
}

Result<Credentials> credentials_of(Result<Json> answer, const RoleRequest& request) {
  if (!answer) {
    Error error = std::move(answer.error());
    if (error.kind == ErrorKind::Denied) {
      error.message += "; the trust policy of " + request.role_arn + " must allow it";
      if (!request.external_id.empty()) error.message += " for this external id";
    }
    return fail(std::move(error));
  }
  return read_credentials(member(*answer, "Credentials"), kSpelling, "sts:AssumeRole");
}

}  // namespace

Result<Credentials> assume_role(SignedCalls& calls, const sigv4::Keys& keys, const RoleRequest& request,
                                const StsPlace& place) {
  Json input = input_of(request);
  if (!request.external_id.empty()) input["ExternalId"] = request.external_id;
  for (const auto& [key, value] : request.tags) input["Tags"].push_back({{"Key", key}, {"Value", value}});
  return credentials_of(calls.call(sts_call(place, "AssumeRole", std::move(input)), keys, place.endpoint), request);
}

Result<Credentials> assume_role_with_web_identity(SignedCalls& calls, const std::string& token,
                                                  const RoleRequest& request, const StsPlace& place) {
  Json input = input_of(request);
  input["WebIdentityToken"] = token;
  return credentials_of(
      calls.call(sts_call(place, "AssumeRoleWithWebIdentity", std::move(input)), {}, place.endpoint), request);
}

Result<std::string> account_of(SignedCalls& calls, const sigv4::Keys& keys, const StsPlace& place) {
  TRY_VALUE(const Json answer, calls.call(sts_call(place, "GetCallerIdentity", Json::object()), keys, place.endpoint));
  return string_at(answer, "Account");
}

bool says_expired_keys(const Error& error) {
  static constexpr std::array kCodes = {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException",
                                        "InvalidClientTokenId", "RequestExpired"};
  return std::find(kCodes.begin(), kCodes.end(), error.code) != kCodes.end();
}

}  // namespace datamesh::aws
