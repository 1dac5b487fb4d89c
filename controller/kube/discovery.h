// What this server serves, told to clients: groups, versions and resources. Pure.
#pragma once

#include <string>
#include <utility>

#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// /api
Json api_versions(const std::string& server_address);
/// /apis
Json group_list(const TypeRegistry& types);
/// /apis/GROUP; null for an unknown group.
Json group(const TypeRegistry& types, const std::string& name);
/// /api/v1 and /apis/GROUP/VERSION; null for an unknown version.
Json resource_list(const TypeRegistry& types, const std::string& group, const std::string& version);

enum class Groups { Core, Named };
/// The same in one document, for clients that ask for it. `version`: of apidiscovery.k8s.io, v2 or v2beta1.
Json aggregated(const TypeRegistry& types, Groups groups, const std::string& version);

}  // namespace datamesh::kube
