// The part of an object that is the same for all kinds: apiVersion, kind and metadata.
#include <algorithm>

#include "controller/api/schema_problems.h"
#include "controller/base/json_path.h"
#include "controller/base/text.h"

namespace datamesh::api {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kMostAnnotationBytes = 256 * 1024;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

/// Lower-case letters, digits and '-', beginning and ending with no '-'.
bool is_dns_label(std::string_view text) {
  if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

/// Letters, digits, '-', '_' and '.', beginning and ending with a letter or digit; at most 63.
bool is_label_name(std::string_view text) {
  if (text.empty() || text.size() > kLongestLabel) return false;
  if (!is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// A label name, or one behind a DNS subdomain and '/'.
bool is_qualified_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_label_name(text);
  const std::string_view prefix = text.substr(0, slash);
  return prefix.size() <= kLongestName && is_dns_subdomain(prefix) && is_label_name(text.substr(slash + 1));
}

std::string as_dns_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    out += lower == '_' || lower == ' ' ? '-' : lower;
  }
  return out;
}

std::string name_suggestion(const std::string& name) {
  const std::string candidate = as_dns_name(name);
  return candidate != name && is_dns_subdomain(candidate) ? "did you mean " + quote(candidate) + "?" : "";
}

enum class FieldType { Text, Time, Integer, Texts, TextMap, List };

struct MetadataField {
  std::string_view name;
  FieldType type;
};

constexpr MetadataField kMetadataFields[] = {
    {"name", FieldType::Text},          {"generateName", FieldType::Text},
    {"namespace", FieldType::Text},     {"labels", FieldType::TextMap},
    {"annotations", FieldType::TextMap}, {"finalizers", FieldType::Texts},
    {"ownerReferences", FieldType::List}, {"uid", FieldType::Text},
    {"resourceVersion", FieldType::Text}, {"generation", FieldType::Integer},
    {"creationTimestamp", FieldType::Time}, {"deletionTimestamp", FieldType::Time},
    {"deletionGracePeriodSeconds", FieldType::Integer}, {"managedFields", FieldType::List},
    {"selfLink", FieldType::Text},
};

class HeadCheck {
 public:
  HeadCheck(const KindFacts& facts, Problems& problems) : facts_(facts), problems_(problems) {}

  void check(const Json& object) {
    const std::string wanted = facts_.group + "/" + facts_.version;
    const Json& version = member(object, "apiVersion");
    if (version.is_null()) {
      problems_.add("apiVersion", "this required field is missing", "write apiVersion: " + wanted);
    } else if (version != Json(wanted)) {
      problems_.add("apiVersion", version.dump() + " is no version of " + facts_.kind,
                    "did you mean " + quote(wanted) + "?");
    }
    const Json& metadata = member(object, "metadata");
    if (metadata.is_null()) return problems_.add("metadata", "this required field is missing");
    if (!metadata.is_object()) return;  // the schema tells
    check_types(metadata);
    check_name(metadata);
    check_namespace(metadata);
    check_labels(member(metadata, "labels"));
    check_annotations(member(metadata, "annotations"));
    check_finalizers(member(metadata, "finalizers"));
  }

 private:
  void check_types(const Json& metadata) {
    std::vector<std::string> names;
    for (const MetadataField& field : kMetadataFields) names.emplace_back(field.name);
    for (const auto& [key, value] : metadata.items()) {
      const std::string path = member_path("metadata", key);
      const auto field = std::find_if(std::begin(kMetadataFields), std::end(kMetadataFields),
                                      [&](const MetadataField& known) { return known.name == key; });
      if (field == std::end(kMetadataFields)) {
        problems_.add(path, "unknown field", did_you_mean(key, names));
      } else if (!value.is_null()) {
        check_type(field->type, value, path);
      }
    }
  }

  void check_type(FieldType type, const Json& value, const std::string& path) {
    const auto wrong = [&](bool right, const char* wanted) {
      if (!right) problems_.add(path, std::string("must be ") + wanted);
      return !right;
    };
    const auto text = [&](const Json& item, const std::string& where) {
      if (!item.is_string()) {
        problems_.add(where, "must be a string, not " + item.dump(),
                      item.is_primitive() && !item.is_null() ? "put it in quotes" : "");
      }
    };
    switch (type) {
      case FieldType::Text:
      case FieldType::Time: return text(value, path);
      case FieldType::Integer: wrong(value.is_number_integer(), "an integer"); return;
      case FieldType::List: wrong(value.is_array(), "a list"); return;
      case FieldType::Texts:
        if (wrong(value.is_array(), "a list")) return;
        for (std::size_t i = 0; i < value.size(); ++i) text(value[i], element_path(path, i));
        return;
      case FieldType::TextMap:
        if (wrong(value.is_object(), "an object")) return;
        for (const auto& [key, item] : value.items()) text(item, member_path(path, key));
        return;
    }
  }

  void check_name(const Json& metadata) {
    const std::string name = string_at(metadata, "name");
    if (member(metadata, "name").is_null() || name.empty()) {
      if (!string_at(metadata, "generateName").empty() || member(metadata, "name").is_number()) return;
      return problems_.add("metadata.name", "this required field is missing");
    }
    if (name.size() > kLongestName) {
      return problems_.add("metadata.name", "has " + std::to_string(name.size()) + " characters; at most 253 are allowed");
    }
    if (!is_dns_subdomain(name)) {
      problems_.add("metadata.name",
                    quote(name) + " is no name: lower-case letters, digits, '-' and '.', beginning and ending with a "
                                  "letter or digit",
                    name_suggestion(name));
    }
  }

  void check_namespace(const Json& metadata) {
    const std::string ns = string_at(metadata, "namespace");
    if (ns.empty()) return;
    if (facts_.scope == Scope::Cluster) {
      return problems_.add("metadata.namespace", "a " + facts_.kind + " has no namespace", "leave the field out");
    }
    if (ns.size() > kLongestLabel || !is_dns_label(ns)) {
      problems_.add("metadata.namespace",
                    quote(ns) + " is no namespace: at most 63 lower-case letters, digits and '-', beginning and ending "
                                "with a letter or digit",
                    ns.find('.') == std::string::npos ? name_suggestion(ns) : "");
    }
  }

  void check_key(const std::string& key, const std::string& path) {
    if (is_qualified_name(key)) return;
    problems_.add(path, quote(key) + " is no key: at most 63 letters, digits, '-', '_' and '.', optionally behind a "
                                     "domain and '/'");
  }

  void check_labels(const Json& labels) {
    if (!labels.is_object()) return;
    for (const auto& [key, value] : labels.items()) {
      const std::string path = member_path("metadata.labels", key);
      check_key(key, path);
      if (!value.is_string()) continue;
      const auto& text = value.get_ref<const std::string&>();
      if (!text.empty() && !is_label_name(text)) {
        problems_.add(path, quote(text) + " is no label value: at most 63 letters, digits, '-', '_' and '.', beginning "
                                          "and ending with a letter or digit");
      }
    }
  }

  void check_annotations(const Json& annotations) {
    if (!annotations.is_object()) return;
    std::size_t bytes = 0;
    for (const auto& [key, value] : annotations.items()) {
      check_key(lower(key), member_path("metadata.annotations", key));  // their domain may have capitals
      bytes += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
    }
    if (bytes > kMostAnnotationBytes) {
      problems_.add("metadata.annotations",
                    "have " + std::to_string(bytes) + " bytes; at most " + std::to_string(kMostAnnotationBytes) +
                        " are allowed");
    }
  }

  void check_finalizers(const Json& finalizers) {
    for (std::size_t i = 0; finalizers.is_array() && i < finalizers.size(); ++i) {
      if (finalizers[i].is_string()) check_key(finalizers[i].get<std::string>(), element_path("metadata.finalizers", i));
    }
  }

  const KindFacts& facts_;
  Problems& problems_;
};

}  // namespace

void check_head(const KindFacts& facts, const Json& object, Problems& problems) {
  HeadCheck(facts, problems).check(object);
}

}  // namespace datamesh::api
