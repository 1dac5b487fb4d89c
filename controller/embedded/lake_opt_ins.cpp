// Opt-ins of hybrid access mode: who leaves IAM_ALLOWED_PRINCIPALS behind on which database or table.
// Source: lake-formation.md 2.10
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

/// The key of an opt-in, and what it says.
struct OptIn {
  std::string key;
  Json info;
};

Result<OptIn> read_opt_in(Session& session, const Json& input) {
  if (!session.is_lake_admin(session.caller)) return session.denied("Only data lake administrators make opt-ins.");
  TRY_VALUE(const Resource resource, read_resource(input["Resource"], session.account()));
  if (resource.kind != ResourceKind::Database && resource.kind != ResourceKind::Table) {
    return session.invalid("Opt-ins are for databases and tables.");
  }
  TRY_VALUE(const Principal principal,
            read_principal(string_at(input["Principal"], "DataLakePrincipalIdentifier")));
  OptIn out;
  out.key = key_of(resource) + '\x1d' + principal.text;
  out.info = {{"Resource", to_json(resource)},
              {"Principal", {{"DataLakePrincipalIdentifier", principal.text}}},
              {"LastModified", seconds_of(session.now_millis())},
              {"LastUpdatedBy", session.caller.arn}};
  if (input.contains("Condition")) out.info["Condition"] = input["Condition"];
  return out;
}

Result<Json> create_opt_in(Session& session, const Json& input) {
  TRY_VALUE(OptIn opt_in, read_opt_in(session, input));
  if (session.home().opt_ins.find(opt_in.key) != nullptr) return session.invalid("The opt-in exists already.");
  session.home().opt_ins.put(opt_in.key, std::move(opt_in.info));
  return Json::object();
}

Result<Json> delete_opt_in(Session& session, const Json& input) {
  TRY_VALUE(const OptIn opt_in, read_opt_in(session, input));
  if (!session.home().opt_ins.erase(opt_in.key)) return session.not_found("Opt-in not found.");
  return Json::object();
}

Result<Json> list_opt_ins(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  std::string resource;
  if (input.contains("Resource")) {
    TRY_VALUE(const Resource read, read_resource(input["Resource"], session.account()));
    resource = key_of(read) + '\x1d';
  }
  const bool sees_all = session.is_lake_admin(session.caller) || session.is_read_only_admin(session.caller);
  const std::string principal = string_at(member(input, "Principal"), "DataLakePrincipalIdentifier");
  Json list = Json::array();
  const auto emit = [&](const std::string&, const Json& info) {
    const std::string holder = string_at(info["Principal"], "DataLakePrincipalIdentifier");
    if (!principal.empty() && holder != principal) return false;
    if (!sees_all && holder != session.caller.arn) return false;
    list.push_back(info);
    return true;
  };
  const std::string next = list_page(session.home().opt_ins, paging, resource, emit);
  Json output = {{"LakeFormationOptInsInfoList", std::move(list)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

}  // namespace

void add_opt_in_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, effect, IamRight::Anyone, shape, run});
  };
  const char* one = "Principal*:@DataLakePrincipal Resource*:@Resource Condition:@Condition";
  add("CreateLakeFormationOptIn", Effect::PermissionWrite, one, create_opt_in);
  add("DeleteLakeFormationOptIn", Effect::PermissionWrite, one, delete_opt_in);
  add("ListLakeFormationOptIns", Effect::Read,
      "Principal:@DataLakePrincipal Resource:@Resource MaxResults:i1-1000 NextToken:s", list_opt_ins);
}

}  // namespace datamesh::embedded::lake
