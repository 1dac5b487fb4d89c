#include "controller/kube/body.h"

#include "controller/base/yaml.h"
#include "controller/kube/accept.h"
#include "controller/kube/json_text.h"
#include "controller/kube/protobuf.h"
#include "controller/kube/strict.h"

namespace datamesh::kube {
namespace {

/// The text as messages show it: its begin.
std::string excerpt(std::string_view text) {
  constexpr std::size_t kShown = 30;
  if (text.empty()) return "<empty>";
  if (text.size() <= kShown) return std::string(text);
  return std::string(text.substr(0, kShown)) + " ...";
}

std::string unrecognized(const ServedType* type) {
  return type == nullptr ? "the object provided is unrecognized"
                         : "the object provided is unrecognized (must be of type " + type->kind + ")";
}

Outcome<Body> from_json(const http::Request& request, const ServedType* type) {
  auto text = read_json(request.body);
  if (!text) {
    Fault fault = text.error();
    fault.message = unrecognized(type) + ": couldn't get version/kind; json parse error: " + fault.message + " (" +
                    excerpt(request.body) + ")";
    return fail(fault);
  }
  Body body{std::move(text->value), {}};
  for (const std::string& path : text->duplicates) body.problems.push_back("duplicate field " + go_quoted(path));
  return body;
}

Outcome<Body> from_yaml(const http::Request& request, const ServedType* type) {
  YamlLimits limits;
  limits.documents = 1;
  auto parsed = parse_yaml(request.body, limits);
  if (!parsed) return fail(bad_request(unrecognized(type) + ": error converting YAML to JSON: yaml: " + parsed.error().message));
  return Body{std::move(*parsed), {}};
}

}  // namespace

Outcome<Body> read_body(const http::Request& request, const ServedType* type) {
  const bool builtin = type == nullptr || type->origin == Origin::Builtin;
  const std::string media = media_type(request.headers.find("Content-Type").value_or(""));
  Outcome<Body> body = Body{};
  if (media.empty() || media == "application/json") {
    body = from_json(request, type);
  } else if (media == "application/yaml") {
    body = from_yaml(request, type);
  } else if (media == "application/vnd.kubernetes.protobuf" && builtin) {
    TRY_VALUE(Json object, read_protobuf(request.body));
    body = Body{std::move(object), {}};
  } else {
    return fail(unknown_format({"application/json", "application/yaml", "application/vnd.kubernetes.protobuf"}));
  }
  if (body && !body->object.is_object()) {
    return fail(bad_request(unrecognized(type) + ": couldn't get version/kind; json parse error: json: cannot unmarshal " +
                            std::string(body->object.is_array() ? "array" : body->object.type_name()) +
                            " into Go value of type struct"));
  }
  return body;
}

Outcome<void> check_identity(const ServedType& type, const Json& object, std::string_view text) {
  const std::string kind = string_at(object, "kind");
  const std::string version = string_at(object, "apiVersion");
  const auto missing = [&](const std::string& what) {
    return fail(bad_request(unrecognized(&type) + ": Object '" + what + "' is missing in '" + std::string(text.substr(0, 4096)) +
                            "' (" + excerpt(text) + ")"));
  };
  if (kind.empty()) return missing("Kind");
  if (version.empty()) return missing("apiVersion");
  if (version != api_version(type)) {
    return fail(bad_request("the API version in the data (" + version + ") does not match the expected API version (" +
                            api_version(type) + ")"));
  }
  if (kind == type.kind) return {};
  if (type.origin == Origin::Builtin) {
    return fail(bad_request(kind + " in version " + go_quoted(type.version) + " cannot be handled as a " + type.kind));
  }
  const std::string name = string_at(member(object, "metadata"), "name");
  return fail(invalid(type.group, kind, name, {invalid_value("kind", go_quoted(kind), "must be " + type.kind)}));
}

Outcome<void> check_place(const Target& target, Json& object) {
  Json& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  const std::string ns = string_at(metadata, "namespace");
  if (is_namespaced(*target.type)) {
    if (ns.empty()) metadata["namespace"] = target.ns;
    if (!ns.empty() && ns != target.ns) {
      return fail(bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
  } else if (!ns.empty()) {
    return fail(bad_request("namespace is not allowed on this type"));
  }
  if (target.name.empty()) return {};
  const std::string name = string_at(metadata, "name");
  if (name == target.name) return {};
  if (name.empty()) return fail(bad_request("name must be provided"));
  return fail(bad_request("the name of the object (" + name + ") does not match the name on the URL (" + target.name + ")"));
}

Outcome<Body> read_object(const http::Request& request, const Target& target, FieldValidation validation) {
  const ServedType& type = *target.type;
  TRY_VALUE(Body body, read_body(request, &type));
  const bool protobuf = request.body.starts_with("k8s");
  if (type.origin == Origin::Builtin) {  // what the path says need not be said again
    if (string_at(body.object, "kind").empty()) body.object["kind"] = type.kind;
    if (string_at(body.object, "apiVersion").empty()) body.object["apiVersion"] = api_version(type);
  }
  TRY(check_identity(type, body.object, protobuf ? std::string_view() : std::string_view(request.body)));
  TRY(check_metadata_types(type, body.object));
  for (std::string& problem : unknown_fields(prune(type, body.object))) body.problems.push_back(std::move(problem));
  if (validation == FieldValidation::Strict && !body.problems.empty()) {
    return fail(bad_request(type.kind + " in version " + go_quoted(type.version) + " cannot be handled as a " + type.kind +
                            ": " + strict_error(body.problems)));
  }
  if (validation == FieldValidation::Ignore) body.problems.clear();
  TRY(check_place(target, body.object));
  return body;
}

std::vector<std::string> unknown_fields(const std::vector<std::string>& paths) {
  std::vector<std::string> problems;
  for (const std::string& path : paths) problems.push_back("unknown field " + go_quoted(path));
  return problems;
}

std::string strict_error(const std::vector<std::string>& problems) {
  std::string text = "strict decoding error: ";
  for (std::size_t i = 0; i < problems.size(); ++i) text += (i == 0 ? "" : ", ") + problems[i];
  return text;
}

}  // namespace datamesh::kube
