#include "controller/kube/target.h"

namespace datamesh::kube {
namespace {

/// Takes the group and version off the front of `parts`: "api/v1" or "apis/GROUP/VERSION".
bool take_version(std::vector<std::string>& parts, std::string& group, std::string& version) {
  const bool core = parts.size() >= 3 && parts[0] == "api";
  const bool grouped = parts.size() >= 4 && parts[0] == "apis";
  if (!core && !grouped) return false;
  group = core ? "" : parts[1];
  version = core ? parts[1] : parts[2];
  parts.erase(parts.begin(), parts.begin() + (core ? 2 : 3));
  return true;
}

Outcome<Subresource> parse_subresource(const ServedType& type, const std::string& name) {
  if (name == "status" && type.has_status) return Subresource::Status;
  if (name == "finalize" && type.kind == "Namespace") return Subresource::Finalize;
  return fail(page_not_found());
}

}  // namespace

std::vector<std::string> path_segments(const http::Request& request) {
  std::string_view rest = request.path;
  const bool raw = !request.raw_target.empty();
  if (raw) rest = std::string_view(request.raw_target).substr(0, request.raw_target.find('?'));
  std::vector<std::string> parts;
  while (!rest.empty()) {
    if (rest.front() == '/') rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    auto decoded = raw ? http::percent_decode(part) : Result<std::string>(std::string(part));
    parts.push_back(decoded ? *decoded : std::string("%"));
  }
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

Outcome<Target> parse_target(const http::Request& request, const TypeRegistry& types) {
  std::vector<std::string> parts = path_segments(request);
  std::string group, version;
  if (!take_version(parts, group, version)) return fail(page_not_found());
  Target target;
  if (parts.size() > 1 && parts[0] == "watch") {
    target.watch = true;
    parts.erase(parts.begin());
  }
  const bool own = parts[0] == "namespaces" && group.empty();
  const bool of_namespace = own && (parts.size() <= 2 || parts[2] == "status" || parts[2] == "finalize");
  if (parts.size() >= 3 && parts[0] == "namespaces" && !of_namespace) {
    target.ns = parts[1];
    if (target.ns.empty()) return fail(page_not_found());
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  target.type = types.find(group, version, parts[0]);
  if (target.type == nullptr || parts.size() > 3) return fail(page_not_found());
  if (parts.size() > 1) target.name = parts[1];
  if (parts.size() > 1 && target.name.empty()) return fail(page_not_found());
  if (parts.size() > 2) {
    TRY_VALUE(target.subresource, parse_subresource(*target.type, parts[2]));
  }
  const bool needs_namespace = is_namespaced(*target.type) && !target.name.empty();
  const bool misplaced = !is_namespaced(*target.type) && !target.ns.empty();
  if (misplaced || (needs_namespace && target.ns.empty())) return fail(page_not_found());
  const bool odd = target.name.find('/') != std::string::npos || target.ns.find('/') != std::string::npos;
  if (odd || target.name == "." || target.name == ".." || target.ns == "..") return fail(page_not_found());
  return target;
}

std::string query_text(const http::Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? "" : found->second;
}

bool query_flag(const http::Request& request, const std::string& name) {
  const std::string text = query_text(request, name);
  return text == "true" || text == "1" || text == "True" || text == "TRUE" || text == "t";
}

}  // namespace datamesh::kube
