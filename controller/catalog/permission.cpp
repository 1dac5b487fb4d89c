#include "controller/catalog/permission.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "controller/base/arn.h"

namespace datamesh::catalog {
namespace {

constexpr std::array<std::string_view, 16> kPermissionNames = {
    "ALL",          "SELECT",       "ALTER",
    "DROP",         "DELETE",       "INSERT",
    "DESCRIBE",     "CREATE_DATABASE", "CREATE_TABLE",
    "DATA_LOCATION_ACCESS", "CREATE_LF_TAG", "ASSOCIATE",
    "GRANT_WITH_LF_TAG_EXPRESSION", "CREATE_LF_TAG_EXPRESSION", "CREATE_CATALOG",
    "SUPER_USER"};

constexpr std::array<std::string_view, 12> kTypeNames = {
    "catalog",  "database", "table", "alltables", "columns", "columns-except",
    "location", "filter",   "tag",   "database-policy", "table-policy", "tag-expression"};

/// Names may hold any character; those that delimit ids are written as %XX.
std::string escaped(std::string_view text) {
  static constexpr std::string_view kReserved = "%/@:!";
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kReserved.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[(static_cast<unsigned char>(c) >> 4) & 15];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

std::vector<std::string> set_union(const std::vector<std::string>& a,
                                   const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}
std::vector<std::string> set_minus(const std::vector<std::string>& a,
                                   const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}
std::vector<std::string> set_common(const std::vector<std::string>& a,
                                    const std::vector<std::string>& b) {
  std::vector<std::string> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

/// For a column resource the sets of permissions follow from the columns.
PermissionValue normalized(PermissionValue value, bool column_form) {
  if (!column_form) return value;
  value.permissions = value.columns.empty() ? PermissionSet{} : PermissionSet{Permission::Select};
  value.grantable =
      value.grantable_columns.empty() ? PermissionSet{} : PermissionSet{Permission::Select};
  return value;
}

bool in_column_form(const PermissionValue& a, const PermissionValue& b) {
  return !a.columns.empty() || !b.columns.empty();
}

}  // namespace

std::string_view to_string(Permission permission) {
  return kPermissionNames[static_cast<std::size_t>(permission)];
}

std::optional<Permission> parse_permission(std::string_view name) {
  const auto found = std::find(kPermissionNames.begin(), kPermissionNames.end(), name);
  if (found == kPermissionNames.end()) return std::nullopt;
  return static_cast<Permission>(found - kPermissionNames.begin());
}

std::vector<std::string> PermissionSet::names() const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kPermissionNames.size(); ++i) {
    if (has(static_cast<Permission>(i))) out.emplace_back(kPermissionNames[i]);
  }
  return out;
}

PermissionSet PermissionSet::of_names(const std::vector<std::string>& names) {
  PermissionSet set;
  for (const std::string& name : names) {
    if (const auto permission = parse_permission(name)) set.insert(*permission);
  }
  return set;
}

ResourceId ResourceId::of_database(std::string owner, std::string database) {
  return {ResourceType::Database, std::move(owner), std::move(database), "", ""};
}
ResourceId ResourceId::of_table(std::string owner, std::string database, std::string table) {
  return {ResourceType::Table, std::move(owner), std::move(database), std::move(table), ""};
}
ResourceId ResourceId::of_all_tables(std::string owner, std::string database) {
  return {ResourceType::AllTables, std::move(owner), std::move(database), "", ""};
}
ResourceId ResourceId::of_columns(std::string owner, std::string database, std::string table) {
  return {ResourceType::Columns, std::move(owner), std::move(database), std::move(table), ""};
}
ResourceId ResourceId::of_location(std::string owner, std::string arn) {
  return {ResourceType::DataLocation, std::move(owner), "", "", std::move(arn)};
}

std::string to_string(const ResourceId& resource) {
  std::string out(kTypeNames[static_cast<std::size_t>(resource.type)]);
  out += ':';
  out += resource.owner;
  out += ':';
  out += escaped(resource.database);
  if (!resource.table.empty()) {
    out += '/';
    out += escaped(resource.table);
  }
  if (!resource.detail.empty()) {
    out += '!';
    out += escaped(resource.detail);
  }
  return out;
}

std::string to_string(const PermissionId& id) {
  std::string out = to_string(id.resource);
  out += '@';
  out += id.principal;
  return out;
}

std::optional<ResourceId> parse_resource_id(std::string_view text) {
  const std::size_t first = text.find(':');
  const std::size_t second = first == text.npos ? first : text.find(':', first + 1);
  if (second == text.npos) return std::nullopt;
  const auto type = std::find(kTypeNames.begin(), kTypeNames.end(), text.substr(0, first));
  if (type == kTypeNames.end()) return std::nullopt;
  ResourceId id;
  id.type = static_cast<ResourceType>(type - kTypeNames.begin());
  id.owner = text.substr(first + 1, second - first - 1);
  text.remove_prefix(second + 1);
  std::string_view detail;
  if (const std::size_t bang = text.find('!'); bang != text.npos) {
    detail = text.substr(bang + 1);
    text = text.substr(0, bang);
  }
  std::string_view table;
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    table = text.substr(slash + 1);
    text = text.substr(0, slash);
  }
  auto plain_database = unescaped(text), plain_table = unescaped(table),
       plain_detail = unescaped(detail);
  if (!plain_database || !plain_table || !plain_detail) return std::nullopt;
  id.database = std::move(*plain_database);
  id.table = std::move(*plain_table);
  id.detail = std::move(*plain_detail);
  return id;
}

std::optional<PermissionId> parse_permission_id(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == text.npos) return std::nullopt;
  auto resource = parse_resource_id(text.substr(0, at));
  if (!resource) return std::nullopt;
  return PermissionId{std::move(*resource), std::string(text.substr(at + 1))};
}

PermissionSet all_of(ResourceType type) {
  using P = Permission;
  switch (type) {
    case ResourceType::Database:
    case ResourceType::DatabasePolicy: return {P::Alter, P::CreateTable, P::Describe, P::Drop};
    case ResourceType::Table:
    case ResourceType::AllTables:
    case ResourceType::TablePolicy:
      return {P::Alter, P::Delete, P::Describe, P::Drop, P::Insert, P::Select};
    case ResourceType::Columns:
    case ResourceType::ColumnsExcept: return {P::Select};
    case ResourceType::DataFilter: return {P::Describe, P::Drop, P::Select};
    case ResourceType::DataLocation: return {P::DataLocationAccess};
    case ResourceType::Catalog:
      return {P::CreateDatabase, P::CreateLfTag, P::CreateLfTagExpression, P::CreateCatalog};
    case ResourceType::Tag: return {P::Alter, P::Drop, P::Associate, P::Describe};
    case ResourceType::TagExpression: return {P::Alter, P::Drop, P::Describe};
  }
  return {};
}

PermissionValue expanded(const PermissionValue& value, ResourceType type) {
  PermissionValue out = value;
  for (PermissionSet* set : {&out.permissions, &out.grantable}) {
    if (!set->has(Permission::All)) continue;
    set->erase(Permission::All);
    *set = *set | all_of(type);
  }
  return out;
}

PermissionValue united(const PermissionValue& a, const PermissionValue& b) {
  return {a.permissions | b.permissions, a.grantable | b.grantable, set_union(a.columns, b.columns),
          set_union(a.grantable_columns, b.grantable_columns), false};
}

PermissionValue minus(const PermissionValue& a, const PermissionValue& b) {
  return normalized(
      {a.permissions - b.permissions, a.grantable - b.grantable, set_minus(a.columns, b.columns),
       set_minus(a.grantable_columns, b.grantable_columns), false},
      in_column_form(a, b));
}

PermissionValue common(const PermissionValue& a, const PermissionValue& b) {
  return normalized(
      {a.permissions & b.permissions, a.grantable & b.grantable, set_common(a.columns, b.columns),
       set_common(a.grantable_columns, b.grantable_columns), false},
      in_column_form(a, b));
}

bool is_iam_allowed_principals(std::string_view principal) {
  static constexpr std::string_view kName = kIamAllowedPrincipals;
  return std::equal(principal.begin(), principal.end(), kName.begin(), kName.end(),
                    [](char a, char b) {
                      return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
                    });
}

bool is_account_id(std::string_view principal) {
  return principal.size() == 12 &&
         std::all_of(principal.begin(), principal.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_identity_center(std::string_view principal) {
  if (!principal.starts_with("arn:")) return false;
  const std::size_t partition = principal.find(':', 4);
  return partition != principal.npos && principal.substr(partition).starts_with(":identitystore:");
}

std::string account_of_principal(std::string_view principal) {
  if (is_account_id(principal.substr(0, 12)) &&
      (principal.size() == 12 || principal.substr(12) == ":IAMPrincipals")) {
    return std::string(principal.substr(0, 12));
  }
  const std::string_view account = arn_field(principal, ArnField::Account);
  const bool is_whole = !arn_field(principal, ArnField::Resource).empty();
  return is_account_id(account) && is_whole ? std::string(account) : std::string();
}

}  // namespace datamesh::catalog
