#include "controller/embedded/lake_input.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace datamesh::embedded::lake {
namespace {

using FieldKind = FieldType::Kind;

[[noreturn]] void bad_shape(std::string_view text) {
  throw std::logic_error("malformed shape: " + std::string(text));
}

/// "1-255", or nothing.
void read_bounds(std::string_view text, FieldType& out) {
  if (text.empty()) return;
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) bad_shape(text);
  const std::string_view least = text.substr(0, dash);
  const std::string_view most = text.substr(dash + 1);
  if (std::from_chars(least.data(), least.data() + least.size(), out.least).ec != std::errc{} ||
      std::from_chars(most.data(), most.data() + most.size(), out.most).ec != std::errc{}) {
    bad_shape(text);
  }
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t bar = text.find('|');
    out.emplace_back(text.substr(0, bar));
    text = bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
  }
  return out;
}

FieldType read_type(std::string_view text) {
  if (text.empty()) bad_shape(text);
  FieldType out;
  switch (text.front()) {
    case 's': out.kind = FieldKind::Text; read_bounds(text.substr(1), out); return out;
    case 'i': out.kind = FieldKind::Integer; read_bounds(text.substr(1), out); return out;
    case 'n': out.kind = FieldKind::Number; return out;
    case 'b': out.kind = FieldKind::Boolean; return out;
    case 'm': out.kind = FieldKind::Map; return out;
    case 'j': out.kind = FieldKind::Any; return out;
    case '@': out.kind = FieldKind::Structure; out.structure = std::string(text.substr(1)); return out;
    case 'e':
      out.kind = FieldKind::Enum;
      out.words = split_words(text.substr(2, text.size() - 3));
      return out;
    case '[': {
      const std::size_t close = text.rfind(']');
      if (close == std::string_view::npos) bad_shape(text);
      out.kind = FieldKind::List;
      out.element = std::make_shared<const FieldType>(read_type(text.substr(1, close - 1)));
      read_bounds(text.substr(close + 1), out);
      return out;
    }
    default: bad_shape(text);
  }
}

/// How many bytes a UTF-8 character with this first byte has; 0 for one that begins none.
std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if ((first & 0xF0) == 0xE0) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

/// Valid UTF-8 without the separators that our keys are made with.
bool is_clean(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (first >= 0x1c && first <= 0x1f) return false;
    const std::size_t length = utf8_length(first);
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    i += length;
  }
  return true;
}

/// Of valid UTF-8: the models count characters, not bytes.
std::int64_t characters_in(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

Fault wrong_type(std::string message) { return {FaultKind::WrongType, std::move(message)}; }
Fault out_of_bounds(std::string message) { return {FaultKind::OutOfBounds, std::move(message)}; }

Fault between(const FieldType& type, std::string_view what) {
  return out_of_bounds(std::string(what) + " must be between " + std::to_string(type.least) + " and " +
                       std::to_string(type.most));
}

bool is_within(const FieldType& type, std::int64_t value) { return value >= type.least && value <= type.most; }

Fault fault_of_value(const Json& value, const FieldType& type, const std::string& path);

Fault fault_of_text(const Json& value, const FieldType& type, const std::string& path) {
  if (!value.is_string()) return wrong_type(path + " must be a text");
  const auto& text = value.get_ref<const std::string&>();
  if (!is_clean(text)) return out_of_bounds(path + " holds characters that are not allowed");
  if (!is_within(type, characters_in(text))) return between(type, path + ": its length");
  return {};
}

Fault fault_of_integer(const Json& value, const FieldType& type, const std::string& path) {
  if (!value.is_number_integer()) return wrong_type(path + " must be an integer");
  return is_within(type, value.get<std::int64_t>()) ? Fault() : between(type, path);
}

Fault fault_of_map(const Json& value, const std::string& path) {
  if (!value.is_object()) return wrong_type(path + " must be a map");
  for (const auto& [key, one] : value.items()) {
    if (!is_clean(key)) return out_of_bounds(path + " holds a key with characters that are not allowed");
    if (Fault fault = fault_of_text(one, FieldType{}, path + "." + key); fault) return fault;
  }
  return {};
}

/// Whatever it is, its texts must be storable.
Fault fault_of_any(const Json& value, const std::string& path) {
  if (value.is_string()) return fault_of_text(value, FieldType{}, path);
  if (!value.is_structured()) return {};
  for (const auto& [key, one] : value.items()) {
    if (!is_clean(key)) return out_of_bounds(path + " holds a key with characters that are not allowed");
    if (Fault fault = fault_of_any(one, path); fault) return fault;
  }
  return {};
}

Fault fault_of_list(const Json& value, const FieldType& type, const std::string& path) {
  if (!value.is_array()) return wrong_type(path + " must be a list");
  if (!is_within(type, static_cast<std::int64_t>(value.size()))) return between(type, path + ": its size");
  for (std::size_t i = 0; i < value.size(); ++i) {
    Fault fault = fault_of_value(value[i], *type.element, path + "[" + std::to_string(i) + "]");
    if (fault) return fault;
  }
  return {};
}

Fault fault_of_enum(const Json& value, const FieldType& type, const std::string& path) {
  if (!value.is_string()) return wrong_type(path + " must be a text");
  const auto& word = value.get_ref<const std::string&>();
  if (std::find(type.words.begin(), type.words.end(), word) != type.words.end()) return {};
  std::string words;
  for (const std::string& word : type.words) words += (words.empty() ? "" : ", ") + word;
  return out_of_bounds(path + " must be one of " + words);
}

Fault fault_of_structure(const Json& value, const Shape& shape, const std::string& path) {
  if (!value.is_object()) return wrong_type((path.empty() ? "the request" : path) + " must be a structure");
  const std::string prefix = path.empty() ? std::string() : path + ".";
  std::size_t known = 0;
  for (const Field& field : shape) {
    const auto found = value.find(field.name);
    if (found == value.end()) {
      if (field.is_required) return out_of_bounds(prefix + field.name + " is missing");
      continue;
    }
    ++known;
    Fault fault = fault_of_value(*found, field.type, prefix + field.name);
    if (fault) return fault;
  }
  if (known == value.size()) return {};
  for (const auto& [key, one] : value.items()) {
    const bool is_member = std::any_of(shape.begin(), shape.end(), [&](const Field& f) { return f.name == key; });
    if (!is_member) return out_of_bounds(prefix + key + " is not a member of the request");
  }
  return {};
}

Fault fault_of_value(const Json& value, const FieldType& type, const std::string& path) {
  switch (type.kind) {
    case FieldKind::Text: return fault_of_text(value, type, path);
    case FieldKind::Integer: return fault_of_integer(value, type, path);
    case FieldKind::Number: return value.is_number() ? Fault() : wrong_type(path + " must be a number");
    case FieldKind::Boolean: return value.is_boolean() ? Fault() : wrong_type(path + " must be true or false");
    case FieldKind::Map: return fault_of_map(value, path);
    case FieldKind::Enum: return fault_of_enum(value, type, path);
    case FieldKind::Any: return fault_of_any(value, path);
    case FieldKind::Structure: return fault_of_structure(value, named_shape(type.structure), path);
    case FieldKind::List: return fault_of_list(value, type, path);
  }
  return {};
}

}  // namespace

Shape read_shape(std::string_view text) {
  Shape out;
  while (!text.empty()) {
    const std::size_t end = text.find(' ');
    const std::string_view token = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (token.empty()) continue;
    const std::size_t colon = token.find(':');
    if (colon == std::string_view::npos) bad_shape(token);
    Field field;
    std::string_view name = token.substr(0, colon);
    if (name.ends_with('*')) {
      field.is_required = true;
      name.remove_suffix(1);
    }
    field.name = std::string(name);
    field.type = read_type(token.substr(colon + 1));
    out.push_back(std::move(field));
  }
  return out;
}

Fault fault_of(const Json& input, const Shape& shape) { return fault_of_structure(input, shape, {}); }

}  // namespace datamesh::embedded::lake
