#include "controller/api/resource_store.h"

#include <charconv>

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

std::optional<Revision> revision_in(const Json& object) {
  const std::string text = string_at(member(object, "metadata"), "resourceVersion");
  Revision out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
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
