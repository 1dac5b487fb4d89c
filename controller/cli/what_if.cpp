#include "controller/cli/what_if.h"

#include <algorithm>
#include <charconv>

#include "controller/api/schema_node.h"
#include "controller/base/yaml.h"
#include "controller/cli/object_names.h"

namespace datamesh::cli {
namespace {

constexpr const char* kShape = "--with takes 'KIND/NAMESPACE/NAME PATH=VALUE …', for instance "
                               "'DataProduct/retail/orders tags.classification=confidential'";

/// The parts between spaces that stand in no quotes and no brackets.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  char quote = 0;
  int depth = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ' ' && depth == 0) {
      if (!word.empty()) out.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::vector<std::string> path_of(std::string_view text) {
  std::vector<std::string> out{""};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out.back() += text[++i];
    } else if (text[i] == '.') {
      out.emplace_back();
    } else {
      out.back() += text[i];
    }
  }
  return out;
}

std::string without_quotes(const std::string& text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

Result<FieldChange> parse_change(const std::string& word) {
  const std::size_t equals = word.find('=');
  const bool removes = equals == std::string::npos && word.size() > 1 && word.ends_with('-');
  if (equals == std::string::npos && !removes) {
    return fail(ErrorKind::Invalid, word + ": a change is PATH=VALUE, or PATH- to leave the field out. " + kShape);
  }
  FieldChange out;
  out.path = path_of(std::string_view(word).substr(0, removes ? word.size() - 1 : equals));
  if (std::any_of(out.path.begin(), out.path.end(), [](const std::string& part) { return part.empty(); })) {
    return fail(ErrorKind::Invalid, word + ": the path has an empty part");
  }
  if (out.path.front() == "spec" && out.path.size() > 1) out.path.erase(out.path.begin());
  if (!removes) out.value = word.substr(equals + 1);
  return out;
}

template <class Names>
std::string listed(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "nothing" : out;
}

class Setting {
 public:
  explicit Setting(const FieldChange& change) : change_(change) {}

  /// Changes what is under `value`, whose path so far is `at`.
  Result<void> apply(const api::SchemaNode& node, Json& value, std::size_t depth, const std::string& at) const {
    const std::string& part = change_.path[depth];
    if (node.type == api::ValueType::Array) return apply_to_item(node, value, depth, at);
    const api::SchemaNode* field = field_of(node, part);
    if (field == nullptr) {
      std::vector<std::string> known;
      for (const auto& [name, each] : node.properties) known.push_back(name);
      return fail(ErrorKind::Invalid, at + "." + part + ": unknown field; there are " + listed(known));
    }
    if (!value.is_object()) value = Json::object();
    if (depth + 1 == change_.path.size()) {
      if (!change_.value) {
        value.erase(part);
        return {};
      }
      TRY_VALUE(value[part], value_for(*field, at + "." + part));
      return {};
    }
    if (!change_.value && !value.contains(part)) return {};
    return apply(*field, value[part], depth + 1, at + "." + part);
  }

 private:
  static const api::SchemaNode* field_of(const api::SchemaNode& node, const std::string& part) {
    const auto found = node.properties.find(part);
    return found != node.properties.end() ? found->second.get() : node.additional.get();
  }

  Result<void> apply_to_item(const api::SchemaNode& node, Json& list, std::size_t depth, const std::string& at) const {
    const std::string& part = change_.path[depth];
    const auto item = item_of(node, list, part);
    if (!item) {
      std::vector<std::string> known;
      for (const Json& each : list.is_array() ? list : Json::array()) known.push_back(name_of(node, each, known.size()));
      return fail(ErrorKind::Invalid, at + ": has no item " + part + "; it has " + listed(known));
    }
    if (depth + 1 < change_.path.size()) return apply(*node.items, list[*item], depth + 1, at + "." + part);
    if (change_.value) {
      TRY_VALUE(list[*item], value_for(*node.items, at + "." + part));
    } else {
      list.erase(*item);
    }
    return {};
  }

  static std::string name_of(const api::SchemaNode& node, const Json& item, std::size_t index) {
    return node.list_keys.empty() ? std::to_string(index) : string_at(item, node.list_keys.front());
  }

  static std::optional<std::size_t> item_of(const api::SchemaNode& node, const Json& list, const std::string& part) {
    for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) {
      if (name_of(node, list[i], i) == part) return i;
    }
    return std::nullopt;
  }

  Result<Json> value_for(const api::SchemaNode& node, const std::string& at) const {
    if (node.type == api::ValueType::String) return Json(without_quotes(*change_.value));
    auto value = parse_yaml(*change_.value);
    if (!value) return fail(ErrorKind::Invalid, at + ": " + value.error().message);
    return std::move(*value);
  }

  const FieldChange& change_;
};

}  // namespace

Result<WhatIf> parse_what_if(const std::string& text, const api::SchemaRegistry& schema) {
  const auto words = words_of(text);
  if (words.size() < 2) return fail(ErrorKind::Invalid, kShape);
  WhatIf out;
  const std::string& object = words.front();
  const std::size_t first = object.find('/'), last = object.rfind('/');
  if (first == std::string::npos || last + 1 == object.size()) return fail(ErrorKind::Invalid, object + ": no name. " + kShape);
  TRY_VALUE(out.kind, resolve_kind(object.substr(0, first), schema));
  if (last != first) out.ns = object.substr(first + 1, last - first - 1);
  out.name = object.substr(last + 1);
  for (std::size_t i = 1; i < words.size(); ++i) {
    TRY_VALUE(FieldChange change, parse_change(words[i]));
    out.changes.push_back(std::move(change));
  }
  return out;
}

Result<Json> changed(Json object, const WhatIf& what_if, const api::SchemaRegistry& schema) {
  const api::SchemaNode* root = schema.schema(what_if.kind->kind);
  const auto spec = root->properties.find("spec");
  for (const FieldChange& change : what_if.changes) TRY(Setting(change).apply(*spec->second, object["spec"], 0, "spec"));
  return object;
}

}  // namespace datamesh::cli
