// The embedded lake behind the AWS wire facade: the keys are those of its sessions, and the one of this machine.
#pragma once

#include <functional>

#include "controller/aws/wire_backend.h"
#include "controller/cli/aws_profiles.h"
#include "controller/embedded/embedded_lake.h"

namespace datamesh::cli {

/// Who the holder of the key is: of no account that could be declared.
inline constexpr const char* kKeyAccount = "000000000000";
inline constexpr const char* kKeyPrincipal = "arn:aws:iam::000000000000:user/datamesh";

class LakeWire final : public aws::WireBackend {
 public:
  /// Hears of every call and its outcome, on any thread.
  using Heard = std::function<void(const aws::WireKey& caller, const aws::Call& call, const Result<Json>& outcome)>;

  /// The lake must outlive it. `heard` may be empty.
  LakeWire(embedded::EmbeddedLake& lake, AwsKey key, Heard heard = {})
      : lake_(lake), key_(std::move(key)), heard_(std::move(heard)) {}

  std::optional<aws::WireKey> find_key(const std::string& id) override;
  /// Errors: those of the lake; AccessDeniedException when the holder of the key asks another service than STS.
  Result<Json> call(const aws::WireKey& caller, const aws::Call& call) override;

 private:
  Result<Json> make(const aws::WireKey& caller, const aws::Call& call);

  embedded::EmbeddedLake& lake_;
  const AwsKey key_;
  const Heard heard_;
};

}  // namespace datamesh::cli
