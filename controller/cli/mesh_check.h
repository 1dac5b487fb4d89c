// What is wrong with manifests taken together, though each fits its schema: a row filter that does not fit the columns of the
// product's table, two Accounts with one accountId. Pure.
#pragma once

#include <vector>

#include "controller/api/manifest.h"
#include "controller/base/clock.h"

namespace datamesh::cli {

/// The manifests must be valid, with namespaces and defaults. What refers to an object that is not among them is not judged: it may
/// be on the server.
std::vector<api::ManifestProblem> mesh_problems(const std::vector<api::Manifest>& manifests, Time now);

}  // namespace datamesh::cli
