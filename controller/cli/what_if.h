// What people ask `plan --with`: an object, and fields of its spec as they might be. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/api/schema.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::cli {

struct FieldChange {
  std::vector<std::string> path;     ///< under spec; items of lists by their name, or by their number from 0
  std::optional<std::string> value;  ///< nullopt: the field goes
};

struct WhatIf {
  const api::KindFacts* kind = nullptr;
  std::string ns;  ///< empty: that of the command, or a kind without
  std::string name;
  std::vector<FieldChange> changes;
};

/// Reads "DataProduct/retail/orders tags.classification=confidential tables.items.tags.level-".
/// Shape: KIND/NAMESPACE/NAME or KIND/NAME, then at least one PATH=VALUE or PATH-. A path's parts are joined by dots; `\.`
/// is a dot within one. A value ends at a space outside quotes and brackets; brackets hold YAML.
/// Errors: Invalid, naming the part that is wrong.
Result<WhatIf> parse_what_if(const std::string& text, const api::SchemaRegistry& schema);

/// `object` with the fields of its spec changed. Values are read as the schema says: text is taken as it stands.
/// Errors: Invalid for a field that the kind has not, or an item that the list has not.
Result<Json> changed(Json object, const WhatIf& what_if, const api::SchemaRegistry& schema);

}  // namespace datamesh::cli
