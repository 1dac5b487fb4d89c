// The fields of an ARN. Pure.
//
//   arn : partition : service : region : account : resource
//    0        1          2         3         4         5
// Source: AWS General Reference, "Amazon Resource Names (ARNs)"
#pragma once

#include <string_view>

namespace datamesh {

enum class ArnField { Partition = 1, Service, Region, Account, Resource };

/// That field of `arn`; the resource keeps its colons. Empty when there is none, and for what is no ARN.
std::string_view arn_field(std::string_view arn, ArnField field);

}  // namespace datamesh
