// What a path of the Kubernetes API names. Pure.
//
//   /api/v1/…  and  /apis/GROUP/VERSION/…, then  [watch/][namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE]]
#pragma once

#include <string>

#include "controller/http/message.h"
#include "controller/kube/fault.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

enum class Subresource { None, Status, Finalize };

struct Target {
  const ServedType* type = nullptr;
  std::string ns;    ///< empty: all namespaces, or a kind without
  std::string name;  ///< empty: the collection
  Subresource subresource = Subresource::None;
  bool watch = false;  ///< by its path
};

/// The segments of a path, decoded one by one, so that an escaped slash separates nothing.
std::vector<std::string> path_segments(const http::Request& request);

/// Errors: 404 when the path names nothing that is served.
Outcome<Target> parse_target(const http::Request& request, const TypeRegistry& types);

/// The text under `name` in the query; empty when there is none.
std::string query_text(const http::Request& request, const std::string& name);
/// Whether the query has `name` as "true" or "1".
bool query_flag(const http::Request& request, const std::string& name);

}  // namespace datamesh::kube
