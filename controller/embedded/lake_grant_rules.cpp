#include <algorithm>

#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_sharing.h"
#include "controller/embedded/lake_tag_match.h"

namespace datamesh::embedded::lake {
namespace {

constexpr const char* kNotShared =
    "Resource does not exist or requester is not authorized to access requested permissions.";
constexpr PermissionSet kNotBesideColumns = {Permission::Alter, Permission::Drop, Permission::Delete,
                                             Permission::Insert};

int cross_account_version(const Session& session, const std::string& account) {
  const Catalog* catalog = session.state.find_catalog({account, session.region()});
  const Json* settings = catalog ? catalog->settings.find("") : nullptr;
  const std::string version = settings ? string_at(member(*settings, "Parameters"), "CROSS_ACCOUNT_VERSION") : "";
  return version.size() == 1 && version[0] >= '1' && version[0] <= '5' ? version[0] - '0' : 1;
}

Subject subject_of(const Catalog& owner, const Resource& resource) {
  return {&owner, resource.database, resource.kind == ResourceKind::Database ? std::string() : resource.table};
}

bool is_in_table(const Resource& resource) {
  return resource.kind == ResourceKind::Table || resource.kind == ResourceKind::Filter;
}

Result<void> check_columns(const Session& session, const GrantEntry& entry, const Table& table) {
  const std::vector<std::string> columns = columns_of(table);
  const std::vector<std::string> keys = partition_keys_of(table);
  for (const std::string& name : entry.resource.column_names) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      return session.invalid("You cannot grant/revoke permission on non-existent column: " + name);
    }
    const bool is_key = std::find(keys.begin(), keys.end(), name) != keys.end();
    if (is_key && entry.resource.columns == Columns::Except) {
      return session.invalid("Permissions modification is invalid. Partition key " + name + " cannot be excluded.");
    }
  }
  return {};
}

Result<void> check_table_target(const Session& session, const GrantEntry& entry, const Catalog& owner) {
  const Resource& resource = entry.resource;
  const Database* database = owner.databases.find(resource.database);
  if (database == nullptr) return session.not_found("Database " + resource.database + " not found.");
  if (database->is_link()) {
    return session.invalid("Database cannot be a link for this operation when called on a table.");
  }
  if (resource.table == kAllTables) return {};
  const Table* table = owner.tables.find(table_key(resource.database, resource.table));
  if (table == nullptr) return session.not_found("Table " + resource.table + " not found.");
  if (table->is_link()) {
    const bool is_allowed = !resource.is_partial() && resource.kind == ResourceKind::Table &&
                            grantable_on_link().contains(entry.permissions);
    if (!is_allowed) return session.invalid("Permissions modification is invalid. It is a resource link.");
    return {};
  }
  if (resource.kind == ResourceKind::Filter) {
    const bool exists = owner.filters.find(join_parts({resource.database, resource.table, resource.name})) != nullptr;
    if (!exists) return session.not_found("Data cells filter " + resource.name + " not found.");
  }
  if (string_at(table->input, "TableType") == "VIRTUAL_VIEW" &&
      entry.permissions.meets({Permission::Alter, Permission::Insert, Permission::Delete})) {
    return session.invalid("Permissions modification is invalid. It is a view.");
  }
  return check_columns(session, entry, *table);
}

Result<void> check_expression(const Session& session, const Catalog& owner, const TagExpression& expression) {
  for (const auto& [key, values] : expression) {
    const TagValues* known = owner.tags.find(key);
    if (known == nullptr) return session.not_found("LF-Tag key " + key + " does not exist.");
    for (const std::string& value : values) {
      if (value != "*" && !known->contains(value)) {
        return session.not_found("LF-Tag value " + value + " of key " + key + " does not exist.");
      }
    }
  }
  return {};
}

Result<void> check_policy_target(const Session& session, const Catalog& owner, const Resource& resource) {
  if (resource.name.empty()) return check_expression(session, owner, resource.expression);
  if (owner.expressions.find(resource.name) == nullptr) {
    return session.not_found("LF-Tag expression " + resource.name + " does not exist.");
  }
  return {};
}

/// IAM_ALLOWED_PRINCIPALS holding ALL makes Lake Formation decorative: nothing of it can be shared, but in hybrid
/// access mode from version 4 on.
/// Source: lake-formation.md 2.3
bool is_open_to_iam(const Session& session, const Catalog& owner, const Resource& resource) {
  const auto holds_all = [&](const std::string& key) {
    const Rights* rights = owner.permissions.find(PermissionProbe{key, kIamAllowedPrincipals, {}});
    return rights != nullptr && rights->granted.has(Permission::All);
  };
  const std::string& account = session.account();
  if (resource.kind == ResourceKind::Database) return holds_all(database_resource_key(account, resource.database));
  if (!is_in_table(resource)) return false;
  if (holds_all(table_resource_key(account, resource.database, resource.table))) return true;
  if (resource.table != kAllTables) return false;
  bool found = false;
  for_each_under(owner.tables, prefix_of({resource.database}), [&](const std::string& key, const Table&) {
    found = found || holds_all(table_resource_key(account, resource.database, part_of(key, 1)));
  });
  return found;
}

bool is_hybrid(const Catalog& owner, const Resource& resource) {
  std::string location;
  if (const Table* table = owner.tables.find(table_key(resource.database, resource.table))) {
    location = string_at(member(table->input, "StorageDescriptor"), "Location");
  }
  if (location.empty()) {
    const Database* database = owner.databases.find(resource.database);
    if (database != nullptr) location = string_at(database->input, "LocationUri");
  }
  const Json* registered = owner.locations.find(registered_location(owner, location));
  return registered != nullptr && member(*registered, "HybridAccessEnabled") == true;
}

Result<void> check_external_principal(Session& session, const GrantEntry& entry) {
  const int version = cross_account_version(session, session.account());
  const bool is_direct = entry.principal.kind != PrincipalKind::Account;
  if (is_direct && version < 3) {
    return session.invalid("Invalid cross account grant request. Grants to external principals other than accounts "
                           "need cross account version 3 or higher.");
  }
  if (entry.resource.is_policy() && version < 3) {
    return session.invalid(
        "Invalid cross account grant request. Consumer account has opt-in to cross account version: v3. Grants by "
        "LF-Tag need cross account version 3 or higher here.");
  }
  return {};
}

/// A partial SELECT and rights on the whole table exclude each other, in either order.
/// Source: lake-formation.md 2.2, rule 3
bool holds_partial(const Catalog& home, const GrantEntry& entry) {
  const Resource& r = entry.resource;
  const std::string base = join_parts({"T", r.catalog, r.database, r.table});
  if (home.permissions.find(PermissionProbe{join_parts({base, "I"}), entry.principal.text, {}})) return true;
  const std::string except = prefix_of({base, "X"});
  for (auto at = home.permissions.lower_bound(PermissionProbe{except, {}, {}});
       at != home.permissions.end() && at->first.resource->starts_with(except); ++at) {
    if (*at->first.principal == entry.principal.text) return true;
  }
  return false;
}

Result<void> check_partial(Session& session, const GrantEntry& entry) {
  const Resource& r = entry.resource;
  if (r.kind != ResourceKind::Table || r.table == kAllTables) return {};
  const Catalog& home = session.home();
  constexpr PermissionSet kSelect = {Permission::Select};
  if (!r.is_partial()) {
    const bool is_more_than_select = !(entry.permissions - kSelect).empty();
    if (is_more_than_select && holds_partial(home, entry)) {
      return session.invalid("Permissions modification is invalid. The grantee has column permissions on the table.");
    }
    return {};
  }
  const Rights* whole = home.permissions.find(
      PermissionProbe{table_resource_key(r.catalog, r.database, r.table), entry.principal.text, {}});
  if (whole != nullptr && whole->granted.has(Permission::Describe) && !whole->granted.meets(kNotBesideColumns)) {
    return session.invalid("Permissions modification is invalid. The grantee has DESCRIBE on the whole table.");
  }
  return {};
}

Held held_on_any(const Session& session, const Identity& identity, const Catalog& owner, const Resource& resource) {
  if (resource.is_policy()) return held_on_policy(session, identity, owner, resource);
  if (resource.kind == ResourceKind::Tag) return held_on_tag(session, identity, owner, resource);
  return held_on(session, identity, owner, key_of(resource));
}

Result<void> check_principal(Session& session, const GrantEntry& entry) {
  const bool is_open = entry.principal.kind == PrincipalKind::IamAllowed;
  if (is_open && (entry.is_regrant(session) || !entry.grantable.empty())) {
    return session.invalid("Permissions modification is invalid. IAM_ALLOWED_PRINCIPALS cannot receive it.");
  }
  if (!entry.condition.empty() && (entry.resource.is_policy() || !entry.grantable.empty())) {
    return session.invalid("A condition goes with neither LF-Tag policies nor the grant option.");
  }
  return {};
}

}  // namespace

Result<void> check_target(Session& session, const GrantEntry& entry) {
  const Resource& resource = entry.resource;
  const Catalog* owner = session.catalog_of(resource.catalog);
  if (owner == nullptr) return session.denied(kNotShared);
  switch (resource.kind) {
    case ResourceKind::Catalog: return {};
    case ResourceKind::Database: {
      const Database* database = owner->databases.find(resource.database);
      if (database == nullptr) return session.not_found("Database " + resource.database + " not found.");
      if (database->is_link() && !grantable_on_link().contains(entry.permissions)) {
        return session.invalid("Permissions modification is invalid. It is a resource link.");
      }
      return {};
    }
    case ResourceKind::Table:
    case ResourceKind::Filter: return check_table_target(session, entry, *owner);
    case ResourceKind::Location:
      if (!registered_location(*owner, resource.name).empty()) return {};
      return session.invalid("Must manually register the S3 path: " + resource.name);
    case ResourceKind::Tag: return check_expression(session, *owner, {{resource.name, resource.values}});
    case ResourceKind::TagExpression:
      if (owner->expressions.find(resource.name) != nullptr) return {};
      return session.not_found("LF-Tag expression " + resource.name + " does not exist.");
    case ResourceKind::DatabasePolicy:
    case ResourceKind::TablePolicy: return check_policy_target(session, *owner, resource);
  }
  return {};
}

Result<void> check_cross_account(Session& session, const GrantEntry& entry) {
  if (receiver_of(entry.principal, session.account()).empty()) return {};
  const Resource& resource = entry.resource;
  if (entry.is_regrant(session)) {
    return session.invalid("Permissions modification is invalid. A shared resource can be granted on only within the "
                           "account that it is shared with.");
  }
  const bool is_on_database =
      resource.kind == ResourceKind::Database || resource.kind == ResourceKind::DatabasePolicy;
  if (is_on_database && entry.permissions.meets({Permission::All, Permission::Drop})) {
    return session.invalid("Permissions modification is invalid. DROP and ALL on a database stay within the account.");
  }
  if (resource.columns == Columns::Except && resource.kind == ResourceKind::Table) {
    return session.invalid("Permissions modification is invalid. Column exclusions stay within the account.");
  }
  if (resource.kind == ResourceKind::Tag && !PermissionSet{Permission::Describe, Permission::Associate}.contains(
                                                entry.permissions)) {
    return session.invalid("Permissions modification is invalid. LF-Tags are shared with DESCRIBE and ASSOCIATE.");
  }
  if (resource.kind == ResourceKind::Catalog) {
    return session.invalid("Permissions modification is invalid. The catalog itself is not shared.");
  }
  const Database* database = session.home().databases.find(resource.database);
  const Table* table = session.home().tables.find(table_key(resource.database, resource.table));
  if ((database != nullptr && database->is_link()) || (table != nullptr && table->is_link())) {
    return session.invalid("Permissions modification is invalid. A resource link is not shared.");
  }
  TRY(check_external_principal(session, entry));
  const bool may_share_open = cross_account_version(session, session.account()) >= 4;
  if (is_open_to_iam(session, session.home(), resource) &&
      !(may_share_open && is_hybrid(session.home(), resource))) {
    return session.denied("Insufficient Lake Formation permissions: Illegal combination");
  }
  return {};
}

Access coverage_of_account(const Session& session, const std::string& account, const Resource& resource) {
  const Catalog* owner = session.state.find_catalog({resource.catalog, session.region()});
  if (owner == nullptr) return {};
  if (resource.kind == ResourceKind::Database || resource.kind == ResourceKind::Table) {
    return access_of_account(session, account, subject_of(*owner, resource));
  }
  Access out;
  std::vector<std::string> names = organizations_of(session.state, account);
  names.push_back(account);
  for (const std::string& name : names) {
    // Under the account's own name it holds exactly what was granted to it as a whole.
    const Held held = held_on_any(session, Identity{account, name}, *owner, resource);
    out.permissions |= expanded(held.permissions, resource);
    out.grantable |= expanded(held.grantable, resource);
  }
  return out;
}

namespace {

/// What the caller itself may grant on, by the grant options it holds.
Access own_coverage(Session& session, const Catalog& owner, const Resource& resource) {
  if (resource.kind == ResourceKind::Database || resource.kind == ResourceKind::Table) {
    return access_of(session, session.caller, subject_of(owner, resource));
  }
  const Held held = held_on_any(session, session.caller, owner, resource);
  Access out;
  out.permissions = expanded(held.permissions, resource);
  out.grantable = expanded(held.grantable, resource);
  return out;
}

/// Whether the coverage allows all permissions of the entry. `any_columns`: an external administrator may grant
/// SELECT on all columns onward although it reaches only those shared (lake-formation.md 2.2, rule 4).
bool allows(const Access& coverage, const GrantEntry& entry, bool any_columns) {
  PermissionSet wanted = entry.permissions | entry.grantable;
  if (entry.resource.kind == ResourceKind::Table && wanted.has(Permission::Select)) {
    const bool is_select_allowed =
        coverage.grantable_readable.is_all ||
        (entry.resource.columns == Columns::Only ? coverage.grantable_readable.covers(entry.resource.column_names)
                                                 : any_columns && !coverage.grantable_readable.empty());
    if (!is_select_allowed) return false;
    wanted = wanted - PermissionSet{Permission::Select};
  }
  return coverage.grantable.contains(wanted);
}

}  // namespace

Result<void> check_authority(Session& session, const GrantEntry& entry) {
  const Catalog* owner = session.catalog_of(entry.resource.catalog);
  if (owner == nullptr) return session.denied(kNotShared);
  const bool is_admin = session.is_lake_admin(session.caller);
  if (!entry.is_regrant(session)) {
    if (is_admin) return {};
    if (allows(own_coverage(session, *owner, entry.resource), entry, false)) return {};
    return session.denied("Insufficient Lake Formation permission(s): the grant option is required.");
  }
  const Access account = coverage_of_account(session, session.account(), entry.resource);
  if (!account.is_visible()) return session.denied(kNotShared);
  const Access coverage = is_admin ? account : own_coverage(session, *owner, entry.resource);
  if (allows(coverage, entry, is_admin)) return {};
  return session.denied("Insufficient Lake Formation permission(s): " + session.account() +
                        " was not granted them with grant option.");
}

Result<void> check_grant(Session& session, const GrantEntry& entry) {
  if (entry.permissions.empty()) return session.invalid("Permissions cannot be empty.");
  if (!grantable_on(entry.resource).contains(entry.permissions)) {
    return session.invalid("Permissions modification is invalid.");
  }
  if (!expanded(entry.permissions, entry.resource).contains(entry.grantable)) {
    return session.invalid("Permissions with grant option must be a subset of the permissions.");
  }
  const bool is_except = entry.resource.kind == ResourceKind::Table && entry.resource.columns == Columns::Except;
  if (is_except && !entry.grantable.empty()) {
    return session.invalid("Permissions modification is invalid. Column exclusions have no grant option.");
  }
  TRY(check_principal(session, entry));
  TRY(check_cross_account(session, entry));
  // Whoever may not grant learns nothing about what another account holds.
  if (entry.is_regrant(session)) TRY(check_authority(session, entry));
  TRY(check_target(session, entry));
  if (!entry.is_regrant(session)) TRY(check_authority(session, entry));
  return check_partial(session, entry);
}

}  // namespace datamesh::embedded::lake
