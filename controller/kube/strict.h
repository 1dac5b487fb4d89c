// What a schema does not know in an object: told to the client, and left out. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// Takes out of `object` every field that `type` does not have, and returns their paths, metadata first.
std::vector<std::string> prune(const ServedType& type, Json& object);

/// What is of the wrong type in apiVersion, kind or metadata, in the words of Go's decoder.
/// Errors: BadRequest.
Outcome<void> check_metadata_types(const ServedType& type, const Json& object);

}  // namespace datamesh::kube
