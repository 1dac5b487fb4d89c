// Which catalog: an AWS account in a region. Every call, entry and snapshot belongs to one.
#pragma once

#include <compare>
#include <string>

namespace datamesh {

struct CatalogRef {
  std::string account;  ///< 12 digits
  std::string region;   ///< "eu-west-1"

  auto operator<=>(const CatalogRef&) const = default;
};

/// "111122223333/eu-west-1"
inline std::string to_string(const CatalogRef& catalog) { return catalog.account + "/" + catalog.region; }

}  // namespace datamesh
