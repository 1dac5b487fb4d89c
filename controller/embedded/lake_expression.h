// Row expressions: the PartiQL subset of data cells filters, and the conditions on partition keys of GetPartitions.
// Columns against constants, AND, OR, NOT, parentheses; no functions. Pure.
// Source: lake-formation.md 2.8
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.h"

namespace datamesh::embedded::lake {

/// A comparison of one column, or a combination of others.
struct RowExpression {
  enum class Kind { And, Or, Not, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, Between, Like, IsNull };
  Kind kind = Kind::And;
  std::string column;                   ///< lower case; of comparisons
  std::vector<std::string> constants;   ///< of comparisons
  std::vector<RowExpression> operands;  ///< of combinations
};

/// Errors: Invalid, naming where the text stops making sense.
Result<RowExpression> parse_row_expression(std::string_view text);

/// Every column that is named, with repetitions.
std::vector<std::string> columns_in(const RowExpression& expression);

/// Whether a row passes. `value_of` gives a column's value, null when it has none. Numbers compare as numbers, all
/// else as text.
bool passes(const RowExpression& expression, const std::function<const std::string*(const std::string&)>& value_of);

}  // namespace datamesh::embedded::lake
