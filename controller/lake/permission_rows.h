// Between canonical permissions and the rows of Lake Formation.
#pragma once

#include <optional>
#include <vector>

#include "controller/base/catalog_ref.h"
#include "controller/base/json.h"
#include "controller/catalog/entry.h"

namespace datamesh::lake {

struct PermissionRow {
  catalog::PermissionId id;
  catalog::PermissionValue value;
};

/// One row of ListPermissions in canonical form; nullopt for resources that we do not know.
/// Source: lake-formation.md 2.4 (SELECT split, ALL_TABLES, column wildcard), traps T1, T2, T24
std::optional<PermissionRow> decode_row(const Json& row, const CatalogRef& catalog);

/// `row` with one value of an LF-tag each, whichever way Lake Formation lists what was granted on several; else itself.
std::vector<Json> single_rows(const Json& row);

/// The `Resource` of a request about `id`, with the owner's CatalogId on every level (trap T19). `value` gives
/// the columns.
Json encode_resource(const catalog::ResourceId& id, const catalog::PermissionValue& value);

/// The members Principal, Resource, Permissions and PermissionsWithGrantOption of a grant or revoke.
Json encode_entry(const catalog::PermissionId& id, const catalog::PermissionValue& value);

/// Rows of one (principal, resource) united.
void fold_row(std::map<catalog::LocalKey, catalog::EntryValue>& entries, const PermissionRow& row);

/// "key=a,b;other=c" of an LF-tag expression, keys and values sorted, and back.
std::string encode_expression(const Json& expression);
Json decode_expression(const std::string& text);

}  // namespace datamesh::lake
