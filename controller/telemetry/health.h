// /metrics, /healthz and /readyz: what is asked of a long-running process from outside.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/server.h"
#include "controller/telemetry/metrics.h"

namespace datamesh::telemetry {

struct Check {
  std::string name;  ///< "ping", "store-synced"
  bool ok = true;
  bool operator==(const Check&) const = default;
};

/// The answer of an endpoint ("healthz", "readyz") whose checks came out as `checks`: 200 or 500; `?verbose` or a
/// failure lists each, `?exclude=NAME` leaves one out, `/readyz/NAME` asks for one. Pure.
http::Response health_response(std::string_view endpoint, const http::Request& request, std::vector<Check> checks);

/// Gives the checks of an endpoint to `done`, on any thread, when they are known. Never answering means unhealthy:
/// the server's limit of time answers then.
using RunChecks = std::function<void(std::function<void(std::vector<Check>)> done)>;

/// Serves /metrics, /healthz and /readyz. `metrics` outlives the server.
http::Handler telemetry_handler(const Metrics& metrics, RunChecks liveness, RunChecks readiness);

}  // namespace datamesh::telemetry
