// Deletes what nobody needs: what its owners left behind, what is in a namespace that goes, and events that are old.
// Level-triggered: it knows what is there, looks at what changed, and tries again when something stood in its way.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/base/executor.h"
#include "controller/kube/backend.h"
#include "controller/kube/store_feed.h"

namespace datamesh::kube {

/// What the collector remembers of an object.
struct KnownObject {
  struct Owner {
    std::string uid;
    bool blocks = false;  ///< the owner waits for this object
    bool served = false;  ///< this server would know the owner
  };
  std::string uid;
  std::vector<Owner> owners;
  bool terminating = false;
  bool foreground = false;  ///< goes after what it owns
  bool orphan = false;      ///< goes without what it owns
  std::string written;      ///< its resourceVersion
};

/// One thing to do, worked out from what is known.
struct CollectorAction {
  enum class Kind { Delete, Disown, Release };
  Kind kind = Kind::Delete;
  api::ObjectKey key;
  std::string uid;        ///< of the object, as a precondition
  std::string argument;   ///< Disown: the owner's uid. Release: the finalizer
  bool foreground = false;
  bool operator==(const CollectorAction&) const = default;
};

/// What is there, and what follows from it. Pure.
class CollectorIndex {
 public:
  explicit CollectorIndex(const TypeRegistry& types) : types_(&types) {}

  void put(const Json& stored);
  void drop(const Json& stored);
  /// What is to be done about an object, as far as can be seen now.
  std::vector<CollectorAction> actions(const api::ObjectKey& key) const;
  /// The objects to look at when that one changes: itself, its owners, what it owns, its namespace.
  std::vector<api::ObjectKey> concerned(const api::ObjectKey& key) const;
  std::vector<api::ObjectKey> keys() const;
  const KnownObject* find(const api::ObjectKey& key) const;

 private:
  KnownObject known(const Json& stored) const;
  bool all_owners_gone(const api::ObjectKey& key, const KnownObject& object) const;
  void forget(const api::ObjectKey& key);

  const TypeRegistry* types_;
  std::map<api::ObjectKey, KnownObject> objects_;
  std::map<std::string, api::ObjectKey> by_uid_;
  std::map<std::string, std::set<api::ObjectKey>> owned_;         ///< by the uid of an owner
  std::map<std::string, std::set<api::ObjectKey>> in_namespace_;
};

/// Lives on the executor's thread; its work with the store is done by workers, one at a time.
class Collector : public std::enable_shared_from_this<Collector> {
 public:
  /// All must outlive it.
  Collector(const Backend& backend, Executor& executor);

  /// Learns what is there. Blocks.
  Result<void> start(const std::vector<Json>& objects);
  /// For the store's feed.
  void changed(const std::vector<api::WatchEvent>& events);
  void lost();

 private:
  void look_at(const api::ObjectKey& key);
  void work();
  void retry(std::vector<api::ObjectKey> keys);
  void note_event(const Json& stored);
  void expire_events();

  const Backend backend_;
  Executor& executor_;
  CollectorIndex index_;
  std::set<api::ObjectKey> waiting_;
  bool working_ = false;
  struct AgingEvent {
    Time expires;
    api::ObjectKey key;
    std::string written;
  };
  std::deque<AgingEvent> aging_;
  bool expiring_ = false;
};

}  // namespace datamesh::kube
