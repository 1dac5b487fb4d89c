// One row of a table as people write it, and what a row filter says of it, in the logic of three values that SQL has.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/result.h"
#include "controller/catalog/row_filter.h"

namespace datamesh::catalog {

/// By column, lower case, fields of structs as "address.city". A column that is not there is NULL, as is one without value.
using Row = std::map<std::string, std::optional<std::string>>;

/// Reads "country = 'de' AND amount = 5" or "country=de,amount=5"; nothing but equalities and IS NULL.
/// Errors: Invalid, with the place where it stops making sense.
Result<Row> parse_row(std::string_view text);

/// "country = 'de', amount = 5".
std::string to_string(const Row& row);

enum class Truth : std::uint8_t { False, Unknown, True };
std::string_view to_string(Truth truth);

/// What `filter` says of `row`. Numbers are compared as numbers, exactly; texts, dates and moments byte by byte. A value
/// that cannot be compared with its constant is as unknown as NULL.
Truth truth_of(const RowFilter& filter, const Row& row);

/// The columns that `filter` compares and `row` does not name: they count as NULL.
std::vector<std::string> columns_not_given(const RowFilter& filter, const Row& row);

}  // namespace datamesh::catalog
