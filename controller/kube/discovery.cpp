#include "controller/kube/discovery.h"

#include <array>

namespace datamesh::kube {
namespace {

struct Review {
  const char* group;
  const char* plural;
  const char* kind;
  bool namespaced;
};

/// Questions: what can only be created, and is answered at once.
constexpr std::array<Review, 6> kReviews{{
    {"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false},
    {"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false},
    {"authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview", false},
    {"authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview", true},
    {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview", false},
    {"authentication.k8s.io", "tokenreviews", "TokenReview", false},
}};

const Json& all_verbs() {
  static const Json kVerbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  return kVerbs;
}

Json verbs_of(const ServedType& type) {
  if (type.read_only) return {"get", "list", "watch"};
  if (type.kind == "Namespace") return {"create", "delete", "get", "list", "patch", "update", "watch"};
  return all_verbs();
}

Json version_entry(const std::string& group, const std::string& version) {
  return {{"groupVersion", group.empty() ? version : group + "/" + version}, {"version", version}};
}

Json resource(const ServedType& type) {
  Json entry = {{"name", type.plural}, {"singularName", type.singular}, {"namespaced", is_namespaced(type)},
                {"kind", type.kind}, {"verbs", verbs_of(type)}};
  if (!type.short_names.empty()) entry["shortNames"] = type.short_names;
  if (!type.categories.empty()) entry["categories"] = type.categories;
  return entry;
}

Json subresource(const ServedType& type, const std::string& name, const Json& verbs) {
  return {{"name", type.plural + "/" + name}, {"singularName", ""}, {"namespaced", is_namespaced(type)},
          {"kind", type.kind}, {"verbs", verbs}};
}

Json response_kind(const std::string& group, const std::string& version, const std::string& kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const ServedType& type) {
  const Json kind = response_kind(type.group, type.version, type.kind);
  Json entry = {{"resource", type.plural}, {"responseKind", kind}, {"singularResource", type.singular},
                {"scope", is_namespaced(type) ? "Namespaced" : "Cluster"}, {"verbs", verbs_of(type)}};
  if (!type.short_names.empty()) entry["shortNames"] = type.short_names;
  if (!type.categories.empty()) entry["categories"] = type.categories;
  Json subresources = Json::array();
  if (type.kind == "Namespace") {
    subresources.push_back({{"subresource", "finalize"}, {"responseKind", kind}, {"verbs", {"update"}}});
  }
  if (type.has_status) {
    subresources.push_back({{"subresource", "status"}, {"responseKind", kind}, {"verbs", {"get", "patch", "update"}}});
  }
  if (!subresources.empty()) entry["subresources"] = std::move(subresources);
  return entry;
}

Json aggregated_version(const TypeRegistry& types, const std::string& group, const std::string& version) {
  Json resources = Json::array();
  for (const ServedType& type : types.all()) {
    if (type.group == group && type.version == version) resources.push_back(aggregated_resource(type));
  }
  for (const Review& review : kReviews) {
    if (group != review.group) continue;
    resources.push_back({{"resource", review.plural}, {"responseKind", response_kind(group, version, review.kind)},
                         {"singularResource", ""}, {"scope", review.namespaced ? "Namespaced" : "Cluster"},
                         {"verbs", {"create"}}});
  }
  return {{"version", version}, {"resources", std::move(resources)}, {"freshness", "Current"}};
}

}  // namespace

Json api_versions(const std::string& server_address) {
  return {{"kind", "APIVersions"},
          {"versions", {"v1"}},
          {"serverAddressByClientCIDRs", Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

Json group_list(const TypeRegistry& types) {
  Json groups = Json::array();
  for (const auto& [name, version] : types.versions()) {
    if (name.empty()) continue;
    Json entry = group(types, name);
    entry.erase("kind");
    entry.erase("apiVersion");
    groups.push_back(std::move(entry));
  }
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

Json group(const TypeRegistry& types, const std::string& name) {
  for (const auto& [known, version] : types.versions()) {
    if (known != name || known.empty()) continue;
    return {{"kind", "APIGroup"}, {"apiVersion", "v1"}, {"name", name},
            {"versions", Json::array({version_entry(name, version)})},
            {"preferredVersion", version_entry(name, version)}};
  }
  return nullptr;
}

Json resource_list(const TypeRegistry& types, const std::string& group, const std::string& version) {
  Json resources = Json::array();
  for (const ServedType& type : types.all()) {
    if (type.group != group || type.version != version) continue;
    resources.push_back(resource(type));
    if (type.kind == "Namespace") resources.push_back(subresource(type, "finalize", {"update"}));
    if (type.has_status) resources.push_back(subresource(type, "status", {"get", "patch", "update"}));
  }
  for (const Review& review : kReviews) {
    if (group != review.group || version != "v1") continue;
    resources.push_back({{"name", review.plural}, {"singularName", ""}, {"namespaced", review.namespaced},
                         {"kind", review.kind}, {"verbs", {"create"}}});
  }
  if (resources.empty()) return nullptr;
  return {{"kind", "APIResourceList"}, {"apiVersion", "v1"},
          {"groupVersion", group.empty() ? version : group + "/" + version}, {"resources", std::move(resources)}};
}

Json aggregated(const TypeRegistry& types, Groups groups, const std::string& version) {
  Json items = Json::array();
  for (const auto& [name, group_version] : types.versions()) {
    if (name.empty() != (groups == Groups::Core)) continue;
    Json metadata = {{"creationTimestamp", nullptr}};
    if (!name.empty()) metadata["name"] = name;
    items.push_back({{"metadata", std::move(metadata)},
                     {"versions", Json::array({aggregated_version(types, name, group_version)})}});
  }
  return {{"kind", "APIGroupDiscoveryList"}, {"apiVersion", "apidiscovery.k8s.io/" + version},
          {"metadata", Json::object()}, {"items", std::move(items)}};
}

}  // namespace datamesh::kube
