// The answers that do not depend on objects: discovery, OpenAPI, the version, health. Made once. Immutable.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/base/clock.h"
#include "controller/http/message.h"
#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

class Documents {
 public:
  /// `program`: the version of this program, which the server's version carries behind that of the API.
  Documents(const TypeRegistry& types, const Clock& clock, std::string program);

  /// The answer to a GET of a path that is no object's; nothing when the path is not one of these.
  std::optional<http::Response> find(const http::Request& request) const;

 private:
  struct Text {
    std::string body;
    std::string hash;  ///< SHA-512 in upper-case hex
  };
  static Text text_of(std::string body);

  std::optional<http::Response> discovery(const http::Request& request) const;
  http::Response groups(const http::Request& request, bool core) const;
  std::optional<http::Response> openapi(const http::Request& request) const;
  http::Response openapi_v3(const http::Request& request, const std::string& name) const;
  http::Response version(const http::Request& request) const;

  const TypeRegistry& types_;
  const Clock& clock_;
  std::string program_;
  Text v2_json_, v2_protobuf_, v3_index_;
  std::map<std::string, Text> v3_;                ///< by "apis/GROUP/VERSION" or "api/v1"
  std::map<std::string, Text> aggregated_;        ///< by "core/v2"
};

}  // namespace datamesh::kube
