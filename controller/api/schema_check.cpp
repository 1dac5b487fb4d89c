// What is wrong with a value by its schema node.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>

#include "controller/api/schema_node.h"
#include "controller/api/schema_problems.h"
#include "controller/base/clock.h"
#include "controller/base/json_path.h"
#include "controller/base/text.h"

namespace datamesh::api {
namespace {

std::string name_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::object: return "an object";
    case Json::value_t::array: return "a list";
    case Json::value_t::string: return "a string";
    case Json::value_t::boolean: return value.get<bool>() ? "true" : "false";
    case Json::value_t::number_float: return "the number " + value.dump();
    default: return "the integer " + value.dump();
  }
}

std::string name_of(const SchemaNode& node) {
  if (node.int_or_string) return "an integer or a string";
  switch (node.type) {
    case ValueType::Object: return "an object";
    case ValueType::Array: return "a list";
    case ValueType::String: return "a string";
    case ValueType::Integer: return "an integer";
    case ValueType::Number: return "a number";
    case ValueType::Boolean: return "true or false";
    case ValueType::Any: return "a value";
  }
  return "a value";
}

/// What a person who wrote `value` where `node` is wanted may have meant.
std::string type_suggestion(const SchemaNode& node, const Json& value) {
  if (value.is_null()) return "leave the field out or give it a value";
  if (node.type == ValueType::String && (value.is_number() || value.is_boolean())) return "put it in quotes";
  if (node.type == ValueType::Array && node.items && has_type(*node.items, value)) return "write a list of one";
  if (!value.is_string()) return {};
  const auto& text = value.get_ref<const std::string&>();
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool unquoted = (node.type == ValueType::Boolean && (text == "true" || text == "false")) ||
                        (node.type == ValueType::Integer && digits);
  return unquoted ? "write it without quotes" : "";
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> texts_of(const std::vector<Json>& values) {
  std::vector<std::string> texts;
  for (const Json& value : values) texts.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  return texts;
}

std::string whole(double number) {
  return number == std::floor(number) && std::abs(number) < 1e15 ? std::to_string(static_cast<std::int64_t>(number))
                                                                 : Json(number).dump();
}

class Checker {
 public:
  Checker(const SchemaNode& node, const std::string& path, Problems& problems)
      : node_(node), path_(path), problems_(problems) {}

  /// Everything but the rules.
  void check(const Json& value) {
    if (value.is_null() && node_.nullable) return;
    if (!has_type(node_, value)) {
      return problems_.add(path_, "must be " + name_of(node_) + ", not " + name_of(value), type_suggestion(node_, value));
    }
    if (!check_enum(value)) return;
    if (value.is_string()) check_string(value.get_ref<const std::string&>());
    if (value.is_number()) check_number(value);
    if (value.is_array()) check_array(value);
    if (value.is_object()) check_object(value);
  }

 private:
  bool check_enum(const Json& value) {
    if (node_.values.empty() || std::find(node_.values.begin(), node_.values.end(), value) != node_.values.end()) {
      return true;
    }
    const std::vector<std::string> words = texts_of(node_.values);
    const std::string word = value.is_string() ? value.get<std::string>() : value.dump();
    problems_.add(path_, quote(word) + " is not " + one_of(words), did_you_mean(word, words));
    return false;
  }

  void check_string(const std::string& text) {
    const std::size_t length = characters(text);
    if (node_.length.least && length < *node_.length.least) {
      return problems_.add(path_, length == 0 ? "must not be empty"
                                              : "must have at least " + std::to_string(*node_.length.least) + " characters");
    }
    if (node_.length.most && length > *node_.length.most) {
      return problems_.add(path_, "has " + std::to_string(length) + " characters; at most " +
                                      std::to_string(*node_.length.most) + " are allowed");
    }
    if (node_.pattern && !node_.pattern->matches(text)) {
      return problems_.add(path_, quote(text) + " does not match " + node_.pattern_text, pattern_suggestion(text));
    }
    if (node_.format == "date-time" && !parse_rfc3339(text)) {
      problems_.add(path_, quote(text) + " is not a time", "write it as 2027-01-01T00:00:00Z");
    }
  }

  std::string pattern_suggestion(const std::string& text) const {
    if (text.size() > 64) return {};
    const std::string small = lower(text);
    for (const auto& [from, to] : {std::pair('-', '_'), std::pair('_', '-'), std::pair(' ', '_'), std::pair('.', '_')}) {
      std::string other = small;
      std::replace(other.begin(), other.end(), from, to);
      for (const std::string& candidate : {small, other}) {
        if (candidate != text && node_.pattern->matches(candidate)) return "did you mean " + quote(candidate) + "?";
      }
    }
    return {};
  }

  void check_number(const Json& value) {
    const double number = value.get<double>();
    constexpr double kLeast32 = std::numeric_limits<std::int32_t>::min(), kMost32 = std::numeric_limits<std::int32_t>::max();
    const bool too_big = value.is_number_unsigned() &&
                         value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool off_format = node_.format == "int32" && (number < kLeast32 || number > kMost32);
    if ((node_.type == ValueType::Integer && too_big) || off_format) {
      return problems_.add(path_, value.dump() + " is out of range");
    }
    if (node_.number.least && number < *node_.number.least) {
      problems_.add(path_, value.dump() + " is less than the least, " + whole(*node_.number.least));
    }
    if (node_.number.most && number > *node_.number.most) {
      problems_.add(path_, value.dump() + " is more than the most, " + whole(*node_.number.most));
    }
  }

  void check_count(std::size_t count, const std::string& noun) {
    const auto& [least, most] = node_.count;
    if (least && count < *least) {
      problems_.add(path_, count == 0 ? "must not be empty" : "must have at least " + std::to_string(*least) + " " + noun);
    }
    if (most && count > *most) {
      problems_.add(path_, "has " + std::to_string(count) + " " + noun + "; at most " + std::to_string(*most) + " are allowed");
    }
  }

  void check_array(const Json& list) {
    check_count(list.size(), "items");
    for (std::size_t i = 0; i < list.size() && node_.items && !problems_.full(); ++i) {
      check_value(*node_.items, list[i], element_path(path_, i), problems_);
    }
    if (node_.list_type != ListType::Atomic) check_unique(list);
  }

  /// Items of a set are unique as wholes, items of a map by their keys.
  void check_unique(const Json& list) {
    std::set<Json> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Json& item = list[i];
      Json identity = item;
      if (node_.list_type == ListType::Map) {
        identity = Json::object();
        for (const std::string& key : node_.list_keys) identity[key] = member(item, key);
      }
      if (identity.is_object() && std::any_of(identity.begin(), identity.end(), [](const Json& key) { return key.is_null(); })) {
        continue;  // a missing key has been told already
      }
      if (seen.insert(identity).second) continue;
      const bool single = identity.is_object() && identity.size() == 1;
      const Json& shown = single ? identity.begin().value() : identity;
      const std::string path = element_path(path_, i);
      problems_.add(single ? member_path(path, node_.list_keys[0]) : path,
                    "duplicate " + (shown.is_string() ? quote(shown.get<std::string>()) : shown.dump()));
    }
  }

  void check_object(const Json& object) {
    if (node_.count.least || node_.count.most) check_count(object.size(), "fields");
    for (const std::string& key : node_.required) {
      if (!object.contains(key)) problems_.add(member_path(path_, key), "this required field is missing");
    }
    for (const auto& [key, value] : object.items()) {
      if (problems_.full()) return;
      check_member(key, value, object);
    }
  }

  void check_member(const std::string& key, const Json& value, const Json& object) {
    const std::string path = member_path(path_, key);
    if (const auto found = node_.properties.find(key); found != node_.properties.end()) {
      check_value(*found->second, value, path, problems_);
      return;
    }
    if (node_.additional) {
      check_value(*node_.additional, value, path, problems_);
      return;
    }
    const bool open = node_.preserve_unknown || node_.type == ValueType::Any;
    if (open || node_.properties.empty()) return;  // no properties: metadata, which check_head knows
    problems_.add(path, "unknown field", unknown_suggestion(key, object));
  }

  /// A near field that is not set yet; else, where there are few fields, all of them.
  std::string unknown_suggestion(const std::string& key, const Json& object) const {
    std::vector<std::string> unset, all;
    for (const auto& [name, property] : node_.properties) {
      all.push_back(name);
      if (!object.contains(name)) unset.push_back(name);
    }
    if (std::string text = did_you_mean(key, unset); !text.empty()) return text;
    if (std::string text = did_you_mean(key, all); !text.empty()) return text;
    return all.size() <= 8 ? "the fields here are " + one_of(all) : "";
  }

  const SchemaNode& node_;
  const std::string& path_;
  Problems& problems_;
};

}  // namespace

bool check_value(const SchemaNode& node, const Json& value, const std::string& path, Problems& problems) {
  const std::size_t before = problems.size();
  Checker(node, path, problems).check(value);
  if (problems.size() > before) return false;
  if (value.is_null()) return true;
  for (const SchemaRule& rule : node.rules) {
    if (!rule.holds(value)) problems.add(path + rule.field_path, rule.message);
  }
  return problems.size() == before;
}

}  // namespace datamesh::api
