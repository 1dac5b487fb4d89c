#include "controller/cli/remote_access.h"

#include <algorithm>
#include <array>

#include "controller/aws/credential_chain.h"
#include "controller/aws/failing_api.h"
#include "controller/aws/machine_settings.h"
#include "controller/aws/remote_api.h"
#include "controller/mesh/topology.h"

namespace datamesh::cli {
namespace {

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

/// AWS's own are https and end in one of its domains, as those of PrivateLink do.
Result<void> check_endpoint(const std::string& endpoint, const std::vector<std::string>& allowed) {
  if (endpoint.empty()) return {};
  TRY_VALUE(const std::string base, aws::base_address(endpoint));
  for (const std::string& each : allowed) {
    if (aws::base_address(each) == base) return {};
  }
  const std::string host = aws::host_of(base);
  static constexpr std::array kDomains = {".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu",
                                          ".api.amazonwebservices.com.cn", ".api.amazonwebservices.eu"};
  const bool is_aws = base.starts_with("https://") && std::any_of(kDomains.begin(), kDomains.end(), [&](const char* domain) {
                        return host.ends_with(domain);
                      });
  if (is_aws) return {};
  return fail(ErrorKind::Denied, "connection.endpoint " + base + " is not one of AWS; start the operator with --allow-endpoint " +
                                     base + " to let accounts use it", "datamesh");
}

}  // namespace

struct RemoteAccess::Parts {
  Parts(const Clock& clock, aws::Machine machine, const Settings& settings)
      : sender(clock, settings.client),
        local(clock),
        calls(sender, clock, {settings.endpoints}),
        provider(aws::default_credentials(std::move(machine), calls, local)),
        own(*provider, calls.clock()),
        limiter(clock, {}) {}

  aws::HttpSender sender;
  aws::HttpSender local;  ///< without proxies
  aws::SignedCalls calls;
  std::unique_ptr<aws::CredentialProvider> provider;
  aws::CachedCredentials own;
  aws::RateLimiter limiter;
};

RemoteAccess::RemoteAccess(const Clock& clock, aws::Machine machine, std::vector<std::string> endpoints)
    : clock_(clock), machine_(std::move(machine)), endpoints_(std::move(endpoints)) {}
RemoteAccess::~RemoteAccess() = default;

Result<RemoteAccess::Parts*> RemoteAccess::parts() {
  const std::lock_guard lock(mutex_);
  if (!parts_) {
    TRY_VALUE(const Settings settings, settings_of(machine_));
    parts_ = std::make_unique<Parts>(clock_, machine_, settings);
  }
  return parts_.get();
}

void RemoteAccess::finish() {
  const std::lock_guard lock(mutex_);
  if (!parts_) return;
  parts_->sender.finish();
  parts_->local.finish();
}

void RemoteAccess::stop() {
  const std::lock_guard lock(mutex_);
  if (!parts_) return;
  parts_->sender.stop();
  parts_->local.stop();
}

std::unique_ptr<aws::Api> RemoteAccess::as_operator(const api::AccountSpec& account) {
  if (const auto allowed = check_endpoint(account.connection.endpoint, endpoints_); !allowed) {
    return std::make_unique<aws::FailingApi>(allowed.error());
  }
  const auto found = parts();
  if (!found) return std::make_unique<aws::FailingApi>(found.error());
  Parts& parts = **found;
  aws::RoleAccess access;
  access.role.role_arn = mesh::operator_role(account);
  access.role.external_id = account.connection.external_id;
  access.endpoint = account.connection.endpoint;
  return std::make_unique<aws::RemoteAws>(
      aws::RemoteAws::Shared{parts.calls, parts.own, parts.limiter, [&parts](Millis wait) { parts.sender.pause(wait); }},
      [access](const std::string&) -> Result<aws::RoleAccess> { return access; });
}

}  // namespace datamesh::cli
