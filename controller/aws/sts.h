// Sessions of roles, and who a key belongs to.
// Source: lake-formation.md 1.6
#pragma once

#include <map>
#include <string>

#include "controller/aws/credentials.h"
#include "controller/aws/signed_calls.h"

namespace datamesh::aws {

/// Which role to become, and what to say when asking.
struct RoleRequest {
  std::string role_arn;
  std::string session_name = "datamesh-operator";
  std::string external_id;
  std::map<std::string, std::string> tags;
  std::chrono::seconds duration{3600};  ///< what AWS allows where one role becomes another
  bool operator==(const RoleRequest&) const = default;
};

/// Where STS is asked.
struct StsPlace {
  std::string region;
  std::string endpoint;  ///< empty: that of the region
};

/// Keys of a session of the role. `keys` are those of who asks.
/// Errors: AWS's, with what the role's owner must allow where access is denied.
Result<Credentials> assume_role(SignedCalls& calls, const sigv4::Keys& keys, const RoleRequest& request,
                                const StsPlace& place);
/// The same for the bearer of an OpenID Connect token; unsigned.
Result<Credentials> assume_role_with_web_identity(SignedCalls& calls, const std::string& token,
                                                  const RoleRequest& request, const StsPlace& place);
/// The 12-digit account that `keys` belong to.
Result<std::string> account_of(SignedCalls& calls, const sigv4::Keys& keys, const StsPlace& place);

/// Whether `error` says that the keys of the call are no longer good, so that others may be.
bool says_expired_keys(const Error& error);

}  // namespace datamesh::aws
