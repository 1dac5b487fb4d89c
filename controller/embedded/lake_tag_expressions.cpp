// LF-tag expressions saved under a name, for policies that are too long to write out.
// Source: lake-formation.md 1.4, 2.7
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

std::string resource_key(const Session& session, const std::string& name) {
  return join_parts({"E", session.account(), name});
}

Result<void> require_on(Session& session, const std::string& name, Permission permission, std::string_view word) {
  if (session.is_lake_admin(session.caller)) return {};
  const Held held = held_on(session, session.caller, session.home(), resource_key(session, name));
  if (held.permissions.has(permission)) return {};
  return session.insufficient(word, "LF-Tag expression " + name);
}

Result<std::string> find_name(Session& session, const Json& input) {
  std::string name = lower(string_at(input, "Name"));
  if (session.catalog_id(input) != session.account() || session.home().expressions.find(name) == nullptr) {
    return session.not_found("LF-Tag expression " + name + " not found.");
  }
  return name;
}

Json saved_form(const Session& session, const std::string& name, const Json& input) {
  Json out = {{"Name", name},
              {"CatalogId", session.account()},
              {"Expression", to_json(read_expression(input["Expression"]))}};
  if (input.contains("Description")) out["Description"] = input["Description"];
  return out;
}

Result<void> check_keys(Session& session, const Json& input) {
  for (const auto& [key, values] : read_expression(input["Expression"])) {
    if (session.home().tags.find(key) == nullptr) return session.not_found("LF-Tag key " + key + " not found.");
  }
  return {};
}

Result<Json> create_expression(Session& session, const Json& input) {
  if (session.catalog_id(input) != session.account()) return session.denied("The catalog belongs to another account.");
  if (!may_on_catalog(session, Permission::CreateLfTagExpression)) {
    return session.insufficient("Create LF Tag Expression", "Catalog");
  }
  const std::string name = lower(string_at(input, "Name"));
  if (session.home().expressions.find(name) != nullptr) {
    return session.invalid("LF-Tag expression " + name + " already exists.");
  }
  TRY(check_keys(session, input));
  session.home().expressions.put(name, saved_form(session, name, input));
  if (!session.is_lake_admin(session.caller)) {
    add_creator_rights(session, session.home(), resource_key(session, name),
                       {Permission::Alter, Permission::Drop, Permission::Describe});
  }
  return Json::object();
}

Result<Json> get_expression(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, find_name(session, input));
  TRY(require_on(session, name, Permission::Describe, "Describe"));
  return *session.home().expressions.find(name);
}

Result<Json> update_expression(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, find_name(session, input));
  TRY(require_on(session, name, Permission::Alter, "Alter"));
  TRY(check_keys(session, input));
  session.home().expressions.put(name, saved_form(session, name, input));
  return Json::object();
}

Result<Json> delete_expression(Session& session, const Json& input) {
  TRY_VALUE(const std::string name, find_name(session, input));
  TRY(require_on(session, name, Permission::Drop, "Drop"));
  session.home().expressions.erase(name);
  return Json::object();
}

Result<Json> list_expressions(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  Json list = Json::array();
  const std::string next =
      list_page(session.home().expressions, paging, "", [&](const std::string& name, const Json& saved) {
        if (!require_on(session, name, Permission::Describe, "Describe")) return false;
        list.push_back(saved);
        return true;
      });
  Json output = {{"LFTagExpressions", std::move(list)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

}  // namespace

void add_tag_expression_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const std::string& shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, effect, IamRight::Anyone, "CatalogId:s1-255 " + shape, run});
  };
  const std::string whole = "Name*:s1-255 Description:s0-2048 Expression*:[@LFTag]1-50";
  add("CreateLFTagExpression", Effect::PermissionWrite, whole, create_expression);
  add("GetLFTagExpression", Effect::Read, "Name*:s1-255", get_expression);
  add("UpdateLFTagExpression", Effect::PermissionWrite, whole, update_expression);
  add("DeleteLFTagExpression", Effect::PermissionWrite, "Name*:s1-255", delete_expression);
  add("ListLFTagExpressions", Effect::Read, "MaxResults:i1-1000 NextToken:s", list_expressions);
}

}  // namespace datamesh::embedded::lake
