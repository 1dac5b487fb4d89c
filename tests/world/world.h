// The whole operator in one process and one thread: the real store and the real lake in memory, a fake clock, and an
// engine that can be dropped and started again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/api/schema.h"
#include "controller/embedded/embedded_lake.h"
#include "controller/embedded/sqlite_store.h"
#include "controller/engine/engine.h"
#include "tests/world/manual_executor.h"

namespace datamesh::testing {

/// The registry of the embedded CRDs, read once.
const api::SchemaRegistry& registry();

/// A store of our kinds with their rules, in memory unless told otherwise.
embedded::SqliteStore::Options store_options(const Clock& clock);

/// Wraps a seam, for faults and counts. The world owns both.
using ApiWrapper = std::function<std::unique_ptr<aws::Api>(std::unique_ptr<aws::Api>)>;
using StoreWrapper = std::function<std::unique_ptr<api::ResourceStore>(api::ResourceStore*)>;

/// Counts the calls that pass.
class CountingApi final : public aws::Api {
 public:
  explicit CountingApi(std::unique_ptr<aws::Api> inner) : inner_(std::move(inner)) {}
  Result<Json> call(const aws::Call& call) override;

  /// Calls by "glue:CreateTable" since the last `reset`.
  const std::map<std::string, int>& counts() const { return counts_; }
  /// How many of them changed something.
  int writes() const;
  int total() const;
  void reset() { counts_.clear(); }

 private:
  std::unique_ptr<aws::Api> inner_;
  std::map<std::string, int> counts_;
};

class World {
 public:
  struct Options {
    std::uint64_t seed = 1;
    ApiWrapper wrap_api;
    StoreWrapper wrap_store;
    engine::Observer* observer = nullptr;
    std::string store_file = ":memory:";
  };

  World() : World(Options{}) {}
  explicit World(Options options);
  ~World();

  /// Declares the objects of a manifest text: creates them, or replaces all but what the server keeps.
  void apply(const std::string& yaml);
  void apply_object(Json object);
  void remove(const std::string& kind, const std::string& ns, const std::string& name);
  /// The object, or null when it is not there.
  Json get(const std::string& kind, const std::string& ns, const std::string& name);
  /// The condition `type` as "True:Reason", "" when absent.
  std::string condition(const std::string& kind, const std::string& ns, const std::string& name, const std::string& type);

  void start_engine();
  /// Drops the engine and all it has planned, as kill -9 does.
  void crash();

  /// Runs until nothing is left to do at this moment.
  void settle();
  /// Settles, and lets time pass to the next timer, until the engine is idle or `limit` has passed. True when idle.
  bool run_until_idle(Millis limit = std::chrono::minutes(30));
  /// Lets `by` pass, doing whatever falls due on the way.
  void advance(Millis by);

  /// A call as the principal, straight to the lake.
  Result<Json> call_as(const std::string& arn, aws::Service service, const std::string& operation, Json input,
                       const std::string& region = "eu-west-1");
  /// The rows of ListPermissions of an account's catalog, as its Admin role sees them.
  Json permissions(const std::string& account, const std::string& region = "eu-west-1");

  FakeClock clock;
  ManualExecutor executor;
  std::unique_ptr<embedded::SqliteStore> store;
  std::unique_ptr<embedded::EmbeddedLake> lake;
  CountingApi* calls = nullptr;  ///< the operator's calls, faults included
  std::unique_ptr<engine::Engine> engine;
  std::vector<Json> audit;
  std::vector<engine::Transition> transitions;
  std::function<void(std::vector<engine::NoticeQueue>)> notice_queues;  ///< told by the next engine; may be empty

 private:
  Options options_;
  std::unique_ptr<aws::Api> api_;
  std::unique_ptr<api::ResourceStore> wrapped_store_;
};

}  // namespace datamesh::testing
