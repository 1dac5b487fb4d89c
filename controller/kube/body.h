// The body of a request as the object that its path is about. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.h"
#include "controller/kube/backend.h"
#include "controller/kube/fault.h"
#include "controller/kube/target.h"

namespace datamesh::kube {

struct Body {
  Json object;
  std::vector<std::string> problems;  ///< what strict decoding refuses: `duplicate field "spec.color"`
};

/// The body in any form that `type` may be sent in, not yet held to anything. `type` is null for questions.
/// Errors: BadRequest, UnsupportedMediaType.
Outcome<Body> read_body(const http::Request& request, const ServedType* type);

/// The object that the body of a POST or PUT has for `target`, without what the schema does not know.
/// Errors: BadRequest and Invalid for what is no such object; BadRequest for unknown and repeated fields when the
/// client wants that.
Outcome<Body> read_object(const http::Request& request, const Target& target, FieldValidation validation);

/// Holds kind and apiVersion of an object to `type`.
Outcome<void> check_identity(const ServedType& type, const Json& object, std::string_view text);
/// Holds name and namespace to `target`; sets the namespace where it is missing.
Outcome<void> check_place(const Target& target, Json& object);

/// "unknown field" of each path.
std::vector<std::string> unknown_fields(const std::vector<std::string>& paths);
/// The problems in one line, as strict decoding refuses them.
std::string strict_error(const std::vector<std::string>& problems);

}  // namespace datamesh::kube
