// How a plain YAML scalar becomes a value. The reader and the writer share it, so that they cannot disagree. Pure.
#pragma once

#include <string_view>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh {

/// The value of a scalar without quotes or tag: null, a boolean, a number or a string.
/// Errors: Invalid for what JSON cannot hold (.inf, .nan, 1e999).
/// Source: YAML 1.1 types, as read by Kubernetes' tools; y and n alone stay strings.
Result<Json> plain_scalar(std::string_view text);

}  // namespace datamesh
