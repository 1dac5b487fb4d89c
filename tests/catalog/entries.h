// Short names for entries and their values in tests, and actions as readable lines.
#pragma once

#include <string>
#include <vector>

#include "controller/catalog/diff.h"

namespace datamesh::catalog {

inline const CatalogRef kCatalog{"111111111111", "eu-west-1"};
inline const std::string kOwner = "111111111111";
inline const std::string kRole = "arn:aws:iam::111111111111:role/analyst";

/// The operations are named as in permission.h.
inline PermissionValue perms(PermissionSet permissions, PermissionSet grantable = {}) {
  return {permissions, grantable, {}, {}, false};
}
inline PermissionValue on_columns(std::vector<std::string> columns, std::vector<std::string> grantable = {}) {
  PermissionValue value;
  value.permissions = {Permission::Select};
  if (!grantable.empty()) value.grantable = {Permission::Select};
  value.columns = std::move(columns);
  value.grantable_columns = std::move(grantable);
  return value;
}

inline EntryKey table_permission(const std::string& principal = kRole) {
  return {kCatalog, permission_key({ResourceId::of_table(kOwner, "sales", "orders"), principal})};
}

/// "SELECT, ALTER+ (a, b+)": `+` marks what may be passed on.
inline std::string text(const PermissionValue& value) {
  std::string out;
  for (const std::string& name : value.permissions.names()) out += (out.empty() ? "" : ", ") + name;
  for (const std::string& name : value.grantable.names()) out += (out.empty() ? "+" : ", +") + name;
  if (!value.columns.empty() || !value.grantable_columns.empty()) {
    out += " (";
    for (const std::string& column : value.columns) out += (out.ends_with('(') ? "" : ", ") + column;
    for (const std::string& column : value.grantable_columns) out += (out.ends_with('(') ? "+" : ", +") + column;
    out += ")";
  }
  if (value.share_broken) out += " broken";
  return out;
}

/// "Surplus: revoke SELECT on table sales/orders from arn:…"
inline std::vector<std::string> lines(const std::vector<Action>& actions) {
  std::vector<std::string> out;
  for (const Action& action : actions) out.push_back(std::string(to_string(action.cause)) + ": " + describe(action));
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace datamesh::catalog
