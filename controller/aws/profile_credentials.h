// Credentials that a profile of the AWS CLI's files names: keys, roles over other profiles, programs, single sign-on.
// Source: AWS SDKs and Tools Reference Guide, "Assume role", "IAM Identity Center", "Process" credential providers
#pragma once

#include <memory>
#include <vector>

#include "controller/aws/credentials.h"
#include "controller/aws/profiles.h"
#include "controller/aws/sts.h"

namespace datamesh::aws {

/// What else a profile may name under `credential_source`.
struct NamedSources {
  CredentialProvider& environment;
  CredentialProvider& container;
  CredentialProvider& instance;
};

/// Reads the files anew each time, so that what was written meanwhile counts.
class ProfileSource {
 public:
  /// All must outlive it.
  ProfileSource(const Machine& machine, SignedCalls& calls, NamedSources sources)
      : machine_(machine), calls_(calls), sources_(sources) {}

  /// The role that `profile` assumes; nullopt when it names none.
  /// Errors: Invalid for profiles that name each other in a circle, or need a person's MFA token.
  Result<std::optional<Credentials>> role(const std::string& profile) const;
  /// Its web identity, single sign-on, keys or program, in this order; nullopt when it has none.
  Result<std::optional<Credentials>> direct(const std::string& profile) const;
  /// The session of the web identity that the environment names, or else the profile.
  Result<std::optional<Credentials>> web_identity(const std::string& profile) const;

  const Machine& machine() const { return machine_; }

 private:
  using Visited = std::vector<std::string>;

  Result<Profiles> profiles(const std::string& profile) const;
  Result<std::optional<Credentials>> role(const Profiles& all, const std::string& profile, Visited visited) const;
  Result<Credentials> source_of_role(const Profiles& all, const std::string& profile, Visited visited) const;
  Result<Credentials> from_profile(const Profiles& all, const std::string& profile, Visited visited) const;
  Result<Credentials> named_source(const std::string& name) const;
  Result<std::optional<Credentials>> direct(const Profiles& all, const std::string& profile) const;
  Result<std::optional<Credentials>> sso(const Profiles& all, const std::string& profile) const;
  Result<std::string> sso_token(const Settings& settings, const std::string& profile) const;
  Result<Credentials> process(const std::string& command) const;
  Result<Credentials> bearer(const std::string& token_file, const RoleRequest& request) const;
  StsPlace place(const Settings& settings) const;

  const Machine& machine_;
  SignedCalls& calls_;
  const NamedSources sources_;
};

}  // namespace datamesh::aws
