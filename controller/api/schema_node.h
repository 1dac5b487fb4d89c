// One compiled node of a structural schema, as Kubernetes defines it: the subset that our CRDs use.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/rules.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::api {

enum class ValueType { Any, Object, Array, String, Integer, Number, Boolean };
enum class ListType { Atomic, Set, Map };

/// A compiled regular expression (RE2: linear in the text, whatever the expression).
class Pattern {
 public:
  virtual ~Pattern() = default;
  virtual bool matches(std::string_view text) const = 0;
};

struct SchemaRule {
  std::string text;        ///< CEL; the key of its code in rules.cpp
  std::string message;
  std::string field_path;  ///< ".tables"; empty: the node itself
  RuleFunction holds = nullptr;
};

template <class T>
struct Bounds {
  std::optional<T> least;
  std::optional<T> most;
};

struct SchemaNode {
  ValueType type = ValueType::Any;
  std::string description;
  std::string format;  ///< date-time, int32, int64 or empty
  bool nullable = false;
  bool int_or_string = false;
  bool preserve_unknown = false;
  std::map<std::string, std::shared_ptr<const SchemaNode>, std::less<>> properties;
  std::shared_ptr<const SchemaNode> additional;  ///< of all other members; null: there are none
  std::shared_ptr<const SchemaNode> items;
  std::vector<std::string> required;
  std::vector<Json> values;  ///< the enum; empty: any
  std::string pattern_text;
  std::shared_ptr<const Pattern> pattern;
  Bounds<double> number;
  Bounds<std::size_t> length;  ///< of a string in characters
  Bounds<std::size_t> count;   ///< of the items or members
  ListType list_type = ListType::Atomic;
  std::vector<std::string> list_keys;
  std::optional<Json> default_value;
  std::vector<SchemaRule> rules;
};

/// Compiles a JSON schema.
/// Errors: Invalid, naming the path in the schema, for every keyword, format or rule that is not checked here.
Result<std::shared_ptr<const SchemaNode>> compile_schema(const Json& schema, const std::string& path);

/// True when `value` is of the type that `node` wants, whatever else it must be.
bool has_type(const SchemaNode& node, const Json& value);

/// Fills in the defaults of `node` in `value`.
void fill_defaults(const SchemaNode& node, Json& value);

}  // namespace datamesh::api
