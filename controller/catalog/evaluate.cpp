#include "controller/catalog/evaluate.h"

namespace datamesh::catalog {
namespace {

Access evaluate_one(const AccessQuery& query, const Snapshot& governing, const Snapshot* local) {
  std::set<std::string> holders;
  for (const std::string& name : names_of(query.principal)) holders.insert(name);
  const std::string account = account_of_principal(query.principal);
  const bool foreign = !account.empty() && account != query.governing.account;
  const Holdings in_account = !foreign || local == nullptr ? Holdings{} : holdings_on(query.object(), *local, governing, &holders);
  holders.insert(foreign ? account : kIamAllowedPrincipals);
  return judge(query, governing, holdings_on(query.object(), governing, governing, &holders), foreign ? local : nullptr,
               in_account);
}

/// All tables are allowed when each is; the one that is not speaks for them.
Access evaluate_all(AccessQuery query, const Snapshot& governing, const Snapshot* local) {
  const auto tables = tables_of(query, governing);
  if (tables.empty()) return evaluate_one(query, governing, local);
  Access first;
  for (const std::string& table : tables) {
    query.table = table;
    Access access = evaluate_one(query, governing, local);
    if (!access.allowed) return access;
    if (first.hops.empty()) first = std::move(access);
  }
  first.cells.clear();
  return first;
}

}  // namespace

std::string_view to_string(HopKind kind) {
  switch (kind) {
    case HopKind::OptIn: return "OptIn";
    case HopKind::Permission: return "Permission";
    case HopKind::AccountPermission: return "AccountPermission";
    case HopKind::Tag: return "Tag";
    case HopKind::DataFilter: return "DataFilter";
    case HopKind::Share: return "Share";
    case HopKind::LocalPermission: return "LocalPermission";
    case HopKind::Location: return "Location";
    case HopKind::Link: return "Link";
  }
  return {};
}

const Hop* first_missing(const Access& access) {
  const Hop* advised = nullptr;
  for (const Hop& hop : access.hops) {
    if (hop.ok) continue;
    if (hop.decides) return &hop;
    // Rows that one filter keeps out and another lets in miss nothing.
    if (advised == nullptr && hop.kind != HopKind::DataFilter) advised = &hop;
  }
  return advised;
}

Access evaluate(const AccessQuery& query, const Snapshot& governing, const Snapshot* local) {
  return is_of_all_tables(query) ? evaluate_all(query, governing, local) : evaluate_one(query, governing, local);
}

bool is_of_all_tables(const AccessQuery& query) {
  if (!query.table.empty() || !query.location.empty()) return false;
  return query.permission != Permission::CreateTable && query.permission != Permission::Describe &&
         query.permission != Permission::Alter && query.permission != Permission::Drop;
}

std::vector<std::string> tables_of(const AccessQuery& query, const Snapshot& governing) {
  std::vector<std::string> out;
  const std::string prefix = query.database + "/";
  for (auto at = governing.entries.lower_bound({EntryKind::Table, prefix});
       at != governing.entries.end() && at->first.kind == EntryKind::Table && at->first.name.starts_with(prefix); ++at) {
    out.push_back(at->first.name.substr(prefix.size()));
  }
  return out;
}

std::string object_text(const AccessQuery& query) {
  if (!query.location.empty()) return "s3://" + query.location.substr(query.location.find(":::") + 3);
  std::string out = query.database + (query.table.empty() ? "" : "/" + query.table);
  if (!query.column.empty()) out = "column " + query.column + " of " + out;
  return out;
}

bool is_administrator(const Snapshot& snapshot, const std::string& principal) {
  const EntryValue* settings = snapshot.find({EntryKind::Settings, ""});
  return settings != nullptr && std::get<Shared<Settings>>(*settings)->administrators.contains(principal);
}

std::vector<std::string> names_of(const std::string& principal) {
  std::vector<std::string> out{principal};
  const std::string account = account_of_principal(principal);
  const std::string everybody = account + ":IAMPrincipals";
  if (!account.empty() && account != principal && everybody != principal) out.push_back(everybody);
  return out;
}

std::optional<LocalKey> opt_in_of(const Snapshot& snapshot, const ObjectRef& object, const std::string& principal) {
  for (const ResourceId& resource : opt_in_resources(object)) {
    for (const std::string& name : names_of(principal)) {
      LocalKey key{EntryKind::OptIn, to_string(PermissionId{resource, name})};
      if (snapshot.find(key) != nullptr) return key;
    }
  }
  return std::nullopt;
}

std::vector<ResourceId> opt_in_resources(const ObjectRef& object) {
  if (!object.location.empty()) return {};
  if (object.table.empty()) return {ResourceId::of_database(object.owner, object.database)};
  return {ResourceId::of_all_tables(object.owner, object.database),
          ResourceId::of_table(object.owner, object.database, object.table)};
}

}  // namespace datamesh::catalog
