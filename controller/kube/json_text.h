// JSON as an API server reads it: of a key that comes twice the last counts, and the client may be told. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.h"
#include "controller/kube/fault.h"

namespace datamesh::kube {

struct JsonText {
  Json value;
  std::vector<std::string> duplicates;  ///< paths of keys that come more than once: "spec.color"
};

/// Nesting is bounded, and strings must be UTF-8.
/// Errors: BadRequest, the words of Go's reader ("unexpected end of JSON input") for the usual mistakes.
Outcome<JsonText> read_json(std::string_view text);

}  // namespace datamesh::kube
