// Row expressions as the lake meets them: filters of rows, and the conditions on partition keys of GetPartitions. Both are
// read by catalog/row_filter.h. Pure.
// Source: lake-formation.md 2.8
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controller/base/result.h"
#include "controller/catalog/row_filter.h"

namespace datamesh::embedded::lake {

using RowExpression = catalog::RowFilter;

/// Errors: Invalid, naming where the text stops making sense.
Result<RowExpression> parse_row_expression(std::string_view text);

/// Whether a row passes. `value_of` gives the value of a column, or of a field as "column.field"; null when it has none.
/// Numbers compare as numbers, all else as text. A comparison with a value that is not there is neither true nor false, and
/// so is its negation: the row does not pass.
bool passes(const RowExpression& expression, const std::function<const std::string*(const std::string&)>& value_of);

}  // namespace datamesh::embedded::lake
