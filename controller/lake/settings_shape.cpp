#include "controller/lake/settings_shape.h"

#include <algorithm>
#include <charconv>

namespace datamesh::lake {
namespace {

constexpr const char* kVersion = "CROSS_ACCOUNT_VERSION";

std::optional<int> version_in(const Json& settings) {
  const std::string text = string_at(member(settings, "Parameters"), kVersion);
  int version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && version > 0;
  return is_number ? std::optional(version) : std::nullopt;
}

}  // namespace

catalog::Settings decode_settings(const Json& settings) {
  catalog::Settings out;
  for (const Json& admin : member(settings, "DataLakeAdmins")) {
    out.administrators.insert(string_at(admin, "DataLakePrincipalIdentifier"));
  }
  out.open_database_defaults = !member(settings, "CreateDatabaseDefaultPermissions").empty();
  out.open_table_defaults = !member(settings, "CreateTableDefaultPermissions").empty();
  out.cross_account_version = version_in(settings);
  return out;
}

Json encode_settings(const catalog::Settings& wanted, Json existing) {
  if (!existing.is_object()) existing = Json::object();
  Json& admins = existing["DataLakeAdmins"];
  if (!admins.is_array()) admins = Json::array();
  const auto known = decode_settings(existing).administrators;
  for (const std::string& admin : wanted.administrators) {
    if (!known.contains(admin)) admins.push_back({{"DataLakePrincipalIdentifier", admin}});
  }
  if (wanted.open_database_defaults == false) existing["CreateDatabaseDefaultPermissions"] = Json::array();
  if (wanted.open_table_defaults == false) existing["CreateTableDefaultPermissions"] = Json::array();
  if (wanted.cross_account_version && version_in(existing).value_or(1) < *wanted.cross_account_version) {
    Json& parameters = existing["Parameters"];
    if (!parameters.is_object()) parameters = Json::object();
    parameters[kVersion] = std::to_string(*wanted.cross_account_version);
  }
  return existing;
}

}  // namespace datamesh::lake
