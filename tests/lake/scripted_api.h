// An Api that answers from a function and remembers what was asked: for what no real service can be made to say on
// command (odd pages, failures of single entries). Everything else is tested on the embedded lake.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/aws/api.h"

namespace datamesh::lake {

inline const CatalogRef kCatalog{"111111111111", "eu-west-1"};

class ScriptedApi final : public aws::Api {
 public:
  using Answer = std::function<Result<Json>(const Json& input)>;

  /// Answers `operation` by `answer`; an operation without an answer gives `{}`.
  ScriptedApi& on(const std::string& operation, Answer answer) {
    answers_[operation] = std::move(answer);
    return *this;
  }

  Result<Json> call(const aws::Call& call) override {
    calls.push_back(call);
    const auto found = answers_.find(call.operation);
    return found == answers_.end() ? Json::object() : found->second(call.input);
  }

  /// The operations in the order in which they were asked.
  std::vector<std::string> operations() const {
    std::vector<std::string> out;
    for (const aws::Call& call : calls) out.push_back(call.operation);
    return out;
  }
  int count(const std::string& operation) const {
    int n = 0;
    for (const aws::Call& call : calls) n += call.operation == operation ? 1 : 0;
    return n;
  }
  /// The inputs of all calls of `operation`.
  std::vector<Json> inputs(const std::string& operation) const {
    std::vector<Json> out;
    for (const aws::Call& call : calls) {
      if (call.operation == operation) out.push_back(call.input);
    }
    return out;
  }

  std::vector<aws::Call> calls;

 private:
  std::map<std::string, Answer> answers_;
};

inline Error aws_error(const std::string& operation, const std::string& code, const std::string& message = "") {
  return aws::make_error({kCatalog, aws::Service::LakeFormation, operation, {}}, code, message);
}

}  // namespace datamesh::lake
