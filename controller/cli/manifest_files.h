// Reads the manifests that -f names.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "controller/api/manifest.h"
#include "controller/api/schema.h"
#include "controller/cli/environment.h"

namespace datamesh::cli {

enum class Depth { OneFolder, AllFolders };

struct FileSelection {
  std::vector<std::string> files;  ///< files, folders, or "-"
  Depth depth = Depth::OneFolder;
  std::string ns = "default";      ///< for namespaced objects that name none
};

/// The manifests of all files, in the order of the arguments and of the names in a folder, with every problem of
/// every file; where each is valid by itself, also what is wrong between them. In folders only .yaml, .yml and .json count.
/// Errors: NotFound for a file that is not there; Unavailable for one that cannot be read; Invalid for a folder
/// without manifests.
Result<api::ManifestSet> read_manifests(const FileSelection& selection, Session& session);

/// The same, and Invalid with all problems, one a line, when there are any.
Result<std::vector<api::Manifest>> read_valid_manifests(const FileSelection& selection, Session& session);

}  // namespace datamesh::cli
