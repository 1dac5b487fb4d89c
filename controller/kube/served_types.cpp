#include "controller/kube/served_types.h"

#include <algorithm>
#include <stdexcept>

#include "controller/base/yaml.h"
#include "controller/kube/builtin_schemas.h"

namespace datamesh::kube {
namespace {

const char* const kDefinitionsGroup = "apiextensions.k8s.io";

Json parse_table(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) throw std::logic_error("a builtin schema is broken: " + to_string(parsed.error()));
  return std::move(*parsed);
}

/// The schema of a whole object: what the kind says, with the metadata that every object has.
std::shared_ptr<const api::SchemaNode> whole_schema(const Json& schema, const std::string& kind) {
  Json whole = schema;
  Json& properties = whole["properties"];
  properties["apiVersion"] = {{"type", "string"}};
  properties["kind"] = {{"type", "string"}};
  properties["metadata"] = parse_table(metadata_schema());
  auto compiled = api::compile_schema(whole, kind);
  if (!compiled) throw std::logic_error("a served schema is broken: " + to_string(compiled.error()));
  return std::move(*compiled);
}

bool any_rule(const api::SchemaNode& node) {
  if (!node.rules.empty()) return true;
  if (node.items && any_rule(*node.items)) return true;
  if (node.additional && any_rule(*node.additional)) return true;
  return std::any_of(node.properties.begin(), node.properties.end(),
                     [](const auto& property) { return any_rule(*property.second); });
}

ServedType builtin(std::string group, std::string kind, std::string plural, std::string singular,
                   std::vector<std::string> short_names) {
  ServedType type;
  type.group = std::move(group);
  type.version = "v1";
  type.kind = std::move(kind);
  type.list_kind = type.kind + "List";
  type.plural = std::move(plural);
  type.singular = std::move(singular);
  type.short_names = std::move(short_names);
  type.open_api = parse_table(builtin_schema(type.group, type.kind));
  type.schema = whole_schema(type.open_api, type.kind);
  type.fields = {{"metadata.name", "metadata.name"}, {"metadata.namespace", "metadata.namespace"}};
  return type;
}

void add_event_fields(ServedType& type, const std::string& object, const std::string& reporter) {
  for (const char* field : {"kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"}) {
    type.fields.emplace_back(object + "." + field, object + "." + field);
  }
  type.fields.emplace_back("reason", "reason");
  type.fields.emplace_back("type", "type");
  type.fields.emplace_back(reporter, reporter);
}

std::vector<ServedType> builtin_types() {
  std::vector<ServedType> types;
  ServedType ns = builtin("", "Namespace", "namespaces", "namespace", {"ns"});
  ns.scope = api::Scope::Cluster;
  ns.has_status = true;
  ns.fields = {{"metadata.name", "metadata.name"}, {"status.phase", "status.phase"}};
  types.push_back(std::move(ns));
  types.push_back(builtin("", "ConfigMap", "configmaps", "configmap", {"cm"}));
  types.push_back(builtin("", "Secret", "secrets", "secret", {}));
  types.back().fields.emplace_back("type", "type");
  types.push_back(builtin("", "ServiceAccount", "serviceaccounts", "serviceaccount", {"sa"}));
  types.push_back(builtin("", "Event", "events", "event", {"ev"}));
  types.back().create_on_update = true;
  add_event_fields(types.back(), "involvedObject", "reportingComponent");
  types.back().fields.emplace_back("source", "source.component");
  // Clients list them to find what a cluster offers.
  types.push_back(builtin("", "Service", "services", "service", {"svc"}));
  types.back().read_only = true;
  types.push_back(builtin(kDefinitionsGroup, "CustomResourceDefinition", "customresourcedefinitions",
                          "customresourcedefinition", {"crd", "crds"}));
  types.back().scope = api::Scope::Cluster;
  types.back().has_status = true;
  types.back().categories = {"api-extensions"};
  types.back().fields = {{"metadata.name", "metadata.name"}};
  types.push_back(builtin("coordination.k8s.io", "Lease", "leases", "lease", {}));
  types.back().create_on_update = true;
  types.push_back(builtin("events.k8s.io", "Event", "events", "event", {"ev"}));
  types.back().create_on_update = true;
  add_event_fields(types.back(), "regarding", "reportingController");
  for (ServedType& type : types) type.unconditional_update = type.kind != "Lease";
  return types;
}

/// What an API server fills in when a CRD is created.
Json as_definition(Json crd) {
  Json& spec = crd["spec"];
  Json& names = spec["names"];
  if (!spec.contains("conversion")) spec["conversion"] = {{"strategy", "None"}};
  const std::string kind = string_at(names, "kind");
  if (!names.contains("listKind")) names["listKind"] = kind + "List";
  return crd;
}

}  // namespace

std::string api_version(const ServedType& type) {
  return type.group.empty() ? type.version : type.group + "/" + type.version;
}

bool is_namespaced(const ServedType& type) { return type.scope == api::Scope::Namespaced; }

api::ObjectKey key_in_store(const ServedType& type, const std::string& ns, const std::string& name) {
  return {type.kind, ns, name};
}

TypeRegistry::TypeRegistry(const api::SchemaRegistry& schema, std::span<const api::EmbeddedFile> definitions)
    : schema_(schema), types_(builtin_types()) {
  for (const api::EmbeddedFile& file : definitions) {
    auto parsed = parse_yaml(file.text);
    if (!parsed) throw std::logic_error("an embedded CRD is broken: " + to_string(parsed.error()));
    if (schema.find(string_at(at_path(*parsed, {"spec", "names"}), "kind")) == nullptr) continue;
    definitions_.push_back(as_definition(std::move(*parsed)));
    add_custom(definitions_.back());
  }
}

void TypeRegistry::add_custom(const Json& definition) {
  const Json& version = at_path(definition, {"spec", "versions"})[0];
  const api::KindFacts& facts = *schema_.find(string_at(at_path(definition, {"spec", "names"}), "kind"));
  ServedType type;
  type.group = facts.group;
  type.version = facts.version;
  type.kind = facts.kind;
  type.list_kind = facts.list_kind;
  type.plural = facts.plural;
  type.singular = facts.singular;
  type.short_names = facts.short_names;
  type.categories = facts.categories;
  type.scope = facts.scope;
  type.origin = Origin::Custom;
  type.has_status = at_path(version, {"subresources", "status"}).is_object();
  type.open_api = at_path(version, {"schema", "openAPIV3Schema"});
  type.schema = whole_schema(type.open_api, type.kind);
  type.has_rules = any_rule(*type.schema);
  type.columns = facts.columns;
  type.fields = {{"metadata.name", "metadata.name"}, {"metadata.namespace", "metadata.namespace"}};
  for (const Json& selectable : member(version, "selectableFields")) {
    const std::string path = string_at(selectable, "jsonPath");
    if (path.size() > 1) type.fields.emplace_back(path.substr(1), path.substr(1));
  }
  types_.push_back(std::move(type));
}

const ServedType* TypeRegistry::find(std::string_view group, std::string_view version, std::string_view plural) const {
  for (const ServedType& type : types_) {
    if (type.group == group && type.version == version && type.plural == plural) return &type;
  }
  return nullptr;
}

const ServedType* TypeRegistry::stored_as(std::string_view kind) const {
  const auto found = std::find_if(types_.begin(), types_.end(), [&](const ServedType& type) { return type.kind == kind; });
  return found == types_.end() ? nullptr : &*found;
}

std::vector<std::pair<std::string, std::string>> TypeRegistry::versions() const {
  std::vector<std::pair<std::string, std::string>> versions;
  const auto add = [&](std::pair<std::string, std::string> version) {
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) versions.push_back(std::move(version));
  };
  for (const ServedType& type : types_) add({type.group, type.version});
  add({"authorization.k8s.io", "v1"});
  add({"authentication.k8s.io", "v1"});
  return versions;
}

std::vector<BuiltinKind> builtin_kinds() {
  return {{"Namespace", "", "namespaces", api::Scope::Cluster},
          {"ConfigMap", "", "configmaps"},
          {"Secret", "", "secrets"},
          {"ServiceAccount", "", "serviceaccounts"},
          {"Event", "", "events"},
          {"Service", "", "services"},
          {"Lease", "coordination.k8s.io", "leases"},
          {"CustomResourceDefinition", kDefinitionsGroup, "customresourcedefinitions", api::Scope::Cluster}};
}

}  // namespace datamesh::kube
