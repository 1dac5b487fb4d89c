// Continue tokens: where the next page of a list begins, and at which revision the list is read. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "controller/api/resource_store.h"

namespace datamesh::embedded {

/// `revision` of a token that continues with whatever is stored now.
inline constexpr api::Revision kLatest = -1;

struct ContinueToken {
  api::Revision revision = 0;
  api::ObjectKey after;       ///< the last object of the page before
  std::size_t remaining = 0;  ///< how many objects follow it at `revision`

  bool operator==(const ContinueToken&) const = default;
};

/// Shape: base64url without padding, as Kubernetes' own.
std::string encode(const ContinueToken& token);
/// Errors: Invalid for what `encode` has not made.
Result<ContinueToken> decode_token(std::string_view text);

/// The token with which a client that met Gone may read the rest of its list as it is now, though other objects may
/// have come and gone meanwhile. An API server puts it into the metadata of its 410 answer.
/// Errors: Invalid for a malformed token.
Result<std::string> inconsistent_continuation(std::string_view token);

}  // namespace datamesh::embedded
