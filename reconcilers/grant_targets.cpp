#include "reconcilers/grant_targets.h"

#include <algorithm>
#include <iterator>

#include "controller/base/text.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim_builder.h"

namespace datamesh::reconcilers {

using catalog::Permission;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;

PermissionSet permissions_of(const api::GrantSpec& grant) {
  if (grant.permissions.empty()) return {Permission::Select, Permission::Describe};
  return PermissionSet::of_names(grant.permissions);
}

std::string filter_name(const api::ObjectKey& grant) { return "grant-" + grant.ns + "-" + grant.name; }

namespace {

std::vector<std::string> folded_sorted(std::vector<std::string> names) {
  for (std::string& name : names) name = lower(name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

/// A partial SELECT stands alone: no other permission goes with it.
/// Source: lake-formation.md 2.2 rules 1 and 3
GrantTarget partial_target(const api::GrantSpec& grant, const std::string& name, ResourceId table) {
  if (!grant.row_filter.empty()) {
    table.type = ResourceType::DataFilter;
    table.detail = name;
    return {table, value_of({Permission::Select})};
  }
  if (!grant.columns->include.empty()) {
    table.type = ResourceType::Columns;
    return {table, value_of_columns(grant.columns->include, Option::None)};
  }
  table.type = ResourceType::ColumnsExcept;
  table.detail = joined(folded_sorted(grant.columns->exclude));
  return {table, value_of({Permission::Select})};
}

}  // namespace

std::vector<GrantTarget> grant_targets(const api::GrantSpec& grant, const std::string& name,
                                       const api::DataProductSpec& product, const std::string& owner) {
  const std::string database = lower(product.database);
  const PermissionSet permissions = permissions_of(grant);
  if (grant.tables.empty()) {
    return {{ResourceId::of_all_tables(owner, database), value_of(permissions)}};
  }
  std::vector<GrantTarget> out;
  for (const std::string& table : folded_sorted(grant.tables)) {
    const ResourceId resource = ResourceId::of_table(owner, database, table);
    if (grant.columns || !grant.row_filter.empty()) {
      out.push_back(partial_target(grant, name, resource));
    } else {
      out.push_back({resource, value_of(permissions)});
    }
  }
  return out;
}

bool in_force(const api::Resource& grant, const api::DataProductSpec& product, Time now) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  if (grant.metadata.deletion) return false;
  if (spec.expires_at && *spec.expires_at <= now) return false;
  return !product.published_until || *product.published_until > now;
}

std::vector<GrantTarget> entitlements(const mesh::Mesh& mesh, const api::Resource& product,
                                      const std::string& account_id, Time now) {
  const auto& spec = mesh::spec_of<api::DataProductSpec>(product);
  const mesh::AccountAnswer owner = mesh::owner_of(product, mesh);
  std::vector<GrantTarget> out;
  if (!owner) return out;
  for (const api::ObjectKey& key : mesh.referrers(product.key)) {
    if (key.kind != "Grant" || key.ns != product.key.ns) continue;
    const api::Resource* grant = mesh.find(key);
    if (grant == nullptr || !in_force(*grant, spec, now)) continue;
    const auto& grant_spec = mesh::spec_of<api::GrantSpec>(*grant);
    const bool names_account =
        std::any_of(grant_spec.accounts.begin(), grant_spec.accounts.end(), [&](const api::Ref& ref) {
          const api::Resource* account = mesh.find("Account", ref, key.ns);
          return account != nullptr &&
                 mesh::spec_of<api::AccountSpec>(*account).account_id == account_id;
        });
    if (!names_account) continue;
    for (GrantTarget& target :
         grant_targets(grant_spec, filter_name(key), spec, owner.spec().account_id)) {
      out.push_back(std::move(target));
    }
  }
  return out;
}

namespace {

/// `permissions` on tables with `ALL` spelled out, as rights are compared.
PermissionSet spelled_out(PermissionSet permissions) {
  return expanded(value_of(permissions), ResourceType::Table).permissions;
}

/// What `entitled` gives on `table` as a whole, and the columns it gives beside that.
struct TableRights {
  PermissionSet whole;
  std::vector<std::string> columns;
  std::vector<GrantTarget> filters;
};

TableRights rights_on(const std::string& table, const std::vector<GrantTarget>& entitled) {
  TableRights rights;
  for (const GrantTarget& target : entitled) {
    const bool here = target.resource.table == table;
    if (target.resource.type == ResourceType::AllTables ||
        (here && target.resource.type == ResourceType::Table)) {
      rights.whole = rights.whole | spelled_out(target.value.permissions);
    } else if (here && target.resource.type == ResourceType::Columns) {
      rights.columns.insert(rights.columns.end(), target.value.columns.begin(),
                            target.value.columns.end());
    } else if (here) {
      rights.filters.push_back(target);
    }
  }
  std::sort(rights.columns.begin(), rights.columns.end());
  rights.columns.erase(std::unique(rights.columns.begin(), rights.columns.end()), rights.columns.end());
  return rights;
}

std::string joined_for_people(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Some columns of one table: those named, or all that the account has but those named.
void add_columns(const api::ColumnSelection& selection, const ResourceId& table, const TableRights& rights,
                 LocalTargets& out) {
  const bool all = rights.whole.has(Permission::Select);
  ResourceId columns = table;
  columns.type = ResourceType::Columns;
  const auto exceeds = [&](const std::vector<std::string>& names) {
    const std::string which = names.empty() ? "columns" : (names.size() == 1 ? "column " : "columns ") + joined_for_people(names);
    out.excess.push_back(which + " of table " + table.table + ", which the account was not granted");
  };
  if (!selection.include.empty()) {
    const auto wanted = value_of_columns(selection.include, Option::None).columns;
    std::vector<std::string> given = wanted, lacking;
    if (!all) {
      given.clear();
      std::set_intersection(wanted.begin(), wanted.end(), rights.columns.begin(), rights.columns.end(), std::back_inserter(given));
      std::set_difference(wanted.begin(), wanted.end(), rights.columns.begin(), rights.columns.end(), std::back_inserter(lacking));
    }
    if (!lacking.empty()) exceeds(lacking);
    if (!given.empty()) out.targets.push_back({columns, value_of_columns(given, Option::None)});
    return;
  }
  const auto excluded = folded_sorted(selection.exclude);
  if (all) {
    columns.type = ResourceType::ColumnsExcept;
    columns.detail = joined(excluded);
    out.targets.push_back({columns, value_of({Permission::Select})});
    return;
  }
  std::vector<std::string> left;
  std::set_difference(rights.columns.begin(), rights.columns.end(), excluded.begin(), excluded.end(),
                      std::back_inserter(left));
  if (left.empty()) return exceeds({});
  out.targets.push_back({columns, value_of_columns(left, Option::None)});
}

/// One table of a link Grant.
void add_table(const api::GrantSpec& grant, const ResourceId& table, const TableRights& rights,
               LocalTargets& out) {
  if (!grant.row_filter.empty()) {
    // Source: lake-formation.md 2.8 (filters are made by the table's owner, not on links)
    out.excess.push_back("a row filter on table " + table.table + ", which only its owner can set");
    return;
  }
  if (grant.columns) return add_columns(*grant.columns, table, rights, out);
  const PermissionSet wanted = spelled_out(permissions_of(grant));
  if (rights.whole.contains(wanted)) {
    out.targets.push_back({table, value_of(wanted)});
    return;
  }
  // Everything that the account has of this table, where that is a part of its columns or rows.
  const bool reads_parts = wanted.has(Permission::Select) && !rights.whole.has(Permission::Select);
  if (!rights.columns.empty() && reads_parts) {
    ResourceId columns = table;
    columns.type = ResourceType::Columns;
    out.targets.push_back({columns, value_of_columns(rights.columns, Option::None)});
    return;
  }
  if (!rights.filters.empty() && reads_parts) {
    out.targets.insert(out.targets.end(), rights.filters.begin(), rights.filters.end());
    return;
  }
  out.excess.push_back(joined_for_people((wanted - rights.whole).names()) + " on table " + table.table +
                       ", which the account was not granted");
  if (const PermissionSet given = wanted & rights.whole; !given.empty()) out.targets.push_back({table, value_of(given)});
}

/// What `entitled` gives on all tables, whichever Grants it comes from.
PermissionSet rights_on_all_tables(const std::vector<GrantTarget>& entitled) {
  PermissionSet out;
  for (const GrantTarget& target : entitled) {
    if (target.resource.type == ResourceType::AllTables) out = out | spelled_out(target.value.permissions);
  }
  return out;
}

/// What `entitled` gives of `local` by permissions on `resource`.
PermissionValue part_from(const ResourceId& resource, const GrantTarget& local, const std::vector<GrantTarget>& entitled) {
  PermissionValue given;
  for (const GrantTarget& each : entitled) {
    if (each.resource == resource) given = united(given, expanded(each.value, resource.type));
  }
  const bool on_columns = local.resource.type == ResourceType::Columns;
  if (on_columns && resource.type != ResourceType::Columns) return given.permissions.has(Permission::Select) ? local.value : PermissionValue{};
  return common(expanded(local.value, local.resource.type), given);
}

/// What is given on `from` is given on `resource` too, or on some of its columns.
bool is_part_of(const ResourceId& resource, const ResourceId& from) {
  if (resource == from || from.type == ResourceType::AllTables) return true;
  const bool is_columns = resource.type == ResourceType::Columns || resource.type == ResourceType::ColumnsExcept;
  return from.type == ResourceType::Table && from.table == resource.table && is_columns;
}

}  // namespace

std::vector<ResourceId> sources_of(const GrantTarget& local, const std::vector<GrantTarget>& entitled) {
  std::vector<ResourceId> parts, wholes;
  const PermissionValue wanted = expanded(local.value, local.resource.type);
  for (const GrantTarget& each : entitled) {
    const bool seen = std::find(parts.begin(), parts.end(), each.resource) != parts.end();
    if (seen || !is_part_of(local.resource, each.resource)) continue;
    const PermissionValue part = part_from(each.resource, local, entitled);
    if (part.empty()) continue;
    parts.push_back(each.resource);
    if (covers(part, wanted)) wholes.push_back(each.resource);
  }
  if (wholes.empty()) return parts;
  return wholes.size() == 1 ? wholes : std::vector<ResourceId>{};
}

LocalTargets local_targets(const api::GrantSpec& grant, const std::string& link_table,
                           const std::string& database, const std::vector<GrantTarget>& entitled) {
  LocalTargets out;
  if (entitled.empty()) return out;
  const std::string owner = entitled.front().resource.owner;
  std::vector<std::string> tables = folded_sorted(grant.tables);
  if (tables.empty() && !link_table.empty()) tables = {link_table};
  for (const std::string& table : tables) {
    add_table(grant, ResourceId::of_table(owner, database, table), rights_on(table, entitled), out);
  }
  if (!tables.empty()) return out;
  const PermissionSet wanted = spelled_out(permissions_of(grant)), on_all = rights_on_all_tables(entitled);
  if (!on_all.empty() && on_all.contains(wanted)) {
    out.targets.push_back({ResourceId::of_all_tables(owner, database), value_of(wanted)});
    return out;
  }
  // Beside rights on all tables nobody can have a part of one.
  // Source: lake-formation.md 2.2 rule 3
  const bool has_parts = std::any_of(entitled.begin(), entitled.end(), [](const GrantTarget& target) {
    return target.resource.type != ResourceType::AllTables && target.resource.type != ResourceType::Table;
  });
  const PermissionSet both = wanted & on_all;
  const PermissionSet given = both.has(Permission::Select) || !has_parts ? both : PermissionSet{};
  if (!given.empty()) out.targets.push_back({ResourceId::of_all_tables(owner, database), value_of(given)});
  std::vector<std::string> seen;
  for (const GrantTarget& target : entitled) {
    const std::string& table = target.resource.table;
    if (table.empty() || std::find(seen.begin(), seen.end(), table) != seen.end()) continue;
    seen.push_back(table);
    const TableRights rights = rights_on(table, entitled);
    if (!given.empty() && given.contains(wanted & rights.whole)) continue;
    add_table(grant, ResourceId::of_table(owner, database, table), rights, out);
  }
  if (!seen.empty()) return out;
  out.excess.push_back(joined_for_people((wanted - on_all).names()) + " on all tables, which the account was not granted");
  return out;
}

}  // namespace datamesh::reconcilers
