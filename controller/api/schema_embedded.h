// The CRD files under crds/, as they were when the program was built.
#pragma once

#include <span>
#include <string_view>

namespace datamesh::api {

struct EmbeddedFile {
  std::string_view name;  ///< "crds/datamesh.dev_grants.yaml"
  std::string_view text;
};

/// All CRDs, sorted by name.
std::span<const EmbeddedFile> embedded_crds();

}  // namespace datamesh::api
