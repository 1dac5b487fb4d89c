// Listing calls page by page: on until there is no token, whether a page is empty or not.
#pragma once

#include <functional>

#include "controller/aws/api.h"

namespace datamesh::lake {

/// Calls `visit` with each page of a listing that takes and returns `token` ("NextToken", or RAM's "nextToken").
/// Errors: the call's; Transient when a token repeats: the same listing from its beginning may end.
Result<void> for_each_page(aws::Api& api, aws::Call call, const char* token,
                           const std::function<void(const Json& page)>& visit);

}  // namespace datamesh::lake
