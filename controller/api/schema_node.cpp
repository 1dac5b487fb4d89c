// Compiles a JSON schema into nodes. Whatever is not understood is refused, so that nothing in a CRD is silently
// left unchecked.
#include "controller/api/schema_node.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "controller/base/json_path.h"

namespace datamesh::api {
namespace {

class Re2Pattern final : public Pattern {
 public:
  explicit Re2Pattern(const std::string& text) : expression_(text, quiet()) {}
  bool ok() const { return expression_.ok(); }
  bool matches(std::string_view text) const override {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression_);
  }

 private:
  static RE2::Options quiet() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }
  RE2 expression_;
};

tl::unexpected<Error> refused(const std::string& path, const std::string& why) {
  return fail(ErrorKind::Invalid, path + ": " + why);
}

std::optional<ValueType> type_named(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, ValueType>, 6> kTypes{{{"object", ValueType::Object},
                                                                          {"array", ValueType::Array},
                                                                          {"string", ValueType::String},
                                                                          {"integer", ValueType::Integer},
                                                                          {"number", ValueType::Number},
                                                                          {"boolean", ValueType::Boolean}}};
  for (const auto& [text, type] : kTypes) {
    if (text == name) return type;
  }
  return std::nullopt;
}

Result<SchemaRule> compile_rule(const Json& rule, const std::string& path) {
  for (const auto& [key, value] : rule.items()) {
    if (key != "rule" && key != "message" && key != "fieldPath") return refused(path, "unknown keyword " + key);
    if (!value.is_string()) return refused(path, key + " is not a string");
  }
  SchemaRule out{string_at(rule, "rule"), string_at(rule, "message"), string_at(rule, "fieldPath"), nullptr};
  out.holds = find_rule(out.text);
  if (out.holds == nullptr) return refused(path, "the rule has no code: " + out.text);
  return out;
}

class Compiler {
 public:
  explicit Compiler(const std::string& path) : path_(path) {}

  Result<std::shared_ptr<const SchemaNode>> compile(const Json& schema) {
    if (!schema.is_object()) return refused(path_, "a schema is an object");
    for (const auto& [key, value] : schema.items()) {
      const auto taken = take(key, value);
      if (!taken) return fail(taken.error());
    }
    if (node_->type == ValueType::Any && !node_->int_or_string && !node_->preserve_unknown) {
      return refused(path_, "type is missing");
    }
    if (node_->list_type == ListType::Map && node_->list_keys.empty()) {
      return refused(path_, "x-kubernetes-list-map-keys is missing");
    }
    return std::shared_ptr<const SchemaNode>(node_);
  }

 private:
  using Taker = Result<void> (Compiler::*)(const Json& value);

  Result<void> take(const std::string& key, const Json& value) {
    static constexpr std::array<std::pair<std::string_view, Taker>, 25> kTakers{{
        {"type", &Compiler::take_type},
        {"description", &Compiler::take_description},
        {"format", &Compiler::take_format},
        {"nullable", &Compiler::take_nullable},
        {"properties", &Compiler::take_properties},
        {"additionalProperties", &Compiler::take_additional},
        {"items", &Compiler::take_items},
        {"required", &Compiler::take_required},
        {"enum", &Compiler::take_enum},
        {"pattern", &Compiler::take_pattern},
        {"minimum", &Compiler::take_minimum},
        {"maximum", &Compiler::take_maximum},
        {"minLength", &Compiler::take_min_length},
        {"maxLength", &Compiler::take_max_length},
        {"minItems", &Compiler::take_min_count},
        {"maxItems", &Compiler::take_max_count},
        {"minProperties", &Compiler::take_min_count},
        {"maxProperties", &Compiler::take_max_count},
        {"default", &Compiler::take_default},
        {"x-kubernetes-int-or-string", &Compiler::take_int_or_string},
        {"x-kubernetes-preserve-unknown-fields", &Compiler::take_preserve_unknown},
        {"x-kubernetes-list-type", &Compiler::take_list_type},
        {"x-kubernetes-list-map-keys", &Compiler::take_list_keys},
        {"x-kubernetes-map-type", &Compiler::take_map_type},
        {"x-kubernetes-validations", &Compiler::take_rules},
    }};
    for (const auto& [name, taker] : kTakers) {
      if (name == key) return (this->*taker)(value);
    }
    return refused(path_, "unknown keyword " + key);
  }

  Result<void> take_type(const Json& value) {
    const auto type = value.is_string() ? type_named(value.get_ref<const std::string&>()) : std::nullopt;
    if (!type) return refused(path_, "unknown type " + value.dump());
    node_->type = *type;
    return {};
  }

  Result<void> take_text(const Json& value, std::string& text) {
    if (!value.is_string()) return refused(path_, "a string is expected, not " + value.dump());
    text = value.get<std::string>();
    return {};
  }
  Result<void> take_flag(const Json& value, bool& flag) {
    if (!value.is_boolean()) return refused(path_, "true or false is expected, not " + value.dump());
    flag = value.get<bool>();
    return {};
  }
  template <class T>
  Result<void> take_bound(const Json& value, std::optional<T>& bound) {
    if (!value.is_number() || (std::is_unsigned_v<T> && !value.is_number_unsigned())) {
      return refused(path_, "a number is expected, not " + value.dump());
    }
    bound = value.get<T>();
    return {};
  }
  Result<void> take_words(const Json& value, std::vector<std::string>& words) {
    for (const Json& word : value) {
      std::string text;
      TRY(take_text(word, text));
      words.push_back(std::move(text));
    }
    return {};
  }

  Result<void> take_description(const Json& value) { return take_text(value, node_->description); }
  Result<void> take_nullable(const Json& value) { return take_flag(value, node_->nullable); }
  Result<void> take_int_or_string(const Json& value) { return take_flag(value, node_->int_or_string); }
  Result<void> take_preserve_unknown(const Json& value) { return take_flag(value, node_->preserve_unknown); }
  Result<void> take_required(const Json& value) { return take_words(value, node_->required); }
  Result<void> take_list_keys(const Json& value) { return take_words(value, node_->list_keys); }
  Result<void> take_minimum(const Json& value) { return take_bound(value, node_->number.least); }
  Result<void> take_maximum(const Json& value) { return take_bound(value, node_->number.most); }
  Result<void> take_min_length(const Json& value) { return take_bound(value, node_->length.least); }
  Result<void> take_max_length(const Json& value) { return take_bound(value, node_->length.most); }
  Result<void> take_min_count(const Json& value) { return take_bound(value, node_->count.least); }
  Result<void> take_max_count(const Json& value) { return take_bound(value, node_->count.most); }
  /// How a server merges applied maps; nothing to check.
  Result<void> take_map_type(const Json&) { return {}; }

  Result<void> take_default(const Json& value) {
    node_->default_value = value;
    return {};
  }

  Result<void> take_enum(const Json& value) {
    if (!value.is_array() || value.empty()) return refused(path_, "enum is not a list");
    node_->values = value.get<std::vector<Json>>();
    return {};
  }

  Result<void> take_format(const Json& value) {
    TRY(take_text(value, node_->format));
    if (node_->format == "date-time" || node_->format == "int32" || node_->format == "int64") return {};
    return refused(path_, "unknown format " + node_->format);
  }

  Result<void> take_list_type(const Json& value) {
    std::string name;
    TRY(take_text(value, name));
    if (name != "atomic" && name != "set" && name != "map") return refused(path_, "unknown list type " + name);
    node_->list_type = name == "set" ? ListType::Set : name == "map" ? ListType::Map : ListType::Atomic;
    return {};
  }

  Result<void> take_pattern(const Json& value) {
    TRY(take_text(value, node_->pattern_text));
    auto pattern = std::make_shared<Re2Pattern>(node_->pattern_text);
    if (!pattern->ok()) return refused(path_, "malformed pattern " + node_->pattern_text);
    node_->pattern = std::move(pattern);
    return {};
  }

  Result<void> take_properties(const Json& value) {
    for (const auto& [key, schema] : value.items()) {
      TRY_VALUE(node_->properties[key], compile_schema(schema, member_path(path_, key)));
    }
    return {};
  }

  Result<void> take_items(const Json& value) {
    TRY_VALUE(node_->items, compile_schema(value, path_ + "[]"));
    return {};
  }

  Result<void> take_additional(const Json& value) {
    if (value.is_boolean()) {
      node_->preserve_unknown = value.get<bool>();
      return {};
    }
    TRY_VALUE(node_->additional, compile_schema(value, path_ + "[]"));
    return {};
  }

  Result<void> take_rules(const Json& value) {
    for (const Json& item : value) {
      TRY_VALUE(SchemaRule rule, compile_rule(item, path_));
      node_->rules.push_back(std::move(rule));
    }
    return {};
  }

  const std::string& path_;
  std::shared_ptr<SchemaNode> node_ = std::make_shared<SchemaNode>();
};

}  // namespace

Result<std::shared_ptr<const SchemaNode>> compile_schema(const Json& schema, const std::string& path) {
  return Compiler(path).compile(schema);
}

void fill_defaults(const SchemaNode& node, Json& value) {
  if (value.is_array() && node.items) {
    for (Json& item : value) fill_defaults(*node.items, item);
  }
  if (!value.is_object()) return;
  for (const auto& [key, property] : node.properties) {
    auto found = value.find(key);
    const bool absent = found == value.end() || (found->is_null() && !property->nullable);
    if (absent && property->default_value) value[key] = *property->default_value;
    if (found = value.find(key); found != value.end()) fill_defaults(*property, *found);
  }
  if (!node.additional) return;
  for (auto& [key, member] : value.items()) {
    if (!node.properties.contains(key)) fill_defaults(*node.additional, member);
  }
}

bool has_type(const SchemaNode& node, const Json& value) {
  if (node.int_or_string) return value.is_number_integer() || value.is_string();
  switch (node.type) {
    case ValueType::Object: return value.is_object();
    case ValueType::Array: return value.is_array();
    case ValueType::String: return value.is_string();
    case ValueType::Integer: return value.is_number_integer();
    case ValueType::Number: return value.is_number();
    case ValueType::Boolean: return value.is_boolean();
    case ValueType::Any: return true;
  }
  return true;
}

}  // namespace datamesh::api
