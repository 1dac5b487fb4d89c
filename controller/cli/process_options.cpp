#include "controller/cli/process_options.h"

#include <CLI/CLI.hpp>

#include "controller/base/clock.h"
#include "controller/telemetry/health.h"

namespace datamesh::cli {

void add_process_options(CLI::App& command, ProcessOptions& options) {
  command.add_option("--metrics-listen", options.metrics_listen, "Where /metrics, /healthz and /readyz are")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command.add_option("--sweep-interval", options.sweep_interval,
                     "How often every catalog is read whole, instead of the Mesh's sweepInterval")
      ->type_name("DURATION");
  command.add_option("--log-level", options.log_level, "What is logged to stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->type_name("LEVEL")
      ->capture_default_str();
  command.add_option("--allow-endpoint", options.allowed_endpoints,
                     "An address that Accounts may name as their endpoint, beside those of AWS; repeatable")
      ->type_name("URL")
      ->allow_extra_args(false);
  command.add_option("--workers", options.workers, "How many catalogs are worked on at once")
      ->check(CLI::Range(1, 64))
      ->type_name("COUNT")
      ->capture_default_str();
}

Result<void> check(const ProcessOptions& options) {
  const std::string& text = options.sweep_interval;
  const auto interval = parse_duration(text);
  if (text.empty() || (interval && *interval >= std::chrono::seconds(1))) return {};
  return fail(ErrorKind::Invalid, "--sweep-interval: \"" + text + "\" is no duration of a second or more; write 30s or 5m");
}

http::Handler health_and_metrics(const telemetry::Metrics& metrics, Executor& engine, std::function<bool()> synced) {
  using Checks = std::vector<telemetry::Check>;
  using Done = std::function<void(Checks)>;
  const auto alive = [&engine](const Done& done) { engine.post([done] { done({{"ping", true}}); }); };
  const auto ready = [&engine, synced = std::move(synced)](const Done& done) {
    engine.post([done, synced] { done({{"ping", true}, {"store-synced", synced()}}); });
  };
  return telemetry::telemetry_handler(metrics, alive, ready);
}

}  // namespace datamesh::cli
