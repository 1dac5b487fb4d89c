// The atom in which the model and the lake are compared: one thing that one principal may do with one resource.
#pragma once

#include <compare>
#include <set>
#include <string>

#include "controller/base/catalog_ref.h"

namespace datamesh::sim {

struct Right {
  CatalogRef catalog;      ///< whose list of permissions has it
  std::string principal;
  std::string resource;    ///< "database 1000…01:orders", "table …:orders/items", "tables …:orders", "column …/items/sku",
                           ///< "policy …:TABLE:class=x;domain=y,z", "tag …:class=x"
  std::string permission;  ///< "SELECT", or "SELECT+" for the right to pass it on

  auto operator<=>(const Right&) const = default;
};

using Rights = std::set<Right>;

inline std::string to_string(const Right& right) {
  return to_string(right.catalog) + " " + right.principal + " " + right.permission + " on " + right.resource;
}

/// The kind of the resource: its first word.
inline std::string kind_of(const Right& right) { return right.resource.substr(0, right.resource.find(' ')); }

/// "database", "database/table" of the resource; empty for locations.
inline std::string place_of(const Right& right) {
  const std::string name = right.resource.substr(right.resource.find(':') + 1);
  const std::size_t slash = name.find('/');
  const std::string kind = kind_of(right);
  if (kind == "location") return {};
  if (slash == std::string::npos) return name;
  return name.substr(0, name.find('/', slash + 1));
}

/// Whose resource it is.
inline std::string owner_of(const Right& right) {
  const std::size_t space = right.resource.find(' ');
  return right.resource.substr(space + 1, right.resource.find(':') - space - 1);
}

}  // namespace datamesh::sim
