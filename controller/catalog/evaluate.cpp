#include "controller/catalog/evaluate.h"

#include <algorithm>

#include "controller/catalog/tag_expression.h"

namespace datamesh::catalog {
namespace {

const PermissionValue* permission_at(const Snapshot& snapshot, const ResourceId& resource,
                                     const std::string& principal) {
  const EntryValue* found = snapshot.find(permission_key({resource, principal}));
  return found == nullptr ? nullptr : std::get_if<PermissionValue>(found);
}

/// The permissions on the database count for these; all else is asked of its tables.
bool is_database_question(const AccessQuery& query) {
  if (!query.table.empty()) return false;
  return query.permission == Permission::CreateTable || query.permission == Permission::Describe ||
         query.permission == Permission::Alter || query.permission == Permission::Drop;
}

bool gives(const PermissionValue& value, const ResourceId& resource, const AccessQuery& query) {
  const PermissionSet held = expanded(value, resource.type).permissions;
  if (resource.type == ResourceType::Columns) {
    if (query.permission == Permission::Describe) return !value.columns.empty();
    if (query.permission != Permission::Select) return false;
    return query.column.empty() ? !value.columns.empty()
                                : std::binary_search(value.columns.begin(), value.columns.end(), query.column);
  }
  // Any permission on an object lets its holder describe it.
  return query.permission == Permission::Describe ? !held.empty() : held.has(query.permission);
}

/// Looks for what `principal` holds that answers the query.
class Search {
 public:
  /// `owner` is the catalog whose table it is: the tags are there, whoever holds permissions on them.
  Search(const Snapshot& snapshot, const Snapshot& owner, const AccessQuery& query)
      : snapshot_(snapshot), owner_(owner), query_(query) {}

  /// The entry that gives `principal` what is asked, if one does.
  std::optional<LocalKey> find(const std::string& principal) const {
    const std::string& owner = query_.governing.account;
    if (is_database_question(query_)) {
      if (auto found = exact(ResourceId::of_database(owner, query_.database), principal)) return found;
    }
    if (auto found = exact(ResourceId::of_all_tables(owner, query_.database), principal)) return found;
    if (query_.table.empty()) return std::nullopt;
    if (auto found = exact(ResourceId::of_table(owner, query_.database, query_.table), principal)) return found;
    if (auto found = exact(ResourceId::of_columns(owner, query_.database, query_.table), principal)) return found;
    for (const ResourceType type : {ResourceType::ColumnsExcept, ResourceType::DataFilter}) {
      if (auto found = partial(type, principal)) return found;
    }
    return tagged(principal);
  }

 private:
  std::optional<LocalKey> exact(const ResourceId& resource, const std::string& principal) const {
    const PermissionValue* value = permission_at(snapshot_, resource, principal);
    if (value == nullptr || !gives(*value, resource, query_)) return std::nullopt;
    return permission_key({resource, principal});
  }

  /// Visits the permissions whose ids begin with `prefix`.
  template <class Visit>
  std::optional<LocalKey> scan(const std::string& prefix, const Visit& gives_it) const {
    for (auto at = snapshot_.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot_.entries.end() && at->first.kind == EntryKind::Permission &&
         at->first.name.starts_with(prefix);
         ++at) {
      const auto id = parse_permission_id(at->first.name);
      if (id && gives_it(*id, std::get<PermissionValue>(at->second))) return at->first;
    }
    return std::nullopt;
  }

  std::optional<LocalKey> partial(ResourceType type, const std::string& principal) const {
    ResourceId probe{type, query_.governing.account, query_.database, query_.table, "x"};
    std::string prefix = to_string(probe);
    prefix.pop_back();
    return scan(prefix, [&](const PermissionId& id, const PermissionValue& value) {
      if (id.principal != principal || !gives(value, id.resource, query_)) return false;
      return type != ResourceType::ColumnsExcept || query_.column.empty() || !listed(id.resource.detail);
    });
  }

  bool listed(const std::string& columns) const {
    return ("," + columns + ",").find("," + query_.column + ",") != std::string::npos;
  }

  /// Permissions by tag expression that match the object's effective tags.
  /// Source: lake-formation.md 2.7 (AND over keys, OR over values)
  std::optional<LocalKey> tagged(const std::string& principal) const {
    const std::string prefix = "table-policy:" + query_.governing.account + ":";
    return scan(prefix, [&](const PermissionId& id, const PermissionValue& value) {
      return id.principal == principal && gives(value, id.resource, query_) && matches(id.resource.detail);
    });
  }

  bool matches(const std::string& expression) const {
    std::size_t at = 0;
    while (at < expression.size()) {
      const std::size_t end = std::min(expression.find(';', at), expression.size());
      const std::string part = expression.substr(at, end - at);
      const std::size_t equals = part.find('=');
      if (equals == std::string::npos) return false;
      const std::string value = tag_value(part.substr(0, equals));
      const std::string wanted = "," + part.substr(equals + 1) + ",";
      const bool any = wanted == ",*,";
      if (value.empty() || (!any && wanted.find("," + value + ",") == std::string::npos)) return false;
      at = end + 1;
    }
    return !expression.empty();
  }

  std::string tag_value(const std::string& key) const {
    std::string resource = query_.database + "/" + query_.table;
    if (!query_.column.empty()) resource += "/" + query_.column;
    const LocalKey local{EntryKind::TagAssignment, resource + "#" + key};
    const EntryValue* found = owner_.find(local);
    if (found == nullptr) found = inherited_tag(owner_, local);
    return found == nullptr ? "" : std::get<TagAssignment>(*found).value;
  }

  const Snapshot& snapshot_;
  const Snapshot& owner_;
  const AccessQuery& query_;
};

bool is_administrator(const Snapshot& snapshot, const std::string& principal) {
  const EntryValue* settings = snapshot.find({EntryKind::Settings, ""});
  return settings != nullptr && std::get<Shared<Settings>>(*settings)->administrators.contains(principal);
}

std::string asked(const AccessQuery& query) {
  std::string out = query.database + (query.table.empty() ? "" : "/" + query.table);
  if (!query.column.empty()) out = "column " + query.column + " of " + out;
  return out;
}

/// Where an entry lets in to a part only, which part that is.
std::string part_of(const Snapshot& snapshot, const LocalKey& entry, const AccessQuery& query) {
  const auto id = parse_permission_id(entry.name);
  if (!id || !query.column.empty()) return {};
  if (id->resource.type == ResourceType::ColumnsExcept) return ", all columns but " + id->resource.detail;
  if (id->resource.type == ResourceType::DataFilter) return ", the rows and columns of filter " + id->resource.detail;
  if (id->resource.type != ResourceType::Columns) return {};
  const EntryValue* value = snapshot.find(entry);
  std::string out;
  for (const std::string& column : std::get<PermissionValue>(*value).columns) {
    out += (out.empty() ? ", only columns " : ", ") + column;
  }
  return out;
}

/// Where a permission by tags lets in, the expression, and for each key the value that the object has and where from.
/// Source: lake-formation.md 2.7 (inheritance database -> table -> column)
std::string tags_of(const Snapshot& owner, const LocalKey& entry, const AccessQuery& query) {
  const auto id = parse_permission_id(entry.name);
  if (!id || id->resource.type != ResourceType::TablePolicy) return {};
  std::string out = ", by tags " + id->resource.detail;
  for (const auto& [key, values] : expression_of(id->resource.detail).terms) {
    std::string at = query.database + "/" + query.table + (query.column.empty() ? "" : "/" + query.column);
    const std::string object = at;
    const EntryValue* found = owner.find({EntryKind::TagAssignment, at + "#" + key});
    while (found == nullptr && at.find('/') != std::string::npos) {
      at.resize(at.rfind('/'));
      found = owner.find({EntryKind::TagAssignment, at + "#" + key});
    }
    if (found == nullptr) continue;
    out += "; " + key + " is " + std::get<TagAssignment>(*found).value + (at == object ? " on " : ", inherited from ") + at;
  }
  return out;
}

/// What a principal holds in one catalog: by itself, with everybody of its account, or because IAM decides alone.
Hop hop_for(HopKind kind, const CatalogRef& catalog, const Snapshot& snapshot, const Snapshot& owner,
            const AccessQuery& query) {
  const Search search(snapshot, owner, query);
  const std::string account = account_of_principal(query.principal);
  Hop hop{kind, false, catalog, "", std::nullopt};
  for (const std::string& holder : {query.principal, account + ":IAMPrincipals", std::string("IAM_ALLOWED_PRINCIPALS")}) {
    hop.entry = search.find(holder);
    if (!hop.entry) continue;
    hop.ok = true;
    hop.what = holder + " holds " + std::string(to_string(query.permission)) + " on " + asked(query) +
               part_of(snapshot, *hop.entry, query) + tags_of(owner, *hop.entry, query);
    return hop;
  }
  if (query.permission == Permission::Describe && is_administrator(snapshot, query.principal)) {
    hop.ok = true;
    hop.entry = LocalKey{EntryKind::Settings, ""};
    hop.what = query.principal + " is a data lake administrator";
    return hop;
  }
  hop.what = query.principal + " does not hold " + std::string(to_string(query.permission)) + " on " + asked(query);
  return hop;
}

Hop share_hop(const AccessQuery& query, const CatalogRef& here, const Snapshot* local) {
  Hop hop{HopKind::Share, false, here, "", std::nullopt};
  const LocalKey key{EntryKind::ShareAcceptance, query.governing.account};
  const EntryValue* found = local == nullptr ? nullptr : local->find(key);
  hop.ok = found != nullptr && std::get<Shared<ShareAcceptance>>(*found)->state == ShareState::Active;
  hop.what = hop.ok ? "the share from account " + query.governing.account + " is accepted"
                    : "no accepted share from account " + query.governing.account;
  if (hop.ok) hop.entry = key;
  return hop;
}

Hop link_hop(const AccessQuery& query, const CatalogRef& here, const Snapshot* local) {
  Hop hop{HopKind::Link, false, here, "no resource link to " + asked(query) + ": query engines find it by a link only",
          std::nullopt};
  if (local == nullptr) return hop;
  for (auto at = local->entries.lower_bound({EntryKind::Link, ""});
       at != local->entries.end() && at->first.kind == EntryKind::Link; ++at) {
    const Link& link = *std::get<Shared<Link>>(at->second);
    const bool whole = link.table.empty() || link.table == query.table;
    if (link.owner != query.governing.account || link.database != query.database || !whole) continue;
    hop.ok = true;
    hop.entry = at->first;
    hop.what = "link " + at->first.name + " points to it";
    return hop;
  }
  return hop;
}

}  // namespace

Access evaluate(const AccessQuery& query, const Snapshot& governing, const Snapshot* local) {
  Access out;
  const std::string account = account_of_principal(query.principal);
  if (account.empty() || account == query.governing.account) {
    out.hops.push_back(hop_for(HopKind::Permission, query.governing, governing, governing, query));
    out.allowed = out.hops.front().ok;
    return out;
  }
  const CatalogRef here{account, query.governing.region};
  const Search granted(governing, governing, query);
  if (auto direct = granted.find(query.principal)) {
    out.hops.push_back({HopKind::Permission, true, query.governing,
                        query.principal + " holds " + std::string(to_string(query.permission)) + " on " +
                            asked(query) + " directly from its owner" + tags_of(governing, *direct, query),
                        direct});
    out.hops.push_back(share_hop(query, here, local));
    out.allowed = out.hops.back().ok;
    return out;
  }
  Hop shared{HopKind::AccountPermission, false, query.governing, "", granted.find(account)};
  shared.ok = shared.entry.has_value();
  shared.what = "account " + account + (shared.ok ? " holds " : " does not hold ") +
                std::string(to_string(query.permission)) + " on " + asked(query) +
                (shared.ok ? tags_of(governing, *shared.entry, query) : "");
  out.hops.push_back(shared);
  out.hops.push_back(share_hop(query, here, local));
  if (local != nullptr) out.hops.push_back(hop_for(HopKind::LocalPermission, here, *local, governing, query));
  out.allowed = local != nullptr && std::all_of(out.hops.begin(), out.hops.end(), [](const Hop& hop) { return hop.ok; });
  out.hops.push_back(link_hop(query, here, local));
  return out;
}

}  // namespace datamesh::catalog
