// What the engine says of a resource, as Kubernetes tells of it. Pure.
#pragma once

#include "controller/engine/engine.h"
#include "controller/kube/events.h"

namespace datamesh::cli {

/// A Warning when the resource is not Ready and is not just on its way, Normal else.
kube::Occurrence occurrence_of(const engine::Transition& transition);

}  // namespace datamesh::cli
