// What the lake itself says about who may do what: read row by row, without the operator's own decoding.
#pragma once

#include "tests/sim/right.h"
#include "tests/world/world.h"

namespace datamesh::sim {

inline constexpr const char* kAuditor = "auditor";

/// "arn:aws:iam::<account>:role/<name>"
std::string role(const std::string& account, const std::string& name);

/// Every explicit right in the list of `catalog`, but for the implicit ones of the operator and the administrators.
Rights rights_in(testing::World& world, const CatalogRef& catalog);
/// The rights that one row of ListPermissions lists.
Rights rights_of_row(const Json& row, const CatalogRef& catalog);

/// Databases of the catalog by name, tables by "database/table", links included, as Glue answers them.
std::map<std::string, Json> objects_in(testing::World& world, const CatalogRef& catalog);

/// Every page of a listing, as the auditor of the account sees it.
Json listing(testing::World& world, const CatalogRef& catalog, const aws::Call& call, const char* items);

}  // namespace datamesh::sim
