// The resource policy of a catalog, and those that RAM attaches for what is shared.
// Source: lake-formation.md 1.3, 2.5
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

Result<void> check_conditions(const Session& session, const Json& input, const Json* present) {
  const std::string hash = string_at(input, "PolicyHashCondition");
  if (!hash.empty() && (present == nullptr || string_at(*present, "PolicyHash") != hash)) {
    return session.error("ConditionCheckFailureException", "The policy hash does not match the present policy.");
  }
  const std::string exists = string_at(input, "PolicyExistsCondition");
  if (exists == "MUST_EXIST" && present == nullptr) {
    return session.error("ConditionCheckFailureException", "The policy does not exist.");
  }
  if (exists == "NOT_EXIST" && present != nullptr) {
    return session.error("ConditionCheckFailureException", "The policy exists already.");
  }
  return {};
}

template <class Visit>
void for_each_share(const Session& session, Visit&& visit) {
  for_each_under(session.state.shares, prefix_of({session.region(), session.account()}),
                 [&](const std::string& key, const Share& share) {
                   if (share.status != ShareStatus::Deleted) visit(key, share);
                 });
}

bool has_shares(const Session& session) {
  bool found = false;
  for_each_share(session, [&](const std::string&, const Share&) { found = true; });
  return found;
}

Result<Json> get_policy(Session& session, const Json& input) {
  const Json* policy = session.home().policies.find("");
  if (policy == nullptr || input.contains("ResourceArn")) return session.not_found("Policy not found.");
  return *policy;
}

/// The policy that RAM attaches for one share.
Json policy_of(const State& state, const std::string& key, const Share& share) {
  const Json policy = {{"Version", "2012-10-17"},
                       {"Statement", Json::array({{{"Effect", "Allow"},
                                                   {"Principal", {{"AWS", share.receiver}}},
                                                   {"Action", Json::array({"glue:Get*", "glue:SearchTables"})},
                                                   {"Resource", resources_of(state, key)}}})}};
  const std::string text = policy.dump();
  return {{"PolicyInJson", text},
          {"PolicyHash", text_hash(text)},
          {"CreateTime", seconds_of(share.created)},
          {"UpdateTime", seconds_of(share.updated)}};
}

Result<Json> get_policies(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  std::vector<Json> all;
  if (const Json* own = session.home().policies.find("")) all.push_back(*own);
  for_each_share(session, [&](const std::string& key, const Share& share) {
    all.push_back(policy_of(session.state, key, share));
  });
  std::size_t from = 0;
  for (const char digit : paging.from) from = from * 10 + static_cast<std::size_t>(digit - '0') % 10;
  Json list = Json::array();
  for (; from < all.size() && list.size() < paging.most; ++from) list.push_back(all[from]);
  Json output = {{"GetResourcePoliciesResponseList", std::move(list)}};
  if (from < all.size()) output["NextToken"] = token_of(std::to_string(from));
  return output;
}

Result<Json> put_policy(Session& session, const Json& input) {
  const Json* present = session.home().policies.find("");
  TRY(check_conditions(session, input, present));
  const std::string text = string_at(input, "PolicyInJson");
  const Result<Json> parsed = parse_json(text);
  if (!parsed || !parsed->is_object() || !parsed->contains("Statement")) {
    return session.invalid("PolicyInJson is no policy document.");
  }
  if (has_shares(session) && string_at(input, "EnableHybrid") != "TRUE") {
    return session.invalid("The catalog is shared through RAM: EnableHybrid must be TRUE.");
  }
  const double now = seconds_of(session.now_millis());
  Json policy = {{"PolicyInJson", text}, {"PolicyHash", text_hash(text)}, {"UpdateTime", now}};
  policy["CreateTime"] = present ? (*present)["CreateTime"] : Json(now);
  session.home().policies.put("", policy);
  return Json{{"PolicyHash", policy["PolicyHash"]}};
}

Result<Json> delete_policy(Session& session, const Json& input) {
  const Json* present = session.home().policies.find("");
  if (present == nullptr) return session.not_found("Policy not found.");
  TRY(check_conditions(session, input, present));
  session.home().policies.erase("");
  return Json::object();
}

}  // namespace

void add_policy_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    const IamRight right = effect == Effect::Read ? IamRight::Anyone : IamRight::Administrator;
    operations.add({aws::Service::Glue, name, effect, right, shape, run});
  };
  add("GetResourcePolicy", Effect::Read, "ResourceArn:s1-10240", get_policy);
  add("GetResourcePolicies", Effect::Read, "NextToken:s MaxResults:i1-1000", get_policies);
  add("PutResourcePolicy", Effect::Write,
      "PolicyInJson*:s2-10240 ResourceArn:s1-10240 PolicyHashCondition:s1-255 "
      "PolicyExistsCondition:e(MUST_EXIST|NOT_EXIST|NONE) EnableHybrid:e(TRUE|FALSE)",
      put_policy);
  add("DeleteResourcePolicy", Effect::Write, "PolicyHashCondition:s1-255 ResourceArn:s1-10240", delete_policy);
}

}  // namespace datamesh::embedded::lake
