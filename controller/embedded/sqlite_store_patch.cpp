// Patches, applied within bounds.
#include "controller/embedded/sqlite_store_rules.h"

namespace datamesh::embedded {
namespace {

/// Source: Kubernetes API server, limit on the operations of one JSON patch
constexpr std::size_t kMaxOperations = 10'000;

std::size_t text_size(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace).size();
}

std::string operation_path(std::size_t index) { return "patch[" + std::to_string(index) + "]"; }

/// nlohmann's words without its "[json.exception.…]".
std::string plain_words(const Json::exception& problem) {
  const std::string words = problem.what();
  const std::size_t end = words.find("] ");
  return end == std::string::npos ? words : words.substr(end + 2);
}

/// How many bytes the `copy` operation adds, 0 for the others: few short copies can make a huge document.
std::size_t copied_bytes(const Json& target, const Json& operation) {
  if (string_at(operation, "op") != "copy") return 0;
  const Json::json_pointer from(string_at(operation, "from"));
  return target.contains(from) ? text_size(target.at(from)) : 0;
}

/// Whether the place that `operation` names lies in an object or list. nlohmann takes that for granted, and aborts.
bool has_container(const Json& target, const Json& operation) {
  const Json::json_pointer path(string_at(operation, "path"));
  if (path.empty()) return true;
  const Json::json_pointer parent = path.parent_pointer();
  return target.contains(parent) && target.at(parent).is_structured();
}

/// Source: RFC 6902
Result<Json> json_patched(Json target, const Json& patch) {
  if (!patch.is_array()) return fail(invalid({"patch: Invalid value: a JSON patch must be a list of operations"}));
  if (patch.size() > kMaxOperations) {
    return fail(invalid({"patch: Too many: " + std::to_string(patch.size()) + ": must have at most " +
                         std::to_string(kMaxOperations) + " operations"}));
  }
  std::size_t copied = 0;
  std::size_t index = 0;
  try {
    for (const Json& operation : patch) {
      copied += copied_bytes(target, operation);
      if (copied > kMaxObjectBytes) return fail(invalid({"patch: Too long: copies more than an object may hold"}));
      if (!has_container(target, operation)) {
        return fail(invalid({operation_path(index) + ": Invalid value: nothing at " + string_at(operation, "path")}));
      }
      target.patch_inplace(Json::array({operation}));
      ++index;
    }
  } catch (const Json::exception& problem) {
    return fail(invalid({operation_path(index) + ": Invalid value: " + plain_words(problem)}));
  }
  return target;
}

/// Source: RFC 7386
Result<Json> merge_patched(Json target, const Json& patch) {
  if (!patch.is_object()) return fail(invalid({"patch: Invalid value: a merge patch must be an object"}));
  merge_patch(target, patch);
  return target;
}

void require_same(const std::string& path, const Json& stored, const Json& wanted, std::vector<std::string>& problems) {
  if (stored == wanted) return;
  const std::string value = wanted.is_string() ? wanted.get<std::string>() : wanted.type_name();
  const std::string rule = path == "kind" ? "must be " + stored.get<std::string>() : "field is immutable";
  problems.push_back(path + ": Invalid value: \"" + value + "\": " + rule);
}

}  // namespace

Result<Json> patched(const Json& stored, api::PatchType type, const Json& patch) {
  TRY_VALUE(Json wanted, type == api::PatchType::Merge ? merge_patched(stored, patch) : json_patched(stored, patch));
  std::vector<std::string> problems;
  require_same("kind", member(stored, "kind"), member(wanted, "kind"), problems);
  for (const char* field : {"name", "namespace", "uid"}) {
    require_same(std::string("metadata.") + field, at_path(stored, {"metadata", field}),
                 at_path(wanted, {"metadata", field}), problems);
  }
  if (!problems.empty()) return fail(invalid(problems));
  return wanted;
}

}  // namespace datamesh::embedded
