// How the operator and the command line reach the embedded lake: with faults when asked for, measured always.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/aws/faulty_api.h"
#include "controller/aws/observed_api.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/telemetry/metrics.h"

namespace datamesh::cli {

/// Hands out an Api for each role that accounts name. Safe to use from several threads; outlives what it handed out.
class LakeAccess {
 public:
  LakeAccess(embedded::EmbeddedLake& lake, std::vector<aws::FaultRule> faults, telemetry::Metrics& metrics);
  ~LakeAccess();
  LakeAccess(const LakeAccess&) = delete;
  LakeAccess& operator=(const LakeAccess&) = delete;

  /// The Api with which the operator works in `account`.
  aws::Api* api_for(const api::AccountSpec& account);

 private:
  struct Role;
  aws::Api* api_of_role(const std::string& role);

  embedded::EmbeddedLake& lake_;
  std::vector<aws::FaultRule> faults_;
  telemetry::Metrics& metrics_;
  std::unique_ptr<aws::Api> remote_;
  std::atomic<Role*> roles_{nullptr};  ///< a list that only grows
};

}  // namespace datamesh::cli
