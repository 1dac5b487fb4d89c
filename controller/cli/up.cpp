// `datamesh up`: the operator, its store, its lake and its servers in one process.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "controller/cli/api_status.h"
#include "controller/cli/aws_endpoint.h"
#include "controller/cli/commands.h"
#include "controller/cli/local_identity.h"
#include "controller/cli/local_mesh.h"
#include "controller/cli/occurrences.h"
#include "controller/cli/process_options.h"
#include "controller/cli/signals.h"
#include "controller/cli/state_folder.h"
#include "controller/cli/version.h"
#include "controller/engine/asio_executor.h"
#include "controller/http/server.h"
#include "controller/kube/event_recorder.h"
#include "controller/kube/facade_transport.h"

namespace datamesh::cli {
namespace {

constexpr const char* kOff = "off";

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string aws_listen = "127.0.0.1:0";
  std::string aws_plain_listen = kOff;
  ProcessOptions process;
  std::string faults;
  int max_connections = 4096;
};

/// How long the calls in flight may take after a signal; all else takes little.
constexpr Millis kPatience{1500};
constexpr Millis kServerPatience{200};

/// Allows this process as many open files as it may have. Returns how many of them `wanted` connections can be.
std::size_t raise_file_limit(std::size_t wanted) {
  static constexpr std::size_t kOwnFiles = 384;  // databases, servers, the log, calls; clients of the AWS endpoint
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= wanted + kOwnFiles) return wanted;
  return limit.rlim_cur > 2 * kOwnFiles ? limit.rlim_cur - kOwnFiles : limit.rlim_cur / 2;
}

/// The parts that only a running process has.
class Running {
 public:
  Running(const Options& options, Session& session, Log& log)
      : options_(options), session_(session), log_(log), engine_executor_(static_cast<std::size_t>(options.process.workers) + 1) {}

  ~Running() {
    remove_state_file(session_.state_folder, kAddressFile);
    remove_state_file(session_.state_folder, kMetricsAddressFile);
    servers_.clear();
    if (mesh_) mesh_->cut_calls();
    notice_executor_.stop();
    engine_executor_.stop();  // nothing happens any more that could be told
    events_.reset();
    if (aws_) aws_->stop(Millis(0));
    api_executor_.stop();
  }

  Result<void> start() {
    LocalMeshOptions mesh;
    mesh.state_folder = session_.state_folder;
    mesh.clock = &clock_;
    mesh.schema = &session_.schema();
    mesh.engine_executor = &engine_executor_;
    mesh.notice_executor = &notice_executor_;
    mesh.notice_workers = kNoticeWorkers;
    mesh.api_executor = &api_executor_;
    mesh.log = &log_;
    TRY_VALUE(identity_, open_identity());
    mesh.token = identity_.token;
    mesh.catalog_workers = options_.process.workers;
    mesh.sweep_interval = options_.process.sweep_interval;
    mesh.allowed_endpoints = options_.process.allowed_endpoints;
    TRY_VALUE(mesh.faults, aws::parse_fault_rules(options_.faults));
    mesh.transition = [this](const engine::Transition& transition) { events_->record(occurrence_of(transition)); };
    TRY_VALUE(mesh_, LocalMesh::open(mesh));
    own_api_ = std::make_unique<kube::FacadeTransport>(mesh_->facade());
    events_ = std::make_unique<kube::EventRecorder>(kube::EventSource{"datamesh.dev/operator", "datamesh-up"}, clock_,
                                                    kube::event_writer(*own_api_));
    TRY(serve_metrics());
    TRY(serve_api());
    TRY(serve_aws());
    mesh_->engine().start();
    return tell_clients();
  }

  void greet() {
    session_.out() << "datamesh " << kVersion << " is up\n"
                   << "  state    " << session_.state_folder << "\n"
                   << "  api      https://" << to_string(servers_[1]->address()) << "\n"
                   << "  kubectl  --kubeconfig " << session_.state_folder << "/" << kKubeconfigFile << "\n"
                   << "  metrics  http://" << to_string(servers_[0]->address()) << "/metrics\n";
    if (aws_) {
      const std::string files = session_.state_folder + "/" + kAwsFolder;
      session_.out() << "  aws      AWS_CONFIG_FILE=" << files << "/config AWS_SHARED_CREDENTIALS_FILE=" << files
                     << "/credentials aws --profile NAME glue get-databases\n";
    }
    session_.out() << std::flush;
    log_.info("started", {{"version", kVersion}, {"stateFolder", session_.state_folder},
                          {"api", to_string(servers_[1]->address())},
                          {"metrics", to_string(servers_[0]->address())},
                          {"aws", aws_ ? to_string(aws_->address()) : kOff},
                          {"awsPlain", aws_ && aws_->plain_address() ? to_string(*aws_->plain_address()) : kOff}});
  }

  /// Lets the engine finish its calls in flight. False when that took too long.
  bool finish(Signals& signals) {
    log_.info("stopping");
    engine_executor_.post([this, &signals] {
      mesh_->engine().stop([&signals] { signals.wake(); });
      mesh_->finish_calls();
    });
    const auto event = signals.wait(kPatience);
    if (event == Signals::Event::Signal) ::_exit(exit_status::kFailure);
    if (event == Signals::Event::TimeOut) return false;
    events_.reset();
    for (auto& server : servers_) server->stop(kServerPatience);
    if (aws_) aws_->stop(kServerPatience);
    return true;
  }

 private:
  static Result<http::Address> loopback_address(const char* option, const std::string& text) {
    TRY_VALUE(http::Address address, http::parse_address(text));
    if (address.host != "::1" && !address.host.starts_with("127.")) {
      return fail(ErrorKind::Invalid, std::string(option) + " takes a loopback address only: whoever has the files of "
                                                            "the state folder may do everything");
    }
    return address;
  }

  Result<LocalIdentity> open_identity() {
    std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
    const auto add = [&](const http::Address& address) {
      if (std::find(names.begin(), names.end(), address.host) == names.end()) names.push_back(address.host);
    };
    TRY_VALUE(const http::Address address, loopback_address("--listen", options_.listen));
    add(address);
    if (options_.aws_listen != kOff) {
      TRY_VALUE(const http::Address aws, loopback_address("--aws-listen", options_.aws_listen));
      add(aws);
    }
    return open_local_identity(session_.state_folder, names, clock_.now());
  }

  Result<void> serve_aws() {
    if (options_.aws_listen == kOff) return {};
    AwsEndpointOptions options;
    options.state_folder = session_.state_folder;
    TRY_VALUE(options.listen, loopback_address("--aws-listen", options_.aws_listen));
    if (options_.aws_plain_listen != kOff) {
      TRY_VALUE(options.plain, loopback_address("--aws-plain-listen", options_.aws_plain_listen));
    }
    options.tls = identity_.server;
    TRY_VALUE(aws_, AwsEndpoint::open(options, {&mesh_->lake(), &mesh_->store(), &clock_, &api_executor_, &log_}));
    return {};
  }

  Result<void> serve(const http::Address& address, const http::ServerOptions& options, http::Handler handler) {
    TRY_VALUE(auto server, http::Server::start(address, options, std::move(handler)));
    servers_.push_back(std::move(server));
    return {};
  }

  /// On the last port, where clients look for it, when any free one will do.
  Result<void> serve_api() {
    http::ServerOptions options;
    options.limits.connections = raise_file_limit(static_cast<std::size_t>(options_.max_connections));
    options.tls = identity_.server;
    options.refusal = refusal_response;
    const http::Handler handler = [this](http::Request request, http::Respond respond) {
      mesh_->api().handle(std::move(request), std::move(respond));
    };
    TRY_VALUE(const http::Address address, http::parse_address(options_.listen));
    const std::string last = read_state_file(session_.state_folder, kPortFile).value_or("0");
    const auto again = http::parse_address(":" + last);
    if (address.port == 0 && again && serve({address.host, again->port}, options, handler)) return {};
    return serve(address, options, handler);
  }

  /// Writes what the commands and kubectl need, the address last: it says that all is there.
  Result<void> tell_clients() {
    const std::string& folder = session_.state_folder;
    const http::Address address = servers_[1]->address();
    TRY(write_state_file(folder, kPortFile, std::to_string(address.port)));
    TRY(write_state_file(folder, kKubeconfigFile, kubeconfig_text(identity_, to_string(address))));
    TRY(write_state_file(folder, kMetricsAddressFile, to_string(servers_[0]->address())));
    return write_state_file(folder, kAddressFile, to_string(address));
  }

  Result<void> serve_metrics() {
    TRY_VALUE(const http::Address address, http::parse_address(options_.process.metrics_listen));
    const auto synced = [this] { return mesh_->engine().synced(); };
    return serve(address, {}, health_and_metrics(mesh_->metrics(), engine_executor_, synced));
  }

  const Options& options_;
  Session& session_;
  Log& log_;
  SystemClock clock_;
  LocalIdentity identity_;
  std::unique_ptr<LocalMesh> mesh_;
  std::unique_ptr<kube::FacadeTransport> own_api_;
  std::unique_ptr<kube::EventRecorder> events_;
  engine::AsioExecutor api_executor_{2};
  engine::AsioExecutor notice_executor_{kNoticeWorkers};
  engine::AsioExecutor engine_executor_;  ///< a worker for each catalog at work, and one for the store
  std::unique_ptr<AwsEndpoint> aws_;  ///< null: not served
  std::vector<std::unique_ptr<http::Server>> servers_;  ///< metrics first, so that probes get answers early
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
  Running running(options, session, log);
  TRY(running.start());
  running.greet();
  while (signals.wait(Millis(-1)) != Signals::Event::Signal) {
  }
  if (!running.finish(signals)) {
    log.warn("a call in flight did not end in time; what it did will be seen at the next start");
    session.out().flush();
    ::_exit(exit_status::kOk);
  }
  log.info("stopped");
  return exit_status::kOk;
}

}  // namespace

void add_up(CLI::App& app, Command& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App* const command = app.add_subcommand("up", "Run the operator with an embedded store and lake");
  command->add_option("--listen", options->listen, "Where the API listens; port 0: any free one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--aws-listen", options->aws_listen,
                      "Where clients of AWS find the lake; port 0: any free one; off: nowhere")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--aws-plain-listen", options->aws_plain_listen, "The same without TLS, for clients that take no CA")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  add_process_options(*command, options->process);
  command->add_option("--faults", options->faults,
                      "Make calls of the operator to the lake fail: glue:CreateTable=throttle@0.2,lakeformation:*=lost@3")
      ->type_name("RULES");
  command->add_option("--max-connections", options->max_connections, "How many clients may be connected at once")
      ->check(CLI::Range(8, 1'000'000))
      ->type_name("COUNT")
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
