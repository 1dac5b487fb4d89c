// Where an API server keeps the objects of a kind. Pure.
#pragma once

#include <optional>
#include <string>

#include "controller/api/schema.h"

namespace datamesh::kube {

/// "/apis/datamesh.dev/v1alpha1/namespaces/retail/grants"; without a namespace, those of all of them.
std::string collection_path(const api::KindFacts& kind, const std::optional<std::string>& ns);
/// "/apis/datamesh.dev/v1alpha1/namespaces/retail/grants/readers"
std::string object_path(const api::KindFacts& kind, const std::string& ns, const std::string& name);

}  // namespace datamesh::kube
