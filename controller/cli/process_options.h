// What `up` and `run` have in common: options of the process, and the port that says how it is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/base/executor.h"
#include "controller/http/server.h"
#include "controller/telemetry/metrics.h"

namespace CLI {
class App;
}

namespace datamesh::cli {

/// How many queues of change notices are waited for side by side.
inline constexpr std::size_t kNoticeWorkers = 8;

struct ProcessOptions {
  std::string metrics_listen = "127.0.0.1:9464";
  std::string sweep_interval;  ///< empty: the Mesh's own
  std::string log_level = "info";
  int workers = 4;
  std::vector<std::string> allowed_endpoints;  ///< that Accounts may name beside AWS's own
};

void add_process_options(CLI::App& command, ProcessOptions& options);

/// Errors: Invalid, naming the option, for what the parser cannot see.
Result<void> check(const ProcessOptions& options);

/// Serves /metrics, /healthz (the engine's thread takes tasks) and /readyz (and `synced`, asked on that thread, says
/// true). Both executor and metrics outlive the handler.
http::Handler health_and_metrics(const telemetry::Metrics& metrics, Executor& engine, std::function<bool()> synced);

}  // namespace datamesh::cli
