#include "controller/cli/object_routes.h"

#include <charconv>
#include <vector>

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

}  // namespace datamesh::cli
