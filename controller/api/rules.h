// The CEL rules of the CRDs, in C++. Debian 12 has no CEL, so each rule is written twice: in the CRD, for a
// Kubernetes API server, and here, for manifests and the embedded store. The text in the CRD is the key, and a
// registry refuses a rule that has no code. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.h"

namespace datamesh::api {

struct Problem;

/// Whether a rule holds for `self`, which has passed its schema and has its defaults.
using RuleFunction = bool (*)(const Json& self);

/// The code of the rule with exactly this text; null when there is none.
RuleFunction find_rule(std::string_view text);
/// The texts of all rules that have code.
std::vector<std::string_view> rule_texts();

/// What an object can tell about itself but a CRD cannot check, because the cost that an API server estimates for
/// the CEL would be over its limit. The operator tells the same in the object's conditions.
std::vector<Problem> uncosted_problems(std::string_view kind, const Json& object);

}  // namespace datamesh::api
