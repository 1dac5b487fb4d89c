#include <algorithm>

#include "controller/kube/collector.h"
#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

const char* const kStoredNamespaceFinalizer = "spec.finalizers/kubernetes";

bool has_finalizer(const Json& stored, std::string_view name) {
  const Json& finalizers = at_path(stored, {"metadata", "finalizers"});
  return std::find(finalizers.begin(), finalizers.end(), Json(name)) != finalizers.end();
}

}  // namespace

KnownObject CollectorIndex::known(const Json& stored) const {
  const Json& metadata = member(stored, "metadata");
  KnownObject object;
  object.uid = string_at(metadata, "uid");
  object.written = string_at(metadata, "resourceVersion");
  object.terminating = member(metadata, "deletionTimestamp").is_string();
  object.foreground = has_finalizer(stored, kForegroundFinalizer);
  object.orphan = has_finalizer(stored, kOrphanFinalizer);
  for (const Json& owner : member(metadata, "ownerReferences")) {
    const std::string kind = string_at(owner, "kind");
    const ServedType* const type = types_->stored_as(kind);
    object.owners.push_back({string_at(owner, "uid"), member(owner, "blockOwnerDeletion") == Json(true),
                             type != nullptr && api_version(*type) == string_at(owner, "apiVersion")});
  }
  return object;
}

void CollectorIndex::forget(const api::ObjectKey& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return;
  for (const KnownObject::Owner& owner : found->second.owners) {
    const auto set = owned_.find(owner.uid);
    if (set == owned_.end()) continue;
    set->second.erase(key);
    if (set->second.empty()) owned_.erase(set);
  }
  by_uid_.erase(found->second.uid);
  if (const auto set = in_namespace_.find(key.ns); set != in_namespace_.end()) {
    set->second.erase(key);
    if (set->second.empty()) in_namespace_.erase(set);
  }
  objects_.erase(found);
}

void CollectorIndex::put(const Json& stored) {
  const api::ObjectKey key = api::key_of(stored);
  forget(key);
  KnownObject object = known(stored);
  for (const KnownObject::Owner& owner : object.owners) owned_[owner.uid].insert(key);
  by_uid_[object.uid] = key;
  if (!key.ns.empty()) in_namespace_[key.ns].insert(key);
  objects_.emplace(key, std::move(object));
}

void CollectorIndex::drop(const Json& stored) { forget(api::key_of(stored)); }

const KnownObject* CollectorIndex::find(const api::ObjectKey& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<api::ObjectKey> CollectorIndex::keys() const {
  std::vector<api::ObjectKey> all;
  for (const auto& [key, object] : objects_) all.push_back(key);
  return all;
}

std::vector<api::ObjectKey> CollectorIndex::concerned(const api::ObjectKey& key) const {
  std::vector<api::ObjectKey> keys = {key};
  const KnownObject* const object = find(key);
  if (object == nullptr) return keys;
  for (const KnownObject::Owner& owner : object->owners) {
    if (const auto found = by_uid_.find(owner.uid); found != by_uid_.end()) keys.push_back(found->second);
  }
  if (const auto found = owned_.find(object->uid); found != owned_.end()) {
    keys.insert(keys.end(), found->second.begin(), found->second.end());
  }
  if (!key.ns.empty()) keys.push_back({"Namespace", "", key.ns});
  return keys;
}

/// An owner in another namespace is none. One that this server does not serve may be anywhere, so it counts as there.
bool CollectorIndex::all_owners_gone(const api::ObjectKey& key, const KnownObject& object) const {
  return std::none_of(object.owners.begin(), object.owners.end(), [&](const KnownObject::Owner& owner) {
    if (!owner.served) return true;
    const auto found = by_uid_.find(owner.uid);
    return found != by_uid_.end() && (found->second.ns.empty() || found->second.ns == key.ns);
  });
}

std::vector<CollectorAction> CollectorIndex::actions(const api::ObjectKey& key) const {
  using Kind = CollectorAction::Kind;
  std::vector<CollectorAction> actions;
  const auto found = objects_.find(key);
  if (found == objects_.end()) return actions;
  const KnownObject& object = found->second;
  if (!object.terminating) {
    if (!object.owners.empty() && all_owners_gone(key, object)) actions.push_back({Kind::Delete, key, object.uid, "", false});
    return actions;
  }
  const auto set = owned_.find(object.uid);
  const std::set<api::ObjectKey> dependents = set == owned_.end() ? std::set<api::ObjectKey>() : set->second;
  bool waits = false;
  for (const api::ObjectKey& one : dependents) {
    const KnownObject& dependent = objects_.at(one);
    if (object.orphan) {
      actions.push_back({Kind::Disown, one, dependent.uid, object.uid, false});
      waits = true;
    } else if (object.foreground) {
      waits = waits || std::any_of(dependent.owners.begin(), dependent.owners.end(), [&](const KnownObject::Owner& owner) {
                return owner.uid == object.uid && owner.blocks;
              });
      if (!dependent.terminating) actions.push_back({Kind::Delete, one, dependent.uid, "", true});
    }
  }
  if (object.orphan && !waits) actions.push_back({Kind::Release, key, object.uid, kOrphanFinalizer, false});
  if (object.foreground && !waits) actions.push_back({Kind::Release, key, object.uid, kForegroundFinalizer, false});
  if (key.kind != "Namespace") return actions;
  const auto content = in_namespace_.find(key.name);
  if (content == in_namespace_.end()) {
    actions.push_back({Kind::Release, key, object.uid, kStoredNamespaceFinalizer, false});
    return actions;
  }
  for (const api::ObjectKey& one : content->second) {
    const KnownObject& inside = objects_.at(one);
    if (!inside.terminating) actions.push_back({Kind::Delete, one, inside.uid, "", false});
  }
  return actions;
}

}  // namespace datamesh::kube
