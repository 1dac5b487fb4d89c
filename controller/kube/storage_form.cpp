#include "controller/kube/storage_form.h"

#include <array>

namespace datamesh::kube {
namespace {

const char* const kSpecPrefix = "spec.finalizers/";

/// The fields of an Event: as events.k8s.io names them, and as core does.
constexpr std::array<std::pair<const char*, const char*>, 7> kEventFields{{
    {"regarding", "involvedObject"},
    {"note", "message"},
    {"reportingController", "reportingComponent"},
    {"deprecatedSource", "source"},
    {"deprecatedFirstTimestamp", "firstTimestamp"},
    {"deprecatedLastTimestamp", "lastTimestamp"},
    {"deprecatedCount", "count"},
}};

void rename(Json& object, const char* from, const char* to) {
  const auto found = object.find(from);
  if (found == object.end()) return;
  Json value = std::move(*found);
  object.erase(found);
  object[to] = std::move(value);
}

bool is_new_event(const ServedType& type) { return type.group == "events.k8s.io"; }

Json namespace_to_storage(Json object) {
  Json finalizers = Json::array();
  for (const Json& finalizer : at_path(object, {"metadata", "finalizers"})) finalizers.push_back(finalizer);
  for (const Json& finalizer : at_path(object, {"spec", "finalizers"})) {
    if (finalizer.is_string()) finalizers.push_back(kSpecPrefix + finalizer.get<std::string>());
  }
  object["metadata"]["finalizers"] = std::move(finalizers);
  object["spec"] = Json::object();
  return object;
}

Json namespace_from_storage(Json object) {
  Json metadata = Json::array();
  Json spec = Json::array();
  for (const Json& finalizer : at_path(object, {"metadata", "finalizers"})) {
    const std::string text = finalizer.get<std::string>();
    if (text.starts_with(kSpecPrefix)) {
      spec.push_back(text.substr(std::string_view(kSpecPrefix).size()));
    } else {
      metadata.push_back(text);
    }
  }
  object["metadata"].erase("finalizers");
  if (!metadata.empty()) object["metadata"]["finalizers"] = std::move(metadata);
  object["spec"] = Json::object();
  if (!spec.empty()) object["spec"]["finalizers"] = std::move(spec);
  const bool going = at_path(object, {"metadata", "deletionTimestamp"}).is_string();
  object["status"]["phase"] = going ? "Terminating" : "Active";
  return object;
}

}  // namespace

Json to_storage(const ServedType& type, Json object) {
  if (type.kind == "Namespace") object = namespace_to_storage(std::move(object));
  if (is_new_event(type)) {
    for (const auto& [served, stored] : kEventFields) rename(object, served, stored);
    object["apiVersion"] = "v1";
  }
  return object;
}

Json from_storage(const ServedType& type, Json object) {
  if (type.origin == Origin::Custom) return object;
  if (type.kind == "Namespace") object = namespace_from_storage(std::move(object));
  if (is_new_event(type)) {
    for (const auto& [served, stored] : kEventFields) rename(object, stored, served);
    object["apiVersion"] = "events.k8s.io/v1";
  }
  if (type.kind != "CustomResourceDefinition") object["metadata"].erase("generation");
  return object;
}

}  // namespace datamesh::kube
