// AWS itself: signed calls over HTTPS as the operator's role of each account. The second implementation of the seam.
//
//   call ─► how is the account reached? ─► session of its role ─► token of the rate limiter ─► signed request ─► answer
//                                          (AssumeRole, then GetCallerIdentity must name the account)
//
// Nothing is repeated but what AWS refused for our keys' or our clock's age; the engine's schedule decides the rest.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/aws/api.h"
#include "controller/aws/cached_credentials.h"
#include "controller/aws/rate_limiter.h"
#include "controller/aws/signed_calls.h"
#include "controller/aws/sts.h"

namespace datamesh::aws {

/// How an account is reached.
struct RoleAccess {
  RoleRequest role;      ///< without a `role_arn`: as who the operator is anyway
  std::string endpoint;  ///< of every service; empty: AWS's
  bool operator==(const RoleAccess&) const = default;
};

class RemoteAws final : public Api {
 public:
  /// Says how an account is reached; asked on every call, on its thread. Errors are passed on, and nothing is called.
  using AccessOf = std::function<Result<RoleAccess>(const std::string& account)>;

  /// What several identities share. All must outlive them.
  struct Shared {
    SignedCalls& calls;
    CachedCredentials& own;  ///< who the operator is before it assumes a role
    RateLimiter& limiter;
    std::function<void(Millis)> sleep;  ///< on the thread of a call
  };

  RemoteAws(Shared shared, AccessOf access);
  ~RemoteAws() override;

  /// Errors, beside AWS's own: Denied with the code WrongAccount when the role belongs to another account than the call
  /// names; Throttled when it would have to wait too long; those of the credentials.
  Result<Json> call(const Call& call) override;

 private:
  class Session;

  std::shared_ptr<Session> session_of(const CatalogRef& catalog, const RoleAccess& access);
  Result<Json> attempt(const Call& call, Session& session, const sigv4::Keys& keys);

  const Shared shared_;
  const AccessOf access_;
  std::mutex mutex_;
  std::map<CatalogRef, std::shared_ptr<Session>> sessions_;
};

}  // namespace datamesh::aws
