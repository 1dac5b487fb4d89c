// Data lake settings: replaced as a whole, by whoever administers IAM.
// Source: lake-formation.md 1.4, 2.3, 2.5
#include <set>

#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_principal.h"

namespace datamesh::embedded::lake {
namespace {

int version_in(const Json& settings) {
  const std::string version = string_at(member(settings, "Parameters"), "CROSS_ACCOUNT_VERSION");
  return version.empty() ? 1 : version[0] - '0';
}

Result<void> check_defaults(const Session& session, const Json& settings, const char* name) {
  const Json& list = member(settings, name);
  if (list.empty()) return {};
  const Json& only = list[0];
  const bool is_open =
      list.size() == 1 && only.value("Permissions", Json::array()) == Json::array({"ALL"}) &&
      lower(string_at(member(only, "Principal"), "DataLakePrincipalIdentifier")) == lower(kIamAllowedPrincipals);
  if (is_open) return {};
  return session.invalid(std::string(name) + " is either empty or ALL for IAM_ALLOWED_PRINCIPALS.");
}

Result<void> check_parameters(const Session& session, const Json& settings, const Json& before) {
  for (const auto& [name, value] : member(settings, "Parameters").items()) {
    const auto& text = value.get_ref<const std::string&>();
    const bool is_version = name == "CROSS_ACCOUNT_VERSION" && text.size() == 1 && text[0] >= '1' && text[0] <= '5';
    const bool is_switch = (name == "SET_SOURCE_IDENTITY" || name == "SET_CONTEXT") && (text == "TRUE" || text == "FALSE");
    if (!is_version && !is_switch) return session.invalid("Parameter " + name + " cannot be " + text + ".");
  }
  if (version_in(before) == 5 && version_in(settings) < 5) {
    return session.invalid("CROSS_ACCOUNT_VERSION cannot be lowered from 5.");
  }
  return {};
}

Result<void> check_principals(const Session& session, const Json& settings) {
  for (const char* list : {"DataLakeAdmins", "ReadOnlyAdmins"}) {
    for (const Json& one : member(settings, list)) {
      const std::string text = string_at(one, "DataLakePrincipalIdentifier");
      const Result<Principal> principal = read_principal(text);
      const bool is_identity = principal && (principal->kind == PrincipalKind::Iam ||
                                             principal->kind == PrincipalKind::Federated ||
                                             principal->kind == PrincipalKind::IdentityCenter);
      if (!is_identity) return session.invalid("Invalid principal in " + std::string(list) + ": " + text);
    }
  }
  return {};
}

std::set<std::string> admins_in(const Json& settings) {
  std::set<std::string> out;
  for (const Json& one : member(settings, "DataLakeAdmins")) {
    out.insert(string_at(one, "DataLakePrincipalIdentifier"));
  }
  return out;
}

/// Administrators hold CREATE_DATABASE on the catalog without a grant, and it is listed.
/// Source: lake-formation.md 2.1, 2.4
void give_admin_rights(Session& session, const Json& before, const Json& after) {
  Catalog& home = session.home();
  const std::string resource = join_parts({"C", session.account()});
  const std::set<std::string> old_admins = admins_in(before);
  const std::set<std::string> new_admins = admins_in(after);
  std::set<std::string> all = old_admins;
  all.insert(new_admins.begin(), new_admins.end());
  for (const std::string& admin : all) {
    if (old_admins.contains(admin) == new_admins.contains(admin)) continue;
    const PermissionKey key = session.permission_key(resource, admin);
    const Rights* held = home.permissions.find(key);
    Rights rights = held ? *held : Rights();
    rights.implicit = new_admins.contains(admin) ? PermissionSet{Permission::CreateDatabase} : PermissionSet{};
    rights.updated = session.now_millis();
    rights.updated_by = session.intern(session.caller.arn);
    if (rights.all().empty()) {
      home.permissions.erase(key);
    } else {
      home.permissions.put(key, std::move(rights));
    }
  }
}

Result<Json> get_settings(Session& session, const Json& input) {
  if (session.catalog_id(input) != session.account()) return session.denied("Settings belong to another account.");
  return Json{{"DataLakeSettings", *session.home().settings.find("")}};
}

Result<Json> put_settings(Session& session, const Json& input) {
  if (session.catalog_id(input) != session.account()) return session.denied("Settings belong to another account.");
  Json settings = input["DataLakeSettings"];
  const Json before = *session.home().settings.find("");
  TRY(check_defaults(session, settings, "CreateDatabaseDefaultPermissions"));
  TRY(check_defaults(session, settings, "CreateTableDefaultPermissions"));
  TRY(check_parameters(session, settings, before));
  TRY(check_principals(session, settings));
  // A whole replacement: what is left out is gone.
  for (const char* list : {"DataLakeAdmins", "ReadOnlyAdmins", "CreateDatabaseDefaultPermissions",
                           "CreateTableDefaultPermissions", "TrustedResourceOwners"}) {
    if (!settings.contains(list)) settings[list] = Json::array();
  }
  settings["Parameters"]["CROSS_ACCOUNT_VERSION"] = std::to_string(version_in(settings));
  give_admin_rights(session, before, settings);
  if (settings != before) session.home().settings.put("", std::move(settings));
  return Json::object();
}

Result<Json> get_principal(Session& session, const Json&) { return Json{{"Identity", session.caller.arn}}; }

}  // namespace

void add_settings_operations(Operations& operations) {
  constexpr auto kService = aws::Service::LakeFormation;
  operations.add({kService, "GetDataLakeSettings", Effect::Read, IamRight::Anyone, "CatalogId:s1-255", get_settings});
  operations.add({kService, "PutDataLakeSettings", Effect::Write, IamRight::Administrator,
                  "CatalogId:s1-255 DataLakeSettings*:@DataLakeSettings", put_settings});
  operations.add({kService, "GetDataLakePrincipal", Effect::Read, IamRight::Anyone, "", get_principal});
}

}  // namespace datamesh::embedded::lake
