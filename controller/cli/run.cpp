// `datamesh run`: the operator on a Kubernetes cluster, as one of several replicas.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "controller/base/read_file.h"
#include "controller/cli/cluster.h"
#include "controller/cli/commands.h"
#include "controller/cli/local_mesh.h"
#include "controller/cli/occurrences.h"
#include "controller/cli/process_options.h"
#include "controller/cli/signals.h"
#include "controller/cli/state_folder.h"
#include "controller/cli/version.h"
#include "controller/engine/asio_executor.h"
#include "controller/http/server.h"
#include "controller/kube/event_recorder.h"
#include "controller/kube/kube_store.h"
#include "controller/kube/leadership.h"
#include "controller/kube/lease_object.h"

namespace datamesh::cli {
namespace {

struct Options {
  ClusterOptions cluster;
  ProcessOptions process;
  std::string lake = "embedded";
  bool leader_elect = false;
  std::string lease_namespace;
  std::string lease_name = "datamesh-operator";
  std::string lease_duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry_period = "2s";
};

/// How long the calls in flight may take after a signal. A pod is given 30 seconds.
constexpr Millis kPatience{20'000};
constexpr Millis kServerPatience{200};

Result<Millis> duration(const char* option, const std::string& text) {
  if (const auto parsed = parse_duration(text)) return *parsed;
  return fail(ErrorKind::Invalid, std::string(option) + ": \"" + text + "\" is no duration; write 15s or 2m");
}

Result<kube::LeaseTimings> timings_of(const Options& options) {
  kube::LeaseTimings timings;
  TRY_VALUE(timings.lease, duration("--lease-duration", options.lease_duration));
  TRY_VALUE(timings.renew, duration("--renew-deadline", options.renew_deadline));
  TRY_VALUE(timings.retry, duration("--retry-period", options.retry_period));
  TRY(kube::validate(timings));
  return timings;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

/// "10.0.0.1:6443" of "https://10.0.0.1:6443/path".
std::string host_of(const std::string& server) {
  const std::size_t scheme = server.find("://");
  const std::string rest = scheme == std::string::npos ? server : server.substr(scheme + 3);
  return rest.substr(0, rest.find('/'));
}

/// The parts that only a running process has.
class Running {
 public:
  Running(const Options& options, Session& session, Log& log, Signals& signals)
      : options_(options),
        session_(session),
        log_(log),
        signals_(signals),
        engine_executor_(static_cast<std::size_t>(options.process.workers) + 1) {}

  ~Running() {
    metrics_ = nullptr;
    leadership_.reset();
    server_.reset();
    if (mesh_) mesh_->cut_calls();
    notice_executor_.stop();
    engine_executor_.stop();  // nothing happens any more that could be told
    events_.reset();
    api_executor_.stop();
  }

  Result<void> start() {
    TRY_VALUE(const kube::LeaseTimings timings, timings_of(options_));
    TRY_VALUE(kube::ClusterAccess access, find_cluster(options_.cluster));
    lease_namespace_ = options_.lease_namespace.empty() ? access.ns : options_.lease_namespace;
    kube::HttpTransport::Options options;
    options.observe = [this, host = host_of(access.server)](const std::string& code, const std::string& method) {
      if (telemetry::Metrics* const metrics = metrics_) metrics->rest_call(host, method, code);
    };
    TRY_VALUE(transport_, kube::HttpTransport::create(access, clock_, read_file, options));
    // A renewal that hangs must not use up the whole deadline.
    options.timeout = timings.renew / 2;
    TRY_VALUE(lease_transport_, kube::HttpTransport::create(std::move(access), clock_, read_file, options));
    store_ = std::make_unique<kube::KubeStore>(
        *transport_, kube::KubeStore::Options{.schema = &session_.schema(),
                                              .watch_trouble = [this](const std::string& path, const std::optional<Error>& error) {
                                                tell_of_watch(path, error);
                                              }});
    events_ = std::make_unique<kube::EventRecorder>(kube::EventSource{"datamesh.dev/operator", "datamesh-" + host_name()},
                                                    clock_, kube::event_writer(*transport_));
    TRY(open_mesh());
    if (options_.leader_elect) prepare_election(timings);
    TRY(serve_metrics());
    if (leadership_) {
      leadership_->begin();
    } else {
      mesh_->engine().start();
    }
    return {};
  }

  void greet() {
    const std::string server = transport_->access().server;
    const std::string metrics = to_string(server_->address());
    session_.out() << "datamesh " << kVersion << " runs on " << server << "\n"
                   << "  metrics  http://" << metrics << "/metrics\n"
                   << std::flush;
    log_.info("started", {{"version", kVersion}, {"server", server}, {"metrics", metrics}, {"leaderElection", options_.leader_elect}});
  }

  bool lost_lease() const { return lost_; }

  /// Lets the engine finish its calls in flight, then gives the Lease up. False when that took too long.
  bool finish() {
    log_.info("stopping");
    engine_executor_.post([this] {
      mesh_->engine().stop([this] { signals_.wake(); });
      mesh_->finish_calls();
    });
    const auto event = signals_.wait(kPatience);
    if (event == Signals::Event::Signal) ::_exit(exit_status::kFailure);
    if (event == Signals::Event::TimeOut) return false;
    if (leadership_) {
      if (const auto released = leadership_->release(); !released) log_.warn("the lease was not given up: " + to_string(released.error()));
    }
    events_.reset();
    server_->stop(kServerPatience);
    return true;
  }

 private:
  void tell_of_watch(const std::string& path, const std::optional<Error>& error) {
    if (error) {
      log_.warn("a watch fails again and again; what is declared may be out of date", {{"path", path}, {"error", to_string(*error)}});
    } else {
      log_.info("a watch is well again", {{"path", path}});
    }
  }

  Result<void> open_mesh() {
    LocalMeshOptions mesh;
    mesh.state_folder = session_.state_folder;
    mesh.clock = &clock_;
    mesh.schema = &session_.schema();
    mesh.engine_executor = &engine_executor_;
    mesh.notice_executor = &notice_executor_;
    mesh.notice_workers = kNoticeWorkers;
    mesh.api_executor = &api_executor_;
    mesh.log = &log_;
    mesh.catalog_workers = options_.process.workers;
    mesh.sweep_interval = options_.process.sweep_interval;
    mesh.allowed_endpoints = options_.process.allowed_endpoints;
    mesh.store = store_.get();
    mesh.has_embedded_lake = options_.lake == "embedded";
    mesh.transition = [this](const engine::Transition& transition) { events_->record(occurrence_of(transition)); };
    if (options_.leader_elect) mesh.may_write = [this] { return leadership_->may_write(); };
    TRY_VALUE(mesh_, LocalMesh::open(mesh));
    metrics_ = &mesh_->metrics();
    return {};
  }

  void prepare_election(const kube::LeaseTimings& timings) {
    mesh_->metrics().leads(options_.lease_name, false);
    lock_ = std::make_unique<kube::LeaseObject>(*lease_transport_, lease_namespace_, options_.lease_name);
    const std::string identity = host_name() + "_" + random_token();
    kube::Leadership::Callbacks callbacks;
    callbacks.gained = [this, identity] {
      log_.info("leads", {{"identity", identity}});
      mesh_->metrics().leads(options_.lease_name, true);
      mesh_->engine().start();
    };
    callbacks.lost = [this] {
      lost_ = true;
      signals_.wake();
    };
    leadership_ = std::make_unique<kube::Leadership>(*lock_, identity, timings, std::move(callbacks));
  }

  Result<void> serve_metrics() {
    TRY_VALUE(const http::Address address, http::parse_address(options_.process.metrics_listen));
    const auto synced = [this] {
      const bool stands_by = leadership_ && leadership_->is_standing_by() && !leadership_->may_write();
      return stands_by || mesh_->engine().synced();  // one that can take over is ready
    };
    TRY_VALUE(server_, http::Server::start(address, {}, health_and_metrics(mesh_->metrics(), engine_executor_, synced)));
    return {};
  }

  const Options& options_;
  Session& session_;
  Log& log_;
  Signals& signals_;
  SystemClock clock_;
  std::string lease_namespace_;
  std::atomic<telemetry::Metrics*> metrics_{nullptr};  ///< of mesh_, for the threads that speak to the API server
  std::unique_ptr<kube::HttpTransport> transport_;
  std::unique_ptr<kube::HttpTransport> lease_transport_;
  std::unique_ptr<kube::KubeStore> store_;
  std::unique_ptr<kube::EventRecorder> events_;
  std::unique_ptr<kube::LeaseObject> lock_;
  std::unique_ptr<kube::Leadership> leadership_;
  std::atomic<bool> lost_{false};
  std::unique_ptr<LocalMesh> mesh_;
  engine::AsioExecutor api_executor_{2};
  engine::AsioExecutor notice_executor_{kNoticeWorkers};
  engine::AsioExecutor engine_executor_;  ///< a worker for each catalog at work, and one for the store
  std::unique_ptr<http::Server> server_;
};

Result<int> run(const Options& options, Session& session) {
  TRY(check(options.process));
  Signals signals;
  const SystemClock clock;
  Log log(clock, *parse_log_level(options.process.log_level));
  if (session.state_folder.empty()) {
    TRY_VALUE(session.state_folder, default_state_folder());
  }
  TRY(make_state_folder(session.state_folder));
  TRY_VALUE(const FolderLock lock, FolderLock::take(session.state_folder));
  Running running(options, session, log, signals);
  TRY(running.start());
  running.greet();
  while (signals.wait(Millis(-1)) != Signals::Event::Signal) {
    if (!running.lost_lease()) continue;
    // Another replica leads by now or soon: nothing that this one believes may be acted on.
    log.error("the lease was lost; ending, to begin anew as a follower");
    session.out().flush();
    ::_exit(exit_status::kFailure);
  }
  if (!running.finish()) {
    log.warn("a call in flight did not end in time; what it did will be seen at the next start");
    session.out().flush();
    ::_exit(exit_status::kOk);
  }
  log.info("stopped");
  return exit_status::kOk;
}

void add_lease_options(CLI::App& command, Options& options) {
  command.add_flag("--leader-elect", options.leader_elect, "Work only while holding a Lease, for several replicas");
  command.add_option("--lease-namespace", options.lease_namespace, "Namespace of the Lease [that of the pod or context]")
      ->type_name("NAMESPACE");
  command.add_option("--lease-name", options.lease_name, "Name of the Lease")->type_name("NAME")->capture_default_str();
  command.add_option("--lease-duration", options.lease_duration, "After this long without renewal another may lead")
      ->type_name("DURATION")
      ->capture_default_str();
  command.add_option("--renew-deadline", options.renew_deadline, "After this long without renewal the leader ends")
      ->type_name("DURATION")
      ->capture_default_str();
  command.add_option("--retry-period", options.retry_period, "Between two tries to take or renew the Lease")
      ->type_name("DURATION")
      ->capture_default_str();
}

}  // namespace

void add_run(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("run", "Run the operator on a Kubernetes cluster");
  add_cluster_options(*command, options->cluster);
  command->add_option("--lake", options->lake, "embedded: accounts may be of the lake in the state directory; aws: none is")
      ->check(CLI::IsMember({"embedded", "aws"}))
      ->type_name("LAKE")
      ->capture_default_str();
  add_lease_options(*command, *options);
  add_process_options(*command, options->process);
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
