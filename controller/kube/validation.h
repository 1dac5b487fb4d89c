// What is wrong with an object, in the words of a Kubernetes API server. The schema and the rules are those of
// controller/api, which tells a person the same in words of its own. Pure.
#pragma once

#include <string>

#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// Everything that is wrong with `object`, which has its defaults and nothing that the schema does not know.
/// Source: crud_errors_1.32.txt
Causes validate(const ServedType& type, const api::SchemaRegistry& schema, const Json& object);

/// What the metadata of any object must be.
Causes validate_metadata(const ServedType& type, const Json& metadata);

/// Finalizers that have no domain, as warnings.
std::vector<std::string> finalizer_warnings(const Json& object);

}  // namespace datamesh::kube
