// What is in the store before the first client comes.
#pragma once

#include "controller/kube/backend.h"

namespace datamesh::kube {

/// Makes the first namespaces, a namespace for every object that has none, and the definitions of our kinds, as far as
/// they are not there. Returns all stored objects, and the revision at which they were read. Blocks.
/// Errors: Unavailable.
Result<api::ListPage> bootstrap(const Backend& backend);

}  // namespace datamesh::kube
