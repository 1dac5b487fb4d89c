#include "controller/kube/strict.h"

#include "controller/base/json_path.h"

namespace datamesh::kube {
namespace {

using api::SchemaNode;

class Pruner {
 public:
  std::vector<std::string> unknown;

  void prune(const SchemaNode& node, Json& value, const std::string& path) {
    if (value.is_array() && node.items) {
      for (std::size_t i = 0; i < value.size(); ++i) prune(*node.items, value[i], element_path(path, i));
    }
    if (!value.is_object() || node.type != api::ValueType::Object) return;
    for (auto field = value.begin(); field != value.end();) {
      const std::string inner = path.empty() ? field.key() : path + "." + field.key();
      const SchemaNode* schema = schema_of(node, field.key());
      if (schema == nullptr && !node.preserve_unknown) {
        unknown.push_back(inner);
        field = value.erase(field);
        continue;
      }
      if (schema != nullptr) prune(*schema, *field, inner);
      ++field;
    }
  }

 private:
  static const SchemaNode* schema_of(const SchemaNode& node, const std::string& key) {
    const auto found = node.properties.find(key);
    return found == node.properties.end() ? node.additional.get() : found->second.get();
  }
};

const char* go_kind(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object: return "object";
    case Json::value_t::array: return "array";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "bool";
    default: return "number";
  }
}

/// What Go calls the type of a metadata field; `node` is its schema.
std::string go_type(const SchemaNode& node) {
  switch (node.type) {
    case api::ValueType::String: return node.format == "date-time" ? "v1.Time" : "string";
    case api::ValueType::Integer: return "int64";
    case api::ValueType::Boolean: return "bool";
    case api::ValueType::Array: return "[]" + (node.items ? go_type(*node.items) : "string");
    default: return node.additional ? "map[string]string" : "v1.ObjectMeta";
  }
}

bool fits(const SchemaNode& node, const Json& value) {
  switch (node.type) {
    case api::ValueType::String: return value.is_string();
    case api::ValueType::Integer: return value.is_number_integer();
    case api::ValueType::Boolean: return value.is_boolean();
    case api::ValueType::Array: return value.is_array();
    case api::ValueType::Object: return value.is_object();
    default: return true;
  }
}

/// The first thing in `value` that is of the wrong type, in Go's words.
std::optional<std::string> mismatch(const SchemaNode& node, const Json& value, const std::string& path) {
  if (value.is_null()) return std::nullopt;
  if (!fits(node, value)) {
    return std::string("json: cannot unmarshal ") + go_kind(value) + " into Go struct field " + path + " of type " +
           go_type(node);
  }
  if (node.items) {
    for (const Json& item : value) {
      if (auto found = mismatch(*node.items, item, path)) return found;
    }
  }
  if (!value.is_object()) return std::nullopt;
  for (const auto& [key, item] : value.items()) {
    const auto known = node.properties.find(key);
    const SchemaNode* schema = known == node.properties.end() ? node.additional.get() : known->second.get();
    if (schema == nullptr) continue;
    if (auto found = mismatch(*schema, item, node.additional ? path : path + "." + key)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> prune(const ServedType& type, Json& object) {
  Pruner metadata;
  const auto schema = type.schema->properties.find("metadata");
  if (object.contains("metadata")) metadata.prune(*schema->second, object["metadata"], "metadata");
  Pruner whole;
  whole.prune(*type.schema, object, "");
  metadata.unknown.insert(metadata.unknown.end(), whole.unknown.begin(), whole.unknown.end());
  return std::move(metadata.unknown);
}

Outcome<void> check_metadata_types(const ServedType& type, const Json& object) {
  const auto schema = type.schema->properties.find("metadata");
  const auto wrong = mismatch(*schema->second, member(object, "metadata"), "ObjectMeta");
  if (!wrong) return {};
  return fail(bad_request(type.kind + " in version " + go_quoted(type.version) + " cannot be handled as a " + type.kind +
                          ": " + *wrong));
}

}  // namespace datamesh::kube
