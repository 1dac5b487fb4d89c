#include "controller/kube/field_tree.h"

#include <algorithm>

namespace datamesh::kube {
namespace {

/// `[port=80]` of `k:{"port":80}`, `[="a"]` of `v:"a"`, `.name` of `f:name`.
std::string printed(const std::string& step) {
  const std::string rest = step.substr(2);
  if (step.starts_with("f:")) return "." + rest;
  if (step.starts_with("v:")) return "[=" + rest + "]";
  if (step.starts_with("i:")) return "[" + rest + "]";
  std::string text;
  const auto keys = parse_own_json(rest);
  if (!keys) return "[" + rest + "]";
  for (const auto& [key, value] : keys->items()) text += (text.empty() ? "" : ",") + key + "=" + value.dump();
  return "[" + text + "]";
}

void collect(const FieldTree& tree, const std::string& path, std::vector<std::string>& paths) {
  if (tree.owned && !path.empty()) paths.push_back(path);
  for (const auto& [step, child] : tree.children) collect(child, path + printed(step), paths);
}

}  // namespace

bool FieldTree::empty() const {
  return !owned && std::all_of(children.begin(), children.end(), [](const auto& child) { return child.second.empty(); });
}

FieldTree parse_fields(const Json& fields) {
  FieldTree tree;
  if (!fields.is_object()) return tree;
  for (const auto& [step, child] : fields.items()) {
    if (step == ".") {
      tree.owned = true;
    } else if (step.size() >= 2 && step[1] == ':') {
      FieldTree inner = parse_fields(child);
      if (inner.children.empty()) inner.owned = true;
      tree.children.emplace(step, std::move(inner));
    }
  }
  return tree;
}

Json to_fields(const FieldTree& tree) {
  Json fields = Json::object();
  for (const auto& [step, child] : tree.children) {
    if (!child.empty()) fields[step] = to_fields(child);
  }
  if (tree.owned && !fields.empty()) fields["."] = Json::object();
  return fields;
}

FieldTree unite(const FieldTree& a, const FieldTree& b) {
  FieldTree out = a;
  out.owned = a.owned || b.owned;
  for (const auto& [step, child] : b.children) {
    const auto found = out.children.find(step);
    if (found == out.children.end()) {
      out.children.emplace(step, child);
    } else {
      found->second = unite(found->second, child);
    }
  }
  return out;
}

FieldTree subtract(const FieldTree& a, const FieldTree& b) {
  FieldTree out;
  out.owned = a.owned && !b.owned;
  for (const auto& [step, child] : a.children) {
    const auto found = b.children.find(step);
    FieldTree rest = found == b.children.end() ? child : subtract(child, found->second);
    if (!rest.empty()) out.children.emplace(step, std::move(rest));
  }
  return out;
}

FieldTree intersect(const FieldTree& a, const FieldTree& b) {
  FieldTree out;
  out.owned = a.owned && b.owned;
  for (const auto& [step, child] : a.children) {
    const auto found = b.children.find(step);
    if (found == b.children.end()) continue;
    FieldTree both = intersect(child, found->second);
    if (!both.empty()) out.children.emplace(step, std::move(both));
  }
  return out;
}

FieldTree with_parents(const FieldTree& tree) {
  FieldTree out = tree;
  for (auto& [step, child] : out.children) {
    child = with_parents(child);
    if (step.starts_with("f:") && !child.empty()) child.owned = true;
  }
  return out;
}

std::vector<std::string> paths_of(const FieldTree& tree) {
  std::vector<std::string> paths;
  collect(tree, "", paths);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string field_step(const std::string& name) { return "f:" + name; }

std::string key_step(const Json& item, const std::vector<std::string>& keys) {
  Json identity = Json::object();
  for (const std::string& key : keys) identity[key] = member(item, key);
  return "k:" + identity.dump();
}

std::string value_step(const Json& value) { return "v:" + value.dump(); }

}  // namespace datamesh::kube
