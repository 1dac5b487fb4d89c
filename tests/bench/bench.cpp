// The figures of docs/performance.md: the whole operator on the embedded store and lake, in one thread; the
// store in a file as `datamesh up` has it, the lake in memory.
// Counts are exact; seconds are this machine's.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tests/bench/meshes.h"
#include "tests/world/world.h"

namespace datamesh::bench {
namespace {

using testing::World;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// A line of /proc/self/status in MB ("VmRSS", "VmHWM").
double memory_mb(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  }
  return 0;
}

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(p * static_cast<double>(values.size())))];
}

/// Time spent inside the lake, apart from the operator's own.
class TimedApi final : public aws::Api {
 public:
  TimedApi(std::unique_ptr<aws::Api> inner, double* seconds) : inner_(std::move(inner)), seconds_(seconds) {}
  Result<Json> call(const aws::Call& call) override {
    Result<Json> result = fail(ErrorKind::Internal, "");
    *seconds_ += seconds_of([&] { result = inner_->call(call); });
    return result;
  }

 private:
  std::unique_ptr<aws::Api> inner_;
  double* seconds_;
};

/// A converged world of the size, with the time it took.
/// A folder for the store's file, in memory where the system has a file system for that, and gone at the end.
class Folder {
 public:
  Folder() {
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    std::string name = (in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string()) + "/datamesh-bench-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string store_file() const { return (path_ / "store.db").string(); }

 private:
  std::filesystem::path path_;
};

struct Built {
  std::unique_ptr<Folder> folder = std::make_unique<Folder>();
  std::unique_ptr<World> world;
  std::unique_ptr<double> lake_seconds = std::make_unique<double>(0);
  double declare_seconds = 0;
  double converge_seconds = 0;
};

Built build(const MeshSize& size) {
  Built out;
  World::Options options;
  double* lake = out.lake_seconds.get();
  options.store_file = out.folder->store_file();
  options.wrap_api = [lake](std::unique_ptr<aws::Api> api) { return std::make_unique<TimedApi>(std::move(api), lake); };
  out.world = std::make_unique<World>(options);
  out.declare_seconds = seconds_of([&] {
    for (const Json& object : mesh_objects(size)) {
      const auto made = out.world->store->create(object);
      if (!made) std::fprintf(stderr, "%s\n", to_string(made.error()).c_str());
    }
  });
  out.converge_seconds = seconds_of([&] {
    out.world->start_engine();
    if (!out.world->run_until_idle()) std::fprintf(stderr, "NOT CONVERGED %s\n", out.world->engine->status().dump(1).c_str());
  });
  return out;
}

int calls(const World& world, const std::string& operation) {
  const auto& counts = world.calls->counts();
  const auto found = counts.find(operation);
  return found == counts.end() ? 0 : found->second;
}

void print_calls(const World& world) {
  for (const auto& [operation, count] : world.calls->counts()) std::printf("    %-55s %8d\n", operation.c_str(), count);
}

int ceil_of(int n, int by) { return (n + by - 1) / by; }

/// What one edited Grant costs: the least is one batch, and no reading.
void edited_grant(World& world, const MeshSize& size) {
  Json grant = grant_object(size, 1, 0);
  grant["spec"]["permissions"] = {"SELECT", "DESCRIBE", "INSERT"};
  grant["metadata"]["finalizers"] = {"datamesh.dev/release"};
  world.calls->reset();
  if (const auto put = world.store->update(grant); !put) std::fprintf(stderr, "%s\n", to_string(put.error()).c_str());
  world.settle();
  std::printf("One edited grant: %d write calls, least 1; %d calls in all\n", world.calls->writes(), world.calls->total());
  print_calls(world);
}

void bootstrap() {
  const MeshSize size;
  const double before = memory_mb("VmRSS");
  Built built = build(size);
  World& world = *built.world;
  const int grants = size.products * size.grants_a_product;
  // Two permissions a grant (database, all tables), all of them in the producer's catalog.
  const int least_batches = ceil_of(grants * 2, 20);
  const int batches = calls(world, "lakeformation:BatchGrantPermissions");
  const int accounts = size.consumers + 1;
  const int least_writes = least_batches + size.products * (2 + size.tables) + accounts + size.consumers;
  std::printf("Bootstrap: %d products of %d tables, %d grants\n", size.products, size.tables, grants);
  std::printf("  converged in %.2f s, of which %.2f s inside the lake; resident +%.0f MB\n", built.converge_seconds,
              *built.lake_seconds, memory_mb("VmRSS") - before);
  std::printf("  grant batches %d, least %d: ratio %.3f\n", batches, least_batches, 1.0 * batches / least_batches);
  std::printf("  write calls %d, least %d: ratio %.3f\n", world.calls->writes(), least_writes,
              1.0 * world.calls->writes() / least_writes);
  print_calls(world);
  world.calls->reset();
  *built.lake_seconds = 0;
  const double sweep = seconds_of([&] { world.advance(std::chrono::minutes(6)); });
  // Of each catalog: databases, settings, locations, permissions, filters, tags, opt-ins, shares given and taken, and
  // invitations, in as many pages as they fill; of each database its tables. Grants to accounts list database and tables
  // as two rows, those with SELECT as three.
  const int pages = ceil_of(grants * 3, 1000) - 1 + ceil_of(size.products, 100) - 1 + ceil_of(size.products, 1000) - 1;
  const int least_reads = accounts * 10 + pages + size.products;
  std::printf("Steady state: %d writes, %d calls a sweep of %d catalogs, least %d: ratio %.3f; %.2f s (%.2f s inside the lake)\n",
              world.calls->writes(), world.calls->total(), accounts, least_reads, 1.0 * world.calls->total() / least_reads, sweep,
              *built.lake_seconds);
  print_calls(world);
  edited_grant(world, size);
}

void sweep() {
  MeshSize size;
  size.products = 100;
  size.grants_a_product = 3;
  size.consumers = 1;
  size.principals_a_grant = 91;
  size.name_tables = true;
  Built built = build(size);
  World& world = *built.world;
  const int permissions = size.products * size.grants_a_product * size.principals_a_grant * (size.tables + 1);
  world.calls->reset();
  *built.lake_seconds = 0;
  const double before = memory_mb("VmRSS");
  const double took = seconds_of([&] { world.advance(std::chrono::minutes(6)); });
  const int listed = calls(world, "lakeformation:ListPermissions");
  // A table grant of SELECT and DESCRIBE is listed as two rows, a database grant as one.
  const int rows = permissions / (size.tables + 1) * (2 * size.tables + 1);
  const int least = ceil_of(rows, 1000) + 1;
  std::printf("Drift sweep: %d permissions (%d rows): %.2f s, of which %.2f s inside the lake\n", permissions, rows,
              took, *built.lake_seconds);
  std::printf("  ListPermissions calls %d, least %d: ratio %.3f; writes %d\n", listed, least, 1.0 * listed / least,
              world.calls->writes());
  std::printf("  resident before %.0f MB, peak %.0f MB\n", before, memory_mb("VmHWM"));
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    const engine::AccessQuestion question{"arn:aws:iam::200000000000:role/reader-1-" + std::to_string(i % 91), "SELECT",
                                          "producer/product-000" + std::to_string(10 + i % 90) + "/table_03"};
    times.push_back(seconds_of([&] {
      const auto answer = world.engine->explain(question);
      if (!answer || !answer->at("allowed").get<bool>()) std::fprintf(stderr, "explain says no\n");
    }));
  }
  std::printf("Explain against %d permissions: p50 %.3f ms, p99 %.3f ms\n", permissions, percentile(times, 0.5) * 1e3,
              percentile(times, 0.99) * 1e3);
}

/// Edits grants all over the mesh, each twice: INSERT is added, and taken away again, the same in a mesh of any size.
/// Returns the times from the edit to the written Ready status.
std::vector<double> edit_times(World& world, const MeshSize& size, int rounds) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    Json grant = grant_object(size, i / 2 * 97 % size.products, 0);
    if (i % 2 == 0) grant["spec"]["permissions"] = {"SELECT", "DESCRIBE", "INSERT"};
    const api::ObjectKey key = api::key_of(grant);
    grant["metadata"]["finalizers"] = {"datamesh.dev/release"};
    times.push_back(seconds_of([&] {
      if (const auto put = world.store->update(grant); !put) std::fprintf(stderr, "%s\n", to_string(put.error()).c_str());
      world.settle();
    }));
    const Json now = world.get(key.kind, key.ns, key.name);
    if (world.condition(key.kind, key.ns, key.name, "Ready") != "True:InForce") {
      std::fprintf(stderr, "the edit did not converge: %s\n", now.at("status").dump().c_str());
    }
  }
  return times;
}

void edits() {
  MeshSize small;
  small.products = 90;
  MeshSize large;
  large.products = 9090;
  large.tables = 2;
  small.tables = 2;
  double p50[2], p99[2];
  const MeshSize sizes[2] = {small, large};
  for (int which = 0; which < 2; ++which) {
    Built built = build(sizes[which]);
    const int resources = sizes[which].products * (1 + sizes[which].grants_a_product) + sizes[which].consumers + 2;
    edit_times(*built.world, sizes[which], 20);
    const auto times = edit_times(*built.world, sizes[which], 2000);
    p50[which] = percentile(times, 0.5) * 1e3;
    p99[which] = percentile(times, 0.99) * 1e3;
    std::printf("Edited grant in a mesh of %d resources: edit to converged p50 %.2f ms, p99 %.2f ms (declared in %.1f s, converged in %.1f s)\n",
                resources, p50[which], p99[which], built.declare_seconds, built.converge_seconds);
    if (which == 0) continue;
    World& world = *built.world;
    world.crash();
    const double before = memory_mb("VmRSS");
    const double start = seconds_of([&] {
      world.start_engine();
      world.settle();
    });
    std::printf("Cold start with %d resources: %.2f s to planned and at rest; the dropped engine's memory is reused, so see the next line\n",
                resources, start);
    std::printf("  resident before %.0f MB, after %.0f MB\n", before, memory_mb("VmRSS"));
  }
  std::printf("  ratio large to small: p50 %.2f, p99 %.2f\n", p50[1] / p50[0], p99[1] / p99[0]);
}

void plans() {
  MeshSize size;
  size.products = 1000;
  size.grants_a_product = 0;
  Built built = build(size);
  engine::PlanRequest request;
  for (int p = 0; p < size.products; ++p) {
    for (int g = 0; g < 10; ++g) request.apply.push_back(grant_object(size, p, g));
  }
  std::vector<double> times;
  std::size_t actions = 0;
  for (int i = 0; i < 7; ++i) {
    times.push_back(seconds_of([&] {
      const Json plan = built.world->engine->plan(request);
      actions = plan.at("catalogs").empty() ? 0 : plan.at("catalogs").at(0).at("actions").size();
    }));
  }
  std::printf("Plan of %zu grants (%zu actions): p50 %.2f s, max %.2f s\n", request.apply.size(), actions,
              percentile(times, 0.5), percentile(times, 1));
}

/// Memory of a mesh as such: a fresh process that only starts on a populated store is measured by its parent's fork.
void cold_memory() {
  MeshSize size;
  size.products = 9090;
  size.tables = 2;
  const Folder folder;
  World::Options options;
  options.store_file = folder.store_file();
  World world(options);
  for (const Json& object : mesh_objects(size)) (void)world.store->create(object);
  const double before = memory_mb("VmRSS");
  const double took = seconds_of([&] {
    world.start_engine();
    // Up to the first apply: the store is listed, everything claimed, every catalog read, intents planned.
    while (world.calls->writes() == 0 && (world.executor.run_task() || world.executor.run_job())) {
      world.executor.fire_timers();
    }
  });
  const int resources = size.products * 11 + size.consumers + 2;
  const double grown = memory_mb("VmRSS") - before;
  std::printf("Cold start, %d resources, empty lake: %.2f s to the first write of the first plan; +%.0f MB, %.1f KB a resource\n",
              resources, took, grown, grown * 1024 / resources);
}

}  // namespace
}  // namespace datamesh::bench

int main(int argc, char** argv) {
  using namespace datamesh::bench;
  const std::pair<const char*, void (*)()> all[] = {
      {"bootstrap", bootstrap}, {"sweep", sweep}, {"plans", plans}, {"cold", cold_memory}, {"edits", edits}};
  for (const auto& [name, run] : all) {
    bool wanted = argc < 2;
    for (int i = 1; i < argc; ++i) wanted = wanted || std::strcmp(argv[i], name) == 0;
    if (!wanted) continue;
    run();
    std::fflush(stdout);
  }
  return 0;
}
