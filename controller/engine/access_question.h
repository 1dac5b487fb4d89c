// Questions about access as people write them, with the catalog that can answer them. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/catalog/evaluate.h"
#include "controller/engine/engine.h"
#include "controller/engine/planner.h"
#include "controller/mesh/mesh.h"

namespace datamesh::engine {

struct AskedAccess {
  catalog::AccessQuery query;
  const api::Resource* product = nullptr;  ///< that the object is part of; null: no product's
  const catalog::Snapshot* governing = nullptr;
};

/// Reads `question` (see AccessQuestion). `catalogs`: all that are known.
/// Errors: Invalid for what makes no sense; NotFound for an object that is not there, with what there is instead.
Result<AskedAccess> read_question(const AccessQuestion& question, const mesh::Mesh& mesh, const SnapshotOf& snapshot,
                                  const std::vector<CatalogRef>& catalogs);

}  // namespace datamesh::engine
