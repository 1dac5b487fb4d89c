#include "controller/api/manifest.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "controller/api/resource_store.h"
#include "controller/base/json_path.h"

namespace datamesh::api {
namespace {

/// The place that a syntax error names at the front of its message; the message is left without it.
TextPosition take_position(std::string& message) {
  TextPosition at;
  int length = 0;
  if (std::sscanf(message.c_str(), "line %d, column %d: %n", &at.line, &at.column, &length) < 2) return {};
  message.erase(0, static_cast<std::size_t>(length));
  return at;
}

std::string joined(const std::string& prefix, const std::string& path) {
  if (prefix.empty() || path.empty()) return prefix + path;
  return path.front() == '[' ? prefix + path : prefix + "." + path;
}

class Loader {
 public:
  Loader(const std::string& file, const SchemaRegistry& registry) : file_(file), registry_(registry) {}

  ManifestSet take() { return std::move(set_); }

  void load(std::string_view text) {
    auto documents = parse_yaml_documents(text);
    if (!documents) {
      std::string message = documents.error().message;
      const TextPosition at = take_position(message);
      set_.problems.push_back({file_, at, {"", std::move(message), ""}});
      return;
    }
    for (YamlDocument& document : *documents) {
      document_ = &document;
      positions_ = std::make_shared<const YamlPositions>(document.positions);
      document_problems_.clear();
      load_object(document.value, "");
      std::stable_sort(document_problems_.begin(), document_problems_.end(),
                       [](const auto& a, const auto& b) { return a.at < b.at; });
      std::move(document_problems_.begin(), document_problems_.end(), std::back_inserter(set_.problems));
    }
  }

 private:
  /// `path` leads to `object` in the document; it is empty but for the items of a list.
  void load_object(Json& object, const std::string& path) {
    const std::string kind = string_at(object, "kind");
    const bool is_list = kind == "List" || (kind.ends_with("List") && object.contains("items"));
    if (is_list && path.empty()) return load_list(object);
    for (Problem& problem : registry_.validate(object)) add(path, std::move(problem));
    const TextPosition at = document_->positions.find(path).value;
    if (!object.is_object()) return;
    check_twice(object, path, at);
    set_.manifests.push_back({std::move(object), file_, at.line, path, positions_});
  }

  void load_list(Json& list) {
    Json& items = list["items"];
    if (!items.is_array()) return add("", {"items", "must be a list of objects", ""});
    for (std::size_t i = 0; i < items.size(); ++i) load_object(items[i], element_path("items", i));
  }

  /// Of two objects with the same key, the later would silently win.
  void check_twice(const Json& object, const std::string& path, TextPosition at) {
    const ObjectKey key = key_of(object);
    if (key.name.empty()) return;
    const auto [found, added] = seen_.emplace(key, at.line);
    if (added) return;
    add(path, {"metadata.name", to_string(key) + " is declared twice", "the first is at line " + std::to_string(found->second)});
  }

  void add(const std::string& prefix, Problem problem) {
    const auto place = document_->positions.find(joined(prefix, problem.path));
    const bool name_is_wrong = problem.message == "unknown field";
    TextPosition at = name_is_wrong ? place.key : place.value;
    if (problem.path.empty()) {  // that there are more problems comes last
      for (const ManifestProblem& other : document_problems_) at = std::max(at, other.at);
    }
    problem.path = joined(prefix, problem.path);
    document_problems_.push_back({file_, at, std::move(problem)});
  }

  const std::string& file_;
  const SchemaRegistry& registry_;
  ManifestSet set_;
  YamlDocument* document_ = nullptr;
  std::shared_ptr<const YamlPositions> positions_;
  std::vector<ManifestProblem> document_problems_;
  std::map<ObjectKey, int> seen_;
};

}  // namespace

std::string to_string(const ManifestProblem& problem) {
  return problem.file + ":" + std::to_string(problem.at.line) + ":" + std::to_string(problem.at.column) + ": " +
         to_string(problem.problem);
}

ManifestSet load_manifests(std::string_view text, const std::string& file, const SchemaRegistry& registry) {
  Loader loader(file, registry);
  loader.load(text);
  return loader.take();
}

}  // namespace datamesh::api
