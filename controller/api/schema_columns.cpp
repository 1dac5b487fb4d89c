// Printer columns: the part of JSONPath that CRDs use, .a.b[0] and [?(@.key=="value")].
#include <charconv>

#include "controller/api/schema.h"

namespace datamesh::api {
namespace {

/// The text up to `end`, taken off `path` together with `end`; nullopt when `end` does not come.
std::optional<std::string_view> take_until(std::string_view& path, std::string_view end) {
  const std::size_t at = path.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = path.substr(0, at);
  path.remove_prefix(at + end.size());
  return taken;
}

/// The first element of `list` whose member equals the text, as in `@.type=="Ready"`.
const Json* first_matching(const Json& list, std::string_view condition) {
  if (!condition.starts_with("@.")) return nullptr;
  condition.remove_prefix(2);
  const auto key = take_until(condition, "==\"");
  if (!key || !condition.ends_with('"')) return nullptr;
  condition.remove_suffix(1);
  for (const Json& item : list) {
    if (member(item, *key) == Json(condition)) return &item;
  }
  return nullptr;
}

const Json* element(const Json& list, std::string_view index_text) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(index_text.data(), index_text.data() + index_text.size(), index);
  if (error != std::errc() || end != index_text.data() + index_text.size()) return nullptr;
  return list.is_array() && index < list.size() ? &list[index] : nullptr;
}

const Json* follow(const Json& object, std::string_view path) {
  const Json* here = &object;
  while (!path.empty() && here != nullptr) {
    if (path.starts_with("[?(")) {
      path.remove_prefix(3);
      const auto condition = take_until(path, ")]");
      here = condition ? first_matching(*here, *condition) : nullptr;
    } else if (path.starts_with('[')) {
      path.remove_prefix(1);
      const auto index = take_until(path, "]");
      here = index ? element(*here, *index) : nullptr;
    } else if (path.starts_with('.')) {
      path.remove_prefix(1);
      const std::size_t length = std::min(path.find_first_of(".["), path.size());
      here = &member(*here, path.substr(0, length));
      path.remove_prefix(length);
    } else {
      return nullptr;
    }
  }
  return here;
}

}  // namespace

Json column_value(const PrinterColumn& column, const Json& object) {
  const Json* value = follow(object, column.json_path);
  if (value == nullptr || value->is_null()) return nullptr;
  if (column.type == "string") return value->is_string() ? *value : Json(value->dump());
  const bool fits = (column.type == "integer" && value->is_number_integer()) ||
                    (column.type == "number" && value->is_number()) ||
                    (column.type == "boolean" && value->is_boolean()) || (column.type == "date" && value->is_string());
  return fits ? *value : Json(nullptr);
}

}  // namespace datamesh::api
