#include "controller/kube/validation.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "controller/base/clock.h"
#include "controller/base/json_path.h"

namespace datamesh::kube {
namespace {

using api::SchemaNode;
using api::ValueType;

constexpr std::size_t kMostCauses = 100;
constexpr const char* kRoot = "<nil>";

const char* type_name(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "object";
    case Json::value_t::array: return "array";
    case Json::value_t::string: return "string";
    case Json::value_t::boolean: return "boolean";
    case Json::value_t::number_float: return "number";
    default: return "integer";
  }
}

std::string wanted_type(const SchemaNode& node) {
  if (node.int_or_string) return "integer,string";
  switch (node.type) {
    case ValueType::Object: return "object";
    case ValueType::Array: return "array";
    case ValueType::String: return "string";
    case ValueType::Integer: return "integer";
    case ValueType::Number: return "number";
    case ValueType::Boolean: return "boolean";
    case ValueType::Any: return "any";
  }
  return "any";
}

/// A value as Go's %v prints it in an error: texts in quotes.
std::string shown(const Json& value) {
  return value.is_string() ? go_quoted(value.get_ref<const std::string&>()) : value.dump();
}

std::string plain_number(double number) {
  return number == std::floor(number) && std::abs(number) < 1e15 ? std::to_string(static_cast<long long>(number))
                                                                 : Json(number).dump();
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Checker {
 public:
  explicit Checker(Causes& causes) : causes_(causes) {}

  void check(const SchemaNode& node, const Json& value, const std::string& path) {
    if (causes_.size() >= kMostCauses || (value.is_null() && node.nullable)) return;
    const std::string in_body = (path.empty() ? "" : path) + " in body ";
    if (!has_type(node, value)) {
      const std::string is = go_quoted(type_name(value));
      return add("FieldValueTypeInvalid", path,
                 "Invalid value: " + is + ": " + in_body + "must be of type " + wanted_type(node) + ": " + is);
    }
    if (!node.values.empty() && std::find(node.values.begin(), node.values.end(), value) == node.values.end()) {
      std::string list;
      for (const Json& allowed : node.values) list += (list.empty() ? "" : ", ") + shown(allowed);
      add("FieldValueNotSupported", path, "Unsupported value: " + shown(value) + ": supported values: " + list);
    }
    if (value.is_string()) check_string(node, value.get_ref<const std::string&>(), path);
    if (value.is_number()) check_number(node, value, path);
    if (value.is_array()) check_list(node, value, path);
    if (value.is_object()) check_object(node, value, path);
  }

  /// The lists whose items must differ, and then the rules; after check() found nothing that stands in their way.
  void check_uniqueness(const SchemaNode& node, const Json& value, const std::string& path) {
    if (value.is_array() && node.items) {
      if (node.list_type != api::ListType::Atomic) check_unique(node, value, path);
      for (std::size_t i = 0; i < value.size(); ++i) check_uniqueness(*node.items, value[i], element_path(path, i));
    }
    for_members(node, value, path, [this](const SchemaNode& inner, const Json& item, const std::string& at) {
      check_uniqueness(inner, item, at);
    });
  }

  void check_rules(const SchemaNode& node, const Json& value, const std::string& path) {
    if (value.is_null()) return;
    for (const api::SchemaRule& rule : node.rules) {
      if (rule.holds(value)) continue;
      std::string field = path + rule.field_path;
      if (field.starts_with('.')) field.erase(0, 1);
      add("FieldValueInvalid", field, "Invalid value: " + go_quoted(type_name(value)) + ": " + rule.message);
    }
    if (value.is_array() && node.items) {
      for (std::size_t i = 0; i < value.size(); ++i) check_rules(*node.items, value[i], element_path(path, i));
    }
    for_members(node, value, path, [this](const SchemaNode& inner, const Json& item, const std::string& at) {
      check_rules(inner, item, at);
    });
  }

 private:
  void add(const char* reason, const std::string& path, std::string message) {
    causes_.push_back({reason, std::move(message), path.empty() ? kRoot : path});
  }
  void add_invalid(const std::string& path, const std::string& value, const std::string& rule) {
    add("FieldValueInvalid", path, "Invalid value: " + value + ": " + path + " in body " + rule);
  }

  template <class Visit>
  static void for_members(const SchemaNode& node, const Json& value, const std::string& path, Visit visit) {
    if (!value.is_object()) return;
    for (const auto& [key, item] : value.items()) {
      const auto found = node.properties.find(key);
      const SchemaNode* inner = found == node.properties.end() ? node.additional.get() : found->second.get();
      if (inner != nullptr) visit(*inner, item, path.empty() ? key : path + "." + key);
    }
  }

  void check_string(const SchemaNode& node, const std::string& text, const std::string& path) {
    const std::size_t length = characters(text);
    if (node.length.most && length > *node.length.most) {
      add("FieldValueTooLong", path, "Too long: may not be more than " + std::to_string(*node.length.most) + " bytes");
    }
    if (node.length.least && length < *node.length.least) {
      add_invalid(path, go_quoted(text), "should be at least " + std::to_string(*node.length.least) + " chars long");
    }
    if (node.pattern && !node.pattern->matches(text)) {
      add_invalid(path, go_quoted(text), "should match '" + node.pattern_text + "'");
    }
    if (node.format == "date-time" && !parse_rfc3339(text)) {
      add_invalid(path, go_quoted(text), "must be of type date-time: " + go_quoted(text));
    }
  }

  void check_number(const SchemaNode& node, const Json& value, const std::string& path) {
    const double number = value.get<double>();
    if (node.format == "int32" && (number < -2147483648.0 || number > 2147483647.0)) {
      add_invalid(path, value.dump(), "must be of type int32: " + go_quoted(value.dump()));
    }
    if (node.number.most && number > *node.number.most) {
      add_invalid(path, value.dump(), "should be less than or equal to " + plain_number(*node.number.most));
    }
    if (node.number.least && number < *node.number.least) {
      add_invalid(path, value.dump(), "should be greater than or equal to " + plain_number(*node.number.least));
    }
  }

  void check_count(const SchemaNode& node, std::size_t count, const std::string& path, const char* noun) {
    if (node.count.most && count > *node.count.most) {
      add("FieldValueTooMany", path,
          "Too many: " + std::to_string(count) + ": must have at most " + std::to_string(*node.count.most) + " items");
    }
    if (node.count.least && count < *node.count.least) {
      add_invalid(path, std::to_string(count), "should have at least " + std::to_string(*node.count.least) + " " + noun);
    }
  }

  void check_list(const SchemaNode& node, const Json& list, const std::string& path) {
    check_count(node, list.size(), path, "items");
    for (std::size_t i = 0; i < list.size() && node.items; ++i) check(*node.items, list[i], element_path(path, i));
  }

  void check_object(const SchemaNode& node, const Json& object, const std::string& path) {
    check_count(node, object.size(), path, "properties");
    for (const std::string& key : node.required) {
      if (!object.contains(key)) add("FieldValueRequired", path.empty() ? key : path + "." + key, "Required value");
    }
    for_members(node, object, path, [this](const SchemaNode& inner, const Json& item, const std::string& at) {
      if (at != "metadata") check(inner, item, at);  // the metadata has words of its own
    });
  }

  void check_unique(const SchemaNode& node, const Json& list, const std::string& path) {
    std::set<Json> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      Json identity = list[i];
      std::string text = shown(identity);
      if (node.list_type == api::ListType::Map) {
        identity = Json::object();
        for (const std::string& key : node.list_keys) identity[key] = member(list[i], key);
        text = "map[string]interface {}{";
        for (const auto& [key, value] : identity.items()) {
          text += (text.ends_with('{') ? "" : ", ") + go_quoted(key) + ":" + shown(value);
        }
        text += "}";
      }
      if (!seen.insert(identity).second) add("FieldValueDuplicate", element_path(path, i), "Duplicate value: " + text);
    }
  }

  Causes& causes_;
};

/// True when rules cannot be judged on what has `causes`.
/// Source: apiextensions-apiserver, the errors after which no CEL is evaluated
bool blocks_rules(const Causes& causes) {
  return std::any_of(causes.begin(), causes.end(), [](const Cause& cause) {
    return cause.reason == "FieldValueRequired" || cause.reason == "FieldValueNotSupported" ||
           cause.reason == "FieldValueTooLong" || cause.reason == "FieldValueTooMany" ||
           cause.reason == "FieldValueTypeInvalid";
  });
}

}  // namespace

Causes validate(const ServedType& type, const api::SchemaRegistry& schema, const Json& object) {
  Causes causes = validate_metadata(type, member(object, "metadata"));
  Checker checker(causes);
  checker.check(*type.schema, object, "");
  checker.check_uniqueness(*type.schema, object, "");
  if (type.has_rules && blocks_rules(causes)) {
    causes.push_back(invalid_value(kRoot, "\"null\"",
                                   "some validation rules were not checked because the object was invalid; correct the "
                                   "existing errors to complete validation"));
  } else {
    checker.check_rules(*type.schema, object, "");
  }
  if (!causes.empty() || type.origin != Origin::Custom) return causes;
  // What only code can check, in its own words.
  Json copy = object;
  for (const api::Problem& problem : schema.admit(copy)) {
    causes.push_back(invalid_value(problem.path.empty() ? kRoot : problem.path, "\"object\"",
                                   problem.suggestion.empty() ? problem.message : problem.message + "; " + problem.suggestion));
  }
  return causes;
}

}  // namespace datamesh::kube
