// Paths into a JSON value, as messages print them: spec.tables[2].columns[0].type. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace datamesh {

/// One step of a path: into the member `key` of an object, or to the element `index` of an array.
struct PathStep {
  std::string key;
  std::size_t index = 0;
  bool is_index = false;

  bool operator==(const PathStep&) const = default;
};

/// The path of the member `key` of the object at `parent`. A key that holds anything but letters, digits, '_' and
/// '-' is written in brackets: metadata.labels["app.kubernetes.io/name"].
std::string member_path(std::string_view parent, std::string_view key);
/// The path of the element `index` of the array at `parent`.
std::string element_path(std::string_view parent, std::size_t index);
/// The steps of a path that the two functions above made; what follows a malformed step is left out.
std::vector<PathStep> split_path(std::string_view path);

}  // namespace datamesh
