// Registered S3 locations.
// Source: lake-formation.md 2.9
#include <algorithm>

#include "controller/base/partition.h"
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

std::string s3_arn_start(std::string_view region) { return "arn:" + std::string(partition_of(region)) + ":s3:::"; }

/// Whether a value passes a filter of ListResources.
bool passes(const Json& condition, const std::string& value) {
  const std::string how = string_at(condition, "ComparisonOperator");
  const Json& wanted = member(condition, "StringValueList");
  const auto any = [&](auto&& test) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Json& one) { return test(one.get<std::string>()); });
  };
  if (how == "NE") return !any([&](const std::string& w) { return value == w; });
  if (how == "CONTAINS") return any([&](const std::string& w) { return value.find(w) != std::string::npos; });
  if (how == "NOT_CONTAINS") return !any([&](const std::string& w) { return value.find(w) != std::string::npos; });
  if (how == "BEGINS_WITH") return any([&](const std::string& w) { return value.starts_with(w); });
  if (how == "LT") return any([&](const std::string& w) { return value < w; });
  if (how == "LE") return any([&](const std::string& w) { return value <= w; });
  if (how == "GT") return any([&](const std::string& w) { return value > w; });
  if (how == "GE") return any([&](const std::string& w) { return value >= w; });
  if (how == "BETWEEN") return wanted.size() == 2 && value >= wanted[0] && value <= wanted[1];
  return any([&](const std::string& w) { return value == w; });
}

bool passes_all(const Json& conditions, const Json& location) {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Json& condition) {
    const std::string field = string_at(condition, "Field");
    if (field == "LAST_MODIFIED") return passes(condition, std::to_string(location["LastModified"].get<double>()));
    return passes(condition, string_at(location, field == "ROLE_ARN" ? "RoleArn" : "ResourceArn"));
  });
}

Result<Json> register_resource(Session& session, const Json& input) {
  const std::string arn = arn_of_path(string_at(input, "ResourceArn"), session.region());
  const std::string start = s3_arn_start(session.region());
  if (arn.empty() || !string_at(input, "ResourceArn").starts_with(start)) {
    return session.invalid("ResourceArn must be an S3 ARN such as " + start + "bucket/prefix.");
  }
  const bool has_role = !string_at(input, "RoleArn").empty();
  const bool is_linked = input.value("UseServiceLinkedRole", false);
  if (has_role == is_linked) {
    return session.invalid("Exactly one of RoleArn and UseServiceLinkedRole must be given.");
  }
  Catalog& home = session.home();
  if (home.locations.find(arn) != nullptr) return session.exists("Resource is already registered: " + arn);
  Json location = {{"ResourceArn", arn},
                   {"RoleArn", has_role ? string_at(input, "RoleArn")
                                        : session.arn_start("iam") + ":" + session.account() +
                                              ":role/aws-service-role/lakeformation.amazonaws.com/"
                                              "AWSServiceRoleForLakeFormationDataAccess"},
                   {"LastModified", seconds_of(session.now_millis())},
                   {"VerificationStatus", "VERIFIED"}};
  for (const char* flag : {"WithFederation", "HybridAccessEnabled", "WithPrivilegedAccess"}) {
    location[flag] = input.value(flag, false);
  }
  if (input.contains("ExpectedResourceOwnerAccount")) {
    location["ExpectedResourceOwnerAccount"] = input["ExpectedResourceOwnerAccount"];
  }
  home.locations.put(arn, std::move(location));
  return Json::object();
}

Result<std::string> registered(Session& session, const Json& input) {
  std::string arn = arn_of_path(string_at(input, "ResourceArn"), session.region());
  if (session.home().locations.find(arn) == nullptr) {
    return session.not_found("Resource is not registered: " + string_at(input, "ResourceArn"));
  }
  return arn;
}

Result<Json> update_resource(Session& session, const Json& input) {
  TRY_VALUE(const std::string arn, registered(session, input));
  Json location = *session.home().locations.find(arn);
  for (const char* name : {"RoleArn", "WithFederation", "HybridAccessEnabled", "ExpectedResourceOwnerAccount"}) {
    if (input.contains(name)) location[name] = input[name];
  }
  location["LastModified"] = seconds_of(session.now_millis());
  session.home().locations.put(arn, std::move(location));
  return Json::object();
}

Result<Json> deregister_resource(Session& session, const Json& input) {
  TRY_VALUE(const std::string arn, registered(session, input));
  session.home().locations.erase(arn);
  return Json::object();
}

Result<Json> describe_resource(Session& session, const Json& input) {
  TRY_VALUE(const std::string arn, registered(session, input));
  return Json{{"ResourceInfo", *session.home().locations.find(arn)}};
}

Result<Json> list_resources(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const Json conditions = input.value("FilterConditionList", Json::array());
  Json infos = Json::array();
  const std::string next =
      list_page(session.home().locations, paging, "", [&](const std::string&, const Json& location) {
        if (!passes_all(conditions, location)) return false;
        infos.push_back(location);
        return true;
      });
  Json output = {{"ResourceInfoList", std::move(infos)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

}  // namespace

std::string arn_of_path(std::string_view path, std::string_view region) {
  std::string out;
  const std::string start = s3_arn_start(region);
  for (const std::string_view scheme : {std::string_view("s3://"), std::string_view("s3a://"), std::string_view("s3n://"),
                                        std::string_view(start)}) {
    if (path.starts_with(scheme)) out = start + std::string(path.substr(scheme.size()));
  }
  while (out.ends_with('/')) out.pop_back();
  return out;
}

std::string registered_location(const Catalog& catalog, std::string_view path) {
  std::string arn = arn_of_path(path, catalog.ref.region);
  while (!arn.empty()) {
    if (catalog.locations.find(arn) != nullptr) return arn;
    const std::size_t slash = arn.rfind('/');
    if (slash == std::string::npos) break;
    arn.resize(slash);
  }
  return {};
}

void add_location_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    const IamRight right = effect == Effect::Read ? IamRight::Anyone : IamRight::Administrator;
    operations.add({aws::Service::LakeFormation, name, effect, right, shape, run});
  };
  add("RegisterResource", Effect::Write,
      "ResourceArn*:s1-1024 UseServiceLinkedRole:b RoleArn:s20-2048 WithFederation:b HybridAccessEnabled:b "
      "WithPrivilegedAccess:b ExpectedResourceOwnerAccount:s12-12",
      register_resource);
  add("UpdateResource", Effect::Write,
      "RoleArn*:s20-2048 ResourceArn*:s1-1024 WithFederation:b HybridAccessEnabled:b "
      "ExpectedResourceOwnerAccount:s12-12",
      update_resource);
  add("DeregisterResource", Effect::Write, "ResourceArn*:s1-1024", deregister_resource);
  add("DescribeResource", Effect::Read, "ResourceArn*:s1-1024", describe_resource);
  add("ListResources", Effect::Read, "FilterConditionList:[@FilterCondition]1-20 MaxResults:i1-1000 NextToken:s",
      list_resources);
}

}  // namespace datamesh::embedded::lake
