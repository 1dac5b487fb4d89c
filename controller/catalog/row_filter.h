// Row filters of data cells filters: the subset of PartiQL that Lake Formation takes, read strictly, checked against the
// columns of a table, and written in one canonical way. Pure.
// Source: lake-formation.md 2.8; Lake Formation developer guide, PartiQL support in row filter expressions
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.h"
#include "controller/catalog/entry.h"

namespace datamesh::catalog {

/// Lake Formation takes less than 2048 characters.
inline constexpr std::size_t kMostRowFilterBytes = 2047;
/// How deep parentheses and NOT may nest, so that hostile texts cannot exhaust the stack.
inline constexpr int kMostRowFilterDepth = 64;

struct RowConstant {
  enum class Type : std::uint8_t { Text, Number, Boolean };
  Type type = Type::Text;
  std::string text;    ///< without quotes; booleans as true and false
  std::size_t at = 0;  ///< where it begins

  bool operator==(const RowConstant& other) const { return type == other.type && text == other.text; }
};

/// A comparison of one column with constants, or a combination of others. Equality leaves positions out of account.
struct RowFilter {
  enum class Kind : std::uint8_t {
    And, Or, Not, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, Between, Like, IsNull
  };
  Kind kind = Kind::And;
  std::vector<std::string> path;       ///< of comparisons: the column and fields within it, lower case
  std::vector<RowConstant> constants;  ///< of comparisons
  std::vector<RowFilter> operands;     ///< of combinations
  std::size_t at = 0;                  ///< where the column begins

  bool operator==(const RowFilter& other) const;
};

struct RowFilterProblem {
  std::size_t at = 0;      ///< Units: bytes from the start of the text
  std::string message;     ///< what is wrong
  std::string suggestion;  ///< what to write instead; may be empty

  bool operator==(const RowFilterProblem&) const = default;
};

/// "line 1, character 11, at 'berlin': …; …". Shows the place in `text`.
std::string describe(const RowFilterProblem& problem, std::string_view text);

/// Errors: where the text stops making sense, and what could stand there.
tl::expected<RowFilter, RowFilterProblem> parse_row_filter(std::string_view text);

/// The text that every spelling of the same filter comes to. Read back, it is equal to `filter`.
std::string canonical_text(const RowFilter& filter);
/// `text` in canonical form; unchanged when it is no row filter, or would get too long.
std::string canonical_row_filter(const std::string& text);

/// The name of every column that is used, lower case, without repetitions, sorted.
std::vector<std::string> columns_of(const RowFilter& filter);

/// Everything for which `filter` does not fit a table: columns that it has not or that cannot be compared, constants that
/// do not fit their type, names that Lake Formation keeps for itself. In the order of the text.
std::vector<RowFilterProblem> problems_in(const RowFilter& filter, const std::vector<ColumnShape>& columns,
                                          const std::vector<ColumnShape>& partition_keys);

}  // namespace datamesh::catalog
