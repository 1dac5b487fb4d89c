// All parts of `datamesh up` and `datamesh run` but their threads and servers, wired to each other. Tests run it on a clock and an executor
// of their own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/api/schema.h"
#include "controller/aws/faulty_api.h"
#include "controller/base/clock.h"
#include "controller/base/executor.h"
#include "controller/base/log.h"
#include "controller/cli/account_access.h"
#include "controller/cli/local_api.h"
#include "controller/cli/sweep_override.h"
#include "controller/embedded/sqlite_store.h"
#include "controller/engine/engine.h"
#include "controller/engine/notice_poller.h"
#include "controller/kube/facade.h"
#include "controller/telemetry/audit.h"
#include "controller/telemetry/metrics.h"

namespace datamesh::cli {

struct LocalMeshOptions {
  std::string state_folder;  ///< empty: nothing is kept
  Clock* clock = nullptr;
  const api::SchemaRegistry* schema = nullptr;
  Executor* engine_executor = nullptr;
  Executor* api_executor = nullptr;
  Log* log = nullptr;
  std::string token;
  std::vector<aws::FaultRule> faults;
  std::string sweep_interval;         ///< empty: the Mesh's own
  bool has_embedded_lake = true;               ///< without one, all accounts are of AWS
  std::vector<std::string> allowed_endpoints;  ///< that Accounts may name beside AWS's own
  std::optional<std::uint64_t> seed;  ///< makes uids repeatable
  int catalog_workers = 1;            ///< how many catalogs are worked on at once

  /// The objects of a cluster; null: those of the state folder, with an API before them.
  api::ResourceStore* store = nullptr;
  std::function<bool()> may_write;    ///< asked before every write to a catalog; empty: always
  std::function<void(const engine::Transition&)> transition;  ///< may be empty
  Executor* notice_executor = nullptr;  ///< waits for change notices; null: there are none
  std::size_t notice_workers = 0;       ///< that it has
};

class LocalMesh {
 public:
  /// Opens the files of the state folder.
  /// Errors: Unavailable, naming the file and what to do.
  static Result<std::unique_ptr<LocalMesh>> open(const LocalMeshOptions& options);

  engine::Engine& engine() { return *engine_; }
  /// Ends the calls to AWS under way that only ask. For good.
  void finish_calls() { remote_access_->finish(); }
  /// Ends the calls to AWS that are under way, so that the notice executor can stop at once. For good.
  void cut_calls() { remote_access_->stop(); }
  /// Only where the store is that of the state folder.
  LocalApi& api() { return *api_; }
  kube::Facade& facade() { return *facade_; }
  telemetry::Metrics& metrics() { return *metrics_; }
  /// Only where there is an embedded lake.
  embedded::EmbeddedLake& lake() { return *lake_; }
  /// Only where the store is that of the state folder.
  api::ResourceStore& store() { return *store_; }

 private:
  explicit LocalMesh(const LocalMeshOptions& options) : options_(options) {}

  Result<void> open_store();
  Result<void> open_own_store();
  Result<void> open_lake();
  void make_engine();
  void make_notices();
  Answers answers();

  LocalMeshOptions options_;
  std::unique_ptr<telemetry::Metrics> metrics_;
  std::unique_ptr<telemetry::AuditLog> audit_;
  std::unique_ptr<embedded::SqliteStore> store_;
  std::unique_ptr<SweepOverride> engine_store_;  ///< null: the engine sees the store as it is
  std::unique_ptr<embedded::EmbeddedLake> lake_;
  std::unique_ptr<RemoteAccess> remote_access_;
  std::unique_ptr<AccountAccess> account_access_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<engine::NoticePoller> notices_;  ///< null: nobody waits for notices
  std::unique_ptr<kube::Facade> facade_;
  std::unique_ptr<LocalApi> api_;
};

}  // namespace datamesh::cli
