#include "controller/kube/openapi.h"

#include <algorithm>
#include <vector>

#include "controller/kube/builtin_schemas.h"

namespace datamesh::kube {
namespace {

enum class Version { V2, V3 };

const char* const kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// "datamesh.dev" -> "dev.datamesh"
std::string reversed(const std::string& group) {
  std::string out;
  std::string_view rest = group;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    out = std::string(part) + (out.empty() ? "" : "." + out);
  }
  return out;
}

std::string definition_name(const ServedType& type) {
  if (type.origin == Origin::Custom) return reversed(type.group) + "." + type.version + "." + type.kind;
  const std::string group = type.group.empty() ? "core" : type.group.substr(0, type.group.find('.'));
  return "io.k8s.api." + group + "." + type.version + "." + type.kind;
}

Json group_version_kind(const ServedType& type) {
  return {{"group", type.group}, {"kind", type.kind}, {"version", type.version}};
}

/// What the second version of OpenAPI cannot say is left out.
/// Source: apiextensions-apiserver, the conversion of a structural schema to OpenAPI v2
void downgrade(Json& schema) {
  if (!schema.is_object()) return;
  for (const char* key : {"oneOf", "anyOf", "not", "nullable"}) schema.erase(key);
  if (member(schema, "x-kubernetes-preserve-unknown-fields") == Json(true)) {
    schema.erase("properties");
    schema.erase("items");
  }
  if (member(schema, "x-kubernetes-int-or-string") == Json(true)) schema.erase("type");
  if (schema.contains("properties")) {
    for (auto& property : schema["properties"]) downgrade(property);
  }
  for (const char* key : {"items", "additionalProperties"}) {
    if (schema.contains(key)) downgrade(schema[key]);
  }
}

Json parsed(std::string_view text) { return *parse_json(text); }

Json object_schema(const ServedType& type, Version version) {
  Json schema = type.open_api;
  if (version == Version::V2) downgrade(schema);
  Json& properties = schema["properties"];
  properties["apiVersion"] = {{"type", "string"}, {"description", "The group and version of the kind."}};
  properties["kind"] = {{"type", "string"}, {"description", "What this object is."}};
  const std::string reference = std::string(version == Version::V2 ? "#/definitions/" : "#/components/schemas/") + kObjectMeta;
  properties["metadata"] = {{"description", "Who this object is, and what is attached to it."}};
  if (version == Version::V2) {
    properties["metadata"]["$ref"] = reference;
  } else {
    properties["metadata"]["allOf"] = Json::array({{{"$ref", reference}}});
  }
  schema["x-kubernetes-group-version-kind"] = Json::array({group_version_kind(type)});
  return schema;
}

Json parameter(const std::string& name, Version version) {
  if (version == Version::V2) return {{"name", name}, {"in", "query"}, {"type", "string"}, {"uniqueItems", true}};
  return {{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}, {"uniqueItems", true}}}};
}

/// The operation by which clients see that dry runs and the validation of fields are served.
Json patch_operation(const ServedType& type, Version version) {
  Json parameters = Json::array();
  for (const char* name : {"dryRun", "fieldManager", "fieldValidation", "force"}) parameters.push_back(parameter(name, version));
  return {{"operationId", "patch" + type.kind},
          {"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "OK"}}}}},
          {"x-kubernetes-action", "patch"},
          {"x-kubernetes-group-version-kind", group_version_kind(type)}};
}

std::string item_path(const ServedType& type) {
  const std::string root = type.group.empty() ? "/api/" + type.version : "/apis/" + api_version(type);
  return root + (is_namespaced(type) ? "/namespaces/{namespace}/" : "/") + type.plural + "/{name}";
}

struct Document {
  Json paths = Json::object();
  Json schemas = Json::object();

  void add(const ServedType& type, Version version) {
    paths[item_path(type)] = {{"patch", patch_operation(type, version)}};
    schemas[definition_name(type)] = object_schema(type, version);
  }
  void add_metadata(Version version) {
    schemas[kObjectMeta] = parsed(metadata_schema());
    if (version == Version::V2) downgrade(schemas[kObjectMeta]);
  }
};

const Json& title() {
  static const Json kInfo = {{"title", "datamesh"}, {"version", "v1.32.0"}};
  return kInfo;
}

}  // namespace

Json openapi_v2(const TypeRegistry& types) {
  Document document;
  for (const ServedType& type : types.all()) document.add(type, Version::V2);
  document.add_metadata(Version::V2);
  return {{"swagger", "2.0"}, {"info", title()}, {"paths", std::move(document.paths)},
          {"definitions", std::move(document.schemas)}};
}

Json openapi_v3(const TypeRegistry& types, const std::string& group, const std::string& version) {
  Document document;
  for (const ServedType& type : types.all()) {
    if (type.group == group && type.version == version) document.add(type, Version::V3);
  }
  document.add_metadata(Version::V3);
  return {{"openapi", "3.0.0"}, {"info", title()}, {"paths", std::move(document.paths)},
          {"components", {{"schemas", std::move(document.schemas)}}}};
}

}  // namespace datamesh::kube
