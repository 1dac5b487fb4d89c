#include "controller/catalog/quotas.h"

#include <algorithm>
#include <set>

namespace datamesh::catalog {
namespace {

constexpr int kVersionWithPatterns = 5;  ///< shares name patterns instead of single resources
constexpr std::size_t kWarnAtPercent = 80;

std::string database_of(const std::string& name) { return name.substr(0, name.find('/')); }

/// True when what `id` gives leaves the account, through a resource share.
bool leaves(const PermissionId& id, const std::string& account) {
  const std::string receiver = account_of_principal(id.principal);
  return !receiver.empty() && receiver != account && id.resource.owner == account && !id.resource.database.empty();
}

/// The database or table that a share has to name.
std::string shared_thing(const ResourceId& resource) {
  const bool all_tables = resource.type == ResourceType::AllTables;
  return resource.table.empty() ? resource.database + (all_tables ? "/*" : "") : resource.database + "/" + resource.table;
}

bool names_each_resource(const Snapshot& snapshot) {
  const EntryValue* value = snapshot.find({EntryKind::Settings, ""});
  const auto* settings = value == nullptr ? nullptr : std::get_if<Shared<Settings>>(value);
  return settings == nullptr || (*settings)->cross_account_version.value_or(0) < kVersionWithPatterns;
}

std::string filter_scope(const PermissionId& id) {
  return id.principal + " on " + id.resource.database + "/" + id.resource.table;
}

/// The scopes that an entry counts in as one thing.
std::vector<QuotaScope> scopes_of(const LocalKey& key) {
  const bool within = key.name.find('/') != std::string::npos;
  switch (key.kind) {
    case EntryKind::Location: return {{Quota::Locations, ""}};
    case EntryKind::Database: return {{Quota::Databases, ""}};
    case EntryKind::Link:
      if (!within) return {{Quota::Databases, ""}};
      [[fallthrough]];
    case EntryKind::Table: return {{Quota::TablesPerDatabase, database_of(key.name)}, {Quota::Tables, ""}};
    case EntryKind::TagKey: return {{Quota::Tags, ""}};
    case EntryKind::TagAssignment: return {{Quota::TagsPerResource, key.name.substr(0, key.name.find('#'))}};
    default: return {};
  }
}

template <class T>
std::size_t added(const std::set<T>& wanted, const std::set<T>& there) {
  return static_cast<std::size_t>(
      std::count_if(wanted.begin(), wanted.end(), [&](const T& each) { return !there.contains(each); }));
}

template <class T>
const T& value_or_empty(const EntryValue* value) {
  static const T kEmpty;
  const auto* shared = value == nullptr ? nullptr : std::get_if<Shared<T>>(value);
  return shared == nullptr ? kEmpty : **shared;
}

/// Some other permission lets the same thing leave the account already.
bool is_shared(const Snapshot& snapshot, const PermissionId& id, const std::string& account) {
  const std::string prefix = to_string(id.resource) + "@";
  for (auto at = snapshot.entries.lower_bound({EntryKind::Permission, prefix});
       at != snapshot.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix); ++at) {
    const auto other = parse_permission_id(at->first.name);
    if (other && leaves(*other, account)) return true;
  }
  return false;
}

std::vector<QuotaUse> uses_of_grant(const Action& action, const Snapshot& snapshot) {
  const auto id = parse_permission_id(action.key.local.name);
  if (!id || snapshot.find(action.key.local) != nullptr) return {};
  std::vector<QuotaUse> out;
  if (id->resource.type == ResourceType::DataFilter) {
    out.push_back({{Quota::FiltersPerPrincipal, filter_scope(*id)}, action.key.local.name, 1});
  }
  const std::string& account = action.key.catalog.account;
  if (leaves(*id, account) && names_each_resource(snapshot) && !is_shared(snapshot, *id, account)) {
    out.push_back({{Quota::SharedResources, ""}, shared_thing(id->resource), 1});
  }
  return out;
}

}  // namespace

const std::vector<QuotaRule>& quota_rules() {
  static const std::vector<QuotaRule> kRules = {
      {Quota::Administrators, "administrators", 30, "data lake administrators", "declare fewer administrators"},
      {Quota::Locations, "registeredLocations", 10'000, "registered locations",
       "let products share a location above theirs"},
      {Quota::Databases, "databases", 10'000, "databases and database links", "put several products into one database"},
      {Quota::TablesPerDatabase, "tablesPerDatabase", 200'000, "tables", "spread them over several products"},
      {Quota::Tables, "tables", 1'000'000, "tables", "spread the products over several catalogs"},
      {Quota::Tags, "tags", 1'000, "LF-tags", "use values of one key rather than more keys"},
      {Quota::ValuesPerTag, "valuesPerTag", 1'000, "values", "split the key"},
      {Quota::TagsPerResource, "tagsPerResource", 50, "LF-tags", "tag with fewer keys"},
      {Quota::FiltersPerPrincipal, "filtersPerPrincipal", 100, "data filters", "put the rows of several Grants into one rowFilter"},
      {Quota::SharedResources, "sharedResources", 5'000, "databases and tables that are shared with other accounts",
       "grant all tables of a product rather than each by its name, grant by LF-tags, or set crossAccountVersion: 5"},
      {Quota::PendingInvitations, "pendingInvitations", 20, "invitations that nobody has accepted yet",
       "share within the organization"},
  };
  return kRules;
}

const QuotaRule& rule_of(Quota quota) { return quota_rules()[static_cast<std::size_t>(quota)]; }

std::size_t limit_of(Quota quota, const AgreedLimits& agreed) {
  const QuotaRule& rule = rule_of(quota);
  const auto found = agreed.find(std::string(rule.name));
  return found == agreed.end() ? rule.limit : static_cast<std::size_t>(std::max(found->second, 0));
}

std::string describe(const QuotaScope& scope) {
  const std::string things(rule_of(scope.quota).things);
  switch (scope.quota) {
    case Quota::TablesPerDatabase: return things + " of database " + scope.of;
    case Quota::ValuesPerTag: return things + " of LF-tag " + scope.of;
    case Quota::TagsPerResource: return things + " of " + scope.of;
    case Quota::FiltersPerPrincipal: return things + " of " + scope.of;
    default: return things;
  }
}

std::vector<QuotaUse> uses_of(const Action& action, const Snapshot& snapshot) {
  const LocalKey& key = action.key.local;
  const EntryValue* observed = snapshot.find(key);
  if (action.verb == Verb::Grant) return uses_of_grant(action, snapshot);
  std::vector<QuotaUse> out;
  const bool removes = action.verb == Verb::Delete;
  if ((action.verb == Verb::Create && observed == nullptr) || (removes && observed != nullptr)) {
    for (QuotaScope& scope : scopes_of(key)) out.push_back({std::move(scope), to_string(key), removes ? -1 : 1});
  }
  if (removes) return out;
  if (const auto* wanted = std::get_if<Shared<TagKey>>(&action.value)) {
    const auto more = added((*wanted)->values, value_or_empty<TagKey>(observed).values);
    if (more > 0) out.push_back({{Quota::ValuesPerTag, key.name}, to_string(key), static_cast<int>(more)});
  }
  if (const auto* wanted = std::get_if<Shared<Settings>>(&action.value)) {
    const auto more = added((*wanted)->administrators, value_or_empty<Settings>(observed).administrators);
    if (more > 0) out.push_back({{Quota::Administrators, ""}, to_string(key), static_cast<int>(more)});
  }
  return out;
}

QuotaUsage usage_of(const Snapshot& snapshot, const CatalogRef& catalog) {
  QuotaUsage out;
  std::set<std::string> shared;
  const bool names_each = names_each_resource(snapshot);
  for (const auto& [key, value] : snapshot.entries) {
    for (QuotaScope& scope : scopes_of(key)) ++out.used[std::move(scope)];
    if (key.kind == EntryKind::TagKey) {
      out.used[{Quota::ValuesPerTag, key.name}] = static_cast<int>(value_or_empty<TagKey>(&value).values.size());
    }
    if (key.kind == EntryKind::Settings) {
      out.used[{Quota::Administrators, ""}] = static_cast<int>(value_or_empty<Settings>(&value).administrators.size());
    }
    if (key.kind != EntryKind::Permission) continue;
    const auto id = parse_permission_id(key.name);
    if (!id) continue;
    if (id->resource.type == ResourceType::DataFilter) ++out.used[{Quota::FiltersPerPrincipal, filter_scope(*id)}];
    if (!leaves(*id, catalog.account)) continue;
    out.receivers.insert(account_of_principal(id->principal));
    if (names_each) shared.insert(shared_thing(id->resource));
  }
  if (!shared.empty()) out.used[{Quota::SharedResources, ""}] = static_cast<int>(shared.size());
  return out;
}

void note_use(QuotaUsage& usage, const Action& action, const Snapshot& snapshot) {
  for (const QuotaUse& use : uses_of(action, snapshot)) usage.used[use.scope] += use.amount;
  const auto id = action.verb == Verb::Grant ? parse_permission_id(action.key.local.name) : std::nullopt;
  if (id && leaves(*id, action.key.catalog.account)) usage.receivers.insert(account_of_principal(id->principal));
}

std::vector<QuotaWarning> warnings_of(const QuotaUsage& usage, const AgreedLimits& agreed) {
  std::vector<QuotaWarning> out;
  for (const auto& [scope, used] : usage.used) {
    const std::size_t limit = limit_of(scope.quota, agreed);
    if (used > 0 && static_cast<std::size_t>(used) * 100 >= limit * kWarnAtPercent) {
      out.push_back({scope, static_cast<std::size_t>(used), limit});
    }
  }
  return out;
}

}  // namespace datamesh::catalog
