#include "tests/world/world.h"

#include <stdexcept>

#include "controller/api/manifest.h"

namespace datamesh::testing {
namespace {

const Time kStart = std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(8);

[[noreturn]] void complain(const std::string& what) { throw std::runtime_error(what); }

template <class T>
T must(Result<T> result) {
  if (!result) complain(to_string(result.error()));
  return std::move(*result);
}

embedded::KindTable kind_table() {
  embedded::KindTable table;
  for (const api::KindFacts* facts : registry().kinds()) {
    table[facts->kind] = {facts->group, facts->plural,
                          facts->scope == api::Scope::Cluster ? embedded::Scope::Cluster : embedded::Scope::Namespaced};
  }
  return table;
}

/// Fills in defaults and refuses what is wrong, as the command line's wiring does.
Result<Json> admit(Json object) {
  const auto problems = registry().admit(object);
  if (problems.empty()) return object;
  return fail(ErrorKind::Invalid, to_string(problems), "admission");
}

std::string account_of(const std::string& arn) { return arn.substr(13, 12); }

}  // namespace

const api::SchemaRegistry& registry() {
  static const api::SchemaRegistry kRegistry = api::SchemaRegistry::builtin();
  return kRegistry;
}

Result<Json> CountingApi::call(const aws::Call& call) {
  ++counts_[std::string(to_string(call.service)) + ":" + call.operation];
  return inner_->call(call);
}

int CountingApi::total() const {
  int sum = 0;
  for (const auto& [name, count] : counts_) sum += count;
  return sum;
}

int CountingApi::writes() const {
  int sum = 0;
  for (const auto& [name, count] : counts_) {
    const std::string operation = name.substr(name.find(':') + 1);
    const bool read = operation.starts_with("Get") || operation.starts_with("List") ||
                      operation.starts_with("Search") || operation.starts_with("Describe");
    if (!read) sum += count;
  }
  return sum;
}

embedded::SqliteStore::Options store_options(const Clock& clock) {
  embedded::SqliteStore::Options out;
  out.file = ":memory:";
  out.clock = &clock;
  out.kinds = kind_table();
  out.admission = admit;
  return out;
}

World::World(Options options) : clock(kStart), executor(clock), options_(std::move(options)) {
  embedded::SqliteStore::Options opening = store_options(clock);
  opening.file = options_.store_file;
  opening.seed = options_.seed;
  store = must(embedded::SqliteStore::open(opening));
  lake = must(embedded::EmbeddedLake::open({":memory:", &clock, false}));
  std::unique_ptr<aws::Api> api = lake->as_role("datamesh-operator");
  if (options_.wrap_api) api = options_.wrap_api(std::move(api));
  auto counting = std::make_unique<CountingApi>(std::move(api));
  calls = counting.get();
  api_ = std::move(counting);
  if (options_.wrap_store) wrapped_store_ = options_.wrap_store(store.get());
}

World::~World() { crash(); }

void World::start_engine() {
  engine::Parts parts;
  parts.clock = &clock;
  parts.executor = &executor;
  parts.store = wrapped_store_ ? wrapped_store_.get() : store.get();
  parts.api_for = [this](const api::AccountSpec&) { return api_.get(); };
  parts.observer = options_.observer;
  parts.audit = [this](const Json& line) { audit.push_back(line); };
  parts.transition = [this](const engine::Transition& transition) { transitions.push_back(transition); };
  parts.notice_queues = notice_queues;
  engine = std::make_unique<engine::Engine>(std::move(parts));
  engine->start();
}

void World::crash() {
  executor.clear();
  engine.reset();
}

void World::apply(const std::string& yaml) {
  const api::ManifestSet set = api::load_manifests(yaml, "test.yaml", registry());
  if (!set.problems.empty()) complain(to_string(set.problems.front()));
  for (const api::Manifest& manifest : set.manifests) apply_object(manifest.object);
}

void World::apply_object(Json object) {
  const auto existing = store->get(api::key_of(object));
  if (!existing) {
    must(store->create(object));
    return;
  }
  object["metadata"]["finalizers"] = at_path(*existing, {"metadata", "finalizers"});
  if (object["metadata"]["finalizers"].is_null()) object["metadata"].erase("finalizers");
  must(store->update(object));
}

void World::remove(const std::string& kind, const std::string& ns, const std::string& name) {
  must(store->remove({kind, ns, name}));
}

Json World::get(const std::string& kind, const std::string& ns, const std::string& name) {
  auto found = store->get({kind, ns, name});
  return found ? std::move(*found) : Json();
}

std::string World::condition(const std::string& kind, const std::string& ns, const std::string& name,
                             const std::string& type) {
  const Json object = get(kind, ns, name);
  for (const Json& condition : at_path(object, {"status", "conditions"})) {
    if (string_at(condition, "type") == type) {
      return string_at(condition, "status") + ":" + string_at(condition, "reason");
    }
  }
  return "";
}

void World::settle() {
  if (!executor.run_ready()) complain("the engine never comes to rest");
}

bool World::run_until_idle(Millis limit) {
  const Time end = clock.now() + limit;
  for (;;) {
    settle();
    if (engine->idle()) return true;
    const auto next = executor.next_timer();
    if (!next || *next > end) return false;
    if (*next > clock.now()) clock.set(*next);
  }
}

void World::advance(Millis by) {
  const Time end = clock.now() + by;
  settle();
  for (auto next = executor.next_timer(); next && *next <= end; next = executor.next_timer()) {
    if (*next > clock.now()) clock.set(*next);
    settle();
  }
  clock.set(end);
  settle();
}

Result<Json> World::call_as(const std::string& arn, aws::Service service, const std::string& operation, Json input,
                            const std::string& region) {
  return lake->as_principal(arn)->call({{account_of(arn), region}, service, operation, std::move(input)});
}

Json World::permissions(const std::string& account, const std::string& region) {
  Json rows = Json::array();
  Json input = Json::object();
  for (;;) {
    const Json page = must(call_as("arn:aws:iam::" + account + ":role/datamesh-operator", aws::Service::LakeFormation,
                                   "ListPermissions", input, region));
    for (const Json& row : member(page, "PrincipalResourcePermissions")) rows.push_back(row);
    const std::string token = string_at(page, "NextToken");
    if (token.empty()) return rows;
    input["NextToken"] = token;
  }
}

}  // namespace datamesh::testing
