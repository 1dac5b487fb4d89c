#include "controller/kube/documents.h"

#include <openssl/sha.h>

#include <array>

#include "controller/kube/accept.h"
#include "controller/kube/discovery.h"
#include "controller/kube/openapi.h"
#include "controller/kube/target.h"

namespace datamesh::kube {
namespace {

const char* const kServedVersion = "1.32.3";
const char* const kGnostic = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const char* const kGnosticWanted = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

std::string sha512(std::string_view text) {
  std::array<unsigned char, SHA512_DIGEST_LENGTH> digest{};
  SHA512(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string dumped(const Json& value) { return value.dump() + "\n"; }

http::Response typed(std::string content_type, std::string body) {
  http::Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

/// The answer to a client that may have the text already.
http::Response tagged(const http::Request& request, http::Response response, const std::string& hash) {
  const std::string tag = "\"" + hash + "\"";
  response.headers.add("ETag", tag);
  response.headers.add("Vary", "Accept");
  if (request.headers.find("If-None-Match").value_or("") == tag) {
    response.status = 304;
    response.body.clear();
  }
  return response;
}

std::string v3_name(const std::string& group, const std::string& version) {
  return group.empty() ? "api/" + version : "apis/" + group + "/" + version;
}

http::Response healthy(const http::Request& request, const std::string& endpoint, bool whole) {
  http::Response response = http::text_response(200, "ok");
  response.headers.add("X-Content-Type-Options", "nosniff");
  if (whole && request.query.contains("verbose")) {
    response.body = "[+]ping ok\n[+]store ok\n" + endpoint + " check passed\n";
  }
  return response;
}

}  // namespace

Documents::Text Documents::text_of(std::string body) {
  Text text{std::move(body), {}};
  text.hash = sha512(text.body);
  return text;
}

Documents::Documents(const TypeRegistry& types, const Clock& clock, std::string program)
    : types_(types), clock_(clock), program_(std::move(program)) {
  const Json v2 = openapi_v2(types);
  v2_json_ = text_of(dumped(v2));
  v2_protobuf_ = text_of(to_gnostic(v2));
  Json paths = Json::object();
  for (const auto& [group, version] : types.versions()) {
    const std::string name = v3_name(group, version);
    const Text& text = v3_[name] = text_of(dumped(kube::openapi_v3(types, group, version)));
    paths[name] = {{"serverRelativeURL", "/openapi/v3/" + name + "?hash=" + text.hash}};
  }
  v3_index_ = text_of(dumped({{"paths", std::move(paths)}}));
  for (const char* version_name : {"v2", "v2beta1"}) {
    aggregated_[std::string("core/") + version_name] = text_of(dumped(aggregated(types, Groups::Core, version_name)));
    aggregated_[std::string("named/") + version_name] = text_of(dumped(aggregated(types, Groups::Named, version_name)));
  }
}

std::optional<http::Response> Documents::find(const http::Request& request) const {
  std::string path = request.path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  for (const char* endpoint : {"healthz", "livez", "readyz"}) {
    const std::string root = std::string("/") + endpoint;
    const bool single = path == root + "/ping" || path == root + "/store" || path == root + "/etcd" || path == root + "/log";
    if (path == root || single) return healthy(request, endpoint, !single);
  }
  if (path == "/version") return version(request);
  if (path.starts_with("/openapi/")) return openapi(request);
  return discovery(request);
}

http::Response Documents::version(const http::Request&) const {
  const Json body = {{"major", "1"}, {"minor", "32"}, {"gitVersion", std::string("v") + kServedVersion + "+datamesh-" + program_},
                     {"gitCommit", ""}, {"gitTreeState", ""}, {"buildDate", "1970-01-01T00:00:00Z"}, {"goVersion", ""},
                     {"compiler", ""}, {"platform", "linux/amd64"}};
  return typed("application/json", body.dump(2) + "\n");
}

// ---- discovery ----------------------------------------------------------------------------------------------------

http::Response Documents::groups(const http::Request& request, bool core) const {
  for (const MediaRange& range : parse_ranges(request.headers.find("Accept").value_or(""))) {
    const std::string version_name = range.parameter("v");
    if (range.parameter("as") != "APIGroupDiscoveryList" || range.parameter("g") != "apidiscovery.k8s.io") continue;
    const auto found = aggregated_.find((core ? "core/" : "named/") + version_name);
    if (range.type != "application/json" || found == aggregated_.end()) continue;
    http::Response response =
        typed("application/json;g=apidiscovery.k8s.io;v=" + version_name + ";as=APIGroupDiscoveryList", found->second.body);
    response.headers.add("Cache-Control", "public");
    return tagged(request, std::move(response), found->second.hash);
  }
  const std::string host = request.headers.find("Host").value_or("127.0.0.1");
  return http::json_response(200, core ? api_versions(host) : group_list(types_));
}

std::optional<http::Response> Documents::discovery(const http::Request& request) const {
  const std::vector<std::string> parts = path_segments(request);
  if (parts.size() == 1 && parts[0] == "api") return groups(request, true);
  if (parts.size() == 1 && parts[0] == "apis") return groups(request, false);
  Json answer;
  if (parts.size() == 2 && parts[0] == "api") answer = resource_list(types_, "", parts[1]);
  if (parts.size() == 2 && parts[0] == "apis") answer = group(types_, parts[1]);
  if (parts.size() == 3 && parts[0] == "apis") answer = resource_list(types_, parts[1], parts[2]);
  if (!answer.is_null()) return http::json_response(200, answer);
  if (parts.size() >= 2 && (parts[0] == "api" || parts[0] == "apis")) return std::nullopt;
  // Whatever else is asked for is told what there is.
  const int status = parts.empty() ? 200 : 404;
  Json paths = {"/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"};
  for (const auto& [group_name, version_name] : types_.versions()) {
    if (!group_name.empty()) paths.push_back("/apis/" + group_name);
    if (!group_name.empty()) paths.push_back("/apis/" + group_name + "/" + version_name);
  }
  http::Response response = typed("application/json", Json{{"paths", std::move(paths)}}.dump(2) + "\n");
  response.status = status;
  return response;
}

// ---- OpenAPI ------------------------------------------------------------------------------------------------------

std::optional<http::Response> Documents::openapi(const http::Request& request) const {
  if (request.path == "/openapi/v2") {
    for (const MediaRange& range : parse_ranges(request.headers.find("Accept").value_or(""))) {
      const bool protobuf = range.type == kGnosticWanted || range.type == kGnostic;
      if (protobuf) return tagged(request, typed(kGnostic, v2_protobuf_.body), v2_protobuf_.hash);
    }
    return tagged(request, typed("application/json", v2_json_.body), v2_json_.hash);
  }
  if (request.path == "/openapi/v3" || request.path == "/openapi/v3/") {
    return tagged(request, typed("text/plain; charset=utf-8", v3_index_.body), v3_index_.hash);
  }
  constexpr std::string_view kRoot = "/openapi/v3/";
  if (!request.path.starts_with(kRoot)) return to_response(page_not_found());
  return openapi_v3(request, request.path.substr(kRoot.size()));
}

http::Response Documents::openapi_v3(const http::Request& request, const std::string& name) const {
  const auto found = v3_.find(name);
  if (found == v3_.end()) return to_response(page_not_found());
  const std::string hash = query_text(request, "hash");
  if (!hash.empty() && hash != found->second.hash) {
    http::Response moved = typed("text/plain; charset=utf-8", "");
    moved.status = 301;
    moved.headers.add("Location", "/openapi/v3/" + name + "?hash=" + found->second.hash);
    return moved;
  }
  http::Response response = typed("application/json", found->second.body);
  if (!hash.empty()) response.headers.add("Cache-Control", "public, immutable");
  return tagged(request, std::move(response), found->second.hash);
}

}  // namespace datamesh::kube
