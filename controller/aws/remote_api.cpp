#include "controller/aws/remote_api.h"

#include <utility>

#include "controller/base/arn.h"

namespace datamesh::aws {
namespace {

tl::unexpected<Error> wrong_account(const std::string& declared, const std::string& found, const std::string& role) {
  const std::string who = role.empty() ? "the operator's own credentials belong" : role + " belongs";
  return fail(ErrorKind::Denied,
              "Account says " + declared + ", and " + who + " to " + found +
                  ": correct spec.accountId or spec.connection.roleArn. Nothing was called",
              "sts:GetCallerIdentity", "WrongAccount");
}

}  // namespace

/// The operator in one account, asked in one region: an account's trouble in a region stays there.
class RemoteAws::Session final : public CredentialProvider {
 public:
  Session(const Shared& shared, CatalogRef catalog, RoleAccess access)
      : shared_(shared),
        catalog_(std::move(catalog)),
        access_(std::move(access)),
        place_{catalog_.region, access_.endpoint},
        cached_(*this, shared_.calls.clock()) {}

  std::string name() const override { return access_.role.role_arn.empty() ? shared_own() : access_.role.role_arn; }

  /// Credentials that have proved to be of the account.
  Result<std::optional<Credentials>> obtain() override {
    const std::string& role = access_.role.role_arn;
    const std::string named(arn_field(role, ArnField::Account));
    if (!role.empty() && named != catalog_.account) return wrong_account(catalog_.account, named, role);
    TRY_VALUE(Credentials out, become());
    TRY_VALUE(const std::string account, account_of(shared_.calls, out.keys, place_));
    if (account != catalog_.account) return wrong_account(catalog_.account, account, role);
    return out;
  }

  CachedCredentials& cached() { return cached_; }
  const RoleAccess& access() const { return access_; }
  const std::string& endpoint() const { return access_.endpoint; }

 private:
  static std::string shared_own() { return "the operator's own credentials"; }

  /// In the role. Our own credentials are renewed once when they turn out to be too old.
  Result<Credentials> become() {
    TRY_VALUE(const Credentials own, shared_.own.get());
    if (access_.role.role_arn.empty()) return own;
    auto out = assume_role(shared_.calls, own.keys, access_.role, place_);
    if (out || !says_expired_keys(out.error())) return out;
    shared_.own.refused(own.keys);
    TRY_VALUE(const Credentials renewed, shared_.own.get());
    if (renewed.keys == own.keys) return out;
    return assume_role(shared_.calls, renewed.keys, access_.role, place_);
  }

  const Shared& shared_;
  const CatalogRef catalog_;
  const RoleAccess access_;
  const StsPlace place_;
  CachedCredentials cached_;
};

RemoteAws::RemoteAws(Shared shared, AccessOf access) : shared_(std::move(shared)), access_(std::move(access)) {}
RemoteAws::~RemoteAws() = default;

std::shared_ptr<RemoteAws::Session> RemoteAws::session_of(const CatalogRef& catalog, const RoleAccess& access) {
  const std::lock_guard lock(mutex_);
  auto& place = sessions_[catalog];
  if (!place || place->access() != access) place = std::make_shared<Session>(shared_, catalog, access);
  return place;
}

Result<Json> RemoteAws::call(const Call& call) {
  TRY_VALUE(const RoleAccess access, access_(call.target.account));
  const std::shared_ptr<Session> session = session_of(call.target, access);
  TRY_VALUE(const Credentials credentials, session->cached().get());
  auto out = attempt(call, *session, credentials.keys);
  if (out || !says_expired_keys(out.error())) return out;
  session->cached().refused(credentials.keys);
  if (access.role.role_arn.empty()) shared_.own.refused(credentials.keys);
  TRY_VALUE(const Credentials renewed, session->cached().get());
  if (renewed.keys == credentials.keys) return out;
  return attempt(call, *session, renewed.keys);
}

Result<Json> RemoteAws::attempt(const Call& call, Session& session, const sigv4::Keys& keys) {
  const RateKey key{call.target, call.service, access_of(call.operation)};
  TRY_VALUE(const Millis wait, shared_.limiter.take(key));
  if (wait.count() > 0) shared_.sleep(wait);
  auto out = shared_.calls.call(call, keys, session.endpoint());
  if (!out && out.error().kind == ErrorKind::Throttled) {
    shared_.limiter.throttled(key, out.error().retry_after);
  } else if (out || out.error().kind != ErrorKind::Transient) {
    shared_.limiter.passed(key);
  }
  return out;
}

}  // namespace datamesh::aws
