// All places that keys may come from, in the order of the AWS CLI. The first that is set up counts.
// Source: AWS CLI User Guide, "Configuration settings and precedence"; botocore 1.43, create_credential_resolver
//
//   environment ► role of the profile ► web identity ► sign-on, keys or program of the profile ► container ► instance
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/aws/credentials.h"
#include "controller/aws/signed_calls.h"

namespace datamesh::aws {

/// Asks one after another.
class CredentialChain final : public CredentialProvider {
 public:
  explicit CredentialChain(std::vector<std::unique_ptr<CredentialProvider>> places) : places_(std::move(places)) {}

  std::string name() const override { return "credentials"; }
  /// Errors: those of the first place that is set up; Unavailable when none is, naming all of them.
  Result<std::optional<Credentials>> obtain() override;

 private:
  std::vector<std::unique_ptr<CredentialProvider>> places_;
};

/// The chain of `machine`. The metadata of container and instance are asked through `local`, which knows no proxy: they
/// are this machine's alone. `calls` and `local` must outlive it.
std::unique_ptr<CredentialProvider> default_credentials(Machine machine, SignedCalls& calls, Sender& local);

}  // namespace datamesh::aws
