// The embedded lake behind the AWS wire facade: the keys are those of its sessions, and the one of this machine.
#pragma once

#include "controller/aws/wire_backend.h"
#include "controller/cli/aws_profiles.h"
#include "controller/embedded/embedded_lake.h"

namespace datamesh::cli {

/// Who the holder of the key is: of no account that could be declared.
inline constexpr const char* kKeyAccount = "000000000000";
inline constexpr const char* kKeyPrincipal = "arn:aws:iam::000000000000:user/datamesh";

class LakeWire final : public aws::WireBackend {
 public:
  /// The lake must outlive it.
  LakeWire(embedded::EmbeddedLake& lake, AwsKey key) : lake_(lake), key_(std::move(key)) {}

  std::optional<aws::WireKey> find_key(const std::string& id) override;
  /// Errors: those of the lake; AccessDeniedException when the holder of the key asks another service than STS.
  Result<Json> call(const aws::WireKey& caller, const aws::Call& call) override;

 private:
  embedded::EmbeddedLake& lake_;
  const AwsKey key_;
};

}  // namespace datamesh::cli
