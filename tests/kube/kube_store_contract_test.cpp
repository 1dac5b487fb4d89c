// KubeStore keeps the contract of the seam, over HTTP and through the facade to the embedded store.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "controller/embedded/sqlite_store.h"
#include "controller/engine/asio_executor.h"
#include "controller/kube/facade.h"
#include "controller/kube/http_transport.h"
#include "controller/kube/kubeconfig.h"
#include "controller/kube/kube_store.h"
#include "controller/kube/served_types.h"
#include "tests/api/resource_store_contract.h"

namespace datamesh::testing {
namespace {

const api::SchemaRegistry& schema() {
  static const api::SchemaRegistry kSchema = api::SchemaRegistry::builtin();
  return kSchema;
}

const SystemClock& wall() {
  static const SystemClock kClock;
  return kClock;
}

embedded::SqliteStore::Options options() {
  embedded::SqliteStore::Options out;
  out.file = ":memory:";
  out.clock = &wall();
  out.managed_fields = embedded::ManagedFields::Keep;
  const auto scope = [](api::Scope scope) {
    return scope == api::Scope::Cluster ? embedded::Scope::Cluster : embedded::Scope::Namespaced;
  };
  for (const api::KindFacts* kind : schema().kinds()) out.kinds[kind->kind] = {kind->group, kind->plural, scope(kind->scope)};
  for (const kube::BuiltinKind& kind : kube::builtin_kinds()) out.kinds[kind.kind] = {kind.group, kind.plural, scope(kind.scope)};
  out.admission = [](Json object) -> Result<Json> {
    if (schema().find(string_at(object, "kind")) == nullptr) return object;  // the facade's own kinds
    const auto problems = schema().admit(object);
    if (!problems.empty()) return fail(ErrorKind::Invalid, to_string(problems));
    return object;
  };
  return out;
}

template <class Value>
Value must(Result<Value> result) {
  if (!result) throw std::runtime_error(to_string(result.error()));
  return std::move(*result);
}

/// A whole API server on loopback.
class OverHttp final : public StoreUnderTest {
 public:
  OverHttp() {
    behind_ = must(embedded::SqliteStore::open(options()));
    facade_ = must(kube::Facade::open({behind_.get(), &schema(), &wall(), &executor_, "0"}));
    const auto handler = [this](http::Request request, http::Respond respond) {
      facade_->handle(std::move(request), std::move(respond));
    };
    server_ = must(http::Server::start({}, http::ServerOptions{}, handler));
    kube::ClusterAccess access;
    access.server = "http://" + to_string(server_->address());
    const auto no_files = [](const std::string& path) -> Result<std::string> { return fail(ErrorKind::NotFound, path); };
    transport_ = must(kube::HttpTransport::create(access, wall(), no_files, {}));
    store_ = std::make_unique<kube::KubeStore>(*transport_, kube::KubeStore::Options{.schema = &schema()});
    for (const char* ns : {"retail", "bank"}) {
      const Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
      if (!behind_->create(object)) throw std::runtime_error("no namespace");
    }
  }
  ~OverHttp() override {
    store_.reset();
    server_->stop(Millis(0));
    server_.reset();
    executor_.stop();
  }
  api::ResourceStore& store() override { return *store_; }

 private:
  std::unique_ptr<embedded::SqliteStore> behind_;
  engine::AsioExecutor executor_{2};
  std::unique_ptr<kube::Facade> facade_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<kube::HttpTransport> transport_;
  std::unique_ptr<kube::KubeStore> store_;
};

/// The cluster of $DATAMESH_TEST_KUBECONFIG, where our kinds are installed, emptied before each test.
class OnCluster final : public StoreUnderTest {
 public:
  OnCluster() {
    kube::KubeconfigSearch search;
    search.flag = std::getenv("DATAMESH_TEST_KUBECONFIG");
    const auto read = [](const std::string& path) -> Result<std::string> {
      std::ifstream file(path, std::ios::binary);
      if (!file) return fail(ErrorKind::NotFound, path);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    transport_ = must(kube::HttpTransport::create(must(kube::find_access(search, read)), wall(), read, {}));
    store_ = std::make_unique<kube::KubeStore>(*transport_, kube::KubeStore::Options{.schema = &schema()});
    empty();
  }
  ~OnCluster() override { empty(); }
  api::ResourceStore& store() override { return *store_; }

 private:
  void empty() {
    for (const Json& each : must(api::list_all(*store_, {})).items) {
      const api::ObjectKey key = api::key_of(each);
      (void)store_->patch(key, api::PatchType::Merge, {{"metadata", {{"finalizers", nullptr}}}});
      (void)store_->remove(key, {});
    }
  }

  std::unique_ptr<kube::HttpTransport> transport_;
  std::unique_ptr<kube::KubeStore> store_;
};

std::vector<StoreFactory> clusters() {
  if (std::getenv("DATAMESH_TEST_KUBECONFIG") == nullptr) return {};
  return {StoreFactory{"OnCluster", [] { return std::make_unique<OnCluster>(); }}};
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ResourceStoreContract);
INSTANTIATE_TEST_SUITE_P(Cluster, ResourceStoreContract, ::testing::ValuesIn(clusters()), factory_name);

INSTANTIATE_TEST_SUITE_P(Kube, ResourceStoreContract,
                         ::testing::Values(StoreFactory{"OverHttp", [] { return std::make_unique<OverHttp>(); }}),
                         factory_name);

}  // namespace
}  // namespace datamesh::testing
