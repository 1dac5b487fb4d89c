// What writing and reading partitions have in common.
// Source: lake-formation.md 2.6 (partitions act on the target of a database link or of a table link, not of both)
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/embedded/lake_glue.h"

namespace datamesh::embedded::lake {

/// The key of a partition in `Catalog::partitions`.
std::string partition_key(const TablePlace& table, const Json& values);

/// The table whose partitions are read; nullopt when both the database and the table are links: the result is empty.
/// Errors: AccessDeniedException unless the caller may see the table.
Result<std::optional<TablePlace>> find_table_to_read(Session& session, const Json& input);

/// A Partition of the wire; `without_columns` leaves the schema out.
Json partition_json(const TablePlace& table, const Json& partition, bool without_columns);

}  // namespace datamesh::embedded::lake
