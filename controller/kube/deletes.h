// Deleting objects, one or many. What an object owns, and what is in a namespace, goes by the collector's hand.
#pragma once

#include "controller/http/message.h"
#include "controller/kube/backend.h"

namespace datamesh::kube {

/// DELETE of an object. The answer is a Status when it has gone, else the object as it waits for its finalizers.
Outcome<Json> delete_object(const Backend& backend, const Target& target, const http::Request& request);
/// DELETE of a collection: the list of what was deleted.
Outcome<Json> delete_collection(const Backend& backend, const Target& target, const http::Request& request);

}  // namespace datamesh::kube
