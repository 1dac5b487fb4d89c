#include "controller/cli/remote_access.h"

#include <thread>

#include "controller/aws/credential_chain.h"
#include "controller/aws/remote_api.h"
#include "controller/mesh/topology.h"

namespace datamesh::cli {

struct RemoteAccess::Parts {
  Parts(const Clock& clock, aws::Machine machine)
      : sender(clock),
        calls(sender, clock, {aws::endpoint_options_of(machine.environment)}),
        provider(aws::default_credentials(std::move(machine), calls)),
        own(*provider, calls.clock()),
        limiter(clock, {}) {}

  aws::HttpSender sender;
  aws::SignedCalls calls;
  std::unique_ptr<aws::CredentialProvider> provider;
  aws::CachedCredentials own;
  aws::RateLimiter limiter;
};

RemoteAccess::RemoteAccess(const Clock& clock, aws::Machine machine)
    : parts_(std::make_unique<Parts>(clock, std::move(machine))) {}
RemoteAccess::~RemoteAccess() = default;

std::unique_ptr<aws::Api> RemoteAccess::as_operator(const api::AccountSpec& account) {
  aws::RoleAccess access;
  access.role.role_arn = mesh::operator_role(account);
  access.role.external_id = account.connection.external_id;
  access.endpoint = account.connection.endpoint;
  return std::make_unique<aws::RemoteAws>(
      aws::RemoteAws::Shared{parts_->calls, parts_->own, parts_->limiter, [](Millis wait) { std::this_thread::sleep_for(wait); }},
      [access](const std::string&) -> Result<aws::RoleAccess> { return access; });
}

}  // namespace datamesh::cli
