// Errors on the wire: Kubernetes Status objects, and back. Pure.
#pragma once

#include "controller/base/json.h"
#include "controller/base/result.h"
#include "controller/http/message.h"

namespace datamesh::cli {

/// {"kind": "Status", "status": "Failure", "reason", "message", "code"} with that code.
/// Source: Kubernetes API conventions, response status kind
http::Response status_response(const Error& error);
/// The same for a reason and code that no Error stands for.
http::Response status_response(int code, std::string_view reason, const std::string& message);

/// What the server answers by itself, to requests that never reached the API.
http::Response refusal_response(int code, const std::string& message);

/// The error that a response of 400 or above carries.
Error error_of(const http::Response& response);

}  // namespace datamesh::cli
