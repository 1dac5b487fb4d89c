#include "controller/embedded/lake_session.h"

#include <utility>

#include "controller/base/partition.h"
#include "controller/embedded/lake_principal.h"

namespace datamesh::embedded::lake {
namespace {

constexpr char kDigits[] = "0123456789abcdef";

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

bool administers_iam(const Identity& identity) {
  const std::string_view role = role_name_of(identity.arn);
  return role == "datamesh-operator" || role == "Admin";
}

Catalog* Session::catalog_of(const std::string& owner, const std::string& in_region) {
  const CatalogRef ref{owner, in_region.empty() ? region() : in_region};
  if (ref == call.target) return &home();
  return state.find_catalog(ref);
}

std::string Session::arn_start(std::string_view service) const {
  return "arn:" + std::string(partition_of(region())) + ":" + std::string(service) + ":";
}

std::string Session::catalog_id(const Json& input) const {
  std::string id = string_at(input, "CatalogId");
  return id.empty() ? account() : id;
}

bool Session::is_listed(const Identity& identity, const char* list) const {
  const Catalog* catalog = state.find_catalog({identity.account, region()});
  if (catalog == nullptr) return false;
  const Json* settings = catalog->settings.find("");
  if (settings == nullptr) return false;
  for (const Json& one : member(*settings, list)) {
    if (string_at(one, "DataLakePrincipalIdentifier") == identity.arn) return true;
  }
  return false;
}

bool Session::is_lake_admin(const Identity& identity) const { return is_listed(identity, "DataLakeAdmins"); }

bool Session::is_read_only_admin(const Identity& identity) const { return is_listed(identity, "ReadOnlyAdmins"); }

tl::unexpected<Error> Session::error(std::string code, std::string message) const {
  return fail(aws::make_error(call, std::move(code), std::move(message)));
}

tl::unexpected<Error> Session::invalid(std::string message) const {
  const char* code = call.service == aws::Service::Ram   ? "InvalidParameterException"
                     : call.service == aws::Service::Sts ? "ValidationError"
                     : call.service == aws::Service::Sqs ? "InvalidParameterValue"
                                                         : "InvalidInputException";
  return error(code, std::move(message));
}

tl::unexpected<Error> Session::not_found(std::string message) const {
  return error("EntityNotFoundException", std::move(message));
}

tl::unexpected<Error> Session::denied(std::string message) const {
  return error("AccessDeniedException", std::move(message));
}

tl::unexpected<Error> Session::insufficient(std::string_view permission, std::string_view on) const {
  return denied("Insufficient Lake Formation permission(s): Required " + std::string(permission) + " on " +
                std::string(on));
}

tl::unexpected<Error> Session::exists(std::string message) const {
  return error("AlreadyExistsException", std::move(message));
}

std::string token_of(std::string_view position) {
  std::string out = "p";
  for (const char c : position) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

Result<Paging> read_paging(const Session& session, const Json& input, std::size_t default_most,
                           const char* token_name, const char* limit_name) {
  Paging out;
  out.most = input.value(limit_name, default_most);
  const std::string token = string_at(input, token_name);
  if (token.empty()) return out;
  const auto malformed = [&] {
    return session.error(session.call.service == aws::Service::Ram ? "InvalidNextTokenException"
                                                                   : "InvalidInputException",
                         "The pagination token is not valid.");
  };
  if (token.front() != 'p' || token.size() % 2 == 0) return malformed();
  for (std::size_t i = 1; i + 1 < token.size(); i += 2) {
    const int high = nibble(token[i]);
    const int low = nibble(token[i + 1]);
    if (high < 0 || low < 0) return malformed();
    out.from += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace datamesh::embedded::lake
