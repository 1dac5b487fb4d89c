#include "controller/kube/backend.h"

#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

Outcome<FieldValidation> parse_field_validation(const std::string& text, const std::string& kind) {
  if (text.empty() || text == "Warn") return FieldValidation::Warn;
  if (text == "Ignore") return FieldValidation::Ignore;
  if (text == "Strict") return FieldValidation::Strict;
  return fail(invalid_options(kind, not_supported("fieldValidation", go_quoted(text), {"", "Ignore", "Strict", "Warn"})));
}

/// The first word of the User-Agent, as a server takes it for a manager.
std::string manager_by_agent(const http::Request& request) {
  const std::string agent = request.headers.find("User-Agent").value_or("");
  const std::string first = agent.substr(0, agent.find('/'));
  return first.empty() ? "unknown" : first.substr(0, 128);
}

}  // namespace

Outcome<WriteOptions> parse_write_options(const http::Request& request, const std::string& kind) {
  WriteOptions options;
  const std::string dry_run = query_text(request, "dryRun");
  if (!dry_run.empty() && dry_run != "All") {
    return fail(invalid_options(kind, not_supported("dryRun", "[]string{" + go_quoted(dry_run) + "}", {"All"})));
  }
  options.dry_run = dry_run == "All";
  options.force = query_flag(request, "force");
  TRY_VALUE(options.validation, parse_field_validation(query_text(request, "fieldValidation"), kind));
  options.manager = query_text(request, "fieldManager");
  options.named_manager = !options.manager.empty();
  if (options.manager.size() > 128) {
    return fail(invalid_options(kind, {"FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager"}));
  }
  if (!options.named_manager) options.manager = manager_by_agent(request);
  return options;
}

Outcome<Json> read_one(const Backend& backend, const Target& target) {
  auto object = backend.store.get(key_in_store(*target.type, target.ns, target.name));
  if (!object && object.error().kind == ErrorKind::NotFound) return fail(not_found(*target.type, target.name));
  if (!object) return fail(fault_of(object.error(), *target.type, target.name));
  return from_storage(*target.type, std::move(*object));
}

Outcome<void> check_namespace(const Backend& backend, const ServedType& type, const std::string& ns, const std::string& name) {
  if (!is_namespaced(type)) return {};
  Target target;
  target.type = backend.types.find("", "v1", "namespaces");
  target.name = ns;
  TRY_VALUE(const Json found, read_one(backend, target));
  if (!at_path(found, {"metadata", "deletionTimestamp"}).is_string()) return {};
  Fault fault = forbidden(type, name, "unable to create new content in namespace " + ns + " because it is being terminated");
  fault.details["causes"] = Json::array({{{"reason", "NamespaceTerminating"},
                                          {"message", "namespace " + ns + " is being terminated"},
                                          {"field", "metadata.namespace"}}});
  return fail(fault);
}

}  // namespace datamesh::kube
