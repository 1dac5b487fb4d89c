#include "controller/api/resource_store.h"

namespace datamesh::api {

std::string to_string(const ObjectKey& key) {
  return key.kind + "/" + (key.ns.empty() ? "" : key.ns + "/") + key.name;
}

ObjectKey key_of(const Json& object) {
  const Json& metadata = member(object, "metadata");
  return {string_at(object, "kind"), string_at(metadata, "namespace"), string_at(metadata, "name")};
}

Result<ListPage> list_all(ResourceStore& store, ListRequest request) {
  ListPage all;
  do {
    TRY_VALUE(ListPage page, store.list(request));
    all.revision = page.revision;
    for (Json& item : page.items) all.items.push_back(std::move(item));
    request.continue_token = page.continue_token;
  } while (!request.continue_token.empty());
  return all;
}

const char* to_string(EventType type) {
  switch (type) {
    case EventType::Added: return "ADDED";
    case EventType::Modified: return "MODIFIED";
    case EventType::Deleted: return "DELETED";
  }
  return "MODIFIED";
}

}  // namespace datamesh::api
