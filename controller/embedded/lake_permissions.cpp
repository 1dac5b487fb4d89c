// GrantPermissions, RevokePermissions and their batches.
// Source: lake-formation.md 2.2 to 2.5
#include <algorithm>
#include <set>

#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

constexpr PermissionSet kNotBesideColumns = {Permission::Alter, Permission::Drop, Permission::Delete,
                                             Permission::Insert};

void unite(std::vector<std::string>& into, const std::vector<std::string>& names) {
  std::set<std::string> all(into.begin(), into.end());
  all.insert(names.begin(), names.end());
  into.assign(all.begin(), all.end());
}

void subtract(std::vector<std::string>& from, const std::vector<std::string>& names) {
  std::erase_if(from, [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  });
}

PermissionKey key_of_entry(Session& session, const GrantEntry& entry) {
  return session.permission_key(key_of(entry.resource), entry.principal.text, entry.condition);
}

/// ALTER, DROP, DELETE or INSERT on the table, held before, swallow a partial SELECT without a word.
/// Source: lake-formation.md 2.2, rule 3
bool is_swallowed(Session& session, const GrantEntry& entry) {
  if (!entry.resource.is_partial()) return false;
  const Resource& r = entry.resource;
  const Rights* whole = session.home().permissions.find(
      PermissionProbe{table_resource_key(r.catalog, r.database, r.table), entry.principal.text, {}});
  return whole != nullptr && expanded(whole->granted, Resource{.kind = ResourceKind::Table}).meets(kNotBesideColumns);
}

void add_to(const GrantEntry& entry, Rights& rights) {
  rights.granted |= entry.permissions;
  rights.grantable |= entry.grantable;
  if (entry.resource.kind != ResourceKind::Table || entry.resource.columns != Columns::Only) return;
  ColumnRights columns = rights.columns ? *rights.columns : ColumnRights();
  unite(columns.readable, entry.resource.column_names);
  if (!entry.grantable.empty()) unite(columns.grantable, entry.resource.column_names);
  rights.columns = std::make_shared<const ColumnRights>(std::move(columns));
}

bool are_equal(const Rights& a, const Rights& b) {
  if (a.granted != b.granted || a.grantable != b.grantable || (a.columns == nullptr) != (b.columns == nullptr)) {
    return false;
  }
  return !a.columns || (a.columns->readable == b.columns->readable && a.columns->grantable == b.columns->grantable);
}

/// Takes the entry away; false when nothing of it was held.
bool take_from(const GrantEntry& entry, Rights& rights) {
  const Rights before = rights;
  if (rights.columns) {
    ColumnRights columns = *rights.columns;
    if (entry.permissions.has(Permission::Select)) {
      subtract(columns.readable, entry.resource.column_names);
      subtract(columns.grantable, entry.resource.column_names);
    } else if (entry.grantable.has(Permission::Select)) {
      subtract(columns.grantable, entry.resource.column_names);
    }
    if (columns.readable.empty()) rights.granted = {};
    if (columns.grantable.empty()) rights.grantable = {};
    rights.columns = std::make_shared<const ColumnRights>(std::move(columns));
  } else {
    rights.granted = rights.granted - entry.permissions;
    rights.grantable = rights.grantable - entry.permissions - entry.grantable;
  }
  return !are_equal(before, rights);
}

void stamp(Session& session, Rights& rights) {
  rights.updated = session.now_millis();
  rights.updated_by = session.intern(session.caller.arn);
}

/// Puts the row, or erases it and its use of a share when nothing is left.
void put_or_erase(Session& session, Catalog& catalog, const PermissionKey& key, Rights rights) {
  if (rights.granted.empty() && rights.implicit.empty()) {
    if (rights.share) unshare(session, *rights.share, ram_resource_of(session, *key.resource));
    catalog.permissions.erase(key);
    return;
  }
  stamp(session, rights);
  catalog.permissions.put(key, std::move(rights));
}

/// Where a receiver keeps rows that hang on a grant by this account on `resource`: those on the same database, or
/// anywhere when the grant is by tag.
std::vector<std::string> dependent_ranges(const Session& session, const Resource& resource) {
  const std::string& owner = session.account();
  const bool is_tagged = resource.is_policy() || resource.kind == ResourceKind::Tag ||
                         resource.kind == ResourceKind::TagExpression;
  std::vector<std::string> out;
  if (is_tagged) {
    for (const char* letter : {"D", "E", "F", "G", "T"}) out.push_back(prefix_of({letter, owner}));
    // Policies are in the order of principals, so their range cannot be narrowed to one owner.
    out.insert(out.end(), {"P", "Q"});
  } else if (resource.kind == ResourceKind::Location) {
    out.push_back(prefix_of({"L", owner}));
  } else {
    for (const char* letter : {"D", "F", "T"}) out.push_back(prefix_of({letter, owner, resource.database}));
  }
  return out;
}

std::vector<PermissionKey> dependent_rows(const Session& session, const Catalog& receiver, const Resource& resource) {
  std::vector<PermissionKey> out;
  for (const std::string& range : dependent_ranges(session, resource)) {
    for (auto at = receiver.permissions.lower_bound(PermissionProbe{range, {}, {}});
         at != receiver.permissions.end() && at->first.resource->starts_with(range); ++at) {
      if (part_of(*at->first.resource, 1) == session.account()) out.push_back(at->first);
    }
  }
  return out;
}

void keep_only(std::vector<std::string>& names, const ColumnScope& scope) {
  std::erase_if(names, [&](const std::string& name) { return !scope.covers({name}); });
}

/// What is left of `rights` on `resource` for an account that may still grant on what `coverage` says.
Rights cut_to(Rights rights, const Resource& resource, const Access& coverage) {
  PermissionSet kept = coverage.grantable;
  if (resource.kind == ResourceKind::Table && !coverage.grantable_readable.empty()) kept |= {Permission::Select};
  rights.granted = rights.granted & kept;
  rights.grantable = rights.grantable & kept;
  if (rights.columns) {
    ColumnRights columns = *rights.columns;
    keep_only(columns.readable, coverage.grantable_readable);
    keep_only(columns.grantable, coverage.grantable_readable);
    if (columns.readable.empty()) rights.granted = {};
    if (columns.grantable.empty()) rights.grantable = {};
    rights.columns = std::make_shared<const ColumnRights>(std::move(columns));
  }
  return rights;
}

/// Cuts what an account granted on inside itself down to what it still may grant on.
void cascade_to(Session& session, const std::string& account, const Resource& resource) {
  Catalog* receiver = session.catalog_of(account);
  if (receiver == nullptr) return;
  for (const PermissionKey& key : dependent_rows(session, *receiver, resource)) {
    const Resource on = resource_of_key(*key.resource);
    const Rights& held = *receiver->permissions.find(key);
    Rights left = cut_to(held, on, coverage_of_account(session, account, on));
    if (!are_equal(held, left)) put_or_erase(session, *receiver, key, std::move(left));
  }
}

/// Source: lake-formation.md 2.5 (a revoke cascades to the re-grants of the consumer)
void cascade(Session& session, const GrantEntry& entry) {
  if (entry.is_regrant(session)) return;
  if (entry.principal.kind == PrincipalKind::Account && entry.principal.account != session.account()) {
    cascade_to(session, entry.principal.account, entry.resource);
    return;
  }
  const bool is_organization = entry.principal.kind == PrincipalKind::Organization ||
                               entry.principal.kind == PrincipalKind::OrganizationalUnit;
  const Json* org = organization(session.state);
  if (!is_organization || org == nullptr) return;
  for (const Json& account : member(*org, "accounts")) cascade_to(session, account, entry.resource);
}

template <class Wanted>
void erase_rows(Catalog& catalog, std::string_view prefix, Wanted&& is_wanted) {
  std::vector<PermissionKey> keys;
  for (auto at = catalog.permissions.lower_bound(PermissionProbe{prefix, {}, {}});
       at != catalog.permissions.end() && at->first.resource->starts_with(prefix); ++at) {
    if (is_wanted(*at->first.resource)) keys.push_back(at->first);
  }
  for (const PermissionKey& key : keys) catalog.permissions.erase(key);
}

Result<Json> grant_permissions(Session& session, const Json& input) {
  TRY_VALUE(const GrantEntry entry, read_grant_entry(session, input));
  TRY(grant(session, entry));
  return Json::object();
}

Result<Json> revoke_permissions(Session& session, const Json& input) {
  TRY_VALUE(const GrantEntry entry, read_grant_entry(session, input));
  TRY(revoke(session, entry));
  return Json::object();
}

/// Each entry stands alone: what fails is undone and told, the rest stays.
Result<Json> batch(Session& session, const Json& input, Result<void> (*change)(Session&, const GrantEntry&)) {
  std::set<std::string> ids;
  for (const Json& entry : input["Entries"]) {
    if (!ids.insert(string_at(entry, "Id")).second) {
      return session.invalid("Entries must have unique ids: " + string_at(entry, "Id"));
    }
  }
  Json failures = Json::array();
  for (const Json& one : input["Entries"]) {
    const std::size_t mark = session.state.journal.mark();
    Result<void> done = [&]() -> Result<void> {
      TRY_VALUE(const GrantEntry entry, read_grant_entry(session, one));
      return change(session, entry);
    }();
    if (done) continue;
    session.state.journal.undo_to(mark);
    failures.push_back({{"RequestEntry", one},
                        {"Error", {{"ErrorCode", done.error().code}, {"ErrorMessage", done.error().message}}}});
  }
  return Json{{"Failures", std::move(failures)}};
}

Result<Json> batch_grant(Session& session, const Json& input) { return batch(session, input, grant); }
Result<Json> batch_revoke(Session& session, const Json& input) { return batch(session, input, revoke); }

}  // namespace

Result<GrantEntry> read_grant_entry(Session& session, const Json& entry) {
  GrantEntry out;
  TRY_VALUE(out.principal, read_principal(string_at(member(entry, "Principal"), "DataLakePrincipalIdentifier")));
  TRY_VALUE(out.resource, read_resource(entry["Resource"], session.catalog_id(session.call.input)));
  out.permissions = permissions_of(entry["Permissions"]);
  out.grantable = permissions_of(entry.value("PermissionsWithGrantOption", Json::array()));
  out.condition = string_at(member(entry, "Condition"), "Expression");
  return out;
}

Result<void> grant(Session& session, const GrantEntry& entry) {
  TRY(check_grant(session, entry));
  if (is_swallowed(session, entry)) return {};
  Catalog& home = session.home();
  const PermissionKey key = key_of_entry(session, entry);
  const Rights* held = home.permissions.find(key);
  Rights rights = held ? *held : Rights();
  add_to(entry, rights);
  // T26: a grant that changes nothing makes no share anew, even where somebody deleted the old one.
  if (held != nullptr && are_equal(*held, rights)) return {};
  const std::string receiver = receiver_of(entry.principal, session.account());
  const std::string shared = ram_resource_of(session, *key.resource);
  if (rights.share == nullptr && !receiver.empty() && !shared.empty()) {
    TRY_VALUE(rights.share, share_with(session, receiver, shared));
  }
  put_or_erase(session, home, key, std::move(rights));
  return {};
}

Result<void> revoke(Session& session, const GrantEntry& entry) {
  if (entry.permissions.empty() && entry.grantable.empty()) return session.invalid("Permissions cannot be empty.");
  Catalog& home = session.home();
  const PermissionKey key = key_of_entry(session, entry);
  const Rights* held = home.permissions.find(key);
  // A re-grant outlives the resource that another account deleted: it must remain possible to revoke it.
  if (held == nullptr && !entry.is_regrant(session)) TRY(check_target(session, entry));
  if (!entry.is_regrant(session) || !session.is_lake_admin(session.caller)) TRY(check_authority(session, entry));
  const auto nothing_held = [&] {
    return session.invalid("No permissions revoked. Grantee has no permissions on the resource: " +
                           entry.principal.text);
  };
  if (held == nullptr) return nothing_held();
  Rights rights = *held;
  if (!take_from(entry, rights)) return nothing_held();
  put_or_erase(session, home, key, std::move(rights));
  cascade(session, entry);
  return {};
}

void add_creator_rights(Session& session, Catalog& catalog, std::string_view resource_key,
                        PermissionSet permissions) {
  if (catalog.ref.account != session.caller.account) return;
  const PermissionKey key = session.permission_key(resource_key, session.caller.arn);
  const Rights* held = catalog.permissions.find(key);
  Rights rights = held ? *held : Rights();
  rights.implicit |= permissions;
  stamp(session, rights);
  catalog.permissions.put(key, std::move(rights));
}

void add_default_rights(Session& session, Catalog& catalog, std::string_view resource_key, const Json& defaults) {
  for (const Json& one : defaults) {
    const std::string principal = string_at(member(one, "Principal"), "DataLakePrincipalIdentifier");
    Rights rights;
    rights.granted = permissions_of(member(one, "Permissions"));
    stamp(session, rights);
    catalog.permissions.put(session.permission_key(resource_key, principal), std::move(rights));
  }
}

void drop_rights(Catalog& catalog, std::string_view prefix) {
  erase_rows(catalog, prefix, [](std::string_view) { return true; });
}

void drop_rights_on(Catalog& catalog, std::string_view resource_key) {
  erase_rows(catalog, resource_key, [&](std::string_view key) { return key == resource_key; });
}

void add_permission_operations(Operations& operations) {
  const std::string permissions = "CatalogId:s1-255 " + std::string(kGrantShape);
  const auto add = [&](const char* name, const std::string& shape, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, Effect::PermissionWrite, IamRight::Anyone, shape, run});
  };
  add("GrantPermissions", permissions, grant_permissions);
  add("RevokePermissions", permissions, revoke_permissions);
  add("BatchGrantPermissions", "CatalogId:s1-255 Entries*:[@BatchPermissionsEntry]0-20", batch_grant);
  add("BatchRevokePermissions", "CatalogId:s1-255 Entries*:[@BatchPermissionsEntry]0-20", batch_revoke);
}

}  // namespace datamesh::embedded::lake
