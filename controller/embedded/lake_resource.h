// What permissions are on, and which permissions there are. Pure.
// A Resource is normalised: names in lower case, ALL_TABLES and TableWildcard one thing, a column wildcard without
// exclusions the table itself. Its key orders resources by kind, so that a listing of one kind, database or table
// is one range.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/json.h"
#include "controller/base/text.h"

namespace datamesh::embedded::lake {

/// In the order in which AWS lists them.
enum class Permission : std::uint8_t {
  All,
  Alter,
  Associate,
  CreateCatalog,
  CreateDatabase,
  CreateLfTag,
  CreateLfTagExpression,
  CreateTable,
  DataLocationAccess,
  Delete,
  Describe,
  Drop,
  GrantWithLfTagExpression,
  Insert,
  Select,
  SuperUser,
};

class PermissionSet {
 public:
  constexpr PermissionSet() = default;
  constexpr PermissionSet(std::initializer_list<Permission> permissions) {
    for (const Permission p : permissions) bits_ |= bit(p);
  }
  static constexpr PermissionSet of_bits(unsigned bits) {
    PermissionSet out;
    out.bits_ = static_cast<std::uint16_t>(bits);
    return out;
  }

  constexpr unsigned bits() const { return bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool has(Permission p) const { return (bits_ & bit(p)) != 0; }
  constexpr bool contains(PermissionSet other) const { return (other.bits_ & ~bits_) == 0; }
  constexpr bool meets(PermissionSet other) const { return (other.bits_ & bits_) != 0; }
  constexpr PermissionSet operator|(PermissionSet o) const { return of_bits(bits_ | o.bits_); }
  constexpr PermissionSet operator&(PermissionSet o) const { return of_bits(bits_ & o.bits_); }
  constexpr PermissionSet operator-(PermissionSet o) const { return of_bits(bits_ & ~unsigned{o.bits_}); }
  constexpr PermissionSet& operator|=(PermissionSet o) { return *this = *this | o; }
  bool operator==(const PermissionSet&) const = default;

 private:
  static constexpr std::uint16_t bit(Permission p) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(p));
  }
  std::uint16_t bits_ = 0;
};

/// The wire names, as a JSON array in the order of the enum.
Json to_json(PermissionSet permissions);
/// Unknown names are left out: input has been checked against the model before.
PermissionSet permissions_of(const Json& names);

/// The letter starts the key: the order of kinds in listings.
enum class ResourceKind : char {
  Catalog = 'C',
  Database = 'D',
  TagExpression = 'E',
  Filter = 'F',
  Tag = 'G',
  Location = 'L',
  DatabasePolicy = 'P',
  TablePolicy = 'Q',
  Table = 'T',
};

/// Which columns of a table a resource means. `Only` carries its columns in the rights, not in the key: grants of
/// two column lists to one principal merge.
enum class Columns : char { All = 'A', Only = 'I', Except = 'X' };

/// A conjunction over keys of alternatives of values; sorted by key, values sorted.
using TagExpression = std::vector<std::pair<std::string, std::vector<std::string>>>;

inline constexpr std::string_view kAllTables = "*";

struct Resource {
  ResourceKind kind = ResourceKind::Catalog;
  std::string catalog;  ///< the owner's account
  std::string database;
  std::string table;  ///< kAllTables for the wildcard
  Columns columns = Columns::All;
  std::vector<std::string> column_names;  ///< sorted; for Only and Except
  std::string name;                       ///< filter, saved expression, tag key, or the S3 ARN of a location
  std::vector<std::string> values;        ///< of a tag, sorted
  TagExpression expression;               ///< of a policy
  bool has_column_wildcard = false;       ///< it came as TableWithColumns with a wildcard

  bool is_policy() const {
    return kind == ResourceKind::DatabasePolicy || kind == ResourceKind::TablePolicy;
  }
  bool is_partial() const { return kind == ResourceKind::Table && columns != Columns::All; }
};

/// A Resource of the wire; absent catalog ids mean `default_catalog`.
/// Errors: Invalid with the message for InvalidInputException.
Result<Resource> read_resource(const Json& resource, const std::string& default_catalog);

/// The key of `resource`, without the columns of Columns::Only.
std::string key_of(const Resource& resource);
/// The resource of a key.
Resource resource_of_key(std::string_view key);
/// The keys of a table as a whole and of a database. They end with a separator: each is also the prefix of what
/// belongs to it.
std::string table_resource_key(std::string_view catalog, std::string_view database, std::string_view table);
std::string database_resource_key(std::string_view catalog, std::string_view database);

/// The wire form, with catalog ids. A whole table is a Table; `to_select_json` gives the form under which AWS lists
/// SELECT on it.
Json to_json(const Resource& resource);
Json to_select_json(const Resource& resource);

/// A wire tag expression, lower-cased, sorted and without duplicates.
TagExpression read_expression(const Json& expression);
Json to_json(const TagExpression& expression);

/// Everything that may be granted on `resource`, ALL included.
/// Source: lake-formation.md 2.2 (permission matrix)
PermissionSet grantable_on(const Resource& resource);
/// Resource links: DESCRIBE and DROP only.
PermissionSet grantable_on_link();
/// `permissions` with ALL replaced by everything it stands for on `resource`; ALL itself stays.
PermissionSet expanded(PermissionSet permissions, const Resource& resource);

}  // namespace datamesh::embedded::lake
