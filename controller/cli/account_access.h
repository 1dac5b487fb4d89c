// How the operator reaches accounts: the embedded lake or AWS, with faults when asked for, measured always.
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
#include "controller/cli/remote_access.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/telemetry/metrics.h"

namespace datamesh::cli {

/// Hands out an Api for each role that accounts name. Safe to use from several threads; outlives what it handed out.
class AccountAccess {
 public:
  struct Options {
    std::vector<aws::FaultRule> faults;
    std::function<bool()> may_write;  ///< asked before every write; empty: always
  };

  /// `lake` may be null: then accounts of the embedded lake are unreachable. The others must outlive it.
  AccountAccess(embedded::EmbeddedLake* lake, RemoteAccess& remote, Options options, telemetry::Metrics& metrics);
  ~AccountAccess();
  AccountAccess(const AccountAccess&) = delete;
  AccountAccess& operator=(const AccountAccess&) = delete;

  /// The Api with which the operator works in `account`.
  aws::Api* api_for(const api::AccountSpec& account);

 private:
  struct Way;
  std::unique_ptr<aws::Api> open(const api::AccountSpec& account);

  embedded::EmbeddedLake* lake_;
  RemoteAccess& remote_;
  const Options options_;
  telemetry::Metrics& metrics_;
  std::atomic<Way*> ways_{nullptr};  ///< a list that only grows
};

}  // namespace datamesh::cli
