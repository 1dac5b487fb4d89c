// The strings by which Lake Formation names principals. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/base/result.h"

namespace datamesh::embedded::lake {

enum class PrincipalKind {
  Iam,                 ///< an IAM user or role
  Account,             ///< twelve digits
  AccountPrincipals,   ///< "111122223333:IAMPrincipals"
  Organization,
  OrganizationalUnit,
  Federated,           ///< SAML or QuickSight users and groups of an account
  IdentityCenter,
  IamAllowed,          ///< IAM_ALLOWED_PRINCIPALS
};

struct Principal {
  PrincipalKind kind = PrincipalKind::Iam;
  std::string text;     ///< normalised: IAM_ALLOWED_PRINCIPALS in capitals
  std::string account;  ///< empty for organizations, Identity Center and IAM_ALLOWED_PRINCIPALS

  bool operator==(const Principal&) const = default;
};

inline constexpr std::string_view kIamAllowedPrincipals = "IAM_ALLOWED_PRINCIPALS";

/// Roles and users whose name begins with this do not exist: a grant to one is refused as AWS refuses a role that
/// was made a moment ago (trap T13).
inline constexpr std::string_view kUnknownNamePrefix = "unknown-";

/// Errors: Invalid, "Invalid principal …", for what is no principal, for `arn:…:root` (trap T23) and for unknown
/// names (trap T13).
Result<Principal> read_principal(std::string_view text);

bool is_account_id(std::string_view text);
/// "role" of "arn:aws:iam::111122223333:role/path/role"; empty when it is no role.
std::string_view role_name_of(std::string_view arn);
/// "arn:aws:sts::111122223333:assumed-role/role/me": the session "me" of such a role, as STS and CloudTrail show it.
std::string session_arn_of(std::string_view role_arn, std::string_view session);
/// The account of an ARN; empty when it names none.
std::string_view account_of_arn(std::string_view arn);

}  // namespace datamesh::embedded::lake
