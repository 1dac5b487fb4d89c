// Between the form in which an object is served and the one in which the store keeps it. For our own kinds the two are
// one; an Event is kept as a core Event whichever group serves it, and a Namespace keeps the finalizers of its spec
// among those of its metadata, so that the store's one rule of deletion holds for it. Pure.
#pragma once

#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// Stands for "kubernetes" in the spec of a Namespace: its content has still to be deleted.
inline constexpr const char* kNamespaceFinalizer = "kubernetes";
/// The finalizers of the kinds of deletion.
inline constexpr const char* kForegroundFinalizer = "foregroundDeletion";
inline constexpr const char* kOrphanFinalizer = "orphan";

Json to_storage(const ServedType& type, Json object);
Json from_storage(const ServedType& type, Json object);

}  // namespace datamesh::kube
