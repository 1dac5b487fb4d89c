// Swagger JSON as gnostic's protobuf: the messages and fields that our documents use.
#include "controller/base/yaml.h"
#include "controller/kube/openapi.h"
#include "controller/kube/protobuf.h"

namespace datamesh::kube {
namespace {

/// Any{2 yaml}
std::string any(const Json& value) { return ProtobufWriter().text(2, to_yaml(value)).done(); }

/// NamedX{1 name, 2 value}
std::string named(const std::string& name, const std::string& value) {
  return ProtobufWriter().text(1, name).bytes(2, value).done();
}

void extensions(ProtobufWriter& out, const Json& object, int field) {
  for (const auto& [key, value] : object.items()) {
    if (key.starts_with("x-")) out.bytes(field, named(key, any(value)));
  }
}

void texts(ProtobufWriter& out, const Json& object, const char* key, int field) { out.text(field, string_at(object, key)); }

void numbers(ProtobufWriter& out, const Json& schema) {
  for (const auto& [key, field] : {std::pair("maximum", 7), std::pair("minimum", 9)}) {
    if (schema.contains(key)) out.number(field, schema[key].get<double>());
  }
  for (const auto& [key, field] : {std::pair("maxLength", 11), std::pair("minLength", 12)}) {
    if (schema.contains(key)) out.integer(field, schema[key].get<std::int64_t>());
  }
  texts(out, schema, "pattern", 13);
  for (const auto& [key, field] : {std::pair("maxItems", 14), std::pair("minItems", 15), std::pair("maxProperties", 17),
                                   std::pair("minProperties", 18)}) {
    if (schema.contains(key)) out.integer(field, schema[key].get<std::int64_t>());
  }
}

std::string schema_message(const Json& schema) {
  ProtobufWriter out;
  texts(out, schema, "$ref", 1);
  texts(out, schema, "format", 2);
  texts(out, schema, "description", 4);
  if (schema.contains("default")) out.bytes(5, any(schema["default"]));
  numbers(out, schema);
  for (const Json& name : member(schema, "required")) out.text(19, name.get<std::string>());
  for (const Json& value : member(schema, "enum")) out.bytes(20, any(value));
  if (const Json& additional = member(schema, "additionalProperties"); additional.is_object()) {
    out.bytes(21, ProtobufWriter().bytes(1, schema_message(additional)).done());
  } else if (additional.is_boolean()) {
    out.bytes(21, ProtobufWriter().integer(2, additional.get<bool>() ? 1 : 0).done());
  }
  if (schema.contains("type")) out.bytes(22, ProtobufWriter().text(1, string_at(schema, "type")).done());
  if (schema.contains("items")) out.bytes(23, ProtobufWriter().bytes(1, schema_message(schema["items"])).done());
  if (schema.contains("properties")) {
    ProtobufWriter properties;
    for (const auto& [key, property] : schema["properties"].items()) properties.bytes(1, named(key, schema_message(property)));
    out.bytes(25, properties.done());
  }
  extensions(out, schema, 31);
  return out.done();
}

/// ParametersItem{1 Parameter{2 NonBody{3 query}}}
std::string query_parameter(const Json& parameter) {
  ProtobufWriter query;
  query.text(2, "query").text(4, string_at(parameter, "name")).text(6, string_at(parameter, "type")).boolean(20, true);
  return ProtobufWriter().bytes(1, ProtobufWriter().bytes(2, ProtobufWriter().bytes(3, query.done()).done()).done()).done();
}

std::string operation(const Json& given) {
  ProtobufWriter out;
  texts(out, given, "operationId", 5);
  for (const Json& parameter : given["parameters"]) out.bytes(8, query_parameter(parameter));
  const std::string response = ProtobufWriter().bytes(1, ProtobufWriter().text(1, "OK").done()).done();
  out.bytes(9, ProtobufWriter().bytes(1, named("200", response)).done());
  extensions(out, given, 13);
  return out.done();
}

}  // namespace

std::string to_gnostic(const Json& document) {
  ProtobufWriter out;
  out.text(1, "2.0");
  const Json& info = document["info"];
  out.bytes(2, ProtobufWriter().text(1, string_at(info, "title")).text(2, string_at(info, "version")).done());
  ProtobufWriter paths;
  for (const auto& [path, item] : document["paths"].items()) {
    paths.bytes(2, named(path, ProtobufWriter().bytes(8, operation(item["patch"])).done()));
  }
  out.bytes(8, paths.done());
  ProtobufWriter definitions;
  for (const auto& [name, schema] : document["definitions"].items()) definitions.bytes(1, named(name, schema_message(schema)));
  out.bytes(9, definitions.done());
  return out.done();
}

}  // namespace datamesh::kube
