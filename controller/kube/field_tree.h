// A set of fields of an object, in the shape that managedFields keep them in: FieldsV1.
//
//   {"f:spec": {"f:ports": {"k:{\"port\":80}": {".": {}, "f:name": {}}}, "f:tags": {"v:\"a\"": {}}}}
//
// A node without children is in the set; one with children is when it has a ".". Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/base/json.h"

namespace datamesh::kube {

struct FieldTree {
  bool owned = false;  ///< the field itself is in the set
  std::map<std::string, FieldTree> children;

  /// True when no field is in the set.
  bool empty() const;
  bool operator==(const FieldTree&) const = default;
};

FieldTree parse_fields(const Json& fields);
Json to_fields(const FieldTree& tree);

FieldTree unite(const FieldTree& a, const FieldTree& b);
FieldTree subtract(const FieldTree& a, const FieldTree& b);
FieldTree intersect(const FieldTree& a, const FieldTree& b);
/// Adds what leads to a named field of the set: {"f:spec": {"f:a": {}}} owns spec, too.
FieldTree with_parents(const FieldTree& tree);

/// Its fields as a server prints them in conflicts: `.spec.ports[port=80].name`, sorted.
std::vector<std::string> paths_of(const FieldTree& tree);

// ---- steps of a path ----------------------------------------------------------------------------------------------

std::string field_step(const std::string& name);
/// The step to the item of a list map: `k:{"port":80}`.
std::string key_step(const Json& item, const std::vector<std::string>& keys);
std::string value_step(const Json& value);

}  // namespace datamesh::kube
