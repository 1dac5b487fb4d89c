#include "controller/cli/object_routes.h"

#include <charconv>
#include <vector>

#include "controller/cli/api_status.h"

namespace datamesh::cli {
namespace {

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view segment = path.substr(0, path.find('/'));
    out.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return out;
}

const api::KindFacts* kind_of_plural(const api::SchemaRegistry& schema, const std::string& plural) {
  for (const api::KindFacts* kind : schema.kinds()) {
    if (kind->plural == plural) return kind;
  }
  return nullptr;
}

std::string text(const http::Request& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

/// The object in the body, held to what the path says.
Result<Json> object_in(const ObjectTarget& target, const http::Request& request) {
  TRY_VALUE(Json object, parse_json(request.body));
  if (!object.is_object()) return fail(ErrorKind::Invalid, "the body must be a JSON object");
  const std::string version = target.kind->group + "/" + target.kind->version;
  if (string_at(object, "kind") != target.kind->kind || string_at(object, "apiVersion") != version) {
    return fail(ErrorKind::Invalid, "the body must be of kind " + target.kind->kind + " and apiVersion " + version);
  }
  Json& metadata = object["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  if (target.ns) {
    if (string_at(metadata, "namespace").empty()) metadata["namespace"] = *target.ns;
    if (string_at(metadata, "namespace") != *target.ns) {
      return fail(ErrorKind::Invalid, "the namespace of the object is not that of the path");
    }
  }
  if (!target.name.empty() && string_at(metadata, "name") != target.name) {
    return fail(ErrorKind::Invalid, "the name of the object is not that of the path");
  }
  return object;
}

api::ObjectKey key_of_target(const ObjectTarget& target) {
  return {target.kind->kind, target.ns.value_or(""), target.name};
}

Result<http::Response> list(api::ResourceStore& store, const ObjectTarget& target, const http::Request& request) {
  api::ListRequest wanted;
  wanted.kind = target.kind->kind;
  wanted.ns = target.ns;
  wanted.continue_token = text(request, "continue");
  TRY_VALUE(wanted.labels, parse_selector(text(request, "labelSelector")));
  TRY_VALUE(wanted.limit, query_number(request, "limit", 0));
  TRY_VALUE(api::ListPage page, store.list(wanted));
  Json metadata = {{"resourceVersion", std::to_string(page.revision)}};
  if (!page.continue_token.empty()) {
    metadata["continue"] = page.continue_token;
    metadata["remainingItemCount"] = page.remaining;
  }
  return http::json_response(200, {{"kind", target.kind->list_kind},
                                   {"apiVersion", target.kind->group + "/" + target.kind->version},
                                   {"metadata", std::move(metadata)},
                                   {"items", std::move(page.items)}});
}

Result<http::Response> patch(api::ResourceStore& store, const ObjectTarget& target, const http::Request& request) {
  const std::string type = request.headers.find("Content-Type").value_or("");
  const bool merge = type.starts_with("application/merge-patch+json");
  if (!merge && !type.starts_with("application/json-patch+json")) {
    return status_response(415, "UnsupportedMediaType",
                           "patches are application/merge-patch+json or application/json-patch+json");
  }
  TRY_VALUE(Json body, parse_json(request.body));
  TRY_VALUE(Json object,
            store.patch(key_of_target(target), merge ? api::PatchType::Merge : api::PatchType::Json, body));
  return http::json_response(200, object);
}

Result<http::Response> remove(api::ResourceStore& store, const ObjectTarget& target, const http::Request& request) {
  api::Preconditions preconditions;
  if (!request.body.empty()) {
    TRY_VALUE(Json body, parse_json(request.body));
    const Json& wanted = member(body, "preconditions");
    if (member(wanted, "uid").is_string()) preconditions.uid = string_at(wanted, "uid");
    if (const std::string revision = string_at(wanted, "resourceVersion"); !revision.empty()) {
      api::Revision value = 0;
      const auto [at, error] = std::from_chars(revision.data(), revision.data() + revision.size(), value);
      if (error != std::errc() || at != revision.data() + revision.size()) {
        return fail(ErrorKind::Invalid, "preconditions.resourceVersion must be a number");
      }
      preconditions.revision = value;
    }
  }
  TRY_VALUE(Json object, store.remove(key_of_target(target), preconditions));
  return http::json_response(200, object);
}

Result<http::Response> serve_collection(api::ResourceStore& store, const ObjectTarget& target,
                                        const http::Request& request) {
  if (request.method == "GET") return list(store, target, request);
  if (request.method != "POST") return status_response(405, "MethodNotAllowed", "collections take GET and POST");
  TRY_VALUE(Json wanted, object_in(target, request));
  TRY_VALUE(Json object, store.create(wanted));
  return http::json_response(201, object);
}

Result<http::Response> serve_one(api::ResourceStore& store, const ObjectTarget& target,
                                 const http::Request& request) {
  if (request.method == "GET") {
    TRY_VALUE(Json object, store.get(key_of_target(target)));
    return http::json_response(200, object);
  }
  if (target.status) return status_response(405, "MethodNotAllowed", "the status is the operator's to write");
  if (request.method == "PUT") {
    TRY_VALUE(Json wanted, object_in(target, request));
    TRY_VALUE(Json object, store.update(wanted));
    return http::json_response(200, object);
  }
  if (request.method == "PATCH") return patch(store, target, request);
  if (request.method == "DELETE") return remove(store, target, request);
  return status_response(405, "MethodNotAllowed", "objects take GET, PUT, PATCH and DELETE");
}

}  // namespace

Result<ObjectTarget> parse_object_path(const std::string& path, const api::SchemaRegistry& schema) {
  const Error nothing{ErrorKind::NotFound, "", "the server could not find the requested resource", "", {}};
  if (!path.starts_with(std::string(kApiRoot) + "/")) return fail(nothing);
  std::vector<std::string> parts = segments(path.substr(std::string_view(kApiRoot).size()));
  ObjectTarget target;
  if (parts.size() >= 3 && parts[0] == "namespaces") {
    target.ns = parts[1];
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  if (parts.empty() || parts.size() > 3) return fail(nothing);
  target.kind = kind_of_plural(schema, parts[0]);
  if (parts.size() > 1) target.name = parts[1];
  target.status = parts.size() == 3 && parts[2] == "status";
  if (target.kind == nullptr || (parts.size() == 3 && !target.status)) return fail(nothing);
  if (parts.size() > 1 && target.name.empty()) return fail(nothing);
  const bool namespaced = target.kind->scope == api::Scope::Namespaced;
  if (target.ns && (!namespaced || target.ns->empty())) return fail(nothing);
  if (namespaced && !target.ns && !target.name.empty()) return fail(nothing);
  return target;
}

Result<std::size_t> query_number(const http::Request& request, const char* name, std::size_t fallback) {
  const auto found = request.query.find(name);
  if (found == request.query.end() || found->second.empty()) return fallback;
  std::size_t value = 0;
  const char* const end = found->second.data() + found->second.size();
  const auto [at, error] = std::from_chars(found->second.data(), end, value);
  if (error == std::errc() && at == end) return value;
  return fail(ErrorKind::Invalid, std::string(name) + " must be a number, not \"" + found->second + "\"");
}

std::string object_path(const api::KindFacts& kind, const std::string& ns, const std::string& name) {
  std::string path = kApiRoot;
  if (kind.scope == api::Scope::Namespaced && !ns.empty()) path += "/namespaces/" + ns;
  path += "/" + kind.plural;
  if (!name.empty()) path += "/" + name;
  return path;
}

Result<std::map<std::string, std::string>> parse_selector(const std::string& text) {
  std::map<std::string, std::string> labels;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view term = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), term.size() + 1));
    const std::size_t equals = term.find('=');
    if (equals == 0 || equals == std::string_view::npos || term[equals - 1] == '!') {
      return fail(ErrorKind::Invalid, "\"" + std::string(term) + "\" is no selector; write label=value");
    }
    const std::size_t value = equals + (term.substr(equals).starts_with("==") ? 2 : 1);
    labels[std::string(term.substr(0, equals))] = std::string(term.substr(value));
  }
  return labels;
}

bool matches(const Json& object, const std::map<std::string, std::string>& selector) {
  const Json& labels = at_path(object, {"metadata", "labels"});
  for (const auto& [name, value] : selector) {
    const Json& label = member(labels, name);
    if (!label.is_string() || label.get_ref<const std::string&>() != value) return false;
  }
  return true;
}

http::Response serve_object(api::ResourceStore& store, const ObjectTarget& target, const http::Request& request) {
  auto response = target.name.empty() ? serve_collection(store, target, request) : serve_one(store, target, request);
  return response ? std::move(*response) : status_response(response.error());
}

}  // namespace datamesh::cli
