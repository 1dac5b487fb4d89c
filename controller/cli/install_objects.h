// The objects of `datamesh install`. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::cli {

/// The definitions of our kinds, and a service account in `ns` with no more rights than the operator needs; in the
/// order in which they can be applied.
Result<std::vector<Json>> install_objects(const std::string& ns);

/// Where such an object is applied: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/grants.datamesh.dev".
std::string install_path(const Json& object);

}  // namespace datamesh::cli
