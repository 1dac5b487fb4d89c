// The Kubernetes API of this process, over its store: what unmodified clients speak to.
//
//   request ─► routes ─┬─ discovery, OpenAPI, health   answered at once
//                      ├─ reviews                      answered at once
//                      ├─ objects ─► a worker          reads.h, writes.h, deletes.h
//                      └─ watches ─► WatchHub          a stream
//
// Behind it, StoreFeed follows the store for the watches and for the Collector.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "controller/api/resource_store.h"
#include "controller/api/schema.h"
#include "controller/api/schema_embedded.h"
#include "controller/base/clock.h"
#include "controller/base/executor.h"
#include "controller/http/server.h"

namespace datamesh::kube {

struct FacadeParts {
  api::ResourceStore* store = nullptr;         ///< keeps managedFields, and the builtin kinds
  const api::SchemaRegistry* schema = nullptr; ///< that of `definitions`
  const Clock* clock = nullptr;
  Executor* executor = nullptr;
  std::string version;                         ///< of this program
  std::span<const api::EmbeddedFile> definitions = api::embedded_crds();
};

class Facade {
 public:
  /// Puts into the store what every cluster has: its first namespaces, a namespace for every object that is there
  /// already, and the definitions of our kinds. Then begins to follow the store. All parts must outlive it, and every
  /// response that it gave.
  /// Errors: Unavailable.
  static Result<std::unique_ptr<Facade>> open(const FacadeParts& parts);
  ~Facade();

  /// Answers `request`, on any thread. Callable from any thread. Whoever asks has been authenticated.
  void handle(http::Request request, http::Respond respond);

 private:
  struct Shared;
  explicit Facade(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace datamesh::kube
