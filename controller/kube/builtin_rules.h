// What is special about the builtin kinds: what a server fills in, and what it refuses. Pure.
#pragma once

#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// Fills in what a server does.
void complete(const ServedType& type, Json& object);
/// What is wrong with `object` as a successor of `stored`, which is null for a new one.
Causes check_builtin(const ServedType& type, const Json& object, const Json& stored);
/// Namespaces that must not be deleted.
bool is_immortal(const ServedType& type, const std::string& name);

}  // namespace datamesh::kube
