#include "controller/base/json_path.h"

#include <algorithm>
#include <charconv>

#include "controller/base/json.h"

namespace datamesh {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string quoted(std::string_view key) {
  return Json(key).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Takes a `"quoted key"]` off the front of `path`; false when it is malformed.
bool take_quoted(std::string_view& path, PathStep& step) {
  std::size_t end = 1;
  while (end < path.size() && path[end] != '"') end += path[end] == '\\' ? 2 : 1;
  if (end + 1 >= path.size() || path[end + 1] != ']') return false;
  const Json key = Json::parse(path.substr(0, end + 1), nullptr, false);
  if (!key.is_string()) return false;
  step.key = key.get<std::string>();
  path.remove_prefix(end + 2);
  return true;
}

/// Takes an `index]` off the front of `path`; false when it is malformed.
bool take_index(std::string_view& path, PathStep& step) {
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), step.index);
  const auto length = static_cast<std::size_t>(end - path.data());
  if (error != std::errc() || length >= path.size() || path[length] != ']') return false;
  step.is_index = true;
  path.remove_prefix(length + 1);
  return true;
}

}  // namespace

std::string member_path(std::string_view parent, std::string_view key) {
  std::string path(parent);
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_plain)) return path + "[" + quoted(key) + "]";
  if (!path.empty()) path += '.';
  return path.append(key);
}

std::string element_path(std::string_view parent, std::size_t index) {
  return std::string(parent) + "[" + std::to_string(index) + "]";
}

std::vector<PathStep> split_path(std::string_view path) {
  std::vector<PathStep> steps;
  while (!path.empty()) {
    PathStep step;
    if (path[0] == '[') {
      path.remove_prefix(1);
      const bool taken = path.starts_with('"') ? take_quoted(path, step) : take_index(path, step);
      if (!taken) return steps;
    } else {
      if (path[0] == '.') path.remove_prefix(1);
      const auto length = static_cast<std::size_t>(std::find_if_not(path.begin(), path.end(), is_plain) - path.begin());
      if (length == 0) return steps;
      step.key = path.substr(0, length);
      path.remove_prefix(length);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace datamesh
