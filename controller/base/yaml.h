// YAML to JSON values and back, safe on any input: bounded in time and memory, and no value changes its type.
//
// Plain scalars are read as Kubernetes' tools read them (YAML 1.1): yes, no, on and off are booleans, 010 is 8,
// 0x1F is 31, 1_000 is 1000. Keys must be strings. Duplicate keys, merge keys, custom tags, .inf and .nan,
// content after a document without `---`, and invalid UTF-8 are refused.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh {

struct YamlLimits {
  std::size_t bytes = 8 << 20;        ///< of the whole text
  int depth = 100;                    ///< of nested maps and lists, aliases followed
  std::size_t nodes = 1'000'000;      ///< values, keys and anchored copies; 64 bytes of text count as one more
  std::size_t alias_nodes = 100'000;  ///< how many of the nodes may come out of aliases
  std::size_t documents = 10'000;
};

/// Units: both from 1; the column counts bytes.
struct TextPosition {
  int line = 1;
  int column = 1;
  auto operator<=>(const TextPosition&) const = default;
};

/// Where the values of one document stand in its text.
class YamlPositions {
 public:
  struct Place {
    TextPosition key;    ///< of an element: the same as `value`
    TextPosition value;
    bool operator==(const Place&) const = default;
  };

  /// The place of the value at `path` (as json_path.h writes it), or of its nearest ancestor in the text: what an
  /// alias brings in, or a field that is missing, has no place of its own.
  Place find(std::string_view path) const;

  /// One value, in the order of the text; `end` is the index after its last descendant.
  struct Node {
    std::string key;
    Place place;
    std::uint32_t end = 0;
  };
  std::vector<Node>& nodes() { return nodes_; }

 private:
  std::vector<Node> nodes_;
};

struct YamlDocument {
  Json value;
  int line = 1;  ///< of its first value
  YamlPositions positions;
};

/// The documents of `text`, without empty ones.
/// Errors: Invalid, "line 3, column 7: ..."; the first problem only, for what follows cannot be trusted.
Result<std::vector<YamlDocument>> parse_yaml_documents(std::string_view text, const YamlLimits& limits = {});

/// The one document of `text`, null when it is empty.
/// Errors: as parse_yaml_documents; Invalid when there are several.
Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits = {});

/// `value` as a YAML document in block style with sorted keys, ending in a newline. parse_yaml gives it back
/// unchanged, and so do readers of YAML 1.1 and 1.2: whatever they could take for another type is quoted.
std::string to_yaml(const Json& value);

}  // namespace datamesh
