#include "controller/kube/bootstrap.h"

#include <set>

#include "controller/kube/builtin_rules.h"
#include "controller/kube/storage_form.h"

namespace datamesh::kube {
namespace {

constexpr std::size_t kPage = 500;

Json namespace_named(const ServedType& type, const std::string& name) {
  Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}},
                 {"spec", {{"finalizers", {kNamespaceFinalizer}}}}};
  complete(type, object);
  return to_storage(type, std::move(object));
}

Json definition_status(const Json& definition, Time now) {
  const Json& names = at_path(definition, {"spec", "names"});
  const auto condition = [&](const char* type, const char* reason, const char* message) {
    return Json{{"type", type}, {"status", "True"}, {"reason", reason}, {"message", message}, {"lastTransitionTime", to_rfc3339(now)}};
  };
  return {{"acceptedNames", names},
          {"conditions", Json::array({condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                                      condition("Established", "InitialNamesAccepted", "the initial names have been accepted")})},
          {"storedVersions", Json::array({at_path(definition, {"spec", "versions"})[0]["name"]})}};
}

/// Makes or renews one definition; a program that was updated brings its own.
Result<void> put_definition(const Backend& backend, const Json& definition) {
  const api::ObjectKey key{"CustomResourceDefinition", "", string_at(definition["metadata"], "name")};
  auto stored = backend.store.get(key);
  if (!stored && stored.error().kind != ErrorKind::NotFound) return fail(stored.error());
  if (stored && member(*stored, "spec") == definition["spec"] && stored->contains("status")) return {};
  if (stored) {
    (*stored)["spec"] = definition["spec"];
    TRY(backend.store.update(*stored));
  } else {
    Json fresh = definition;
    fresh["metadata"] = {{"name", key.name}};
    TRY(backend.store.create(fresh));
  }
  const auto written = backend.store.write_statuses({{key, "", definition_status(definition, backend.clock.now())}});
  if (!written[0]) return fail(written[0].error());
  return {};
}

}  // namespace

Result<api::ListPage> bootstrap(const Backend& backend) {
  TRY_VALUE(const api::ListPage before, api::list_all(backend.store, {.limit = kPage}));
  std::set<std::string> wanted = {"default", "kube-system", "kube-public", "kube-node-lease"};
  for (const Json& object : before.items) {
    const std::string ns = string_at(object.at("metadata"), "namespace");
    if (!ns.empty()) wanted.insert(ns);
  }
  for (const Json& object : before.items) {
    if (string_at(object, "kind") == "Namespace") wanted.erase(string_at(object.at("metadata"), "name"));
  }
  const ServedType& type = *backend.types.find("", "v1", "namespaces");
  for (const std::string& name : wanted) TRY(backend.store.create(namespace_named(type, name)));
  for (const Json& definition : backend.types.definitions()) TRY(put_definition(backend, definition));
  return api::list_all(backend.store, {.limit = kPage});
}

}  // namespace datamesh::kube
