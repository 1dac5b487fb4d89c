// Meshes of a chosen size, as objects, for the benchmarks.
#pragma once

#include <string>
#include <vector>

#include "controller/base/json.h"

namespace datamesh::bench {

struct MeshSize {
  int products = 1000;
  int tables = 10;
  int grants_a_product = 10;
  int consumers = 10;             ///< accounts, each with `principals` roles
  int principals_a_grant = 0;     ///< 0: grants go to accounts; else to so many principals each
  bool name_tables = false;       ///< grants name every table instead of all tables at once
};

/// The mesh, its accounts, products and grants, in the order in which they can be declared.
std::vector<Json> mesh_objects(const MeshSize& size);

/// The grant number `grant` of product number `product`.
Json grant_object(const MeshSize& size, int product, int grant);

}  // namespace datamesh::bench
