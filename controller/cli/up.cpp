// `datamesh up`: the operator, its store, its lake and its servers in one process.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "controller/cli/commands.h"
#include "controller/cli/local_mesh.h"
#include "controller/cli/signals.h"
#include "controller/cli/state_folder.h"
#include "controller/cli/version.h"
#include "controller/engine/asio_executor.h"
#include "controller/http/server.h"
#include "controller/telemetry/health.h"

namespace datamesh::cli {
namespace {

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string metrics_listen = "127.0.0.1:9464";
  std::string sweep_interval;
  std::string faults;
  std::string log_level = "info";
  int workers = 4;
};

/// How long the calls in flight may take after a signal; all else takes little.
constexpr Millis kPatience{1500};
constexpr Millis kServerPatience{200};

/// The parts that only a running process has.
class Running {
 public:
  Running(const Options& options, Session& session, Log& log)
      : options_(options), session_(session), log_(log), engine_executor_(static_cast<std::size_t>(options.workers)) {}

  ~Running() {
    remove_state_file(session_.state_folder, kAddressFile);
    remove_state_file(session_.state_folder, kMetricsAddressFile);
    remove_state_file(session_.state_folder, kTokenFile);
    servers_.clear();
    api_executor_.stop();
    engine_executor_.stop();
  }

  Result<void> start() {
    LocalMeshOptions mesh;
    mesh.state_folder = session_.state_folder;
    mesh.clock = &clock_;
    mesh.schema = &session_.schema();
    mesh.engine_executor = &engine_executor_;
    mesh.api_executor = &api_executor_;
    mesh.log = &log_;
    mesh.token = random_token();
    mesh.catalog_workers = options_.workers;
    mesh.sweep_interval = options_.sweep_interval;
    TRY_VALUE(mesh.faults, aws::parse_fault_rules(options_.faults));
    TRY_VALUE(mesh_, LocalMesh::open(mesh));
    TRY(serve_metrics());
    TRY(serve_api());
    mesh_->engine().start();
    TRY(write_state_file(session_.state_folder, kTokenFile, mesh.token));
    TRY(write_state_file(session_.state_folder, kMetricsAddressFile, to_string(servers_[0]->address())));
    return write_state_file(session_.state_folder, kAddressFile, to_string(servers_[1]->address()));
  }

  void greet() {
    session_.out() << "datamesh " << kVersion << " is up\n"
                   << "  state    " << session_.state_folder << "\n"
                   << "  api      http://" << to_string(servers_[1]->address()) << "\n"
                   << "  metrics  http://" << to_string(servers_[0]->address()) << "/metrics\n"
                   << std::flush;
    log_.info("started", {{"version", kVersion}, {"stateFolder", session_.state_folder},
                          {"api", to_string(servers_[1]->address())},
                          {"metrics", to_string(servers_[0]->address())}});
  }

  /// Lets the engine finish its calls in flight. False when that took too long.
  bool finish(Signals& signals) {
    log_.info("stopping");
    engine_executor_.post([this, &signals] { mesh_->engine().stop([&signals] { signals.wake(); }); });
    const auto event = signals.wait(kPatience);
    if (event == Signals::Event::Signal) ::_exit(exit_status::kFailure);
    if (event == Signals::Event::TimeOut) return false;
    for (auto& server : servers_) server->stop(kServerPatience);
    return true;
  }

 private:
  Result<void> serve(const std::string& where, http::Handler handler) {
    TRY_VALUE(const http::Address address, http::parse_address(where));
    TRY_VALUE(auto server, http::Server::start(address, {}, std::move(handler)));
    servers_.push_back(std::move(server));
    return {};
  }

  Result<void> serve_api() {
    TRY_VALUE(const http::Address address, http::parse_address(options_.listen));
    if (address.host != "::1" && !address.host.starts_with("127.")) {
      return fail(ErrorKind::Invalid, "--listen takes a loopback address only: the API carries its token in the clear");
    }
    return serve(options_.listen, [this](http::Request request, http::Respond respond) {
      mesh_->api().handle(std::move(request), std::move(respond));
    });
  }

  /// Alive: the engine's thread takes tasks. Ready: the store has been listed.
  Result<void> serve_metrics() {
    const auto on_engine = [this](std::function<std::vector<telemetry::Check>()> ask) -> telemetry::RunChecks {
      return [this, ask = std::move(ask)](std::function<void(std::vector<telemetry::Check>)> done) {
        engine_executor_.post([ask, done = std::move(done)] { done(ask()); });
      };
    };
    const auto alive = on_engine([] { return std::vector<telemetry::Check>{{"ping", true}}; });
    const auto ready = on_engine([this] {
      return std::vector<telemetry::Check>{{"ping", true}, {"store-synced", mesh_->engine().synced()}};
    });
    return serve(options_.metrics_listen, telemetry::telemetry_handler(mesh_->metrics(), alive, ready));
  }

  const Options& options_;
  Session& session_;
  Log& log_;
  SystemClock clock_;
  std::unique_ptr<LocalMesh> mesh_;
  engine::AsioExecutor api_executor_{2};
  engine::AsioExecutor engine_executor_;
  std::vector<std::unique_ptr<http::Server>> servers_;  ///< metrics first, so that probes get answers early
};

Result<void> check_interval(const std::string& text) {
  const auto interval = parse_duration(text);
  if (text.empty() || (interval && *interval >= std::chrono::seconds(1))) return {};
  return fail(ErrorKind::Invalid, "--sweep-interval: \"" + text + "\" is no duration of a second or more; write 30s or 5m");
}

Result<int> run(const Options& options, Session& session) {
  TRY(check_interval(options.sweep_interval));
  Signals signals;
  const SystemClock clock;
  Log log(clock, *parse_log_level(options.log_level));
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
  command->add_option("--metrics-listen", options->metrics_listen, "Where /metrics, /healthz and /readyz are")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--sweep-interval", options->sweep_interval,
                      "How often every catalog is read whole, instead of the Mesh's sweepInterval")
      ->type_name("DURATION");
  command->add_option("--faults", options->faults,
                      "Make calls of the operator to the lake fail: glue:CreateTable=throttle@0.2,lakeformation:*=lost@3")
      ->type_name("RULES");
  command->add_option("--log-level", options->log_level, "What is logged to stderr")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->type_name("LEVEL")
      ->capture_default_str();
  command->add_option("--workers", options->workers, "How many catalogs are worked on at once")
      ->check(CLI::Range(1, 64))
      ->type_name("COUNT")
      ->capture_default_str();
  command->callback([options, &chosen] { chosen = [options](Session& session) { return run(*options, session); }; });
}

}  // namespace datamesh::cli
