// Declared objects on any Kubernetes API server.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/api/schema.h"
#include "controller/kube/kube_watch.h"
#include "controller/kube/transport.h"

namespace datamesh::kube {

/// Serves the kinds of a schema. Lists in pages, watches each kind on a thread of its own, and writes statuses by
/// server-side apply, several at a time. What the API server keeps for itself (managedFields) is not passed on.
/// A list or watch of all kinds is one of each: its revision is the smallest of theirs.
class KubeStore final : public api::ResourceStore {
 public:
  struct Options {
    const api::SchemaRegistry* schema = nullptr;  ///< required; outlives the store
    std::string field_manager = "datamesh";
    std::size_t page = 500;          ///< of lists that ask for no limit
    std::size_t writers = 8;         ///< statuses written at the same time
    std::size_t queue = 10'000;      ///< events kept for a watch that is not polled, before its streams are held
    Millis first_backoff{800};       ///< of a watch that fails; doubles up to the next
    Millis last_backoff{30'000};
    WatchTrouble watch_trouble;      ///< may be empty
  };

  KubeStore(Transport& transport, Options options) : transport_(transport), options_(std::move(options)) {}

  Result<api::ListPage> list(const api::ListRequest& request) override;
  Result<Json> get(const api::ObjectKey& key) override;
  Result<Json> create(const Json& object) override;
  /// Without metadata.resourceVersion, the present one is read first, and again when somebody was faster.
  Result<Json> update(const Json& object) override;
  Result<Json> patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) override;
  std::vector<Result<Json>> write_statuses(const std::vector<api::StatusWrite>& writes) override;
  Result<Json> remove(const api::ObjectKey& key, const api::Preconditions& preconditions = {}) override;
  Result<std::unique_ptr<api::Watch>> watch(const api::WatchRequest& request, std::function<void()> wake) override;

 private:
  /// Revision of each kind at a list of all of them.
  using Revisions = std::map<std::string, api::Revision>;

  Result<const api::KindFacts*> facts(const std::string& kind) const;
  std::vector<const api::KindFacts*> kinds_of(const std::string& kind) const;
  Result<Json> put(const Json& object);
  Result<Json> write_status(const api::StatusWrite& write);
  /// `revision` empty: whatever is there.
  Result<Json> apply_status(const api::StatusWrite& write, const std::string& revision);
  void remember(api::Revision revision, const std::string& kind, api::Revision of_kind);
  api::Revision since(const std::string& kind, api::Revision revision);

  Transport& transport_;
  const Options options_;
  std::mutex mutex_;
  std::deque<std::pair<api::Revision, Revisions>> listed_;  ///< the latest lists of all kinds, oldest first
};

}  // namespace datamesh::kube
