#include "controller/api/schema.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "controller/api/schema_node.h"
#include "controller/api/schema_problems.h"
#include "controller/base/text.h"
#include "controller/base/yaml.h"

namespace datamesh::api {
namespace {

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

KindFacts facts_of(const Json& crd, const Json& version) {
  const Json& spec = member(crd, "spec");
  const Json& names = member(spec, "names");
  KindFacts facts;
  facts.group = string_at(spec, "group");
  facts.version = string_at(version, "name");
  facts.kind = string_at(names, "kind");
  facts.list_kind = string_at(names, "listKind");
  facts.plural = string_at(names, "plural");
  facts.singular = string_at(names, "singular");
  facts.short_names = texts(member(names, "shortNames"));
  facts.categories = texts(member(names, "categories"));
  facts.scope = string_at(spec, "scope") == "Cluster" ? Scope::Cluster : Scope::Namespaced;
  for (const Json& column : member(version, "additionalPrinterColumns")) {
    facts.columns.push_back({string_at(column, "name"), string_at(column, "type"), string_at(column, "description"),
                             string_at(column, "jsonPath"), column.value("priority", 0)});
  }
  return facts;
}

}  // namespace

SchemaRegistry SchemaRegistry::builtin() {
  auto registry = of(embedded_crds());
  if (!registry) throw std::logic_error("the embedded CRDs are broken: " + to_string(registry.error()));
  return std::move(*registry);
}

Result<SchemaRegistry> SchemaRegistry::of(std::span<const EmbeddedFile> files) {
  SchemaRegistry registry;
  for (const EmbeddedFile& file : files) {
    TRY_VALUE(Entry entry, read(file));
    const std::string kind = entry.facts.kind;
    if (!registry.kinds_.emplace(kind, std::move(entry)).second) {
      return fail(ErrorKind::Invalid, "a second CRD of kind " + kind, std::string(file.name));
    }
  }
  return registry;
}

Result<SchemaRegistry::Entry> SchemaRegistry::read(const EmbeddedFile& file) {
  const std::string origin(file.name);
  auto crd = parse_yaml(file.text);
  if (!crd) return fail(ErrorKind::Invalid, crd.error().message, origin);
  const Json& versions = at_path(*crd, {"spec", "versions"});
  if (string_at(*crd, "kind") != "CustomResourceDefinition" || versions.size() != 1 || !versions.is_array()) {
    return fail(ErrorKind::Invalid, "this is no CRD with exactly one version", origin);
  }
  Entry entry{facts_of(*crd, versions[0]), nullptr};
  if (entry.facts.kind.empty() || entry.facts.plural.empty()) return fail(ErrorKind::Invalid, "names are missing", origin);
  auto root = compile_schema(at_path(versions[0], {"schema", "openAPIV3Schema"}), entry.facts.kind);
  if (!root) return fail(ErrorKind::Invalid, root.error().message, origin);
  entry.root = std::move(*root);
  return entry;
}

std::vector<const KindFacts*> SchemaRegistry::kinds() const {
  std::vector<const KindFacts*> all;
  for (const auto& [kind, entry] : kinds_) all.push_back(&entry.facts);
  return all;
}

const KindFacts* SchemaRegistry::find(std::string_view kind) const {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? nullptr : &found->second.facts;
}

const SchemaNode* SchemaRegistry::schema(std::string_view kind) const {
  const auto found = kinds_.find(kind);
  return found == kinds_.end() ? nullptr : found->second.root.get();
}

const KindFacts* SchemaRegistry::resolve(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [kind, entry] : kinds_) {
    const KindFacts& facts = entry.facts;
    const bool is_name = wanted == facts.plural || wanted == facts.singular || wanted == lower(kind) ||
                         wanted == facts.plural + "." + facts.group ||
                         wanted == facts.plural + "." + facts.version + "." + facts.group;
    const auto& shorts = facts.short_names;
    if (is_name || std::find(shorts.begin(), shorts.end(), wanted) != shorts.end()) return &facts;
  }
  return nullptr;
}

std::vector<const KindFacts*> SchemaRegistry::category(std::string_view name) const {
  std::vector<const KindFacts*> members;
  for (const auto& [kind, entry] : kinds_) {
    const auto& categories = entry.facts.categories;
    if (std::find(categories.begin(), categories.end(), name) != categories.end()) members.push_back(&entry.facts);
  }
  return members;
}

std::string SchemaRegistry::nearest_kind(std::string_view name) const {
  std::vector<std::string> names, kinds;
  for (const auto& [kind, entry] : kinds_) {
    kinds.push_back(kind);
    names.push_back(entry.facts.plural);
    names.push_back(entry.facts.singular);
  }
  const bool is_kind = !name.empty() && name[0] >= 'A' && name[0] <= 'Z';
  return nearest(name, is_kind ? kinds : names);
}

void SchemaRegistry::apply_defaults(Json& object) const {
  if (const SchemaNode* root = schema(string_at(object, "kind"))) fill_defaults(*root, object);
}

std::vector<Problem> SchemaRegistry::admit(Json& object) const {
  if (!object.is_object()) return {{"", "must be an object", ""}};
  const std::string kind = string_at(object, "kind");
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) {
    const std::string suggestion = nearest_kind(kind);
    return {{"kind", kind.empty() ? "this required field is missing" : "there is no kind " + quote(kind),
             suggestion.empty() ? "" : "did you mean " + quote(suggestion) + "?"}};
  }
  apply_defaults(object);
  Problems problems;
  check_head(found->second.facts, object, problems);
  if (check_value(*found->second.root, object, "", problems)) {
    for (Problem& problem : uncosted_problems(kind, object)) {
      problems.add(std::move(problem.path), std::move(problem.message), std::move(problem.suggestion));
    }
  }
  return problems.take();
}

std::vector<Problem> SchemaRegistry::validate(const Json& object) const {
  Json copy = object;
  return admit(copy);
}

}  // namespace datamesh::api
