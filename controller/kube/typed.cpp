#include "controller/kube/typed.h"

#include <algorithm>
#include <set>

namespace datamesh::kube {
namespace {

using api::ListType;
using api::SchemaNode;
using api::ValueType;

/// The schema of what is in a map that may hold anything.
const SchemaNode& anything() {
  static const SchemaNode kAnything = [] {
    SchemaNode node;
    node.preserve_unknown = true;
    return node;
  }();
  return kAnything;
}

enum class Member { Declared, Open };

struct MemberSchema {
  const SchemaNode* schema = nullptr;
  Member member = Member::Open;
};

MemberSchema schema_of(const SchemaNode& node, const std::string& key) {
  const auto found = node.properties.find(key);
  if (found != node.properties.end()) return {found->second.get(), Member::Declared};
  return {node.additional ? node.additional.get() : &anything(), Member::Open};
}

bool is_granular_map(const Json& value) { return value.is_object(); }

bool is_keyed_list(const SchemaNode& node, const Json& value) {
  return value.is_array() && node.list_type != ListType::Atomic;
}

std::string step_of(const SchemaNode& node, const Json& item) {
  return node.list_type == ListType::Map ? key_step(item, node.list_keys) : value_step(item);
}

const SchemaNode& items_of(const SchemaNode& node) { return node.items ? *node.items : anything(); }

/// The items of a list by their steps; of equal ones the first.
std::map<std::string, const Json*> by_step(const SchemaNode& node, const Json& list) {
  std::map<std::string, const Json*> items;
  if (!list.is_array()) return items;
  for (const Json& item : list) items.emplace(step_of(node, item), &item);
  return items;
}

const Json kNothing;

FieldTree leaf() {
  FieldTree tree;
  tree.owned = true;
  return tree;
}

FieldTree whole(const SchemaNode& schema, const Json& value) {
  FieldTree tree = fields_of(schema, value);
  tree.owned = true;
  return tree;
}

/// Compares what is on one or both sides; `before` or `after` is null when there is none.
class Comparison {
 public:
  static void walk(const SchemaNode& schema, const Json* before, const Json* after, Difference& out) {
    const Json& old = before != nullptr ? *before : kNothing;
    const Json& now = after != nullptr ? *after : kNothing;
    const bool maps = (before == nullptr || is_granular_map(old)) && (after == nullptr || is_granular_map(now));
    const bool lists = (before == nullptr || is_keyed_list(schema, old)) && (after == nullptr || is_keyed_list(schema, now));
    if (maps) {
      walk_map(schema, old, now, out);
    } else if (lists) {
      walk_list(schema, old, now, out);
    } else if (before != nullptr && after != nullptr && old != now) {
      out.modified.owned = true;
    }
    if (before == nullptr) out.added.owned = true;
    if (after == nullptr) out.removed.owned = true;
  }

 private:
  static void descend(const SchemaNode& schema, const std::string& step, std::pair<const Json*, const Json*> sides,
                      Difference& out) {
    const auto& [before, after] = sides;
    if (before != nullptr && after != nullptr && *before == *after) return;
    Difference inner;
    walk(schema, before, after, inner);
    const auto keep = [&](FieldTree& tree, FieldTree& found) {
      if (!found.empty()) tree.children.emplace(step, std::move(found));
    };
    keep(out.added, inner.added);
    keep(out.removed, inner.removed);
    keep(out.modified, inner.modified);
  }

  static void walk_map(const SchemaNode& schema, const Json& old, const Json& now, Difference& out) {
    std::set<std::string> keys;
    for (const Json* side : {&old, &now}) {
      for (auto field = side->begin(); side->is_object() && field != side->end(); ++field) keys.insert(field.key());
    }
    for (const std::string& key : keys) {
      const auto side = [&](const Json& object) -> const Json* {
        return object.is_object() && object.contains(key) ? &object.at(key) : nullptr;
      };
      descend(*schema_of(schema, key).schema, field_step(key), {side(old), side(now)}, out);
    }
  }

  static void walk_list(const SchemaNode& schema, const Json& old, const Json& now, Difference& out) {
    const auto before = by_step(schema, old);
    const auto after = by_step(schema, now);
    std::set<std::string> steps;
    for (const auto& [step, item] : before) steps.insert(step);
    for (const auto& [step, item] : after) steps.insert(step);
    for (const std::string& step : steps) {
      const auto side = [&](const std::map<std::string, const Json*>& items) -> const Json* {
        const auto found = items.find(step);
        return found == items.end() ? nullptr : found->second;
      };
      descend(items_of(schema), step, {side(before), side(after)}, out);
    }
  }
};

/// Items that only `live` has keep their places, the others come in the order of `wanted`.
Json merged_list(const SchemaNode& schema, const Json& live, const Json& wanted) {
  const auto in_live = by_step(schema, live);
  const auto in_wanted = by_step(schema, wanted);
  Json out = Json::array();
  std::size_t next = 0;
  const auto take_wanted = [&] {
    const Json& item = wanted[next++];
    const auto same = in_live.find(step_of(schema, item));
    out.push_back(same == in_live.end() ? item : merged(items_of(schema), *same->second, item));
  };
  for (const Json& item : live) {
    if (!in_wanted.contains(step_of(schema, item))) {
      out.push_back(item);
      continue;
    }
    // Where a shared item stands, the next shared one of `wanted` comes, with the new ones before it.
    while (next < wanted.size() && !in_live.contains(step_of(schema, wanted[next]))) take_wanted();
    if (next < wanted.size()) take_wanted();
  }
  while (next < wanted.size()) take_wanted();
  return out;
}

void prune_list(const SchemaNode& schema, Json& list, const FieldTree& last, const FieldTree& keep) {
  static const FieldTree kNone;
  Json out = Json::array();
  for (Json& item : list) {
    const std::string step = step_of(schema, item);
    const auto gone = last.children.find(step);
    const auto kept = keep.children.find(step);
    const FieldTree& keepers = kept == keep.children.end() ? kNone : kept->second;
    if (gone != last.children.end()) {
      if (gone->second.owned && keepers.empty()) continue;
      item = without(items_of(schema), std::move(item), gone->second, keepers);
    }
    out.push_back(std::move(item));
  }
  list = std::move(out);
}

const char* wanted_word(const SchemaNode& node) {
  switch (node.type) {
    case ValueType::Object: return "map";
    case ValueType::Array: return "list";
    case ValueType::String: return "string";
    case ValueType::Boolean: return "boolean";
    case ValueType::Integer:
    case ValueType::Number: return "numeric (int or float)";
    case ValueType::Any: return "anything";
  }
  return "anything";
}

bool fits(const SchemaNode& node, const Json& value) {
  if (node.int_or_string) return value.is_number() || value.is_string();
  switch (node.type) {
    case ValueType::Object: return value.is_object();
    case ValueType::Array: return value.is_array();
    case ValueType::String: return value.is_string();
    case ValueType::Boolean: return value.is_boolean();
    case ValueType::Integer:
    case ValueType::Number: return value.is_number();
    case ValueType::Any: return true;
  }
  return true;
}

const char* word_of(const Json& value) {
  if (value.is_object()) return "map";
  if (value.is_array()) return "list";
  if (value.is_string()) return "string";
  return value.is_boolean() ? "boolean" : value.is_number_float() ? "float" : "int";
}

std::string list_problem(const SchemaNode& node, const Json& list, const std::string& path) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (const std::string& key : node.list_keys) {
      if (node.list_type != ListType::Map || list[i].contains(key)) continue;
      return path + ": element " + std::to_string(i) +
             ": associative list with keys has an element that omits key field " + go_quoted(key) +
             " (and doesn't have default value)";
    }
    if (node.list_type == ListType::Atomic) continue;
    const std::string step = step_of(node, list[i]);
    FieldTree tree;
    tree.children.emplace(step, leaf());
    if (!seen.insert(step).second) return path + ": duplicate entries for key " + paths_of(tree)[0];
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    FieldTree tree;
    tree.children.emplace(node.list_type == ListType::Atomic ? "i:" + std::to_string(i) : step_of(node, list[i]), leaf());
    if (auto problem = type_problem(items_of(node), list[i], path + paths_of(tree)[0]); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace

FieldTree fields_of(const SchemaNode& schema, const Json& value) {
  FieldTree tree;
  if (is_granular_map(value)) {
    for (const auto& [key, item] : value.items()) {
      const auto [inner, member] = schema_of(schema, key);
      FieldTree child = member == Member::Open ? whole(*inner, item) : fields_of(*inner, item);
      tree.children.emplace(field_step(key), std::move(child));
    }
    tree.owned = value.empty();
    return tree;
  }
  if (is_keyed_list(schema, value)) {
    for (const Json& item : value) tree.children.emplace(step_of(schema, item), whole(items_of(schema), item));
    tree.owned = value.empty();
    return tree;
  }
  return leaf();
}

Difference compare(const SchemaNode& schema, const Json& before, const Json& after) {
  Difference out;
  Comparison::walk(schema, &before, &after, out);
  out.added.owned = out.removed.owned = out.modified.owned = false;
  return out;
}

Json merged(const SchemaNode& schema, const Json& live, const Json& wanted) {
  if (is_granular_map(live) && is_granular_map(wanted)) {
    Json out = live;
    for (const auto& [key, item] : wanted.items()) {
      const auto found = live.find(key);
      out[key] = found == live.end() ? item : merged(*schema_of(schema, key).schema, *found, item);
    }
    return out;
  }
  if (is_keyed_list(schema, live) && is_keyed_list(schema, wanted)) return merged_list(schema, live, wanted);
  return wanted;
}

Json without(const SchemaNode& schema, Json value, const FieldTree& last, const FieldTree& keep) {
  static const FieldTree kNone;
  if (is_keyed_list(schema, value)) {
    prune_list(schema, value, last, keep);
    return value;
  }
  if (!is_granular_map(value)) return value;
  for (const auto& [step, gone] : last.children) {
    if (!step.starts_with("f:")) continue;
    const std::string key = step.substr(2);
    const auto found = value.find(key);
    if (found == value.end()) continue;
    const auto kept = keep.children.find(step);
    const FieldTree& keepers = kept == keep.children.end() ? kNone : kept->second;
    const SchemaNode& inner = *schema_of(schema, key).schema;
    const bool structured = is_granular_map(*found) || is_keyed_list(inner, *found);
    const bool was_empty = found->empty();
    if (structured && !was_empty) *found = without(inner, std::move(*found), gone, keepers);
    const bool nothing_left = !structured || found->empty();
    if (nothing_left && keepers.empty() && (gone.owned || !was_empty)) value.erase(found);
  }
  return value;
}

std::string type_problem(const SchemaNode& schema, const Json& value, const std::string& path) {
  if (value.is_null()) return {};
  if (!fits(schema, value)) {
    return path + ": expected " + wanted_word(schema) + ", got " + word_of(value);
  }
  if (value.is_array()) return list_problem(schema, value, path);
  if (!value.is_object()) return {};
  for (const auto& [key, item] : value.items()) {
    const auto [inner, member] = schema_of(schema, key);
    const bool open = schema.additional != nullptr || schema.preserve_unknown || schema.type == ValueType::Any;
    if (member == Member::Open && !open) return path + "." + key + ": field not declared in schema";
    if (auto problem = type_problem(*inner, item, path + "." + key); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace datamesh::kube
