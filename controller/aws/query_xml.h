// The XML answers of query services as Json. Pure, bounded, and it expands no entities but XML's own five.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/base/json.h"

namespace datamesh::aws {

/// What is inside `<OperationResult>`: elements become members, `<member>`s an array, leaves strings. `Expiration` is
/// read as epoch seconds, `PackedPolicySize` as a number, `IsTruncated` and `AllowedBy…` as booleans. `{}` when the operation has no result.
/// Errors: Invalid when `xml` is no answer of `operation`, is over 1 MiB or nested deeper than 20.
Result<Json> read_query_result(std::string_view operation, std::string_view xml);

struct QueryError {
  std::string code;
  std::string message;
  bool operator==(const QueryError&) const = default;
};

/// The error of an `<ErrorResponse>`, or of S3's `<Error>`; nullopt when `xml` is neither.
std::optional<QueryError> read_query_error(std::string_view xml);

}  // namespace datamesh::aws
