// The rules of metadata, which are the same for all kinds.
#include <algorithm>

#include "controller/base/text.h"
#include "controller/kube/validation.h"

namespace datamesh::kube {
namespace {

constexpr std::size_t kMostAnnotationBytes = 262144;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;

constexpr const char* kSubdomainRule =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr const char* kLabelRule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* kKeyRule =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr const char* kValueRule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z'); }

bool is_label(std::string_view text) {
  return !text.empty() && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_subdomain(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_name_part(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// What is wrong with a qualified name ("app", "example.com/app"); empty when nothing is.
std::vector<std::string> key_problems(std::string_view key) {
  std::vector<std::string> problems;
  const std::size_t slash = key.find('/');
  std::string_view name = key;
  if (slash != std::string_view::npos) {
    name = key.substr(slash + 1);
    const std::string_view prefix = key.substr(0, slash);
    if (prefix.empty()) {
      problems.emplace_back("prefix part must be non-empty");
    } else if (prefix.size() > kLongestName || !is_subdomain(prefix)) {
      problems.emplace_back(std::string("prefix part ") + kSubdomainRule);
    }
  }
  if (name.empty()) {
    problems.emplace_back("name part must be non-empty");
  } else if (name.size() > kLongestLabel) {
    problems.emplace_back("name part must be no more than 63 characters");
  }
  if (!is_name_part(name)) problems.emplace_back(kKeyRule);
  return problems;
}

void check_name(const ServedType& type, const Json& metadata, Causes& causes) {
  const std::string name = string_at(metadata, "name");
  if (name.empty()) {
    if (!string_at(metadata, "generateName").empty()) return;
    causes.push_back({"FieldValueRequired", "Required value: name or generateName is required", "metadata.name"});
    return;
  }
  const bool label = type.kind == "Namespace";
  const std::size_t longest = label ? kLongestLabel : kLongestName;
  if (name.size() > longest) {
    causes.push_back(invalid_value("metadata.name", go_quoted(name), "must be no more than " + std::to_string(longest) + " characters"));
  }
  if (!(label ? is_label(name) : is_subdomain(name))) {
    causes.push_back(invalid_value("metadata.name", go_quoted(name), label ? kLabelRule : kSubdomainRule));
  }
}

void check_labels(const Json& labels, Causes& causes) {
  for (const auto& [key, value] : labels.items()) {
    for (const std::string& problem : key_problems(key)) {
      causes.push_back(invalid_value("metadata.labels", go_quoted(key), problem));
    }
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    if (text.size() > kLongestLabel) {
      causes.push_back(invalid_value("metadata.labels", go_quoted(text), "must be no more than 63 characters"));
    }
    if (!text.empty() && !is_name_part(text)) causes.push_back(invalid_value("metadata.labels", go_quoted(text), kValueRule));
  }
}

void check_annotations(const Json& annotations, Causes& causes) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : annotations.items()) {
    for (const std::string& problem : key_problems(lower(key))) {
      causes.push_back(invalid_value("metadata.annotations", go_quoted(key), problem));
    }
    bytes += key.size() + (value.is_string() ? value.get_ref<const std::string&>().size() : 0);
  }
  if (bytes > kMostAnnotationBytes) {
    causes.push_back({"FieldValueTooLong", "Too long: may not be more than 262144 bytes", "metadata.annotations"});
  }
}

void check_owners(const Json& owners, Causes& causes) {
  const std::string path = "metadata.ownerReferences";
  std::vector<std::string> controllers;
  for (const Json& owner : owners) {
    for (const char* field : {"apiVersion", "kind", "name", "uid"}) {
      if (!string_at(owner, field).empty()) continue;
      const std::string what = std::string(field) == "apiVersion" ? "version" : field;
      causes.push_back(invalid_value(path + "." + field, "\"\"", what + " must not be empty"));
    }
    if (member(owner, "controller") == Json(true)) controllers.push_back(string_at(owner, "name"));
  }
  if (controllers.size() > 1) {
    causes.push_back(invalid_value(path, owners.dump(),
                                   "Only one reference can have Controller set to true. Found \"true\" in references for " +
                                       controllers[0] + " and " + controllers[1]));
  }
}

/// The finalizers that builtin kinds may have without a domain.
bool is_standard_finalizer(const std::string& text) {
  return text == "kubernetes" || text == "orphan" || text == "foregroundDeletion";
}

void check_finalizers(const ServedType& type, const Json& finalizers, Causes& causes) {
  for (const Json& finalizer : finalizers) {
    if (!finalizer.is_string()) continue;
    const std::string text = finalizer.get<std::string>();
    for (const std::string& problem : key_problems(text)) {
      causes.push_back(invalid_value("metadata.finalizers", go_quoted(text), problem));
    }
    const bool bare = text.find('/') == std::string::npos && !is_standard_finalizer(text);
    if (bare && type.origin == Origin::Builtin) {
      causes.push_back(invalid_value("metadata.finalizers", go_quoted(text),
                                     "name is neither a standard finalizer name nor is it fully qualified"));
    }
  }
}

}  // namespace

Causes validate_metadata(const ServedType& type, const Json& metadata) {
  Causes causes;
  check_name(type, metadata, causes);
  check_labels(member(metadata, "labels"), causes);
  check_annotations(member(metadata, "annotations"), causes);
  check_owners(member(metadata, "ownerReferences"), causes);
  check_finalizers(type, member(metadata, "finalizers"), causes);
  return causes;
}

std::vector<std::string> finalizer_warnings(const Json& object) {
  std::vector<std::string> warnings;
  for (const Json& finalizer : at_path(object, {"metadata", "finalizers"})) {
    const std::string text = finalizer.is_string() ? finalizer.get<std::string>() : "";
    if (text.find('/') != std::string::npos || is_standard_finalizer(text)) continue;
    warnings.push_back("metadata.finalizers: " + go_quoted(text) +
                       ": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts "
                       "with other finalizer writers");
  }
  return warnings;
}

}  // namespace datamesh::kube
