#include "controller/api/resource_store.h"

namespace datamesh::api {

std::string to_string(const ObjectKey& key) {
  return key.kind + "/" + (key.ns.empty() ? "" : key.ns + "/") + key.name;
}

ObjectKey key_of(const Json& object) {
  const Json& metadata = member(object, "metadata");
  return {string_at(object, "kind"), string_at(metadata, "namespace"), string_at(metadata, "name")};
}

}  // namespace datamesh::api
