// The ways of patching an object: merge, JSON, and strategic merge. Pure.
#pragma once

#include <string_view>

#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// Source: RFC 6902. Errors: Invalid, in the words of a server, for what does not apply.
Outcome<Json> json_patched(Json object, const Json& patch);

/// A merge patch that knows the lists of the kind: those with keys are merged by them, `$patch` and
/// `$deleteFromPrimitiveList` say what shall go.
/// Source: Kubernetes' documentation of strategic merge patch
Outcome<Json> strategic_patched(const ServedType& type, Json object, const Json& patch);

}  // namespace datamesh::kube
