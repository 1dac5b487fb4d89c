// Which program this is.
#pragma once

namespace datamesh::cli {

/// The version of the project in CMakeLists.txt.
inline constexpr const char* kVersion = DATAMESH_VERSION;

}  // namespace datamesh::cli
