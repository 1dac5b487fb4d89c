// Which tags a database, table or column has, and which expressions they match. Pure over a Catalog.
// Source: lake-formation.md 2.7
#pragma once

#include <string>

#include "controller/embedded/lake_state.h"

namespace datamesh::embedded::lake {

/// The key in `Catalog::tagged`; `table` and `column` may be empty.
std::string tagged_key(std::string_view database, std::string_view table = {}, std::string_view column = {});

/// Tags with those inherited: database, then table, then column, each overriding key by key.
Tags effective_tags(const Catalog& catalog, std::string_view database, std::string_view table = {},
                    std::string_view column = {});
/// True when a column of the table has tags of its own.
bool has_column_tags(const Catalog& catalog, std::string_view database, std::string_view table);

/// AND over keys, OR over values, "*" for any value. An empty expression matches nothing.
bool matches(const TagExpression& expression, const Tags& tags);

/// The expression of a policy, looked up when it is saved under a name; empty when it does not exist or names a key
/// that was deleted.
TagExpression expression_of(const Catalog& owner, const Resource& policy);

}  // namespace datamesh::embedded::lake
