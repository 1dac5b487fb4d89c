// The paths of objects, and what selects among them, for the commands and the long poll.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controller/api/resource_store.h"
#include "controller/api/schema.h"
#include "controller/http/message.h"

namespace datamesh::cli {

inline constexpr const char* kApiRoot = "/apis/datamesh.dev/v1alpha1";

/// What a path under kApiRoot names: the objects of a kind, or one of them.
struct ObjectTarget {
  const api::KindFacts* kind = nullptr;
  std::optional<std::string> ns;  ///< nullopt: all namespaces, or a kind without
  std::string name;               ///< empty: the collection
  bool status = false;            ///< its status subresource
};

/// Errors: NotFound when the path names nothing.
Result<ObjectTarget> parse_object_path(const std::string& path, const api::SchemaRegistry& schema);

/// Where objects of a kind are: "/apis/datamesh.dev/v1alpha1/namespaces/NS/PLURAL[/NAME]".
std::string object_path(const api::KindFacts& kind, const std::string& ns, const std::string& name = {});

/// The number that the query has under `name`, `fallback` when it has none.
/// Errors: Invalid when it is no number.
Result<std::size_t> query_number(const http::Request& request, const char* name, std::size_t fallback);

/// Reads an equality selector: "team=retail,tier==gold".
/// Errors: Invalid for anything else.
Result<std::map<std::string, std::string>> parse_selector(const std::string& text);
/// True when `object` has every label of `selector`.
bool matches(const Json& object, const std::map<std::string, std::string>& selector);

}  // namespace datamesh::cli
