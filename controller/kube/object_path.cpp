#include "controller/kube/object_path.h"

namespace datamesh::kube {

std::string collection_path(const api::KindFacts& kind, const std::optional<std::string>& ns) {
  std::string path = kind.group.empty() ? "/api/" : "/apis/" + kind.group + "/";
  path += kind.version;
  if (ns && kind.scope == api::Scope::Namespaced) path += "/namespaces/" + *ns;
  return path + "/" + kind.plural;
}

std::string object_path(const api::KindFacts& kind, const std::string& ns, const std::string& name) {
  return collection_path(kind, ns) + "/" + name;
}

}  // namespace datamesh::kube
