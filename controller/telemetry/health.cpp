#include "controller/telemetry/health.h"

#include <algorithm>

namespace datamesh::telemetry {
namespace {

/// "" for /readyz, "store" for /readyz/store, nullopt for another endpoint.
std::optional<std::string> check_of(const std::string& path, std::string_view endpoint) {
  const std::string base = "/" + std::string(endpoint);
  if (path == base || path == base + "/") return "";
  if (path.starts_with(base + "/")) return path.substr(base.size() + 1);
  return std::nullopt;
}

void answer(const RunChecks& run, const std::string& endpoint, http::Request request, http::Respond respond) {
  run([endpoint, request = std::move(request), respond = std::move(respond)](std::vector<Check> checks) {
    respond(health_response(endpoint, request, std::move(checks)));
  });
}

}  // namespace

http::Response health_response(std::string_view endpoint, const http::Request& request,
                               std::vector<Check> checks) {
  const auto one = check_of(request.path, endpoint);
  if (one && !one->empty()) {
    std::erase_if(checks, [&](const Check& check) { return check.name != *one; });
    if (checks.empty()) return http::text_response(404, "there is no check " + *one + "\n");
  }
  if (const auto excluded = request.query.find("exclude"); excluded != request.query.end()) {
    std::erase_if(checks, [&](const Check& check) { return check.name == excluded->second; });
  }
  const bool ok = std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
  if (ok && request.query.count("verbose") == 0) return http::text_response(200, "ok");
  std::string text;
  for (const Check& check : checks) {
    text += check.ok ? "[+]" + check.name + " ok\n" : "[-]" + check.name + " failed: reason withheld\n";
  }
  text += std::string(endpoint) + " check " + (ok ? "passed" : "failed") + "\n";
  return http::text_response(ok ? 200 : 500, std::move(text));
}

http::Handler telemetry_handler(const Metrics& metrics, RunChecks liveness, RunChecks readiness) {
  return [&metrics, liveness = std::move(liveness), readiness = std::move(readiness)](http::Request request,
                                                                                      http::Respond respond) {
    if (request.method != "GET" && request.method != "HEAD") {
      return respond(http::text_response(405, "only GET is possible here\n"));
    }
    if (request.path == "/metrics") {
      return respond(http::Response{200, kExpositionType, metrics.exposition(), {}});
    }
    if (check_of(request.path, "healthz")) return answer(liveness, "healthz", std::move(request), respond);
    if (check_of(request.path, "readyz")) return answer(readiness, "readyz", std::move(request), respond);
    respond(http::text_response(404, "here are /metrics, /healthz and /readyz\n"));
  };
}

}  // namespace datamesh::telemetry
