// Values as their schema sees them: which fields they have, how two of them differ, and how one is merged into another.
// Maps are granular; lists are atomic unless the schema calls them sets or maps. Pure.
// Source: structured-merge-diff, typed and merge
#pragma once

#include <string>

#include "controller/api/schema_node.h"
#include "controller/kube/fault.h"
#include "controller/kube/field_tree.h"

namespace datamesh::kube {

/// Every field that `value` sets: leaves, items of lists, and members of open maps.
FieldTree fields_of(const api::SchemaNode& schema, const Json& value);

struct Difference {
  FieldTree added, removed, modified;
};
/// What became of the fields of `before` in `after`.
Difference compare(const api::SchemaNode& schema, const Json& before, const Json& after);

/// `wanted` laid over `live`: what `wanted` does not mention stays.
Json merged(const api::SchemaNode& schema, const Json& live, const Json& wanted);

/// `value` without the fields of `last` that nobody in `keep` has.
Json without(const api::SchemaNode& schema, Json value, const FieldTree& last, const FieldTree& keep);

/// What `value` has that no object of this schema may have, in the words of server-side apply; empty when nothing is
/// wrong: `.spec.nosuch: field not declared in schema`.
std::string type_problem(const api::SchemaNode& schema, const Json& value, const std::string& path = {});

}  // namespace datamesh::kube
