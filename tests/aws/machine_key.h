// The key of this machine's embedded lake, as credentials of an operator.
#pragma once

#include <string>

#include "controller/aws/credentials.h"
#include "controller/cli/lake_wire.h"

namespace datamesh::testing {

/// It may assume every role.
class MachineKey final : public aws::CredentialProvider {
 public:
  explicit MachineKey(const cli::AwsKey& key) : key_(key) {}
  std::string name() const override { return "the machine's key"; }
  Result<std::optional<aws::Credentials>> obtain() override {
    return aws::Credentials{{key_.id, key_.secret, ""}, std::nullopt};
  }

 private:
  const cli::AwsKey key_;
};

}  // namespace datamesh::testing
