#include "controller/cli/remote_access.h"

#include <thread>

#include "controller/aws/credential_chain.h"
#include "controller/aws/machine_settings.h"
#include "controller/aws/remote_api.h"
#include "controller/mesh/topology.h"

namespace datamesh::cli {
namespace {

/// Stands for AWS where this machine's settings do not say how to reach it.
class NoWay final : public aws::Api {
 public:
  explicit NoWay(Error error) : error_(std::move(error)) {}
  Result<Json> call(const aws::Call&) override { return fail(error_); }

 private:
  const Error error_;
};

struct Settings {
  aws::EndpointOptions endpoints;
  http::ClientOptions client;
};

Result<Settings> settings_of(const aws::Machine& machine) {
  Settings out;
  TRY_VALUE(out.endpoints, aws::endpoint_options_of(machine));
  TRY_VALUE(out.client, aws::client_options_of(machine));
  return out;
}

}  // namespace

struct RemoteAccess::Parts {
  Parts(const Clock& clock, aws::Machine machine, const Settings& settings)
      : sender(clock, settings.client),
        calls(sender, clock, {settings.endpoints}),
        provider(aws::default_credentials(std::move(machine), calls)),
        own(*provider, calls.clock()),
        limiter(clock, {}) {}

  aws::HttpSender sender;
  aws::SignedCalls calls;
  std::unique_ptr<aws::CredentialProvider> provider;
  aws::CachedCredentials own;
  aws::RateLimiter limiter;
};

RemoteAccess::RemoteAccess(const Clock& clock, aws::Machine machine) : clock_(clock), machine_(std::move(machine)) {}
RemoteAccess::~RemoteAccess() = default;

Result<RemoteAccess::Parts*> RemoteAccess::parts() {
  const std::lock_guard lock(mutex_);
  if (!parts_) {
    TRY_VALUE(const Settings settings, settings_of(machine_));
    parts_ = std::make_unique<Parts>(clock_, machine_, settings);
  }
  return parts_.get();
}

std::unique_ptr<aws::Api> RemoteAccess::as_operator(const api::AccountSpec& account) {
  const auto found = parts();
  if (!found) return std::make_unique<NoWay>(found.error());
  Parts& parts = **found;
  aws::RoleAccess access;
  access.role.role_arn = mesh::operator_role(account);
  access.role.external_id = account.connection.external_id;
  access.endpoint = account.connection.endpoint;
  return std::make_unique<aws::RemoteAws>(
      aws::RemoteAws::Shared{parts.calls, parts.own, parts.limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
      [access](const std::string&) -> Result<aws::RoleAccess> { return access; });
}

}  // namespace datamesh::cli
