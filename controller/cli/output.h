// How objects are printed: the forms that -o names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/schema.h"
#include "controller/base/clock.h"
#include "controller/cli/style.h"

namespace datamesh::cli {

enum class Format { Table, Wide, Yaml, Json, Name };

/// "table", "wide", "yaml", "json", "name".
std::optional<Format> parse_format(std::string_view name);

/// "dataproduct.datamesh.dev/orders"
std::string display_name(const api::KindFacts& kind, const Json& object);
/// The same without an object at hand.
std::string display_name(const api::KindFacts& kind, const std::string& name);

enum class NamespaceColumn { Shown, Hidden };
enum class NameColumn { Plain, WithKind };

struct TableOptions {
  Format format = Format::Table;
  NamespaceColumn namespaces = NamespaceColumn::Hidden;
  NameColumn names = NameColumn::Plain;
};

/// The titles and the rows of the table that a kind's printer columns make.
std::vector<std::string> table_titles(const api::KindFacts& kind, const TableOptions& options);
std::vector<Cell> table_row(const api::KindFacts& kind, const Json& object, const TableOptions& options, Time now);

/// `value` as indented JSON with a final newline.
std::string pretty(const Json& value);
/// The objects as one `List`.
Json list_of(const std::vector<Json>& objects);

}  // namespace datamesh::cli
