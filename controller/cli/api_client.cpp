#include "controller/cli/api_client.h"

#include "controller/cli/api_status.h"
#include "controller/cli/object_routes.h"

namespace datamesh::cli {
namespace {

constexpr const char* kPageSize = "500";

http::Request request_for(std::string method, std::string path, const Json& body = nullptr) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  if (!body.is_null()) {
    request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    request.headers.add("Content-Type", "application/json");
  }
  return request;
}

http::Request request_for(std::string method, const api::KindFacts& kind, const Json& object, bool named) {
  const api::ObjectKey key = api::key_of(object);
  return request_for(std::move(method), object_path(kind, key.ns, named ? key.name : ""), object);
}

/// What a person has no use for is left out; an update that does not say it leaves it as it is.
Json shown(Json object) {
  if (object.is_object() && object.contains("metadata")) object["metadata"].erase("managedFields");
  return object;
}

}  // namespace

Result<Json> ApiClient::send(http::Request request, Millis timeout) {
  TRY_VALUE(const http::Response response, connection_.send(std::move(request), timeout));
  if (response.status >= 400) return fail(error_of(response));
  return parse_json(response.body);
}

Result<Listing> ApiClient::list(const Selection& selection) {
  Listing listing;
  std::string next;
  do {
    http::Request request = request_for("GET", object_path(*selection.kind, selection.ns.value_or("")));
    request.query["limit"] = kPageSize;
    if (!selection.labels.empty()) request.query["labelSelector"] = selection.labels;
    if (!next.empty()) request.query["continue"] = next;
    TRY_VALUE(Json page, send(std::move(request)));
    for (Json& item : page["items"]) listing.items.push_back(shown(std::move(item)));
    listing.revision = string_at(member(page, "metadata"), "resourceVersion");
    next = string_at(member(page, "metadata"), "continue");
  } while (!next.empty());
  return listing;
}

Result<Changes> ApiClient::watch(const Selection& selection, const std::string& revision,
                                 std::chrono::seconds patience) {
  http::Request request = request_for("GET", "/datamesh/v1/watch" + object_path(*selection.kind, selection.ns.value_or("")));
  request.query = {{"resourceVersion", revision},
                   {"timeoutSeconds", std::to_string(patience.count())}};
  if (!selection.labels.empty()) request.query["labelSelector"] = selection.labels;
  TRY_VALUE(Json answer, send(std::move(request), patience + std::chrono::seconds(30)));
  Changes changes;
  changes.revision = string_at(answer, "resourceVersion");
  for (Json& event : answer["events"]) {
    changes.events.push_back({string_at(event, "type"), shown(std::move(event["object"]))});
  }
  return changes;
}

Result<Json> ApiClient::get(const api::KindFacts& kind, const std::string& ns, const std::string& name) {
  TRY_VALUE(Json object, send(request_for("GET", object_path(kind, ns, name))));
  return shown(std::move(object));
}

Result<Json> ApiClient::create(const api::KindFacts& kind, const Json& object) {
  auto created = send(request_for("POST", kind, object, false));
  const std::string ns = api::key_of(object).ns;
  const bool no_namespace = !created && created.error().kind == ErrorKind::NotFound &&
                            created.error().message == "namespaces \"" + ns + "\" not found";
  if (!no_namespace) return created;
  const Json space = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}};
  const auto made = send(request_for("POST", "/api/v1/namespaces", space));
  if (!made && made.error().kind != ErrorKind::AlreadyExists) return fail(made.error());
  return send(request_for("POST", kind, object, false));
}

Result<Json> ApiClient::update(const api::KindFacts& kind, const Json& object) {
  return send(request_for("PUT", kind, object, true));
}

Result<Json> ApiClient::remove(const api::KindFacts& kind, const std::string& ns, const std::string& name) {
  return send(request_for("DELETE", object_path(kind, ns, name)));
}

Result<Json> ApiClient::status() { return send(request_for("GET", "/datamesh/v1/status")); }

Result<Json> ApiClient::audit(const std::string& object) {
  http::Request request = request_for("GET", "/datamesh/v1/audit");
  request.query["object"] = object;
  return send(std::move(request));
}

Result<Json> ApiClient::ask(const std::string& question, const Json& body) {
  return send(request_for("POST", "/datamesh/v1/" + question, body), std::chrono::minutes(5));
}

Result<Json> ApiClient::plan(const Json& request) { return ask("plan", request); }
Result<Json> ApiClient::explain(const Json& request) { return ask("explain", request); }
Result<Json> ApiClient::who_can(const Json& request) { return ask("who-can", request); }
Result<Json> ApiClient::lake(const Json& request) { return ask("lake", request); }

}  // namespace datamesh::cli
