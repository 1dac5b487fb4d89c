// What a catalog can hold: entries with a canonical key and value. Resources claim them, snapshots show them, the
// difference between the two is all that the operator ever does. Pure.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "controller/base/catalog_ref.h"
#include "controller/base/clock.h"
#include "controller/catalog/permission.h"

namespace datamesh::catalog {

enum class EntryKind : std::uint8_t {
  Settings,         ///< name: empty
  Location,         ///< name: the S3 ARN
  Database,         ///< name: database
  Table,            ///< name: database/table
  Link,             ///< name: database, or database/table
  TagKey,           ///< name: key
  TagAssignment,    ///< name: database[/table[/column]]#key
  DataFilter,       ///< name: database/table/filter
  Permission,       ///< name: to_string(PermissionId)
  ShareAcceptance,  ///< name: the sending account
  OptIn,            ///< name: to_string(PermissionId)
};

std::string_view to_string(EntryKind kind);
std::optional<EntryKind> parse_entry_kind(std::string_view name);

/// Identifies an entry within its catalog.
struct LocalKey {
  EntryKind kind = EntryKind::Settings;
  std::string name;

  auto operator<=>(const LocalKey&) const = default;
};

struct EntryKey {
  CatalogRef catalog;
  LocalKey local;

  auto operator<=>(const EntryKey&) const = default;
};

/// "111122223333/eu-west-1 Table sales/orders"
std::string to_string(const EntryKey& key);
std::string to_string(const LocalKey& key);

LocalKey database_key(std::string_view database);
LocalKey table_key(std::string_view database, std::string_view table);
LocalKey database_link_key(std::string_view name);
LocalKey table_link_key(std::string_view database, std::string_view name);
LocalKey permission_key(const PermissionId& id);
/// The database or table that carries the tag of this TagAssignment; of a column's its table.
LocalKey holder_of_tag(std::string_view name);
/// The column that carries it; empty of what is no tag of a column.
std::string tagged_column(const LocalKey& key);

/// An immutable value shared by claims, snapshots and actions; compares by content.
template <class T>
class Shared {
 public:
  Shared() : value_(std::make_shared<const T>()) {}
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}  // NOLINT: converts on purpose
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  bool operator==(const Shared& other) const {
    return value_ == other.value_ || *value_ == *other.value_;
  }

 private:
  std::shared_ptr<const T> value_;
};

/// Data lake settings; in a claim an absent field claims nothing.
struct Settings {
  std::set<std::string> administrators;
  std::optional<bool> open_database_defaults;  ///< IAM_ALLOWED_PRINCIPALS gets ALL on new databases
  std::optional<bool> open_table_defaults;
  std::optional<int> cross_account_version;
  bool operator==(const Settings&) const = default;
};

struct Location {
  std::string role_arn;  ///< empty: the service-linked role
  bool hybrid = false;
  bool operator==(const Location&) const = default;
};

struct Database {
  std::string description;
  std::string location_uri;
  std::map<std::string, std::string> parameters;  ///< in a claim: those that shall hold; others are kept
  bool open_table_defaults = false;
  bool keeps_table_defaults = false;  ///< in a claim: where the database is there, `open_table_defaults` stays as it is
  bool operator==(const Database&) const = default;
};

struct ColumnShape {
  std::string name;
  std::string type;
  std::string comment;
  bool operator==(const ColumnShape&) const = default;
};

/// How the bytes of a table are read.
struct StorageFormat {
  std::string input_format;
  std::string output_format;
  std::string serializer;
  bool operator==(const StorageFormat&) const = default;
};

enum class SchemaRule { Exact, Follow };

struct Table {
  std::string description;
  std::string owner;
  std::string location;
  StorageFormat format;
  std::vector<ColumnShape> columns;
  std::vector<ColumnShape> partition_keys;
  std::map<std::string, std::string> parameters;  ///< in a claim: those that shall hold; others are kept
  SchemaRule schema_rule = SchemaRule::Exact;     ///< Follow: columns count at creation only
  /// Units: whole seconds. Of what was read only, and nothing that a claim can ask for: who drops a table and makes it
  /// again changes it.
  std::optional<Time> created;
  bool operator==(const Table&) const = default;
};

/// A column or a partition key.
bool has_column(const Table& table, std::string_view name);

struct Link {
  std::string owner;  ///< account of the target
  std::string database;
  std::string table;   ///< empty for a database link
  std::string region;  ///< empty: the link's own region
  bool operator==(const Link&) const = default;
};

struct TagKey {
  std::set<std::string> values;  ///< in a claim: those that shall exist
  std::set<std::string> kept;    ///< in a claim: those that stay where they exist, but are not made
  bool exact = false;            ///< in a claim: no others shall exist
  bool operator==(const TagKey&) const = default;
};

struct TagAssignment {
  std::string value;
  bool operator==(const TagAssignment&) const = default;
};

struct DataFilter {
  std::string row_filter;                     ///< empty: all rows
  std::vector<std::string> columns;           ///< sorted; empty: all but `excluded_columns`
  std::vector<std::string> excluded_columns;  ///< sorted
  bool operator==(const DataFilter&) const = default;
};

enum class ShareState { Active, Pending, Broken };

/// Whether what `sender` shares arrives here. A claim wants Active.
struct ShareAcceptance {
  ShareState state = ShareState::Active;
  std::vector<std::string> pending;  ///< ARNs of invitations that can be accepted
  bool operator==(const ShareAcceptance& other) const { return state == other.state; }
};

/// Of the principal of its key: on the resource of its key what Lake Formation granted counts, not what IAM allows.
struct OptIn {
  bool operator==(const OptIn&) const = default;
};

using EntryValue =
    std::variant<std::monostate, Shared<Settings>, Location, Shared<Database>, Shared<Table>, Shared<Link>,
                 Shared<TagKey>, TagAssignment, Shared<DataFilter>, PermissionValue, Shared<ShareAcceptance>,
                 OptIn>;

inline bool is_absent(const EntryValue& value) { return std::holds_alternative<std::monostate>(value); }

/// The Glue parameters that mark what the operator made: which product, and that it is managed.
inline constexpr const char* kOwnerParameter = "datamesh.dev/product";

}  // namespace datamesh::catalog
