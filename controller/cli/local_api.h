// The API of `datamesh up` on this machine: declared objects in Kubernetes' shapes, and the questions that only the
// engine can answer. The commands speak to it over HTTP, tests call it directly.
//
//   /datamesh/v1/{plan,explain,who-can,lake}                          POST
//   /datamesh/v1/{status,audit}                                       GET
//   /datamesh/v1/watch/apis/datamesh.dev/v1alpha1/[namespaces/NS/]PLURAL  GET: a watch by long polling
//   everything else                                                   the Kubernetes API (kube::Facade)
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/api/resource_store.h"
#include "controller/api/schema.h"
#include "controller/aws/api.h"
#include "controller/base/clock.h"
#include "controller/base/executor.h"
#include "controller/engine/engine.h"
#include "controller/http/server.h"
#include "controller/kube/facade.h"

namespace datamesh::cli {

/// The questions that are not the store's. Each may be called on any thread; those with a `done` answer later, on
/// any thread.
struct Answers {
  using Done = std::function<void(Result<Json>)>;

  std::function<void(engine::PlanRequest, Done)> plan;
  std::function<void(engine::AccessQuestion, Done)> explain;
  std::function<void(engine::AccessQuestion, Done)> who_can;
  std::function<void(Done)> status;
  /// The latest audit lines that name an object ("Grant/retail/readers"); all objects' when it is empty.
  std::function<void(std::string object, Done)> audit;
  /// Makes a call to the embedded lake as `principal`. Blocks.
  std::function<Result<Json>(const std::string& principal, const aws::Call&)> lake;
};

struct LocalApiParts {
  api::ResourceStore* store = nullptr;
  kube::Facade* facade = nullptr;
  const api::SchemaRegistry* schema = nullptr;
  const Clock* clock = nullptr;
  Executor* executor = nullptr;  ///< for the API alone, so that it never waits for the engine's work
  std::string token;             ///< what "Authorization: Bearer" must carry; empty: nobody is asked
  Answers answers;
};

/// Errors are Kubernetes Status objects.
class LocalApi {
 public:
  explicit LocalApi(LocalApiParts parts);

  /// Answers `request`, on any thread. Callable from any thread.
  void handle(http::Request request, http::Respond respond);

 private:
  struct Shared;

  void ask(const http::Request& request, http::Respond respond);
  void watch(const http::Request& request, http::Respond respond);

  std::shared_ptr<Shared> shared_;
};

}  // namespace datamesh::cli
