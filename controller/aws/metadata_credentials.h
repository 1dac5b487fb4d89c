// Credentials that the surroundings hand to whoever runs in them: containers (ECS, EKS Pod Identity) and machines (EC2).
// Source: AWS SDKs and Tools Reference Guide, "Container credential provider", "IMDS credential provider"
#pragma once

#include "controller/aws/credentials.h"
#include "controller/aws/sender.h"

namespace datamesh::aws {

/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, or …_FULL_URI with https, or with http to a loopback address or the agents of
/// ECS and EKS. A token goes along from AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN.
class ContainerCredentials final : public CredentialProvider {
 public:
  /// Both must outlive it.
  ContainerCredentials(const Machine& machine, Sender& sender) : machine_(machine), sender_(sender) {}
  std::string name() const override { return "container (AWS_CONTAINER_CREDENTIALS_FULL_URI)"; }
  Result<std::optional<Credentials>> obtain() override;

 private:
  Result<std::string> token() const;

  const Machine& machine_;
  Sender& sender_;
};

/// The role of the EC2 instance, by version 2 of its metadata service alone. A machine that has no such service, or no
/// role, gives nothing; AWS_EC2_METADATA_DISABLED=true does not ask.
class InstanceCredentials final : public CredentialProvider {
 public:
  /// Both must outlive it.
  InstanceCredentials(const Machine& machine, Sender& sender) : machine_(machine), sender_(sender) {}
  std::string name() const override { return "instance metadata (IMDSv2)"; }
  Result<std::optional<Credentials>> obtain() override;

 private:
  std::string base() const;

  const Machine& machine_;
  Sender& sender_;
};

}  // namespace datamesh::aws
