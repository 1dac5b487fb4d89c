// What is known of what the operator's role of one account may do. Engine thread only.
#pragma once

#include <optional>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/base/clock.h"
#include "controller/base/error.h"
#include "controller/lake/preflight.h"

namespace datamesh::engine {

struct AccountPreflight {
  CatalogRef catalog;                  ///< where IAM is asked: the first region
  api::AccountSpec account;
  std::vector<lake::Statement> needs;  ///< what is asked
  std::optional<lake::Preflight> found;
  std::optional<Error> error;          ///< why IAM gave no answer the last time
  int failures = 0;                    ///< in a row
  Time asked{};                        ///< when the last asking began
  Time next{};
  bool busy = false;
};

}  // namespace datamesh::engine
