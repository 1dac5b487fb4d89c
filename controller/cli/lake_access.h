// How the operator and the command line reach the embedded lake: with faults when asked for, measured always.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/aws/faulty_api.h"
#include "controller/aws/fenced_api.h"
#include "controller/aws/observed_api.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/telemetry/metrics.h"

namespace datamesh::cli {

/// Hands out an Api for each role that accounts name. Safe to use from several threads; outlives what it handed out.
class LakeAccess {
 public:
  struct Options {
    std::vector<aws::FaultRule> faults;
    std::function<bool()> may_write;  ///< asked before every write; empty: always
  };

  LakeAccess(embedded::EmbeddedLake& lake, Options options, telemetry::Metrics& metrics);
  ~LakeAccess();
  LakeAccess(const LakeAccess&) = delete;
  LakeAccess& operator=(const LakeAccess&) = delete;

  /// The Api with which the operator works in `account`.
  aws::Api* api_for(const api::AccountSpec& account);

 private:
  struct Role;
  aws::Api* api_of_role(const std::string& role);

  embedded::EmbeddedLake& lake_;
  const Options options_;
  telemetry::Metrics& metrics_;
  std::unique_ptr<aws::Api> remote_;
  std::atomic<Role*> roles_{nullptr};  ///< a list that only grows
};

}  // namespace datamesh::cli
