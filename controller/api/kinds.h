// The declared kinds as plain values. `codec.h` turns stored objects into these and back; the CRDs under crds/
// are the source of the schema, and a test holds both to the same fields.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"

namespace datamesh::api {

inline constexpr const char* kGroupVersion = "datamesh.dev/v1alpha1";

/// Names an object of a kind that the field implies. `ns` empty: the namespace of the object that refers.
struct Ref {
  std::string ns;
  std::string name;
  auto operator<=>(const Ref&) const = default;
};

// ---- Mesh ---------------------------------------------------------------------------------------------------

enum class Governance { Central, LineOfBusiness, Federated };
enum class Undeclared { Ignore, Report, Revoke };
enum class AccessMode { LakeFormation, Hybrid };
enum class DeletionPolicy { Retain, Delete };

struct LineOfBusiness {
  std::string name;
  Ref central_account;
  bool operator==(const LineOfBusiness&) const = default;
};

struct GuardLimits {
  int max_revoked_percent = 20;  ///< of an account's explicit permissions, within `window`
  int min_revocations = 10;      ///< fewer than this are never held
  int max_deleted_tables = 5;    ///< within `window`
  Millis window = std::chrono::minutes(10);
  bool operator==(const GuardLimits&) const = default;
};

struct MeshDefaults {
  Undeclared undeclared = Undeclared::Report;
  AccessMode access_mode = AccessMode::LakeFormation;
  DeletionPolicy deletion_policy = DeletionPolicy::Retain;
  int cross_account_version = 4;
  bool operator==(const MeshDefaults&) const = default;
};

struct MeshSpec {
  Governance governance = Governance::Federated;
  std::optional<Ref> central_account;              ///< for Central
  std::vector<LineOfBusiness> lines_of_business;   ///< for LineOfBusiness
  GuardLimits guard;
  MeshDefaults defaults;
  Millis sweep_interval = std::chrono::minutes(5); ///< how often every catalog is read whole
  bool operator==(const MeshSpec&) const = default;
};

// ---- Account ------------------------------------------------------------------------------------------------

enum class AccountRole { Producer, Consumer, Central };
enum class ConnectionType { Embedded, Aws };

struct Connection {
  ConnectionType type = ConnectionType::Embedded;
  std::string role_arn;     ///< the operator's role in the account; default arn:aws:iam::<id>:role/datamesh-operator
  std::string external_id;
  std::string endpoint;
  bool operator==(const Connection&) const = default;
};

/// An SQS queue that EventBridge fills with what happens to catalogs.
struct NoticeQueue {
  std::string url;     ///< "https://sqs.eu-west-1.amazonaws.com/111122223333/datamesh-notices"
  std::string region;  ///< empty: that of the URL, else the account's first
  bool operator==(const NoticeQueue&) const = default;
};

struct Persona {
  std::string name;
  std::vector<std::string> principals;  ///< Lake Formation principal strings
  bool operator==(const Persona&) const = default;
};

struct AccountSpec {
  std::string account_id;  ///< 12 digits
  std::vector<std::string> regions;
  std::vector<AccountRole> roles;
  std::string line_of_business;
  Connection connection;
  std::vector<Persona> personas;
  std::vector<std::string> administrators;  ///< further data lake administrators that shall exist
  std::optional<Undeclared> undeclared;     ///< default: the mesh's
  std::optional<AccessMode> access_mode;    ///< default: the mesh's
  std::optional<int> cross_account_version; ///< at least 3; default: the mesh's
  std::map<std::string, int> quotas;        ///< those that AWS has raised for the account, by the names of catalog/quotas.h
  std::vector<NoticeQueue> notice_queues;   ///< read as the operator's role of this account
  bool operator==(const AccountSpec&) const = default;
};

// ---- DataProduct --------------------------------------------------------------------------------------------

enum class TableFormat { Parquet, Csv, Json, Orc, Avro, Iceberg };
enum class SchemaPolicy { Declared, FollowProducer };
/// Whether tag Grants of whoever governs the catalog may reach a product (docs/decisions/0009-tag-grants.md).
enum class TagGrants { Allow, Deny };
/// Whether what was granted on a table comes back by itself when the table was dropped and made again.
enum class RecreatedTables { Restore, AwaitApproval };
enum class Interface { Athena, RedshiftSpectrum, SageMaker };

struct Column {
  std::string name;
  std::string type;  ///< Hive type: "bigint", "decimal(10,2)", "struct<a:int>"
  std::string comment;
  std::map<std::string, std::string> tags;
  bool operator==(const Column&) const = default;
};

struct Table {
  std::string name;
  std::string description;
  std::string location;  ///< s3://bucket/prefix; default: the product's location + "/" + name
  TableFormat format = TableFormat::Parquet;
  std::vector<Column> columns;
  std::vector<Column> partition_keys;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> parameters;  ///< Glue table parameters that shall hold
  std::optional<AccessMode> access_mode;          ///< default: the product's
  bool operator==(const Table&) const = default;
};

/// What a persona of the producer's own account may do on the product (step 4 of the workflow).
struct ProducerAccess {
  std::string persona;
  std::vector<std::string> permissions;  ///< Lake Formation's names: ALTER, INSERT, DELETE, SELECT, DESCRIBE
  std::vector<std::string> tables;       ///< empty: all tables of the product
  bool operator==(const ProducerAccess&) const = default;
};

struct QualityCheck {
  std::string name;
  std::string description;
  bool operator==(const QualityCheck&) const = default;
};

struct DataProductSpec {
  std::string account;   ///< the producer: an Account in the product's namespace
  std::string database;  ///< its name in the governing catalog, lower case
  std::string description;
  std::string owner;   ///< who answers for it: a team or address
  std::string domain;
  std::string location;       ///< s3://bucket/prefix, registered in the governing account
  std::string location_role;  ///< role ARN for the registration; empty: the service-linked role
  std::vector<Table> tables;
  std::map<std::string, std::string> tags;  ///< LF-tags of the database
  std::optional<TagGrants> tag_grants;      ///< default: none reaches the product, and none is kept out by a tag
  std::vector<std::string> regions;         ///< default: the producer account's first region
  SchemaPolicy schema_policy = SchemaPolicy::Declared;
  std::string source_database;              ///< FollowProducer: the producer's own database that leads
  std::vector<ProducerAccess> producer_access;
  std::vector<Interface> interfaces;
  std::optional<AccessMode> access_mode;    ///< default: that of the account that governs it
  RecreatedTables recreated_tables = RecreatedTables::Restore;
  std::optional<DeletionPolicy> deletion_policy;  ///< default: the mesh's
  std::optional<Time> published_until;            ///< afterwards all access by grants ends
  std::string freshness;                          ///< service level: a duration such as "24h"
  std::vector<Ref> lineage_inputs;                ///< products that this one is made from
  std::vector<QualityCheck> quality;
  bool operator==(const DataProductSpec&) const = default;
};

// ---- ResourceLink -------------------------------------------------------------------------------------------

struct ResourceLinkSpec {
  std::string account;  ///< the consumer: an Account in the link's namespace
  Ref product;
  std::string table;     ///< empty: the whole database is linked
  std::string name;      ///< local name; default: the database's or table's own
  std::string database;  ///< for a table link: the local database that holds it, made when absent
  std::string region;    ///< default: the product's first region
  bool operator==(const ResourceLinkSpec&) const = default;
};

// ---- Grant --------------------------------------------------------------------------------------------------

struct PersonaRef {
  Ref account;
  std::string name;
  bool operator==(const PersonaRef&) const = default;
};

struct ColumnSelection {
  std::vector<std::string> include;  ///< one of the two is set
  std::vector<std::string> exclude;
  bool operator==(const ColumnSelection&) const = default;
};

struct GrantSpec {
  std::optional<Ref> product;        ///< producer's authority: the product lives in the Grant's namespace
  std::optional<std::string> link;   ///< consumer-local: a ResourceLink in the Grant's namespace
  std::string tag_expression;        ///< everything with these tags, as `catalog::parse_tag_expression` reads it
  std::string account;               ///< with tag_expression: an Account in the Grant's namespace
  std::optional<Ref> catalog;        ///< with tag_expression: whose catalog has the tags; default: the account's own
  std::vector<std::string> tables;   ///< empty: all tables of the product or link
  std::optional<ColumnSelection> columns;  ///< with exactly one table
  std::string row_filter;                  ///< PartiQL, with exactly one table
  std::vector<Ref> accounts;
  std::vector<std::string> principals;
  std::vector<PersonaRef> personas;
  std::vector<std::string> permissions;  ///< default SELECT, DESCRIBE
  bool grantable = false;                ///< for principals and personas; accounts always may pass on
  std::optional<Time> expires_at;
  bool operator==(const GrantSpec&) const = default;
};

// ---- LFTag --------------------------------------------------------------------------------------------------

struct LFTagSpec {
  std::string account;              ///< whose catalog has the tag: an Account in the LFTag's namespace
  std::string key;                  ///< lower case
  std::vector<std::string> values;  ///< lower case
  bool operator==(const LFTagSpec&) const = default;
};

// ---- what every object has ----------------------------------------------------------------------------------

struct Metadata {
  std::string uid;
  Revision revision = 0;
  std::int64_t generation = 0;
  Time created;
  std::optional<Time> deletion;  ///< set: being deleted
  std::vector<std::string> finalizers;
  std::map<std::string, std::string> annotations;
  bool operator==(const Metadata&) const = default;
};

using Spec = std::variant<MeshSpec, AccountSpec, DataProductSpec, ResourceLinkSpec, GrantSpec, LFTagSpec>;

/// A declared object, typed. The status is kept apart (see `status.h`).
struct Resource {
  ObjectKey key;
  Metadata metadata;
  Spec spec;
  bool operator==(const Resource&) const = default;
};

}  // namespace datamesh::api
