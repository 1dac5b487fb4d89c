// The figures of KubeStore: how fast it lists, what an object costs in memory, and how soon a controller's status
// follows an edit; and the same work by controller-runtime, when its program is given.
//
// usage: bench_kube serve FILE                   an API server of our own: writes its kubeconfig to FILE, runs until killed
//        bench_kube fill KUBECONFIG COUNT        makes COUNT objects
//        bench_kube list KUBECONFIG              prints {"objects", "seconds", "bytesPerObject"}
//        bench_kube control KUBECONFIG           writes the status of each object that is edited, until killed
//        bench_kube edit KUBECONFIG COUNT        edits objects one after another; prints {"p50", "p99"} in ms
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/api/codec.h"
#include "controller/base/read_file.h"
#include "controller/embedded/sqlite_store.h"
#include "controller/engine/asio_executor.h"
#include "controller/kube/base64.h"
#include "controller/kube/facade.h"
#include "controller/kube/http_transport.h"
#include "controller/kube/kube_store.h"
#include "controller/kube/served_types.h"

namespace {

using namespace datamesh;
using SteadyClock = std::chrono::steady_clock;

constexpr int kWriters = 16;
constexpr const char* kNamespace = "bench";
const SystemClock kClock;

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

const api::SchemaRegistry& schema() {
  static const api::SchemaRegistry kSchema = api::SchemaRegistry::builtin();
  return kSchema;
}

std::string link_name(int number) { return "link-" + std::to_string(number); }

Json link(int number) {
  return {{"apiVersion", "datamesh.dev/v1alpha1"},
          {"kind", "ResourceLink"},
          {"metadata", {{"name", link_name(number)}, {"namespace", kNamespace}, {"labels", {{"team", "t" + std::to_string(number % 50)}}}}},
          {"spec", {{"account", "analytics"},
                    {"product", {{"namespace", "retail"}, {"name", "orders-" + std::to_string(number)}}},
                    {"name", "orders_" + std::to_string(number)}}}};
}

/// KubeStore as an operator has it.
struct Client {
  explicit Client(const std::string& kubeconfig) {
    kube::KubeconfigSearch search;
    search.flag = kubeconfig;
    transport = must(kube::HttpTransport::create(must(kube::find_access(search, read_file)), kClock, read_file, {}));
    store = std::make_unique<kube::KubeStore>(*transport, kube::KubeStore::Options{.schema = &schema()});
  }

  std::unique_ptr<kube::HttpTransport> transport;
  std::unique_ptr<kube::KubeStore> store;
};

/// A watch of the links, one event after another.
class Events {
 public:
  Events(api::ResourceStore& store, api::Revision since) {
    watch_ = must(store.watch({"ResourceLink", std::nullopt, since}, [this] {
      const std::lock_guard lock(mutex_);
      ++wakes_;
      woken_.notify_all();
    }));
  }
  api::WatchEvent next() {
    while (at_ == batch_.size()) {
      std::unique_lock lock(mutex_);
      woken_.wait(lock, [this] { return wakes_ > seen_; });
      seen_ = wakes_;
      lock.unlock();
      batch_ = must(watch_->poll());
      at_ = 0;
    }
    return std::move(batch_[at_++]);
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  long wakes_ = 0;
  long seen_ = 0;
  std::unique_ptr<api::Watch> watch_;
  std::vector<api::WatchEvent> batch_;
  std::size_t at_ = 0;
};

void serve(const std::string& kubeconfig) {
  embedded::SqliteStore::Options options;
  options.file = ":memory:";
  options.clock = &kClock;
  options.managed_fields = embedded::ManagedFields::Keep;
  const auto scope = [](api::Scope scope) {
    return scope == api::Scope::Cluster ? embedded::Scope::Cluster : embedded::Scope::Namespaced;
  };
  for (const api::KindFacts* kind : schema().kinds()) options.kinds[kind->kind] = {kind->group, kind->plural, scope(kind->scope)};
  for (const kube::BuiltinKind& kind : kube::builtin_kinds()) options.kinds[kind.kind] = {kind.group, kind.plural, scope(kind.scope)};
  const auto store = must(embedded::SqliteStore::open(options));
  engine::AsioExecutor executor{2};
  const auto facade = must(kube::Facade::open({store.get(), &schema(), &kClock, &executor, "0"}));
  const http::TlsIdentity authority = must(http::make_authority("bench", kClock.now()));
  http::ServerOptions server_options;
  server_options.tls = must(http::make_server_identity(authority, {"127.0.0.1"}, kClock.now()));
  const auto server = must(http::Server::start({}, server_options, [&](http::Request request, http::Respond respond) {
    facade->handle(std::move(request), std::move(respond));
  }));
  std::ofstream(kubeconfig + ".part") << "apiVersion: v1\nkind: Config\nclusters: [{name: b, cluster: {server: \"https://"
                                      << to_string(server->address()) << "\", certificate-authority-data: "
                                      << kube::base64_encode(authority.cert_pem)
                                      << "}}]\nusers: [{name: b, user: {}}]\ncontexts: [{name: b, context: {cluster: b, user: "
                                         "b}}]\ncurrent-context: b\n";
  std::rename((kubeconfig + ".part").c_str(), kubeconfig.c_str());
  for (;;) ::pause();
}

void fill(const std::string& kubeconfig, int count) {
  Client client(kubeconfig);
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/namespaces";
  request.headers.add("Content-Type", "application/json");
  request.body = Json{{"metadata", {{"name", kNamespace}}}}.dump();
  (void)client.transport->send(request);  // it may be there
  std::vector<std::jthread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int number = writer; number < count; number += kWriters) {
        const auto made = client.store->create(link(number));
        if (!made && made.error().kind != ErrorKind::AlreadyExists) {
          std::fprintf(stderr, "%s\n", to_string(made.error()).c_str());
          ::_exit(1);
        }
      }
    });
  }
}

/// Small blocks and large ones of the main thread, which does all the holding.
std::size_t heap() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// Everything that the engine keeps of an object: its typed form and its status.
struct Held {
  std::vector<api::Resource> resources;
  std::vector<Json> statuses;
};

void list(const std::string& kubeconfig) {
  Client client(kubeconfig);
  (void)client.store->get({"ResourceLink", kNamespace, link_name(0)});  // connects
  const std::size_t before = heap();
  const auto begin = SteadyClock::now();
  Held held;
  api::ListRequest request;
  request.kind = "ResourceLink";
  request.limit = 500;
  for (;;) {
    api::ListPage page = must(client.store->list(request));
    for (Json& object : page.items) {
      held.resources.push_back(must(api::decode(object)));
      held.statuses.push_back(member(object, "status"));
    }
    if (page.continue_token.empty()) break;
    request.continue_token = page.continue_token;
  }
  const double seconds = seconds_since(begin);
  const double count = static_cast<double>(held.resources.size());
  std::printf("{\"objects\": %.0f, \"seconds\": %.3f, \"bytesPerObject\": %.0f}\n", count, seconds,
              static_cast<double>(heap() - before) / count);
}

api::Revision newest(api::ResourceStore& store) {
  api::ListRequest request;
  request.kind = "ResourceLink";
  request.limit = 1;
  return must(store.list(request)).revision;
}

std::int64_t number_at(const Json& object, const char* part, const char* field) {
  const Json& value = member(member(object, part), field);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

void control(const std::string& kubeconfig) {
  Client client(kubeconfig);
  Events events(*client.store, newest(*client.store));
  std::printf("{\"ready\": true}\n");
  std::fflush(stdout);
  for (;;) {
    const api::WatchEvent event = events.next();
    const std::int64_t generation = number_at(event.object, "metadata", "generation");
    if (event.type == api::EventType::Deleted || number_at(event.object, "status", "observedGeneration") == generation) continue;
    const api::StatusWrite write{api::key_of(event.object), string_at(event.object.at("metadata"), "uid"),
                                 {{"observedGeneration", generation}}, std::nullopt, {}, event.revision};
    must(client.store->write_statuses({write}).at(0));
  }
}

void edit(const std::string& kubeconfig, int count) {
  Client client(kubeconfig);
  Events events(*client.store, newest(*client.store));
  const std::string run = std::to_string(::getpid());
  std::vector<double> took;
  for (int number = 0; number < count; ++number) {
    const std::string name = link_name(number);
    const auto begin = SteadyClock::now();
    const Json edited = must(client.store->patch({"ResourceLink", kNamespace, name}, api::PatchType::Merge,
                                                 {{"spec", {{"name", "l" + run + "_" + std::to_string(number)}}}}));
    const std::int64_t generation = number_at(edited, "metadata", "generation");
    for (;;) {
      const api::WatchEvent event = events.next();
      if (api::key_of(event.object).name == name && number_at(event.object, "status", "observedGeneration") == generation) break;
    }
    took.push_back(1000 * seconds_since(begin));
  }
  std::sort(took.begin(), took.end());
  std::printf("{\"p50\": %.2f, \"p99\": %.2f}\n", took[took.size() / 2], took[took.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto is = [&](const char* verb, std::size_t count) { return words.size() == count && words[0] == verb; };
  try {
    if (is("serve", 2)) {
      serve(words[1]);
    } else if (is("fill", 3)) {
      fill(words[1], std::stoi(words[2]));
    } else if (is("list", 2)) {
      list(words[1]);
    } else if (is("control", 2)) {
      control(words[1]);
    } else if (is("edit", 3)) {
      edit(words[1], std::stoi(words[2]));
    } else {
      std::fprintf(stderr, "usage: bench_kube serve|list|control FILE, bench_kube fill|edit FILE COUNT\n");
      return 64;
    }
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_kube: %s\n", e.what());
    return 1;
  }
  return 0;
}
