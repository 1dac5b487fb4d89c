#include "controller/kube/builtin_rules.h"

#include <algorithm>

#include "controller/kube/base64.h"
#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

const char* const kNameLabel = "kubernetes.io/metadata.name";
constexpr std::size_t kMostDataBytes = 1 << 20;

void complete_secret(Json& object) {
  if (object.contains("stringData")) {
    for (const auto& [key, value] : object["stringData"].items()) {
      if (value.is_string()) object["data"][key] = base64_encode(value.get<std::string>());
    }
    object.erase("stringData");
  }
  if (string_at(object, "type").empty()) object["type"] = "Opaque";
}

void complete_namespace(Json& object) {
  object["metadata"]["labels"][kNameLabel] = string_at(object["metadata"], "name");
}

bool is_data_key(const std::string& key) {
  return !key.empty() && key.size() <= 253 && key != "." && !key.starts_with("..") &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

void check_keys(const Json& data, const std::string& path, Causes& causes) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : data.items()) {
    if (!is_data_key(key)) {
      causes.push_back(invalid_value(path + "[" + key + "]", go_quoted(key),
                                     "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
                                     "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                                     "'[-._a-zA-Z0-9]+')"));
    }
    if (value.is_string()) bytes += value.get_ref<const std::string&>().size();
  }
  if (bytes > kMostDataBytes * 4 / 3) {
    causes.push_back({"FieldValueTooLong", "Too long: may not be more than 1048576 bytes", path});
  }
}

void check_base64(const Json& data, const std::string& path, Causes& causes) {
  for (const auto& [key, value] : data.items()) {
    if (value.is_string() && !base64_decode(value.get_ref<const std::string&>())) {
      causes.push_back(invalid_value(path + "[" + key + "]", "\"\"", "illegal base64 data"));
    }
  }
}

void check_immutable(const Json& object, const Json& stored, const std::vector<const char*>& fields, Causes& causes) {
  if (member(stored, "immutable") != Json(true)) return;
  if (member(object, "immutable") != Json(true)) {
    causes.push_back(forbidden_field("immutable", "field is immutable when `immutable` is set"));
  }
  for (const char* field : fields) {
    if (member(object, field) != member(stored, field)) {
      causes.push_back(forbidden_field(field, "field is immutable when `immutable` is set"));
    }
  }
}

void check_secret(const Json& object, const Json& stored, Causes& causes) {
  check_keys(member(object, "data"), "data", causes);
  check_base64(member(object, "data"), "data", causes);
  if (stored.is_null()) return;
  if (member(object, "type") != member(stored, "type")) {
    causes.push_back(invalid_value("type", go_quoted(string_at(object, "type")), "field is immutable"));
  }
  check_immutable(object, stored, {"data"}, causes);
}

void check_config_map(const Json& object, const Json& stored, Causes& causes) {
  check_keys(member(object, "data"), "data", causes);
  check_keys(member(object, "binaryData"), "binaryData", causes);
  check_base64(member(object, "binaryData"), "binaryData", causes);
  if (!stored.is_null()) check_immutable(object, stored, {"data", "binaryData"}, causes);
}

void check_lease(const Json& object, Causes& causes) {
  const Json& spec = member(object, "spec");
  if (const Json& seconds = member(spec, "leaseDurationSeconds"); seconds.is_number() && seconds <= 0) {
    causes.push_back(invalid_value("spec.leaseDurationSeconds", seconds.dump(), "must be greater than 0"));
  }
  if (const Json& transitions = member(spec, "leaseTransitions"); transitions.is_number() && transitions < 0) {
    causes.push_back(invalid_value("spec.leaseTransitions", transitions.dump(), "must to greater or equal than 0"));
  }
}

void check_core_event(const Json& object, Causes& causes) {
  const std::string about = string_at(member(object, "involvedObject"), "namespace");
  const std::string ns = string_at(member(object, "metadata"), "namespace");
  // What happened to an object without a namespace is told in "default".
  if (about == ns || (about.empty() && ns == "default")) return;
  causes.push_back(invalid_value("involvedObject.namespace", go_quoted(about), "does not match event.namespace"));
}

void check_new_event(const Json& object, const Json& stored, Causes& causes) {
  if (!stored.is_null()) return;
  if (!member(object, "eventTime").is_string()) {
    causes.push_back(required("eventTime"));
    return;
  }
  for (const char* field : {"reportingController", "reportingInstance", "action", "reason"}) {
    if (string_at(object, field).empty()) causes.push_back(required(field));
  }
  const std::string type = string_at(object, "type");
  if (type != "Normal" && type != "Warning") {
    causes.push_back(invalid_value("type", go_quoted(type), "has invalid value: " + type));
  }
}

/// The kinds are compiled in, so their definitions stand.
void check_definition(const Json& object, const Json& stored, Causes& causes) {
  if (!stored.is_null() && member(object, "spec") != member(stored, "spec")) {
    causes.push_back(forbidden_field("spec", "this server serves the kinds that it was built with; their definitions "
                                             "cannot be changed here"));
  }
}

}  // namespace

void complete(const ServedType& type, Json& object) {
  if (type.kind == "Secret") complete_secret(object);
  if (type.kind == "Namespace") complete_namespace(object);
}

Causes check_builtin(const ServedType& type, const Json& object, const Json& stored) {
  Causes causes;
  if (type.kind == "Secret") check_secret(object, stored, causes);
  if (type.kind == "ConfigMap") check_config_map(object, stored, causes);
  if (type.kind == "Lease") check_lease(object, causes);
  if (type.kind == "CustomResourceDefinition") check_definition(object, stored, causes);
  if (type.kind == "Event" && type.group.empty()) check_core_event(object, causes);
  if (type.kind == "Event" && !type.group.empty()) check_new_event(object, stored, causes);
  return causes;
}

bool is_immortal(const ServedType& type, const std::string& name) {
  return type.kind == "Namespace" && (name == "default" || name == "kube-system" || name == "kube-public");
}

}  // namespace datamesh::kube
