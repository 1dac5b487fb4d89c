#include "controller/embedded/lake_access.h"

#include <algorithm>
#include <iterator>

#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_sharing.h"
#include "controller/embedded/lake_tag_match.h"

namespace datamesh::embedded::lake {
namespace {

constexpr PermissionSet kSelect = {Permission::Select};
constexpr PermissionSet kDescribe = {Permission::Describe};

/// Rows in one catalog, for some principals.
struct Rows {
  const State& state;
  const PermissionShelf& shelf;
  std::vector<std::string> principals;
};

Resource whole(const Subject& subject) {
  Resource out;
  out.kind = subject.table.empty() ? ResourceKind::Database : ResourceKind::Table;
  return out;
}

/// The columns a row of the kind Except leaves.
ColumnScope all_but(const std::vector<std::string>& columns, const std::vector<std::string>& excluded) {
  ColumnScope out;
  for (const std::string& column : columns) {
    if (std::find(excluded.begin(), excluded.end(), column) == excluded.end()) out.names.insert(column);
  }
  return out;
}

ColumnScope everything() { return ColumnScope{true, {}}; }

/// A row on a whole database or table.
void add_whole(const Rights& rights, const Subject& subject, Access& access) {
  const Resource resource = whole(subject);
  const PermissionSet permissions = expanded(rights.all(), resource);
  const PermissionSet grantable = expanded(rights.all_grantable(), resource);
  access.permissions |= permissions;
  access.grantable |= grantable;
  if (permissions.has(Permission::Select)) access.readable = everything();
  if (grantable.has(Permission::Select)) access.grantable_readable = everything();
  if (!permissions.empty()) access.sees_all_columns = true;
}

void add_partial(const Rights& rights, const ColumnScope& readable, const ColumnScope& grantable, Access& access) {
  if (rights.all().has(Permission::Select)) access.readable.add(readable);
  if (rights.all_grantable().has(Permission::Select)) access.grantable_readable.add(grantable);
}

const Rights* usable_row(const Rows& rows, std::string_view resource, const std::string& principal) {
  const Rights* rights = rows.shelf.find(PermissionProbe{resource, principal, {}});
  return rights != nullptr && is_usable(rows.state, rights->share) ? rights : nullptr;
}

/// Whether the row belongs to one of the principals, without a condition, through a share that arrives.
/// NOTE: callers carry no session attributes, so a condition is never met.
bool is_row_of(const Rows& rows, const PermissionKey& key, const Rights& rights) {
  return key.condition->empty() && is_usable(rows.state, rights.share) &&
         std::find(rows.principals.begin(), rows.principals.end(), *key.principal) != rows.principals.end();
}

ColumnScope filter_columns(const Json& filter, const std::vector<std::string>& columns) {
  if (!filter.contains("ColumnNames")) {
    const Json excluded = member(filter, "ColumnWildcard").value("ExcludedColumnNames", Json::array());
    return all_but(columns, excluded.get<std::vector<std::string>>());
  }
  ColumnScope out;
  for (const Json& name : filter["ColumnNames"]) out.names.insert(lower(name.get<std::string>()));
  return out;
}

void add_column_rows(const Rows& rows, const Subject& subject, const std::vector<std::string>& columns,
                     Access& access) {
  const std::string base = join_parts({"T", subject.account(), subject.database, subject.table});
  for (const std::string& principal : rows.principals) {
    if (const Rights* only = usable_row(rows, join_parts({base, "I"}), principal); only && only->columns) {
      const auto& [readable, grantable] = *only->columns;
      add_partial(*only, {false, {readable.begin(), readable.end()}}, {false, {grantable.begin(), grantable.end()}},
                  access);
    }
  }
  const std::string except = prefix_of({base, "X"});
  for (auto at = rows.shelf.lower_bound(PermissionProbe{except, {}, {}});
       at != rows.shelf.end() && at->first.resource->starts_with(except); ++at) {
    const auto& [key, rights] = *at;
    if (!is_row_of(rows, key, rights)) continue;
    const ColumnScope scope = all_but(columns, resource_of_key(*key.resource).column_names);
    add_partial(rights, scope, scope, access);
  }
}

void add_filter_rows(const Rows& rows, const Subject& subject, const std::vector<std::string>& columns,
                     Access& access) {
  const std::string prefix = prefix_of({subject.database, subject.table});
  for_each_under(subject.owner->filters, prefix, [&](const std::string& key, const Json& filter) {
    const std::string resource =
        join_parts({"F", subject.account(), subject.database, subject.table, part_of(key, 2)});
    for (const std::string& principal : rows.principals) {
      if (const Rights* rights = usable_row(rows, resource, principal)) {
        const ColumnScope scope = filter_columns(filter, columns);
        add_partial(*rights, scope, scope, access);
      }
    }
  });
}

/// A table policy gives its permissions when table and all columns match; when only some columns do, SELECT on
/// those, and DESCRIBE in place of everything else.
void add_table_policy(const Rights& rights, const TagExpression& expression, const Subject& subject,
                      const std::vector<std::string>& columns, Access& access) {
  const Catalog& owner = *subject.owner;
  const bool table_matches = matches(expression, effective_tags(owner, subject.database, subject.table));
  if (!has_column_tags(owner, subject.database, subject.table)) {
    if (table_matches) add_whole(rights, subject, access);
    return;
  }
  ColumnScope matching;
  for (const std::string& column : columns) {
    if (matches(expression, effective_tags(owner, subject.database, subject.table, column))) {
      matching.names.insert(column);
    }
  }
  if (table_matches && matching.names.size() == columns.size()) return add_whole(rights, subject, access);
  if (matching.empty()) return;
  const Resource resource = whole(subject);
  const PermissionSet permissions = expanded(rights.all(), resource);
  if (!(permissions - kSelect).empty()) access.permissions |= kDescribe;
  if (permissions.has(Permission::Select)) access.readable.add(matching);
  if (expanded(rights.all_grantable(), resource).has(Permission::Select)) access.grantable_readable.add(matching);
}

void add_policy_rows(const Rows& rows, const Subject& subject, const std::vector<std::string>& columns,
                     Access& access) {
  const std::string letter = subject.table.empty() ? "P" : "Q";
  for (const std::string& principal : rows.principals) {
    for (auto at = rows.shelf.lower_bound(PermissionProbe{letter, principal, {}}); at != rows.shelf.end(); ++at) {
      const auto& [key, rights] = *at;
      if (key.resource->front() != letter.front() || *key.principal != principal) break;
      if (part_of(*key.resource, 1) != subject.account() || !is_row_of(rows, key, rights)) continue;
      const TagExpression expression = expression_of(*subject.owner, resource_of_key(*key.resource));
      if (!subject.table.empty()) {
        add_table_policy(rights, expression, subject, columns, access);
      } else if (matches(expression, effective_tags(*subject.owner, subject.database))) {
        add_whole(rights, subject, access);
      }
    }
  }
}

Access access_by_rows(const Rows& rows, const Subject& subject) {
  Access access;
  const std::string& account = subject.account();
  if (subject.table.empty()) {
    const std::string own = database_resource_key(account, subject.database);
    const std::string all_tables = table_resource_key(account, subject.database, kAllTables);
    for (const std::string& principal : rows.principals) {
      if (const Rights* rights = usable_row(rows, own, principal)) add_whole(*rights, subject, access);
      if (usable_row(rows, all_tables, principal)) access.permissions |= kDescribe;
    }
    add_policy_rows(rows, subject, {}, access);
    return access;
  }
  const Table* table = subject.owner->tables.find(table_key(subject.database, subject.table));
  const std::vector<std::string> columns = table ? columns_of(*table) : std::vector<std::string>();
  for (const std::string_view name : {std::string_view(subject.table), kAllTables}) {
    const std::string resource = table_resource_key(account, subject.database, name);
    for (const std::string& principal : rows.principals) {
      if (const Rights* rights = usable_row(rows, resource, principal)) add_whole(*rights, subject, access);
    }
  }
  add_column_rows(rows, subject, columns, access);
  add_filter_rows(rows, subject, columns, access);
  if (subject.table != kAllTables) add_policy_rows(rows, subject, columns, access);
  return access;
}

std::vector<std::string> names_of(const Identity& identity) {
  return {identity.arn, identity.account + ":IAMPrincipals"};
}

/// Under hybrid access a principal that opted in leaves IAM_ALLOWED_PRINCIPALS behind: on the database, or on tables of it,
/// each by an opt-in of its own.
/// Source: lake-formation.md 2.10
bool has_opted_in(const Catalog& owner, const Identity& identity, const Subject& subject) {
  if (owner.opt_ins.size() == 0) return false;
  const auto holds = [&](const std::string& resource) {
    const auto names = names_of(identity);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return owner.opt_ins.find(resource + '\x1d' + name) != nullptr;
    });
  };
  if (subject.table.empty()) return holds(database_resource_key(subject.account(), subject.database));
  return holds(table_resource_key(subject.account(), subject.database, subject.table)) ||
         holds(table_resource_key(subject.account(), subject.database, kAllTables));
}

void add_describe(Access& access) {
  access.permissions |= kDescribe;
  access.sees_all_columns = true;
}

Access access_at_home(const Session& session, const Identity& identity, const Subject& subject) {
  Rows rows{session.state, subject.owner->permissions, names_of(identity)};
  if (!has_opted_in(*subject.owner, identity, subject)) rows.principals.emplace_back(kIamAllowedPrincipals);
  Access access = access_by_rows(rows, subject);
  if (session.is_lake_admin(identity) || session.is_read_only_admin(identity)) add_describe(access);
  return access;
}

/// Whoever made a table in a foreign catalog holds everything on it, and so do the administrators of its account.
/// NOTE: there is no row for this right: it is known by the table's creator.
bool made_abroad(const Session& session, const Identity& identity, const Subject& subject) {
  if (subject.table.empty()) return false;
  const Table* table = subject.owner->tables.find(table_key(subject.database, subject.table));
  if (table == nullptr || account_of_arn(table->created_by) != identity.account) return false;
  return table->created_by == identity.arn || session.is_lake_admin(identity);
}

Access access_abroad(const Session& session, const Identity& identity, const Subject& subject) {
  const Rows direct{session.state, subject.owner->permissions, names_of(identity)};
  Access access = access_by_rows(direct, subject);
  if (made_abroad(session, identity, subject)) {
    Rights all;
    all.implicit = {Permission::All};
    add_whole(all, subject, access);
    return access;
  }
  const Access account = access_of_account(session, identity.account, subject);
  if (!account.is_visible()) return access;
  if (session.is_lake_admin(identity)) {
    access.permissions |= kDescribe;
    access.sees_all_columns = account.sees_all_columns;
    access.readable.add(account.readable);
  }
  const Catalog* home = session.state.find_catalog({identity.account, subject.owner->ref.region});
  if (home == nullptr) return access;
  const Rows local{session.state, home->permissions, names_of(identity)};
  access.add(access_by_rows(local, subject).common(account));
  return access;
}

void add_held(const Rights& rights, Held& out) {
  out.permissions |= rights.all();
  out.grantable |= rights.all_grantable();
}

bool values_cover(const std::vector<std::string>& held, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& value) {
    return std::any_of(held.begin(), held.end(), [&](const std::string& h) { return h == "*" || h == value; });
  });
}

/// Whether everything that `narrow` matches is matched by `wide`, as far as their texts tell.
bool is_no_wider(const TagExpression& narrow, const TagExpression& wide) {
  if (narrow.empty() || wide.empty()) return false;
  return std::all_of(wide.begin(), wide.end(), [&](const auto& term) {
    return std::any_of(narrow.begin(), narrow.end(), [&](const auto& own) {
      return own.first == term.first && values_cover(term.second, own.second);
    });
  });
}

/// Sums rows in the catalogs that count for `identity`, as `access_of` does for databases and tables.
template <class Sum>
Held composed(const Session& session, const Identity& identity, const Catalog& owner, Sum&& sum) {
  std::vector<std::string> names = names_of(identity);
  if (owner.ref.account == identity.account) {
    names.emplace_back(kIamAllowedPrincipals);
    return sum(Rows{session.state, owner.permissions, names});
  }
  Held out = sum(Rows{session.state, owner.permissions, names});
  std::vector<std::string> account = organizations_of(session.state, identity.account);
  account.push_back(identity.account);
  const Held to_account = sum(Rows{session.state, owner.permissions, account});
  if (session.is_lake_admin(identity)) {
    out.permissions |= to_account.permissions;
    out.grantable |= to_account.grantable;
  }
  if (const Catalog* home = session.state.find_catalog({identity.account, owner.ref.region})) {
    const Held local = sum(Rows{session.state, home->permissions, names});
    out.permissions |= local.permissions & to_account.permissions;
    out.grantable |= local.grantable & to_account.grantable;
  }
  return out;
}

}  // namespace

bool ColumnScope::covers(const std::vector<std::string>& columns) const {
  return is_all || std::all_of(columns.begin(), columns.end(),
                               [&](const std::string& column) { return names.contains(column); });
}

void ColumnScope::add(const ColumnScope& other) {
  is_all = is_all || other.is_all;
  names.insert(other.names.begin(), other.names.end());
}

ColumnScope ColumnScope::common(const ColumnScope& other) const {
  if (is_all) return other;
  if (other.is_all) return *this;
  ColumnScope out;
  std::set_intersection(names.begin(), names.end(), other.names.begin(), other.names.end(),
                        std::inserter(out.names, out.names.end()));
  return out;
}

void Access::add(const Access& other) {
  permissions |= other.permissions;
  grantable |= other.grantable;
  readable.add(other.readable);
  grantable_readable.add(other.grantable_readable);
  sees_all_columns = sees_all_columns || other.sees_all_columns;
}

Access Access::common(const Access& other) const {
  return {permissions & other.permissions, grantable & other.grantable, readable.common(other.readable),
          grantable_readable.common(other.grantable_readable), sees_all_columns && other.sees_all_columns};
}

Access access_of_account(const Session& session, const std::string& account, const Subject& subject) {
  Rows rows{session.state, subject.owner->permissions, organizations_of(session.state, account)};
  rows.principals.push_back(account);
  return access_by_rows(rows, subject);
}

Access access_of(const Session& session, const Identity& identity, const Subject& subject) {
  return subject.account() == identity.account ? access_at_home(session, identity, subject)
                                               : access_abroad(session, identity, subject);
}

Held held_on(const Session& session, const Identity& identity, const Catalog& owner, std::string_view resource_key) {
  return composed(session, identity, owner, [&](const Rows& rows) {
    Held out;
    for (const std::string& principal : rows.principals) {
      if (const Rights* rights = usable_row(rows, resource_key, principal)) add_held(*rights, out);
    }
    return out;
  });
}

Held held_on_tag(const Session& session, const Identity& identity, const Catalog& owner, const Resource& tag) {
  const std::string prefix = prefix_of({"G", owner.ref.account, tag.name});
  return composed(session, identity, owner, [&](const Rows& rows) {
    Held out;
    for (auto at = rows.shelf.lower_bound(PermissionProbe{prefix, {}, {}});
         at != rows.shelf.end() && at->first.resource->starts_with(prefix); ++at) {
      if (!is_row_of(rows, at->first, at->second)) continue;
      if (values_cover(resource_of_key(*at->first.resource).values, tag.values)) add_held(at->second, out);
    }
    return out;
  });
}

Held held_on_policy(const Session& session, const Identity& identity, const Catalog& owner, const Resource& policy) {
  const std::string letter(1, static_cast<char>(policy.kind));
  const TagExpression wanted = expression_of(owner, policy);
  return composed(session, identity, owner, [&](const Rows& rows) {
    Held out;
    for (const std::string& principal : rows.principals) {
      for (auto at = rows.shelf.lower_bound(PermissionProbe{letter, principal, {}});
           at != rows.shelf.end() && at->first.resource->front() == letter.front() &&
           *at->first.principal == principal;
           ++at) {
        if (part_of(*at->first.resource, 1) != owner.ref.account || !is_row_of(rows, at->first, at->second)) continue;
        if (is_no_wider(wanted, expression_of(owner, resource_of_key(*at->first.resource)))) {
          add_held(at->second, out);
        }
      }
    }
    return out;
  });
}

bool may_on_catalog(Session& session, Permission permission) {
  if (session.is_lake_admin(session.caller)) return true;
  const Catalog& home = session.home();
  return held_on(session, session.caller, home, join_parts({"C", session.account()})).permissions.has(permission);
}

std::vector<std::string> partition_keys_of(const Table& table) {
  std::vector<std::string> out;
  for (const Json& key : member(table.input, "PartitionKeys")) out.push_back(lower(string_at(key, "Name")));
  return out;
}

std::vector<std::string> columns_of(const Table& table) {
  std::vector<std::string> out;
  for (const Json& column : at_path(table.input, {"StorageDescriptor", "Columns"})) {
    out.push_back(lower(string_at(column, "Name")));
  }
  for (std::string& key : partition_keys_of(table)) out.push_back(std::move(key));
  return out;
}

}  // namespace datamesh::embedded::lake
