#include "controller/cli/install_objects.h"

#include <map>

#include "controller/api/schema_embedded.h"
#include "controller/base/yaml.h"

namespace datamesh::cli {
namespace {

constexpr const char* kName = "datamesh-operator";
constexpr const char* kRbac = "rbac.authorization.k8s.io/v1";
constexpr const char* kRbacGroup = "rbac.authorization.k8s.io";

Json object(const char* version, const char* kind, const std::string& ns) {
  Json out = {{"apiVersion", version},
              {"kind", kind},
              {"metadata", {{"name", kName}, {"labels", {{"app.kubernetes.io/name", kName}}}}}};
  if (!ns.empty()) out["metadata"]["namespace"] = ns;
  return out;
}

Json rule(std::vector<std::string> groups, std::vector<std::string> resources, std::vector<std::string> verbs) {
  return {{"apiGroups", std::move(groups)}, {"resources", std::move(resources)}, {"verbs", std::move(verbs)}};
}

/// The kinds that the operator works on; what it writes is their status, and its finalizer.
Json cluster_role(const std::vector<std::string>& plurals) {
  std::vector<std::string> statuses, finalizers;
  for (const std::string& plural : plurals) {
    statuses.push_back(plural + "/status");
    finalizers.push_back(plural + "/finalizers");
  }
  Json out = object(kRbac, "ClusterRole", "");
  out["rules"] = {rule({"datamesh.dev"}, plurals, {"get", "list", "watch", "update", "patch"}),
                  rule({"datamesh.dev"}, statuses, {"get", "update", "patch"}),
                  rule({"datamesh.dev"}, finalizers, {"update"}),
                  rule({"", "events.k8s.io"}, {"events"}, {"create", "patch", "update"})};
  return out;
}

Json lease_role(const std::string& ns) {
  Json out = object(kRbac, "Role", ns);
  out["rules"] = {rule({"coordination.k8s.io"}, {"leases"}, {"get", "create", "update"})};
  return out;
}

Json binding(const char* kind, const char* role, const std::string& ns, const std::string& account_ns) {
  Json out = object(kRbac, kind, ns);
  out["roleRef"] = {{"apiGroup", kRbacGroup}, {"kind", role}, {"name", kName}};
  out["subjects"] = {{{"kind", "ServiceAccount"}, {"name", kName}, {"namespace", account_ns}}};
  return out;
}

}  // namespace

Result<std::vector<Json>> install_objects(const std::string& ns) {
  std::vector<Json> out = {{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}}};
  std::vector<std::string> plurals;
  for (const api::EmbeddedFile& file : api::embedded_crds()) {
    TRY_VALUE(Json definition, parse_yaml(file.text));
    plurals.push_back(at_path(definition, {"spec", "names", "plural"}).get<std::string>());
    out.push_back(std::move(definition));
  }
  out.push_back(object("v1", "ServiceAccount", ns));
  out.push_back(cluster_role(plurals));
  out.push_back(binding("ClusterRoleBinding", "ClusterRole", "", ns));
  out.push_back(lease_role(ns));
  out.push_back(binding("RoleBinding", "Role", ns, ns));
  return out;
}

std::string install_path(const Json& object) {
  static const std::map<std::string, std::string> kPlurals = {{"Namespace", "namespaces"},
                                                              {"CustomResourceDefinition", "customresourcedefinitions"},
                                                              {"ServiceAccount", "serviceaccounts"},
                                                              {"ClusterRole", "clusterroles"},
                                                              {"ClusterRoleBinding", "clusterrolebindings"},
                                                              {"Role", "roles"},
                                                              {"RoleBinding", "rolebindings"}};
  const std::string version = string_at(object, "apiVersion");
  const Json& metadata = object.at("metadata");
  std::string path = (version == "v1" ? "/api/" : "/apis/") + version;
  if (const std::string ns = string_at(metadata, "namespace"); !ns.empty()) path += "/namespaces/" + ns;
  return path + "/" + kPlurals.at(string_at(object, "kind")) + "/" + string_at(metadata, "name");
}

}  // namespace datamesh::cli
