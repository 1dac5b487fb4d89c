// A bounded list of problems, and the words they are told in.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/api/schema.h"

namespace datamesh::api {

inline constexpr std::size_t kMostProblems = 100;

class Problems {
 public:
  void add(std::string path, std::string message, std::string suggestion = {}) {
    if (full()) return;
    list_.push_back({std::move(path), std::move(message), std::move(suggestion)});
    if (full()) list_.push_back({"", "there are more problems; they are not shown", ""});
  }
  bool full() const { return list_.size() >= kMostProblems; }
  std::size_t size() const { return list_.size(); }
  std::vector<Problem> take() { return std::move(list_); }

 private:
  std::vector<Problem> list_;
};

/// `text` in quotes, cut after 60 characters.
std::string quote(std::string_view text);
/// "did you mean "x"?" for the candidate that `word` may be a slip of; empty when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);
/// The candidate itself; empty when none is near. Case, '-' and '_' count for little.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// "a, b or c"
std::string one_of(const std::vector<std::string>& words);

/// What is wrong with apiVersion, kind and metadata of an object of the kind.
/// Source: Kubernetes object names, labels and annotations
void check_head(const KindFacts& facts, const Json& object, Problems& problems);

struct SchemaNode;
/// What is wrong with `value` as a value of `node`, defaults filled in. True when nothing is.
bool check_value(const SchemaNode& node, const Json& value, const std::string& path, Problems& problems);

}  // namespace datamesh::api
