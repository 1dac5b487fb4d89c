#include "controller/embedded/lake_principal.h"

#include <algorithm>

#include "controller/base/arn.h"
#include "controller/embedded/lake_resource.h"

namespace datamesh::embedded::lake {
namespace {

std::string_view after_last_slash(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
}

bool names_somebody(std::string_view resource) {
  const std::string_view name = after_last_slash(resource);
  return !name.empty() && !name.starts_with(kUnknownNamePrefix);
}

tl::unexpected<Error> invalid_principal(std::string_view text) {
  return fail(ErrorKind::Invalid, "Invalid principal: " + std::string(text), {}, "InvalidInputException");
}

Result<Principal> read_iam(std::string_view text, std::string_view account, std::string_view resource) {
  if (!is_account_id(account)) return invalid_principal(text);
  if (resource.starts_with("user/") || resource.starts_with("role/")) {
    if (!names_somebody(resource)) return invalid_principal(text);
    return Principal{PrincipalKind::Iam, std::string(text), std::string(account)};
  }
  const bool is_saml = resource.starts_with("saml-provider/") &&
                       (resource.find(":user/") != std::string_view::npos ||
                        resource.find(":group/") != std::string_view::npos);
  if (!is_saml) return invalid_principal(text);
  return Principal{PrincipalKind::Federated, std::string(text), std::string(account)};
}

Result<Principal> read_arn(std::string_view text) {
  const std::string_view service = arn_field(text, ArnField::Service);
  const std::string_view account = arn_field(text, ArnField::Account);
  const std::string_view resource = arn_field(text, ArnField::Resource);
  if (service == "iam") return read_iam(text, account, resource);
  if (service == "organizations" && is_account_id(account)) {
    if (resource.starts_with("organization/o-")) {
      return Principal{PrincipalKind::Organization, std::string(text), {}};
    }
    if (resource.starts_with("ou/o-")) return Principal{PrincipalKind::OrganizationalUnit, std::string(text), {}};
  }
  if (service == "quicksight" && is_account_id(account) && names_somebody(resource)) {
    return Principal{PrincipalKind::Federated, std::string(text), std::string(account)};
  }
  if (service == "identitystore" && (resource.starts_with("user/") || resource.starts_with("group/"))) {
    return Principal{PrincipalKind::IdentityCenter, std::string(text), {}};
  }
  return invalid_principal(text);
}

}  // namespace

bool is_account_id(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view account_of_arn(std::string_view arn) {
  const std::string_view account = arn_field(arn, ArnField::Account);
  return is_account_id(account) ? account : std::string_view();
}

std::string session_arn_of(std::string_view role_arn, std::string_view session) {
  return "arn:" + std::string(arn_field(role_arn, ArnField::Partition)) + ":sts::" + std::string(arn_field(role_arn, ArnField::Account)) +
         ":assumed-role/" + std::string(role_name_of(role_arn)) + "/" + std::string(session);
}

std::string_view role_name_of(std::string_view arn) {
  const std::string_view resource = arn_field(arn, ArnField::Resource);
  return resource.starts_with("role/") ? after_last_slash(resource) : std::string_view();
}

Result<Principal> read_principal(std::string_view text) {
  if (is_account_id(text)) return Principal{PrincipalKind::Account, std::string(text), std::string(text)};
  if (lower(text) == lower(kIamAllowedPrincipals)) {
    return Principal{PrincipalKind::IamAllowed, std::string(kIamAllowedPrincipals), {}};
  }
  if (text.ends_with(":IAMPrincipals") && is_account_id(text.substr(0, 12)) && text.size() == 26) {
    return Principal{PrincipalKind::AccountPrincipals, std::string(text), std::string(text.substr(0, 12))};
  }
  if (text.starts_with("arn:aws")) return read_arn(text);
  return invalid_principal(text);
}

}  // namespace datamesh::embedded::lake
