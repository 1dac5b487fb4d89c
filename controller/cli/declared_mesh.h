// The declared objects as a mesh, and what they need of the operator's role of an account.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/manifest_files.h"
#include "controller/lake/iam_policy.h"
#include "controller/mesh/mesh.h"

namespace datamesh::cli {

struct DeclaredMesh {
  std::vector<Json> objects;  ///< with their status, where the server holds them
  mesh::Mesh mesh;
};

/// What the manifests say, or without files what the server holds. Errors: those of reading, or of the server.
Result<DeclaredMesh> read_declared(const FileSelection& files, Session& session);

/// The Account that `name` means: "namespace/name", or its 12 digits.
/// Errors: NotFound, with the names that there are.
Result<const api::Resource*> find_account(const mesh::Mesh& mesh, const std::string& name);

/// All that `resource` claims in the catalogs of `account`.
std::vector<lake::NeededEntry> entries_of(const api::Resource& resource, const mesh::Mesh& mesh, const std::string& account, Time now);
/// All that is claimed there.
std::vector<lake::NeededEntry> entries_of(const mesh::Mesh& mesh, const std::string& account, Time now);

}  // namespace datamesh::cli
