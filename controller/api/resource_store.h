// The seam to declared objects, with the rules of a Kubernetes API server. SqliteStore on one machine,
// KubeStore on a cluster. Objects are whole Kubernetes objects as JSON: apiVersion, kind, metadata, spec, status.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::api {

/// Names one object. `ns` is empty for cluster-scoped kinds.
struct ObjectKey {
  std::string kind;
  std::string ns;
  std::string name;

  auto operator<=>(const ObjectKey&) const = default;
};

/// "DataProduct/retail/orders", or "Mesh/mesh" where there is no namespace.
std::string to_string(const ObjectKey& key);
/// The key of an object by its kind and metadata.
ObjectKey key_of(const Json& object);

/// Opaque to clients, ordered and dense enough for ours: grows with every write to the store.
using Revision = std::int64_t;

struct ListRequest {
  std::string kind;                          ///< empty: all kinds
  std::optional<std::string> ns;             ///< nullopt: all namespaces
  std::map<std::string, std::string> labels; ///< equality selectors, all must hold
  std::size_t limit = 0;                     ///< 0: no paging
  std::string continue_token;                ///< from the page before; the pages show one revision
  Revision at = 0;                           ///< as it was at that revision; 0: now. A continue token has its own
};

struct ListPage {
  std::vector<Json> items;     ///< sorted by kind, namespace, name
  Revision revision = 0;       ///< watch from here to miss nothing
  std::string continue_token;  ///< empty on the last page
  std::size_t remaining = 0;   ///< how many items follow this page
};

enum class EventType { Added, Modified, Deleted };

struct WatchEvent {
  EventType type = EventType::Added;
  Json object;  ///< for Deleted: the last state, with the revision of the deletion
  Revision revision = 0;
};

struct WatchRequest {
  std::string kind;               ///< empty: all kinds
  std::optional<std::string> ns;  ///< nullopt: all namespaces
  Revision since = 0;             ///< events after this revision
};

class Watch {
 public:
  virtual ~Watch() = default;
  /// The events after those already returned, oldest first, at most `limit`; empty when there are none yet.
  /// Does not block. One thread at a time.
  /// Errors: Gone when the history needed was compacted or the watch was dropped: list again.
  virtual Result<std::vector<WatchEvent>> poll(std::size_t limit = 1000) = 0;
};

enum class PatchType { Merge, Json };

struct Preconditions {
  std::optional<std::string> uid;
  std::optional<Revision> revision;
};

/// One status to write.
struct StatusWrite {
  ObjectKey key;
  std::string uid;  ///< a recreated object of the same name is not written: NotFound
  Json status;
  std::optional<Revision> revision;  ///< when set, it must still be the object's: else Conflict
  Revision seen = 0;                 ///< that of the object as the writer knows it, a hint; 0: unknown
  Json managed_fields;               ///< when set, metadata.managedFields become that where the store keeps them
};

/// Safe to call from several threads. An acknowledged write survives kill -9.
/// Rules, as Kubernetes has them: uid, creationTimestamp, resourceVersion and generation are the server's;
/// generation grows when spec changes or deletion starts; update and patch leave status alone, status writes
/// leave everything else alone; a write that changes nothing keeps the revision and makes no event; an object
/// with finalizers gets a deletionTimestamp and goes when the last finalizer is removed.
class ResourceStore {
 public:
  virtual ~ResourceStore() = default;

  /// Errors: Gone for a continue token or a revision that is too old; the code is then a token with which the list goes
  /// on as it is now, or empty. Invalid for a malformed token, or a revision that has not come.
  virtual Result<ListPage> list(const ListRequest& request) = 0;
  /// Errors: NotFound.
  virtual Result<Json> get(const ObjectKey& key) = 0;
  /// Returns the object as stored, with defaults filled in.
  /// Errors: AlreadyExists; Invalid with every problem of the object, one a line.
  virtual Result<Json> create(const Json& object) = 0;
  /// Replaces all but status. With metadata.resourceVersion set, only if it is still the object's.
  /// Errors: NotFound, Conflict, Invalid.
  virtual Result<Json> update(const Json& object) = 0;
  /// Errors: as update; Invalid for a patch that does not apply.
  virtual Result<Json> patch(const ObjectKey& key, PatchType type, const Json& patch) = 0;
  /// Replaces the statuses in one transaction; element i is the outcome of writes[i].
  /// Errors: per element NotFound, Conflict; Unavailable for the whole.
  virtual std::vector<Result<Json>> write_statuses(const std::vector<StatusWrite>& writes) = 0;
  /// Deletes, or marks as being deleted while finalizers remain. Returns the last or marked state.
  /// Errors: NotFound, Conflict when a precondition does not hold.
  virtual Result<Json> remove(const ObjectKey& key, const Preconditions& preconditions = {}) = 0;
  /// Events after `request.since`. `wake` is called, on any thread, soon after there is something to poll.
  /// It must not call back into the store.
  /// Errors: Gone when `since` is older than the history.
  virtual Result<std::unique_ptr<Watch>> watch(const WatchRequest& request, std::function<void()> wake) = 0;
};

/// All that `request` selects, as it was at one revision, read in pages of `request.limit`.
/// Errors: those of ResourceStore::list.
Result<ListPage> list_all(ResourceStore& store, ListRequest request);

/// metadata.resourceVersion as a number; nullopt when it is none.
std::optional<Revision> revision_in(const Json& object);

/// "ADDED", "MODIFIED", "DELETED": as watches write it.
const char* to_string(EventType type);

}  // namespace datamesh::api
