// What the lake holds, typed: one Catalog per account and region, and what belongs to no catalog (RAM, sessions, queues,
// the organization). Every shelf is journalled and stored.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/json.h"
#include "controller/embedded/lake_resource.h"
#include "controller/embedded/lake_shelf.h"

namespace datamesh::embedded::lake {

/// A text that is stored once, however often it is used. Compares by identity with others of its interner.
using Symbol = const std::string*;

class Interner {
 public:
  Symbol intern(std::string_view text) { return &*texts_.emplace(text).first; }

 private:
  std::unordered_set<std::string> texts_;
};

/// How many milliseconds since the epoch: the form in which times are kept.
inline std::int64_t millis_of(Time time) { return time.time_since_epoch().count(); }
/// The wire form of such a time: epoch seconds with a fraction.
inline double seconds_of(std::int64_t millis) { return static_cast<double>(millis) / 1000.0; }

struct PermissionKey {
  Symbol resource = nullptr;
  Symbol principal = nullptr;
  Symbol condition = nullptr;  ///< a Cedar expression; empty for almost all
};

/// A PermissionKey to look for, which need not exist.
struct PermissionProbe {
  std::string_view resource;
  std::string_view principal;
  std::string_view condition;
};

/// Orders by resource, then principal; policies by principal, so that those of one principal are one range.
struct PermissionOrder {
  using is_transparent = void;
  static PermissionProbe probe(const PermissionKey& key) { return {*key.resource, *key.principal, *key.condition}; }
  static const PermissionProbe& probe(const PermissionProbe& key) { return key; }

  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return less(probe(a), probe(b));
  }
  static bool less(const PermissionProbe& a, const PermissionProbe& b);
};

/// Rights on a list of columns. Sorted.
struct ColumnRights {
  std::vector<std::string> readable;
  std::vector<std::string> grantable;  ///< a subset of `readable`
};

/// What one principal holds on one resource.
struct Rights {
  PermissionSet granted;
  PermissionSet grantable;
  PermissionSet implicit;  ///< a creator's: held with grant option, and not to be revoked
  std::shared_ptr<const ColumnRights> columns;  ///< set for Columns::Only
  Symbol share = nullptr;                       ///< key of the RAM share that carries it; null within an account
  std::int64_t updated = 0;
  Symbol updated_by = nullptr;

  PermissionSet all() const { return granted | implicit; }
  PermissionSet all_grantable() const { return grantable | implicit; }
};

struct PermissionCodec {
  using Order = PermissionOrder;
  Interner* interner = nullptr;

  std::string key_text(const PermissionKey& key) const;
  PermissionKey key_of_text(std::string_view text) const;
  std::string value_text(const Rights& rights) const;
  Rights value_of_text(std::string_view text) const;
};

struct Database {
  Json input;  ///< DatabaseInput with the name in lower case; TargetDatabase marks a link
  std::string created_by;
  std::int64_t created = 0;

  bool is_link() const { return input.contains("TargetDatabase"); }
};

struct Table {
  Json input;  ///< TableInput with the name in lower case; TargetTable marks a link
  std::string created_by;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t version = 0;

  bool is_link() const { return input.contains("TargetTable"); }
};

using TagValues = std::set<std::string>;
/// Tag key to value, as assigned to one database, table or column.
using Tags = std::map<std::string, std::string>;

enum class ShareStatus { Pending, Active, Deleted };

/// A RAM share that Lake Formation made: from one owner to one receiver in one region.
struct Share {
  std::string arn;
  std::string name;
  std::string owner;
  std::string region;
  std::string receiver;  ///< an account, or the ARN of an organization or unit
  ShareStatus status = ShareStatus::Pending;
  bool is_blocked = false;  ///< the owner's catalog policy does not let RAM share
  bool is_receiver_gone = false;  ///< the receiver was disassociated by hand
  std::string invitation;         ///< empty inside an organization
  std::int64_t created = 0;
  std::int64_t updated = 0;
};

enum class InvitationStatus { Pending, Accepted, Rejected };

struct Invitation {
  std::string arn;
  std::string share_key;
  std::string share_arn;
  std::string share_name;
  std::string sender;
  std::string receiver;
  std::int64_t sent = 0;
  InvitationStatus status = InvitationStatus::Pending;
};

/// Stored forms. The overloads are found by the codec.
Json to_stored(const Json& value);
Json to_stored(const Database& value);
Json to_stored(const Table& value);
Json to_stored(const TagValues& value);
Json to_stored(const Tags& value);
Json to_stored(const Share& value);
Json to_stored(const Invitation& value);
void from_stored(const Json& stored, Json& value);
void from_stored(const Json& stored, Database& value);
void from_stored(const Json& stored, Table& value);
void from_stored(const Json& stored, TagValues& value);
void from_stored(const Json& stored, Tags& value);
void from_stored(const Json& stored, Share& value);
void from_stored(const Json& stored, Invitation& value);

template <class Value>
struct TextCodec {
  using Order = std::less<>;
  std::string key_text(const std::string& key) const { return key; }
  std::string key_of_text(std::string_view text) const { return std::string(text); }
  std::string value_text(const Value& value) const { return to_stored(value).dump(); }
  Value value_of_text(std::string_view text) const {
    Value value;
    from_stored(Json::parse(text), value);
    return value;
  }
};

template <class Value>
using TextShelf = Shelf<std::string, Value, TextCodec<Value>>;
using PermissionShelf = Shelf<PermissionKey, Rights, PermissionCodec>;

/// The catalog of one account in one region. Keys of several parts are made by `join_parts`.
struct Catalog {
  Catalog(const CatalogRef& ref, Journal& journal, Interner& interner);

  CatalogRef ref;
  TextShelf<Json> settings;             ///< "": DataLakeSettings
  TextShelf<Database> databases;        ///< name
  TextShelf<Table> tables;              ///< database, table
  TextShelf<Table> versions;            ///< database, table, version (20 digits): those before the present one
  TextShelf<Json> partitions;           ///< database, table, values
  PermissionShelf permissions;
  TextShelf<Json> locations;            ///< S3 ARN
  TextShelf<TagValues> tags;            ///< key
  TextShelf<Tags> tagged;               ///< database[, table[, column]]
  TextShelf<Json> filters;              ///< database, table, filter
  TextShelf<Json> expressions;          ///< name
  TextShelf<Json> opt_ins;              ///< resource key, principal
  TextShelf<Json> policies;             ///< "": the catalog's resource policy

  std::vector<ShelfBase*> shelves();
};

/// The key of a table in `Catalog::tables`, and the prefix of what a database or table holds.
std::string table_key(std::string_view database, std::string_view table);
std::string prefix_of(std::initializer_list<std::string_view> parts);

class State {
 public:
  State();

  Journal journal;
  Interner interner;
  TextShelf<Share> shares;            ///< region, owner, receiver, number (20 digits)
  TextShelf<Json> share_resources;    ///< key of a share, ARN: how many grants need it
  TextShelf<Invitation> invitations;  ///< ARN
  TextShelf<Json> organizations;      ///< "": the organization
  TextShelf<Json> sessions;           ///< access key id
  TextShelf<Json> queues;             ///< account, region, name
  TextShelf<Json> messages;           ///< account, region, name of the queue, number (20 digits)
  TextShelf<Json> counters;           ///< name: the last number given out

  /// The catalog, made with the defaults of a fresh account when it is new.
  /// Source: lake-formation.md 2.3 (fresh account defaults)
  Catalog& catalog(const CatalogRef& ref, Time now);
  /// Null when it was never called.
  Catalog* find_catalog(const CatalogRef& ref);
  const std::map<CatalogRef, std::unique_ptr<Catalog>>& catalogs() const { return catalogs_; }

  /// The shelf of that name, for loading; null when unknown. Makes the catalog.
  ShelfBase* shelf(const CatalogRef& ref, std::string_view name);

  /// A number that this counter has never given before.
  std::int64_t next_number(const std::string& counter);

 private:
  Catalog& bare_catalog(const CatalogRef& ref);

  std::map<CatalogRef, std::unique_ptr<Catalog>> catalogs_;
};

}  // namespace datamesh::embedded::lake
