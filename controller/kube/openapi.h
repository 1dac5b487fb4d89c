// The schemas of all kinds as OpenAPI documents: the smallest that kubectl of every version can explain, validate and
// apply by. Pure.
#pragma once

#include <string>

#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// The Swagger 2.0 document of everything.
Json openapi_v2(const TypeRegistry& types);
/// The OpenAPI 3.0 document of one group and version.
Json openapi_v3(const TypeRegistry& types, const std::string& group, const std::string& version);
/// A Swagger document as gnostic's openapi.v2.Document, which kubectl up to 1.26 and client-go ask for.
/// Source: gnostic, OpenAPIv2.proto
std::string to_gnostic(const Json& document);

}  // namespace datamesh::kube
