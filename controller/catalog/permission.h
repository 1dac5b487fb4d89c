// Lake Formation permissions in canonical form: one value per (principal, resource), whichever rows Lake Formation
// lists it as. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace datamesh::catalog {

/// Source: Lake Formation API reference, PrincipalResourcePermissions
enum class Permission : std::uint8_t {
  All,
  Select,
  Alter,
  Drop,
  Delete,
  Insert,
  Describe,
  CreateDatabase,
  CreateTable,
  DataLocationAccess,
  CreateLfTag,
  Associate,
  GrantWithLfTagExpression,
  CreateLfTagExpression,
  CreateCatalog,
  SuperUser,
};

/// "SELECT", "CREATE_TABLE": as on the wire.
std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view name);

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (const Permission p : permissions) insert(p);
  }

  constexpr bool has(Permission p) const { return (bits_ & bit(p)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr void insert(Permission p) { bits_ |= bit(p); }
  constexpr void erase(Permission p) { bits_ &= ~bit(p); }
  constexpr bool contains(PermissionSet other) const { return (other.bits_ & ~bits_) == 0; }
  std::size_t size() const { return static_cast<std::size_t>(__builtin_popcount(bits_)); }

  constexpr PermissionSet operator|(PermissionSet o) const { return from(bits_ | o.bits_); }
  constexpr PermissionSet operator&(PermissionSet o) const { return from(bits_ & o.bits_); }
  constexpr PermissionSet operator-(PermissionSet o) const { return from(bits_ & ~o.bits_); }
  bool operator==(const PermissionSet&) const = default;

  /// Wire names in the order of the enum.
  std::vector<std::string> names() const;
  /// Unknown names are left out.
  static PermissionSet of_names(const std::vector<std::string>& names);

 private:
  static constexpr std::uint32_t bit(Permission p) { return 1U << static_cast<unsigned>(p); }
  static constexpr PermissionSet from(std::uint32_t bits) {
    PermissionSet set;
    set.bits_ = bits;
    return set;
  }
  std::uint32_t bits_ = 0;
};

enum class ResourceType : std::uint8_t {
  Catalog,
  Database,
  Table,
  AllTables,      ///< TableWildcard; AWS lists it with the name ALL_TABLES
  Columns,        ///< SELECT on an include list: the columns are in the value
  ColumnsExcept,  ///< SELECT on all columns but `detail`
  DataLocation,   ///< `detail` is the S3 ARN
  DataFilter,     ///< `detail` is the filter's name
  Tag,            ///< `detail` is key=value,value
  DatabasePolicy, ///< LFTagPolicy of type DATABASE: `detail` is key=value,value;key=…
  TablePolicy,    ///< LFTagPolicy of type TABLE
  TagExpression,  ///< `detail` is the saved expression's name
};

/// What a permission is on. Names are lower case.
struct ResourceId {
  ResourceType type = ResourceType::Catalog;
  std::string owner;  ///< account that owns the resource, which is not always the catalog of the row
  std::string database;
  std::string table;
  std::string detail;

  auto operator<=>(const ResourceId&) const = default;

  static ResourceId of_database(std::string owner, std::string database);
  static ResourceId of_table(std::string owner, std::string database, std::string table);
  static ResourceId of_all_tables(std::string owner, std::string database);
  static ResourceId of_columns(std::string owner, std::string database, std::string table);
  static ResourceId of_location(std::string owner, std::string arn);
};

/// Identifies a permission within a catalog.
struct PermissionId {
  ResourceId resource;
  std::string principal;

  auto operator<=>(const PermissionId&) const = default;
};

/// "table:111122223333:sales/orders" and "…@arn:aws:iam::…": stable, readable, and read back by `parse_*`.
std::string to_string(const ResourceId& resource);
std::string to_string(const PermissionId& id);
std::optional<ResourceId> parse_resource_id(std::string_view text);
std::optional<PermissionId> parse_permission_id(std::string_view text);

/// Everything that `ALL` stands for on a resource of this type, without `ALL` itself.
/// Source: lake-formation.md 2.2 (permission matrix)
PermissionSet all_of(ResourceType type);

/// What one principal may do with one resource. The operations below leave `share_broken` out of account.
struct PermissionValue {
  PermissionSet permissions;
  PermissionSet grantable;
  std::vector<std::string> columns;            ///< for Columns: sorted; those readable
  std::vector<std::string> grantable_columns;  ///< for Columns: sorted, a subset of `columns`
  bool share_broken = false;  ///< observed: the resource share behind it is gone or was never accepted (trap T26)

  bool operator==(const PermissionValue&) const = default;
  bool empty() const { return permissions.empty() && grantable.empty() && columns.empty(); }
};

/// `ALL` replaced by what it stands for: the form in which permissions are compared (traps T1, T2).
PermissionValue expanded(const PermissionValue& value, ResourceType type);
PermissionValue united(const PermissionValue& a, const PermissionValue& b);
/// What `a` has and `b` has not. Both expanded.
PermissionValue minus(const PermissionValue& a, const PermissionValue& b);
/// What both have.
PermissionValue common(const PermissionValue& a, const PermissionValue& b);
inline bool covers(const PermissionValue& a, const PermissionValue& b) { return minus(b, a).empty(); }

/// Everybody to whom IAM allows it.
inline constexpr const char* kIamAllowedPrincipals = "IAM_ALLOWED_PRINCIPALS";
/// True for IAM_ALLOWED_PRINCIPALS, in any case.
bool is_iam_allowed_principals(std::string_view principal);
/// The account of a principal string ("arn:aws:iam::1111…:role/x", "1111…", "1111…:IAMPrincipals"); empty when it
/// names none (organizations, Identity Center).
std::string account_of_principal(std::string_view principal);
/// True for a user or group of IAM Identity Center, which names no account.
bool is_identity_center(std::string_view principal);
/// True when `principal` is an account as a whole: 12 digits.
bool is_account_id(std::string_view principal);

}  // namespace datamesh::catalog
