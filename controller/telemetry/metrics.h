// What the operator measures of itself, for Prometheus. Where something means the same as in controller-runtime or
// its work queue it has their name, labels and buckets, so that the community's dashboards work; the rest begins
// with datamesh_.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/clock.h"
#include "controller/engine/observer.h"

namespace datamesh::telemetry {

struct MetricsOptions {
  std::string version;              ///< of the program, for datamesh_build_info
  std::vector<std::string> queues;  ///< the engine's: "catalog" and the kinds; their series exist from the start
  int catalog_workers = 1;          ///< how many catalogs are worked on at once
};

/// One call to AWS that has returned.
struct ApiCall {
  std::string_view service;    ///< "glue"
  std::string_view operation;  ///< "GetTables"
  std::string_view outcome;    ///< "Success", or the kind of the error
  std::chrono::nanoseconds duration{0};
};

/// Safe to use from several threads. Series are never named after resources, so their number is bounded.
class Metrics final : public engine::Observer {
 public:
  Metrics(const Clock& clock, const MetricsOptions& options);
  ~Metrics() override;

  void queued(std::string_view queue) override;
  void started(std::string_view queue, Millis waited) override;
  void finished(std::string_view queue, engine::Outcome outcome, Millis took) override;
  void retried(std::string_view queue) override;
  void batch(std::string_view operation, std::size_t size) override;
  void drift(engine::DriftClass drift, std::string_view entry_kind) override;
  void swept(const CatalogRef& catalog, std::size_t entries, Millis took) override;
  void converged(std::string_view kind, Millis since_edit) override;
  void gauges(const engine::Gauges& gauges) override;
  void noticed(engine::NoticeFate fate, std::optional<Millis> lag) override;

  /// Counts a call and its duration.
  void api_call(const ApiCall& call);

  /// Counts an answer of the Kubernetes API server: its code, or "<error>" when there was none.
  void rest_call(const std::string& host, const std::string& method, const std::string& code);

  /// Says whether this replica leads. Only a program that takes part in an election calls it.
  void leads(const std::string& lease, bool leads);

  /// Everything in Prometheus' text format 0.0.4, sorted by name and labels; takes milliseconds.
  std::string exposition() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The Content-Type of `exposition`.
inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace datamesh::telemetry
