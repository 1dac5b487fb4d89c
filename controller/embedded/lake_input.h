// The shapes of requests: which members an operation knows, which it needs, and within which bounds. Pure.
//
// A shape is one line of text, in the order of the service model:
//   NAME:TYPE    an optional member
//   NAME*:TYPE   a required member
// TYPE is s (text), s1-255 (its length), i1-100 (integer and bounds), n (number), b (boolean), m (map of texts),
// e(A|B) (one of these texts), j (any value), @Shape (a structure), or [TYPE]1-50 (a list and how many).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/json.h"

namespace datamesh::embedded::lake {

struct Field;

/// The members of a structure.
using Shape = std::vector<Field>;

struct FieldType {
  enum class Kind { Text, Integer, Number, Boolean, Map, Enum, Any, Structure, List };
  Kind kind = Kind::Text;
  std::int64_t least = 0;
  std::int64_t most = INT64_MAX;
  std::vector<std::string> words;           ///< Enum
  std::string structure;                    ///< Structure
  std::shared_ptr<const FieldType> element;  ///< List
};

struct Field {
  std::string name;
  bool is_required = false;
  FieldType type;
};

/// Reads the notation above. A fault in it is a fault in our tables: throws std::logic_error.
Shape read_shape(std::string_view text);

enum class FaultKind {
  None,
  WrongType,    ///< no reader of the model could take it
  OutOfBounds,  ///< too long, too many, no such word; a member too many or too few
};

/// What is wrong with an input.
struct Fault {
  FaultKind kind = FaultKind::None;
  std::string message;  ///< with the path: "TableInput.Name is missing"
  explicit operator bool() const { return kind != FaultKind::None; }
};

/// Checks `input` against `shape`; named structures are looked up in the service model's (lake_shapes.cpp).
/// Returns the first fault.
Fault fault_of(const Json& input, const Shape& shape);

/// The members that GrantPermissions, RevokePermissions and the entries of their batches have in common.
inline constexpr const char* kGrantShape =
    "Principal*:@DataLakePrincipal Resource*:@Resource Permissions*:"
    "[e(ALL|SELECT|ALTER|DROP|DELETE|INSERT|DESCRIBE|CREATE_DATABASE|CREATE_TABLE|DATA_LOCATION_ACCESS|CREATE_LF_TAG|"
    "ASSOCIATE|GRANT_WITH_LF_TAG_EXPRESSION|CREATE_LF_TAG_EXPRESSION|CREATE_CATALOG|SUPER_USER)] "
    "PermissionsWithGrantOption:"
    "[e(ALL|SELECT|ALTER|DROP|DELETE|INSERT|DESCRIBE|CREATE_DATABASE|CREATE_TABLE|DATA_LOCATION_ACCESS|CREATE_LF_TAG|"
    "ASSOCIATE|GRANT_WITH_LF_TAG_EXPRESSION|CREATE_LF_TAG_EXPRESSION|CREATE_CATALOG|SUPER_USER)] "
    "Condition:@Condition";

/// The structure of that name, such as "TableInput".
const Shape& named_shape(const std::string& name);

}  // namespace datamesh::embedded::lake
