// Between canonical databases, tables and links and the shapes of Glue.
#pragma once

#include <string>

#include "controller/base/json.h"
#include "controller/catalog/entry.h"

namespace datamesh::lake {

/// True when a database or table as read is a resource link.
bool is_link(const Json& glue);
catalog::Link decode_link(const Json& glue);
Json encode_link_target(const catalog::Link& link, const std::string& own_region);

catalog::Database decode_database(const Json& database);
/// DatabaseInput for `wanted`, overlaid on `existing` (a Database as read, or null): what others keep there stays.
Json encode_database(const std::string& name, const catalog::Database& wanted, const Json& existing);

catalog::Table decode_table(const Json& table);
/// TableInput for `wanted`, overlaid on `existing` (a Table as read, or null): foreign parameters, Iceberg's and
/// crawlers' among them, stay (trap T31).
Json encode_table(const std::string& name, const catalog::Table& wanted, const Json& existing);

}  // namespace datamesh::lake
