// The resource shares that an account has made, whatever pages they come in: RAM likes to begin with an empty one.
#pragma once

#include "tests/engine/small_world.h"

namespace datamesh::testing {

inline std::vector<Json> active_shares(SmallWorld& world, const std::string& account) {
  std::vector<Json> out;
  Json input = {{"resourceOwner", "SELF"}};
  for (;;) {
    const auto page = world.call_as(operator_of(account), aws::Service::Ram, "GetResourceShares", input);
    EXPECT_TRUE(page);
    if (!page) return out;
    for (const Json& share : member(*page, "resourceShares")) {
      if (string_at(share, "status") == "ACTIVE") out.push_back(share);
    }
    const std::string token = string_at(*page, "nextToken");
    if (token.empty()) return out;
    input["nextToken"] = token;
  }
}

}  // namespace datamesh::testing
