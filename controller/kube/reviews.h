// Questions about who may do what. There is one identity here, that of the token, and it may do everything. Pure.
#pragma once

#include <optional>

#include "controller/http/message.h"
#include "controller/kube/accept.h"

namespace datamesh::kube {

/// The answer to a POST of a review; nothing when the path is none of a review.
std::optional<http::Response> answer_review(const http::Request& request);

}  // namespace datamesh::kube
