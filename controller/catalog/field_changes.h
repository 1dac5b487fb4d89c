// Which fields of an entry an update changes, for those who read a plan. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/catalog/diff.h"

namespace datamesh::catalog {

/// One field: what it is, and what it becomes. What is absent comes, or goes. What may be a secret is not told.
struct FieldChange {
  std::string field;  ///< as manifests call it: "columns.total.type", "parameters.classification", "values"
  std::optional<std::string> from;
  std::optional<std::string> to;

  bool operator==(const FieldChange&) const = default;
};

/// What `update` changes in `observed`, which has the same key; empty for an action of another verb. What a claim leaves
/// alone, as the parameters that it does not name, is no change.
std::vector<FieldChange> field_changes(const Action& update, const EntryValue& observed);

}  // namespace datamesh::catalog
