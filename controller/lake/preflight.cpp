#include "controller/lake/preflight.h"

#include <algorithm>
#include <map>

namespace datamesh::lake {
namespace {

using Texts = std::vector<std::string>;

constexpr std::size_t kResourcesACall = 100;
constexpr int kMostPages = 1000;
constexpr std::size_t kLongestSentence = 1000;

/// What came of one action: of its resources the refused ones.
struct Answer {
  std::set<std::string> refused;
  Refusal why = Refusal::NotAllowed;
  std::set<std::string> missing_keys;
};
using Answers = std::map<std::string, Answer>;

Json context_entry(const std::string& key, const std::string& type, const std::string& value) {
  return {{"ContextKeyName", key}, {"ContextKeyType", type}, {"ContextKeyValues", {value}}};
}

/// What is known of our calls. Without it, conditions on it would look as if they were not met.
Json context_of(const CatalogRef& where, const std::vector<Statement>& needs) {
  Json out = {context_entry("aws:RequestedRegion", "string", where.region),
              context_entry("aws:SecureTransport", "boolean", "true"),
              context_entry("iam:AWSServiceName", "string", "lakeformation.amazonaws.com")};
  std::map<std::string, std::string> conditions;
  for (const Statement& need : needs) {
    if (need.condition.is_null()) continue;
    for (const auto& [test, variables] : need.condition.items()) {
      for (const auto& [name, values] : variables.items()) {
        conditions[name] = values.is_array() ? values.at(0).get<std::string>() : values.get<std::string>();
      }
    }
  }
  for (const auto& [name, value] : conditions) out.push_back(context_entry(name, "string", value));
  return out;
}

bool says_no(const Json& result, const char* detail, const char* flag) { return member(member(result, detail), flag) == false; }

Refusal refusal_of(const Json& result, const Json& specific, const std::string& decision) {
  if (says_no(result, "OrganizationsDecisionDetail", "AllowedByOrganizations")) return Refusal::Organization;
  for (const Json* each : {&result, &specific}) {
    if (says_no(*each, "PermissionsBoundaryDecisionDetail", "AllowedByPermissionsBoundary")) return Refusal::Boundary;
  }
  return decision == "explicitDeny" ? Refusal::Denied : Refusal::NotAllowed;
}

void note(Answer& answer, const Json& result, const Json& specific, const std::string& resource, const std::string& decision) {
  if (decision == "allowed") return;
  answer.refused.insert(resource);
  const Refusal why = refusal_of(result, specific, decision);
  answer.why = std::max(answer.why, why);
  if (why > Refusal::Denied) return;
  for (const Json& key : member(specific, "MissingContextValues")) {
    if (key.is_string()) answer.missing_keys.insert(key.get<std::string>());
  }
}

/// IAM gives one result an action, with one decision a resource inside; it used to give one result for both together.
void take_results(const Json& output, Answers& answers) {
  for (const Json& result : member(output, "EvaluationResults")) {
    Answer& answer = answers[string_at(result, "EvalActionName")];
    const Json& specific = member(result, "ResourceSpecificResults");
    if (!specific.is_array() || specific.empty()) {
      const std::string resource = string_at(result, "EvalResourceName");
      note(answer, result, result, resource.empty() ? "*" : resource, string_at(result, "EvalDecision"));
      continue;
    }
    for (const Json& each : specific) {
      note(answer, result, each, string_at(each, "EvalResourceName"), string_at(each, "EvalResourceDecision"));
    }
  }
}

Result<void> ask(aws::Api& api, aws::Call call, const Texts& actions, Answers& answers) {
  Answers fresh;
  for (int page = 0; page < kMostPages; ++page) {
    TRY_VALUE(const Json output, api.call(call));
    take_results(output, fresh);
    if (member(output, "IsTruncated") != true) break;
    call.input["Marker"] = string_at(output, "Marker");
  }
  for (const std::string& action : actions) {
    const auto found = fresh.find(action);
    if (found == fresh.end()) return fail(ErrorKind::Transient, "the answer says nothing of " + action, "iam:" + call.operation);
    Answer& answer = answers[action];
    answer.refused.merge(found->second.refused);
    answer.why = std::max(answer.why, found->second.why);
    answer.missing_keys.merge(found->second.missing_keys);
  }
  return {};
}

std::string shortened(const std::string& text) {
  if (text.size() <= kLongestSentence) return text;
  return text.substr(0, text.rfind(',', kLongestSentence)) + " and others";
}

std::string_view explanation_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::NotAllowed: return "no policy of the role allows it";
    case Refusal::Denied: return "a policy of the role denies it";
    case Refusal::Boundary: return "the permissions boundary of the role does not allow it";
    case Refusal::Organization: return "an SCP of the organization denies it";
  }
  return "";
}

std::string joined(const std::set<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::NotAllowed: return "NotAllowed";
    case Refusal::Denied: return "Denied";
    case Refusal::Boundary: return "PermissionsBoundary";
    case Refusal::Organization: return "ServiceControlPolicy";
  }
  return "";
}

Result<Preflight> simulate(aws::Api& api, const CatalogRef& where, const std::string& role,
                           const std::vector<Statement>& needs) {
  std::map<Texts, std::set<std::string>> groups;  // actions on the same resources are asked for together
  for (const Statement& need : needs) groups[need.resources].insert(need.actions.begin(), need.actions.end());
  const Json context = context_of(where, needs);
  Answers answers;
  for (const auto& [resources, set] : groups) {
    const Texts actions(set.begin(), set.end());
    for (std::size_t begin = 0; begin < resources.size(); begin += kResourcesACall) {
      const std::size_t end = std::min(resources.size(), begin + kResourcesACall);
      const Texts some(resources.begin() + static_cast<std::ptrdiff_t>(begin), resources.begin() + static_cast<std::ptrdiff_t>(end));
      const Json input = {{"PolicySourceArn", role}, {"ActionNames", actions}, {"ResourceArns", some},
                          {"ContextEntries", context}, {"MaxItems", 1000}};
      TRY(ask(api, {where, aws::Service::Iam, "SimulatePrincipalPolicy", input}, actions, answers));
    }
  }
  Preflight out;
  for (auto& [action, answer] : answers) {
    if (answer.refused.empty()) continue;
    if (answer.why <= Refusal::Denied && !answer.missing_keys.empty()) {
      out.undecided.push_back({action, std::move(answer.missing_keys)});
    } else {
      out.missing.push_back({action, std::move(answer.refused), answer.why});
    }
  }
  return out;
}

std::string sentence_of(const std::vector<MissingAction>& missing) {
  std::map<Refusal, std::set<std::string>> by_refusal;
  for (const MissingAction& each : missing) by_refusal[each.why].insert(each.action);
  std::string out;
  for (auto at = by_refusal.rbegin(); at != by_refusal.rend(); ++at) {
    const auto& [why, actions] = *at;
    out += std::string(out.empty() ? "" : "; ") + std::string(explanation_of(why)) + ": " + shortened(joined(actions));
  }
  return out;
}

std::string sentence_of(const std::vector<UndecidedAction>& undecided) {
  std::set<std::string> actions, keys;
  for (const UndecidedAction& each : undecided) {
    actions.insert(each.action);
    keys.insert(each.keys.begin(), each.keys.end());
  }
  if (actions.empty()) return "";
  return "depends on " + shortened(joined(keys)) + ", which IAM cannot know before the call: " + shortened(joined(actions));
}

}  // namespace datamesh::lake
