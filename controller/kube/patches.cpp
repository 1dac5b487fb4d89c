#include "controller/kube/patches.h"

#include <algorithm>
#include <charconv>

namespace datamesh::kube {
namespace {

/// Source: Kubernetes API server, limit on the operations of one JSON patch
constexpr std::size_t kMaxOperations = 10'000;
constexpr std::size_t kMaxCopiedBytes = 3'145'728;

Fault rejected() { return {422, "Invalid", "the server rejected our request due to an error in our request", Json::object()}; }

/// The steps of a JSON pointer; nothing when it is malformed.
std::optional<std::vector<std::string>> pointer_steps(std::string_view pointer) {
  std::vector<std::string> steps;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return std::nullopt;
    pointer.remove_prefix(1);
    const std::string_view raw = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(raw.size());
    std::string step;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      const bool escaped = raw[i] == '~' && i + 1 < raw.size() && (raw[i + 1] == '0' || raw[i + 1] == '1');
      step += escaped ? (raw[++i] == '0' ? '~' : '/') : raw[i];
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

std::optional<std::size_t> index_of(const std::string& step, std::size_t end) {
  std::size_t index = 0;
  const auto [at, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc() || at != step.data() + step.size() || index > end) return std::nullopt;
  return index;
}

/// The value that the first `count` steps lead to; null when there is none.
Json* follow(Json& root, const std::vector<std::string>& steps, std::size_t count) {
  Json* here = &root;
  for (std::size_t i = 0; i < count; ++i) {
    if (here->is_object()) {
      const auto found = here->find(steps[i]);
      if (found == here->end()) return nullptr;
      here = &*found;
    } else if (here->is_array()) {
      const auto index = index_of(steps[i], here->size());
      if (!index || *index == here->size()) return nullptr;
      here = &(*here)[*index];
    } else {
      return nullptr;
    }
  }
  return here;
}

/// One JSON patch at work on one object.
class JsonPatch {
 public:
  explicit JsonPatch(Json& target) : target_(target) {}

  bool run(const Json& operation) {
    const auto path = pointer_steps(string_at(operation, "path"));
    if (!path || !member(operation, "path").is_string()) return false;
    const std::string op = string_at(operation, "op");
    const Json& value = member(operation, "value");
    if (op == "add") return operation.contains("value") && add(*path, value);
    if (op == "remove") return remove(*path);
    if (op == "replace") return operation.contains("value") && replace(*path, value);
    if (op == "test") return test(*path, value);
    if (op == "move" || op == "copy") return transfer(operation, *path, op == "move");
    return false;
  }

 private:
  bool add(const std::vector<std::string>& path, const Json& value) {
    if (path.empty()) {
      target_ = value;
      return true;
    }
    Json* const parent = follow(target_, path, path.size() - 1);
    if (parent == nullptr) return false;
    if (parent->is_object()) {
      (*parent)[path.back()] = value;
      return true;
    }
    if (!parent->is_array()) return false;
    const auto index = path.back() == "-" ? std::optional(parent->size()) : index_of(path.back(), parent->size());
    if (!index) return false;
    parent->insert(parent->begin() + static_cast<std::ptrdiff_t>(*index), value);
    return true;
  }

  bool remove(const std::vector<std::string>& path) {
    if (path.empty() || follow(target_, path, path.size()) == nullptr) return false;
    Json* const parent = follow(target_, path, path.size() - 1);
    if (parent->is_object()) {
      parent->erase(path.back());
    } else {
      parent->erase(*index_of(path.back(), parent->size()));
    }
    return true;
  }

  bool replace(const std::vector<std::string>& path, const Json& value) {
    Json* const place = follow(target_, path, path.size());
    if (place == nullptr) return false;
    *place = value;
    return true;
  }

  bool test(const std::vector<std::string>& path, const Json& value) {
    const Json* const place = follow(target_, path, path.size());
    return place == nullptr ? value.is_null() : *place == value;
  }

  bool transfer(const Json& operation, const std::vector<std::string>& path, bool move) {
    const auto from = pointer_steps(string_at(operation, "from"));
    const Json* const source = from ? follow(target_, *from, from->size()) : nullptr;
    if (source == nullptr) return false;
    const Json value = *source;
    copied_ += value.dump(-1, ' ', false, Json::error_handler_t::replace).size();
    if (copied_ > kMaxCopiedBytes) return false;
    return (!move || remove(*from)) && add(path, value);
  }

  Json& target_;
  std::size_t copied_ = 0;  ///< few short copies can make a huge object
};

// ---- strategic merge ----------------------------------------------------------------------------------------------

using api::SchemaNode;

const SchemaNode* schema_of(const SchemaNode* node, const std::string& key) {
  if (node == nullptr) return nullptr;
  const auto found = node->properties.find(key);
  return found == node->properties.end() ? node->additional.get() : found->second.get();
}

void merge_strategically(const SchemaNode* node, Json& target, const Json& patch);

Json* find_item(Json& list, const Json& wanted, const std::vector<std::string>& keys) {
  for (Json& item : list) {
    const bool same = std::all_of(keys.begin(), keys.end(), [&](const std::string& key) {
      return member(item, key) == member(wanted, key);
    });
    if (same) return &item;
  }
  return nullptr;
}

void merge_keyed_list(const SchemaNode& node, Json& target, const Json& patch) {
  if (!target.is_array()) target = Json::array();
  for (const Json& item : patch) {
    if (string_at(item, "$patch") == "replace") target = Json::array();
  }
  for (Json item : patch) {
    const std::string directive = string_at(item, "$patch");
    if (directive == "replace") continue;
    Json* const found = find_item(target, item, node.list_keys);
    if (directive == "delete") {
      if (found != nullptr) target.erase(static_cast<std::size_t>(found - &target[0]));
      continue;
    }
    item.erase("$patch");
    if (found != nullptr) {
      merge_strategically(node.items.get(), *found, item);
    } else {
      target.push_back(std::move(item));
    }
  }
}

void merge_set(Json& target, const Json& patch) {
  if (!target.is_array()) target = Json::array();
  for (const Json& item : patch) {
    if (std::find(target.begin(), target.end(), item) == target.end()) target.push_back(item);
  }
}

void merge_member(const SchemaNode* schema, Json& place, const Json& patch) {
  const bool keyed = schema != nullptr && schema->list_type == api::ListType::Map;
  const bool set = schema != nullptr && schema->list_type == api::ListType::Set;
  if (patch.is_object()) {
    merge_strategically(schema, place, patch);
  } else if (patch.is_array() && keyed) {
    merge_keyed_list(*schema, place, patch);
  } else if (patch.is_array() && set) {
    merge_set(place, patch);
  } else {
    place = patch;
  }
}

/// "$deleteFromPrimitiveList/finalizers": the items go.
bool delete_items(Json& target, const std::string& key, const Json& values) {
  constexpr std::string_view kDirective = "$deleteFromPrimitiveList/";
  if (!key.starts_with(kDirective)) return false;
  const auto list = target.find(key.substr(kDirective.size()));
  if (list == target.end() || !list->is_array() || !values.is_array()) return true;
  Json rest = Json::array();
  for (const Json& item : *list) {
    if (std::find(values.begin(), values.end(), item) == values.end()) rest.push_back(item);
  }
  *list = std::move(rest);
  return true;
}

void retain(Json& target, const Json& keys) {
  for (auto field = target.begin(); field != target.end();) {
    const bool kept = std::find(keys.begin(), keys.end(), Json(field.key())) != keys.end();
    field = kept ? std::next(field) : target.erase(field);
  }
}

void merge_strategically(const SchemaNode* node, Json& target, const Json& patch) {
  const std::string directive = string_at(patch, "$patch");
  if (directive == "delete" || directive == "replace" || !target.is_object()) target = Json::object();
  if (directive == "delete") return;
  for (const auto& [key, value] : patch.items()) {
    if (key == "$patch" || key.starts_with("$setElementOrder/")) continue;
    if (key == "$retainKeys" || delete_items(target, key, value)) continue;
    if (value.is_null()) {
      target.erase(key);
    } else {
      merge_member(schema_of(node, key), target[key], value);
    }
  }
  if (const Json& keys = member(patch, "$retainKeys"); keys.is_array()) retain(target, keys);
}

}  // namespace

Outcome<Json> json_patched(Json object, const Json& patch) {
  if (!patch.is_array()) {
    return fail(bad_request("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"));
  }
  if (patch.size() > kMaxOperations) {
    return fail(Fault{413, "RequestEntityTooLarge",
                      "The allowed maximum operations in a JSON patch is " + std::to_string(kMaxOperations) + ", got " +
                          std::to_string(patch.size()),
                      Json::object()});
  }
  JsonPatch work(object);
  for (const Json& operation : patch) {
    if (!operation.is_object() || !work.run(operation)) return fail(rejected());
  }
  if (!object.is_object()) return fail(rejected());
  return object;
}

Outcome<Json> strategic_patched(const ServedType& type, Json object, const Json& patch) {
  if (!patch.is_object()) {
    return fail(bad_request("error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"));
  }
  merge_strategically(type.schema.get(), object, patch);
  return object;
}

}  // namespace datamesh::kube
