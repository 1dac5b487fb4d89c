#include "controller/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace datamesh::telemetry {
namespace {

using engine::DriftClass;
using engine::Outcome;

class MetricsTest : public testing::Test {
 protected:
  static MetricsOptions options() { return {"1.2.3", {"catalog", "DataProduct"}, 8}; }

  /// The value of a series as the exposition writes it; empty when it is not there.
  std::string value(const std::string& series) const {
    std::istringstream text(metrics_.exposition());
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with(series + " ")) return line.substr(series.size() + 1);
    }
    return "";
  }

  FakeClock clock_{Time(Millis(1'000'000))};
  Metrics metrics_{clock_, options()};
};

/// One of everything, so that every family has a series.
void exercise(Metrics& metrics, FakeClock& clock) {
  metrics.queued("catalog");
  metrics.queued("catalog");
  metrics.started("catalog", Millis(20));
  clock.advance(Millis(300));
  metrics.finished("catalog", Outcome::Success, Millis(300));
  metrics.retried("catalog");
  metrics.batch("BatchGrantPermissions", 20);
  metrics.drift(DriftClass::Missing, "Permission");
  metrics.swept({"111122223333", "eu-west-1"}, 1200, Millis(700));
  metrics.converged("Grant", Millis(1500));
  metrics.api_call({"glue", "GetTables", "Success", std::chrono::milliseconds(3)});
  metrics.api_call({"glue", "GetTables", "Throttled", std::chrono::milliseconds(1)});
  engine::Gauges gauges;
  gauges.entries = {{{"Permission", "InSync"}, 40}, {{"Table", "Waiting"}, 2}};
  gauges.hops = {{"Done", 7}, {"Waiting", 1}};
  gauges.resources = {{{"DataProduct", "Ready"}, 3}};
  gauges.undeclared = 4;
  gauges.oldest_undeclared = std::chrono::minutes(2);
  gauges.plans_held = 1;
  gauges.catalogs = 5;
  metrics.gauges(gauges);
}

/// The exposition without the values that differ from run to run.
std::string stable(const std::string& exposition) {
  std::istringstream text(exposition);
  std::string out;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("process_")) line = line.substr(0, line.find(' ')) + " <varies>";
    out += line + "\n";
  }
  return out;
}

TEST_F(MetricsTest, ExpositionIsTheGoldenOne) {
  exercise(metrics_, clock_);
  const std::string path = std::string(DATAMESH_SOURCE_DIR) + "/tests/golden/metrics.txt";
  const std::string actual = stable(metrics_.exposition());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(actual, expected.str()) << "UPDATE_GOLDEN=1 accepts the new text";
}

TEST_F(MetricsTest, ResultsExistAtZeroBeforeAnythingHappens) {
  for (const char* result : {"success", "error", "requeue", "requeue_after"}) {
    EXPECT_EQ(value(std::string("controller_runtime_reconcile_total{controller=\"dataproduct\",result=\"") + result +
                    "\"}"),
              "0");
  }
  EXPECT_EQ(value("workqueue_depth{controller=\"dataproduct\",name=\"dataproduct\"}"), "0");
  EXPECT_EQ(value("controller_runtime_max_concurrent_reconciles{controller=\"catalog\"}"), "8");
}

TEST_F(MetricsTest, DepthFallsWhenWorkStarts) {
  metrics_.queued("catalog");
  metrics_.queued("catalog");
  metrics_.started("catalog", Millis(5));
  EXPECT_EQ(value("workqueue_depth{controller=\"catalog\",name=\"catalog\"}"), "1");
  EXPECT_EQ(value("workqueue_adds_total{controller=\"catalog\",name=\"catalog\"}"), "2");
  EXPECT_EQ(value("controller_runtime_active_workers{controller=\"catalog\"}"), "1");
}

TEST_F(MetricsTest, UnfinishedWorkIsThatOfTheItemsStillUnderWay) {
  metrics_.started("catalog", Millis(0));
  clock_.advance(Millis(10'000));
  metrics_.started("catalog", Millis(0));
  clock_.advance(Millis(2'000));
  const std::string labels = "{controller=\"catalog\",name=\"catalog\"}";
  EXPECT_EQ(value("workqueue_unfinished_work_seconds" + labels), "14");
  metrics_.finished("catalog", Outcome::Success, Millis(2'000));
  EXPECT_EQ(value("workqueue_unfinished_work_seconds" + labels), "12");
  EXPECT_EQ(value("workqueue_longest_running_processor_seconds" + labels), "12");
  metrics_.finished("catalog", Outcome::Error, Millis(12'000));
  EXPECT_EQ(value("workqueue_unfinished_work_seconds" + labels), "0");
  EXPECT_EQ(value("controller_runtime_reconcile_errors_total{controller=\"catalog\"}"), "1");
}

TEST_F(MetricsTest, GaugesThatAreNoLongerReportedFallToZero) {
  engine::Gauges gauges;
  gauges.hops = {{"Failed", 3}};
  metrics_.gauges(gauges);
  metrics_.gauges({});
  EXPECT_EQ(value("datamesh_hops{state=\"Failed\"}"), "0");
}

TEST_F(MetricsTest, ProcessMetricsAreReadFromTheProcess) {
  EXPECT_GT(std::stod(value("process_resident_memory_bytes")), 1e6);
  EXPECT_GE(std::stod(value("process_open_fds")), 3);
  EXPECT_GT(std::stod(value("process_start_time_seconds")), 1.6e9);
}

TEST_F(MetricsTest, MayBeFedAndScrapedFromSeveralThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 500; ++call) metrics_.api_call({"glue", "GetTables", "Success", {}});
      metrics_.exposition();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value("datamesh_aws_api_calls_total{operation=\"GetTables\",outcome=\"Success\",service=\"glue\"}"),
            "2000");
}

TEST_F(MetricsTest, RequestsToTheApiServerAreCountedAsClientGoDoes) {
  const std::string series = R"(rest_client_requests_total{code="409",host="10.0.0.1:6443",method="PATCH"})";
  EXPECT_EQ(value(series), "") << "no API server, no series";
  metrics_.rest_call("10.0.0.1:6443", "PATCH", "409");
  metrics_.rest_call("10.0.0.1:6443", "PATCH", "409");
  EXPECT_EQ(value(series), "2");
}

TEST_F(MetricsTest, WhoLeadsIsSeenOnceItMatters) {
  const std::string series = "leader_election_master_status{name=\"datamesh-operator\"}";
  EXPECT_EQ(value(series), "") << "no election, no series";
  metrics_.leads("datamesh-operator", false);
  EXPECT_EQ(value(series), "0");
  metrics_.leads("datamesh-operator", true);
  EXPECT_EQ(value(series), "1");
}

}  // namespace
}  // namespace datamesh::telemetry
