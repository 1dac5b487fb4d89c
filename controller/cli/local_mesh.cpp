#include "controller/cli/local_mesh.h"

#include <set>

#include "controller/cli/state_folder.h"
#include "controller/cli/version.h"
#include "controller/kube/served_types.h"

namespace datamesh::cli {
namespace {

constexpr std::size_t kAuditLines = 10;  ///< that `describe` shows

std::string file_in(const std::string& folder, const char* name, const char* otherwise) {
  return folder.empty() ? otherwise : folder + "/" + name;
}

embedded::KindTable kind_table(const api::SchemaRegistry& schema) {
  embedded::KindTable table;
  for (const api::KindFacts* kind : schema.kinds()) {
    const bool cluster = kind->scope == api::Scope::Cluster;
    table[kind->kind] = {kind->group, kind->plural,
                         cluster ? embedded::Scope::Cluster : embedded::Scope::Namespaced};
  }
  for (const kube::BuiltinKind& kind : kube::builtin_kinds()) {
    const bool cluster = kind.scope == api::Scope::Cluster;
    table[kind.kind] = {kind.group, kind.plural, cluster ? embedded::Scope::Cluster : embedded::Scope::Namespaced};
  }
  return table;
}

/// Our own kinds are held to their schemas here, whoever writes them; the builtin ones by the facade alone.
embedded::Admission admission(const api::SchemaRegistry& schema) {
  std::set<std::string> builtin;
  for (const kube::BuiltinKind& kind : kube::builtin_kinds()) builtin.insert(kind.kind);
  return [&schema, builtin](Json object) -> Result<Json> {
    if (builtin.contains(string_at(object, "kind"))) return object;
    const std::vector<api::Problem> problems = schema.admit(object);
    if (!problems.empty()) return fail(ErrorKind::Invalid, to_string(problems), "schema");
    return object;
  };
}

telemetry::MetricsOptions metrics_options(const LocalMeshOptions& options) {
  telemetry::MetricsOptions metrics{kVersion, {"catalog"}, options.catalog_workers};
  for (const api::KindFacts* kind : options.schema->kinds()) metrics.queues.push_back(kind->kind);
  return metrics;
}

}  // namespace

Result<std::unique_ptr<LocalMesh>> LocalMesh::open(const LocalMeshOptions& options) {
  std::unique_ptr<LocalMesh> mesh(new LocalMesh(options));
  mesh->metrics_ = std::make_unique<telemetry::Metrics>(*options.clock, metrics_options(options));
  TRY_VALUE(mesh->audit_, telemetry::AuditLog::open(file_in(options.state_folder, kAuditFile, "")));
  TRY(mesh->open_store());
  TRY(mesh->open_lake());
  mesh->make_engine();
  if (options.store != nullptr) return mesh;
  TRY_VALUE(mesh->facade_, kube::Facade::open({mesh->store_.get(), options.schema, options.clock, options.api_executor, kVersion}));
  mesh->api_ = std::make_unique<LocalApi>(LocalApiParts{mesh->store_.get(), mesh->facade_.get(), options.schema, options.clock,
                                                        options.api_executor, options.token, mesh->answers()});
  return mesh;
}

Result<void> LocalMesh::open_store() {
  if (options_.store == nullptr) TRY(open_own_store());
  api::ResourceStore& store = options_.store == nullptr ? *store_ : *options_.store;
  if (!options_.sweep_interval.empty()) {
    engine_store_ = std::make_unique<SweepOverride>(store, options_.sweep_interval);
  }
  return {};
}

Result<void> LocalMesh::open_own_store() {
  embedded::SqliteStore::Options store;
  store.file = file_in(options_.state_folder, kObjectsFile, ":memory:");
  store.clock = options_.clock;
  store.kinds = kind_table(*options_.schema);
  store.admission = admission(*options_.schema);
  store.managed_fields = embedded::ManagedFields::Keep;
  store.seed = options_.seed;
  TRY_VALUE(store_, embedded::SqliteStore::open(std::move(store)));
  return {};
}

Result<void> LocalMesh::open_lake() {
  if (options_.has_embedded_lake) {
    const embedded::EmbeddedLake::Options lake{file_in(options_.state_folder, kLakeFile, ":memory:"), options_.clock,
                                               !options_.state_folder.empty()};
    TRY_VALUE(lake_, embedded::EmbeddedLake::open(lake));
  }
  remote_access_ = std::make_unique<RemoteAccess>(*options_.clock, aws::this_machine(), options_.allowed_endpoints);
  account_access_ = std::make_unique<AccountAccess>(
      lake_.get(), *remote_access_, AccountAccess::Options{options_.faults, options_.may_write}, *metrics_);
  return {};
}

void LocalMesh::make_engine() {
  engine::Parts parts;
  parts.clock = options_.clock;
  parts.executor = options_.engine_executor;
  api::ResourceStore* const store = options_.store != nullptr ? options_.store : store_.get();
  parts.store = engine_store_ ? engine_store_.get() : store;
  parts.transition = options_.transition;
  parts.api_for = [access = account_access_.get()](const api::AccountSpec& account) { return access->api_for(account); };
  parts.catalogs_at_once = static_cast<std::size_t>(options_.catalog_workers);
  parts.observer = metrics_.get();
  parts.audit = [audit = audit_.get(), log = options_.log](const Json& line) {
    if (!audit->append(line)) log->error("the audit line could not be written to the state folder", line);
    log->write(string_at(line, "outcome") == "Failed" ? LogLevel::Warn : LogLevel::Debug, "action", line);
  };
  if (options_.notice_executor != nullptr) {
    make_notices();
    parts.notice_queues = [this](std::vector<engine::NoticeQueue> queues) { notices_->follow(std::move(queues)); };
  }
  engine_ = std::make_unique<engine::Engine>(std::move(parts));
}

void LocalMesh::make_notices() {
  engine::NoticeParts parts;
  parts.clock = options_.clock;
  parts.executor = options_.notice_executor;
  parts.at_once = options_.notice_workers;
  parts.api_for = [access = account_access_.get()](const api::AccountSpec& account) { return access->api_for(account); };
  parts.tell = [this](const lake::Notice& notice) {
    options_.engine_executor->post([this, notice] { engine_->catalogs_changed(notice); });
  };
  parts.drop = [metrics = metrics_.get()](engine::NoticeFate fate) { metrics->noticed(fate, std::nullopt); };
  parts.trouble = [this, log = options_.log](const lake::QueueRef& queue, const std::optional<Error>& error) {
    options_.engine_executor->post([this, url = queue.url, error] { engine_->queue_polled(url, error); });
    if (error) {
      log->warn("change notices are not received; changes are seen by the sweeps alone",
                {{"queue", queue.url}, {"catalog", to_string(queue.reader)}, {"reason", to_string(*error)}});
    } else {
      log->info("change notices are received", {{"queue", queue.url}});
    }
  };
  notices_ = std::make_unique<engine::NoticePoller>(std::move(parts));
}

Answers LocalMesh::answers() {
  engine::Engine* const engine = engine_.get();
  Executor* const executor = options_.engine_executor;
  Answers answers;
  answers.plan = [=](engine::PlanRequest request, Answers::Done done) {
    executor->post([=, request = std::move(request)] { done(engine->plan(request)); });
  };
  answers.explain = [=](engine::AccessQuestion question, Answers::Done done) {
    executor->post([=, question = std::move(question)] { done(engine->explain(question)); });
  };
  answers.who_can = [=](engine::AccessQuestion question, Answers::Done done) {
    executor->post([=, question = std::move(question)] { done(engine->who_can(question)); });
  };
  answers.status = [=](Answers::Done done) { executor->post([=] { done(engine->status()); }); };
  answers.audit = [audit = audit_.get()](const std::string& object, const Answers::Done& done) {
    done(audit->latest(object, kAuditLines));
  };
  answers.lake = [lake = lake_.get()](const std::string& principal, const aws::Call& call) {
    return lake->as_principal(principal)->call(call);
  };
  return answers;
}

}  // namespace datamesh::cli
