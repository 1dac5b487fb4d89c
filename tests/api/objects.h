// Small valid objects of every kind, to be changed by the tests that use them.
#pragma once

#include <string>

#include "controller/base/json.h"
#include "controller/base/json_path.h"

namespace datamesh::api {

inline Json object_of(const std::string& kind, Json spec) {
  Json metadata = {{"name", "sample"}};
  if (kind != "Mesh") metadata["namespace"] = "team";
  return {{"apiVersion", "datamesh.dev/v1alpha1"}, {"kind", kind}, {"metadata", metadata}, {"spec", std::move(spec)}};
}

inline Json minimal(const std::string& kind) {
  if (kind == "Mesh") return object_of(kind, Json::object());
  if (kind == "Account") {
    return object_of(kind, {{"accountId", "111122223333"}, {"regions", {"eu-west-1"}}, {"roles", {"Producer"}}});
  }
  if (kind == "DataProduct") return object_of(kind, {{"account", "sales"}, {"database", "orders"}});
  if (kind == "ResourceLink") return object_of(kind, {{"account", "lab"}, {"product", {{"name", "orders"}}}});
  if (kind == "LFTag") return object_of(kind, {{"account", "central"}, {"key", "level"}, {"values", {"public"}}});
  Json account = {{"name", "lab"}};
  return object_of(kind, {{"product", {{"name", "orders"}}}, {"to", {{"accounts", Json::array({account})}}}});
}

/// `object` with `value` at `path`; what is missing on the way is made, in arrays up to one element behind the end.
inline Json with(Json object, const std::string& path, Json value) {
  Json* here = &object;
  for (const PathStep& step : split_path(path)) here = step.is_index ? &(*here)[step.index] : &(*here)[step.key];
  *here = std::move(value);
  return object;
}

inline Json without(Json object, const std::string& path) {
  Json* here = &object;
  const auto steps = split_path(path);
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    here = steps[i].is_index ? &(*here)[steps[i].index] : &(*here)[steps[i].key];
  }
  here->erase(steps.back().key);
  return object;
}

}  // namespace datamesh::api
