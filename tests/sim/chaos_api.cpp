#include "tests/sim/chaos_api.h"

namespace datamesh::sim {
namespace {

std::string line_of(const aws::Call& call) {
  return "  " + call.target.account + " " + std::string(to_string(call.service)) + ":" + call.operation;
}

/// One entry of a batch, or the whole input of another call, in a few words.
std::string brief(const Json& input) {
  if (!input.contains("Principal")) return input.dump();
  Json permissions = input.value("Permissions", Json::array());
  return "\n      " + string_at(input["Principal"], "DataLakePrincipalIdentifier") + " " + permissions.dump() +
         (input.value("PermissionsWithGrantOption", Json::array()).empty() ? " " : "+ ") + member(input, "Resource").dump();
}

std::string words_of(const Json& input) {
  if (!input.contains("Entries")) return brief(input);
  std::string out;
  for (const Json& entry : input["Entries"]) out += brief(entry);
  return out;
}

/// Listings that lag behind on AWS: permissions, shares, and searches by tag.
bool may_lag(const aws::Call& call) {
  return call.operation == "ListPermissions" || call.operation == "GetResourceShares" ||
         call.operation == "GetResourceShareInvitations" || call.operation.starts_with("Search");
}

}  // namespace

bool is_read(const std::string& operation) {
  return operation.starts_with("Get") || operation.starts_with("List") || operation.starts_with("Search");
}

Result<Json> ChaosApi::call(const aws::Call& call) {
  if (dies_after && *dies_after <= 0) return fail(ErrorKind::Cancelled, "the process is dead", "simulation");
  if (dies_after) --*dies_after;
  Random& random = *parts_.random;
  if (random.chance(weather.interrupted) && parts_.interrupt) parts_.interrupt();
  if (random.chance(weather.delay)) parts_.clock->advance(std::chrono::seconds(random.between(1, 20)));
  if (auto error = refusal(call)) {
    parts_.journal->note(line_of(call) + " -> " + to_string(*error));
    return fail(std::move(*error));
  }
  if (auto old = stale_answer(call)) {
    parts_.journal->note(line_of(call) + " -> a stale answer");
    return std::move(*old);
  }
  const bool batch = call.operation == "BatchGrantPermissions" || call.operation == "BatchRevokePermissions";
  auto result = batch && random.chance(weather.part_failed) ? batch_with_failure(call) : pass(call);
  if (random.chance(weather.lost)) {
    parts_.journal->note(line_of(call) + " -> the answer was lost");
    return fail(ErrorKind::Transient, "the answer was lost", "simulation");
  }
  return result;
}

Result<Json> ChaosApi::pass(const aws::Call& call) {
  auto result = parts_.inner->call(call);
  if (!is_read(call.operation)) {
    const std::string answer = result ? member(*result, "Failures").empty() ? "" : " -> " + result->dump()
                                      : " -> " + to_string(result.error());
    parts_.journal->note(line_of(call) + " " + words_of(call.input) + answer);
    if (parts_.written) parts_.written(call);
  } else if (!result) {
    parts_.journal->note(line_of(call) + " -> " + to_string(result.error()));
  } else if (weather.stale > 0 && may_lag(call)) {
    // The first answer is kept for a while, then a later one takes its place.
    const auto [at, fresh] = answers_.try_emplace(line_of(call) + call.input.dump(), *result);
    if (!fresh && parts_.random->chance(50)) at->second = *result;
  }
  return result;
}

std::optional<Error> ChaosApi::refusal(const aws::Call& call) {
  Random& random = *parts_.random;
  if (random.chance(weather.throttle)) return aws::make_error(call, "ThrottlingException", "Rate exceeded");
  if (!random.chance(weather.error)) return std::nullopt;
  if (!is_read(call.operation) && call.service == aws::Service::LakeFormation && random.chance(50)) {
    return aws::make_error(call, "ConcurrentModificationException", "somebody else was faster");
  }
  return aws::make_error(call, "InternalServiceException", "something went wrong", 500);
}

/// One entry does not get through, the others do.
Result<Json> ChaosApi::batch_with_failure(const aws::Call& call) {
  aws::Call most = call;
  Json& entries = most.input["Entries"];
  const std::size_t at = parts_.random->below(entries.size());
  const Json failed = entries[at];
  entries.erase(at);
  Json out = {{"Failures", Json::array()}};
  if (!entries.empty()) {
    auto passed = pass(most);
    if (!passed) return passed;
    out = std::move(*passed);
  }
  parts_.journal->note(line_of(call) + " -> one entry fails: " + failed.dump());
  out["Failures"].push_back({{"RequestEntry", failed},
                             {"Error",
                              {{"ErrorCode", "ConcurrentModificationException"},
                               {"ErrorMessage", "somebody else was faster"}}}});
  return out;
}

std::optional<Json> ChaosApi::stale_answer(const aws::Call& call) {
  if (!may_lag(call) || !parts_.random->chance(weather.stale)) return std::nullopt;
  const auto found = answers_.find(line_of(call) + call.input.dump());
  if (found == answers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace datamesh::sim
