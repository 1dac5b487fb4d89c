// The structural schemas of the builtin kinds, as JSON text. Pure.
#pragma once

#include <string_view>

namespace datamesh::kube {

/// The schema of every object's metadata.
std::string_view metadata_schema();
/// The schema of a builtin kind without apiVersion, kind and metadata; empty for an unknown one.
/// `group` tells the two Events apart.
std::string_view builtin_schema(std::string_view group, std::string_view kind);

}  // namespace datamesh::kube
