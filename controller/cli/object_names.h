// Reads what a person writes to name objects: "dp orders", "dataproduct/orders", "grants,links", "all".
#pragma once

#include <string>
#include <vector>

#include "controller/api/schema.h"
#include "controller/base/result.h"

namespace datamesh::cli {

/// A kind, and one of its objects unless `name` is empty.
struct ObjectName {
  const api::KindFacts* kind = nullptr;
  std::string name;
};

/// The objects that positional arguments name.
/// Errors: Invalid, with the nearest kind when one is mistyped.
Result<std::vector<ObjectName>> parse_object_names(const std::vector<std::string>& arguments,
                                                   const api::SchemaRegistry& schema);

/// The kind that `name` means.
/// Errors: Invalid, with the nearest kind.
Result<const api::KindFacts*> resolve_kind(const std::string& name, const api::SchemaRegistry& schema);

}  // namespace datamesh::cli
