#include "controller/engine/hybrid_rules.h"

#include <algorithm>

#include "reconcilers/settings_needs.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKey;
using catalog::EntryKind;
using catalog::LocalKey;
using catalog::Location;
using catalog::PermissionId;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::Verb;

namespace {

bool is_partial(ResourceType type) { return type == ResourceType::Columns || type == ResourceType::ColumnsExcept; }

/// What is given on `resource` counts for the database or table `opened`.
bool counts_for(const ResourceId& resource, const ResourceId& opened) {
  if (opened.type == ResourceType::Database) return resource.type == ResourceType::Database;
  if (resource.type == ResourceType::Database) return false;
  return resource.type == ResourceType::AllTables || opened.type == ResourceType::AllTables || resource.table == opened.table;
}

}  // namespace

std::vector<LocalKey> openings_of(const EntryKey& key) {
  const std::string& owner = key.catalog.account;
  const std::string& name = key.local.name;
  std::vector<ResourceId> resources;
  if (key.local.kind == EntryKind::Database) {
    resources = {ResourceId::of_database(owner, name), ResourceId::of_all_tables(owner, name)};
  } else if (key.local.kind == EntryKind::Table) {
    const std::size_t slash = name.find('/');
    resources = {ResourceId::of_table(owner, name.substr(0, slash), name.substr(slash + 1))};
  }
  std::vector<LocalKey> out;
  for (ResourceId& each : resources) out.push_back(catalog::permission_key({std::move(each), catalog::kIamAllowedPrincipals}));
  return out;
}

std::optional<EntryKey> opened_entry(const EntryKey& key) {
  if (key.local.kind != EntryKind::Permission) return std::nullopt;
  const auto id = catalog::parse_permission_id(key.local.name);
  if (!id || !catalog::is_iam_allowed_principals(id->principal)) return std::nullopt;
  if (id->resource.owner != key.catalog.account) return std::nullopt;
  if (id->resource.table.empty()) return EntryKey{key.catalog, catalog::database_key(id->resource.database)};
  return EntryKey{key.catalog, catalog::table_key(id->resource.database, id->resource.table)};
}

bool is_declared_open(const Ledger& ledger, const EntryKey& opening) {
  const auto claimed = [&](const EntryKey& key) {
    const auto id = ledger.lookup(key);
    return id && ledger.is_claimed(*id);
  };
  if (claimed(opening)) return true;
  const auto id = catalog::parse_permission_id(opening.local.name);
  if (!id || id->resource.type != ResourceType::AllTables) return false;
  const ResourceId database = ResourceId::of_database(id->resource.owner, id->resource.database);
  return claimed({opening.catalog, catalog::permission_key({database, catalog::kIamAllowedPrincipals})});
}

bool is_withheld_opening(const Ledger& ledger, const EntryKey& opening) {
  const auto opened = opened_entry(opening);
  const auto table = opened ? ledger.lookup(*opened) : std::nullopt;
  const auto id = table ? ledger.lookup(opening) : std::nullopt;
  if (!id) return false;
  const auto& products = ledger.claimants(*table);
  return std::any_of(products.begin(), products.end(), [&](const auto* each) { return each->withheld.contains(*id); });
}

bool HybridRules::hold(EntryPlan& entry) {
  for (const Action& action : entry.actions) {
    auto found = hindrance(entry.id, action);
    if (!found) continue;
    entry.verdict = EntryVerdict::Waits;
    entry.waits_for = found->waits_for;
    entry.message = std::move(found->message);
    return true;
  }
  return false;
}

std::optional<HybridRules::Hindrance> HybridRules::hindrance(KeyId id, const Action& action) {
  switch (action.key.local.kind) {
    case EntryKind::Location: return action.verb == Verb::Update ? before_moving(id, action) : std::nullopt;
    case EntryKind::OptIn: return action.verb == Verb::Delete ? before_opting_out(action.key) : before_opting_in(id);
    case EntryKind::Permission: break;
    default: return std::nullopt;
  }
  const auto opened = opened_entry(action.key);
  const auto entry = opened ? ledger_.lookup(*opened) : std::nullopt;
  if (!entry || !ledger_.is_claimed(*entry)) return std::nullopt;
  if (action.verb != Verb::Revoke) return before_opening(action.key);
  // Nobody is to reach it by IAM either: that waits for nothing.
  return is_withheld_opening(ledger_, action.key) ? std::nullopt : before_closing(action.key);
}

/// Whoever is granted something has it before IAM decides no more, but for what AWS refuses to share as long as IAM does.
std::optional<HybridRules::Hindrance> HybridRules::before_closing(const EntryKey& opening) {
  const ResourceId opened = catalog::parse_permission_id(opening.local.name)->resource;
  const auto location = location_of({catalog_, catalog::database_key(opened.database)});
  for (const Missing& missing : missing_on(opened.database)) {
    if (!counts_for(missing.permission.resource, opened)) continue;
    if (!can_be_given_now(missing, location ? seen(*location) : nullptr)) continue;
    return Hindrance{missing.id, "IAM_ALLOWED_PRINCIPALS stays on " + describe(opened) + " until " +
                                     to_string(ledger_.key(missing.id)) + " is in place"};
  }
  return std::nullopt;
}

/// IAM decides beside Lake Formation only where the location allows for both, and for nobody who was granted something.
std::optional<HybridRules::Hindrance> HybridRules::before_opening(const EntryKey& opening) {
  const ResourceId opened = catalog::parse_permission_id(opening.local.name)->resource;
  const auto location = location_of({catalog_, catalog::database_key(opened.database)});
  const Location* there = location ? seen(*location) : nullptr;
  if (location && (there == nullptr || !there->hybrid)) {
    return Hindrance{location, to_string(ledger_.key(*location).local) + " is not registered for hybrid access yet"};
  }
  for (const Missing& missing : missing_on(opened.database)) {
    const EntryKey& key = ledger_.key(missing.id);
    if (key.local.kind != EntryKind::OptIn || key.catalog != catalog_) continue;
    if (!counts_for(missing.permission.resource, opened)) continue;
    return Hindrance{missing.id, missing.permission.principal + " is not opted in to Lake Formation yet"};
  }
  return std::nullopt;
}

/// A location is hybrid for as long as IAM decides about anything there, and becomes so when all who hold what they were
/// granted are opted in: others would no longer get credentials for it.
std::optional<HybridRules::Hindrance> HybridRules::before_moving(KeyId location, const Action& action) {
  const auto* wanted = std::get_if<Location>(&action.value);
  const Location* there = seen(location);
  if (wanted == nullptr || there == nullptr || there->hybrid == wanted->hybrid) return std::nullopt;
  for (const ResourceState* product : ledger_.claimants(location)) {
    for (const IndexedClaim& claim : product->claims) {
      const EntryKey& key = ledger_.key(claim.key);
      if (key.catalog != catalog_) continue;
      if (wanted->hybrid && key.local.kind == EntryKind::Database) {
        for (const Missing& missing : missing_on(key.local.name)) {
          const bool holds = ledger_.key(missing.id).local.kind == EntryKind::OptIn && !before_opting_in(missing.id);
          if (!holds) continue;
          return Hindrance{missing.id, missing.permission.principal + " is not opted in to Lake Formation yet"};
        }
      }
      if (wanted->hybrid) continue;
      for (LocalKey& opening : openings_of(key)) {
        if (snapshot_.find(opening) == nullptr) continue;
        return Hindrance{ledger_.lookup({catalog_, opening}),
                         to_string(action.key.local) + " stays hybrid while IAM decides about " + to_string(key.local)};
      }
    }
  }
  return std::nullopt;
}

/// Who is opted in before he holds what he is granted has nothing at all.
std::optional<HybridRules::Hindrance> HybridRules::before_opting_in(KeyId opt_in) {
  for (const KeyId need : ledger_.needs(opt_in)) {
    if (!in_place(ledger_, snapshots_, need)) return Hindrance{need, ""};
  }
  return std::nullopt;
}

/// Who is opted in stays so until the location is no longer hybrid, since hybrid ones give credentials to nobody else.
std::optional<HybridRules::Hindrance> HybridRules::before_opting_out(const EntryKey& opt_in) {
  const auto id = catalog::parse_permission_id(opt_in.local.name);
  if (!id) return std::nullopt;
  const auto location = location_of({{id->resource.owner, catalog_.region}, catalog::database_key(id->resource.database)});
  if (!location || is_declared_hybrid(*location)) return std::nullopt;
  const Location* there = seen(*location);
  if (there == nullptr || !there->hybrid) return std::nullopt;
  return Hindrance{location, "opt-ins stay until " + to_string(ledger_.key(*location).local) + " is no longer hybrid"};
}

const std::vector<HybridRules::Missing>& HybridRules::missing_on(const std::string& database) {
  const auto [found, fresh] = missing_.try_emplace(database);
  if (!fresh) return found->second;
  for (const KeyId id : ledger_.given_on(catalog_.account, database)) {
    const EntryKey& key = ledger_.key(id);
    if (key.catalog.region != catalog_.region || !ledger_.is_claimed(id)) continue;
    auto permission = *catalog::parse_permission_id(key.local.name);
    if (catalog::is_iam_allowed_principals(permission.principal) || is_given(id, permission)) continue;
    found->second.push_back({id, std::move(permission)});
  }
  return found->second;
}

/// While IAM decides, Lake Formation may list SELECT on some columns as SELECT on the table.
/// Source: lake-formation.md 2.4 (the split of SELECT)
bool HybridRules::is_given(KeyId id, const PermissionId& permission) const {
  if (in_place(ledger_, snapshots_, id)) return true;
  if (ledger_.key(id).local.kind != EntryKind::Permission || !is_partial(permission.resource.type)) return false;
  const catalog::Snapshot* there = snapshots_(ledger_.key(id).catalog);
  if (there == nullptr) return false;
  const auto& [resource, principal] = permission;
  const ResourceId table = ResourceId::of_table(resource.owner, resource.database, resource.table);
  const catalog::EntryValue* seen = there->find(catalog::permission_key({table, principal}));
  const auto* value = seen == nullptr ? nullptr : std::get_if<catalog::PermissionValue>(seen);
  return value != nullptr && value->permissions.has(catalog::Permission::Select);
}

/// To other accounts what IAM decides about is given only from a hybrid location, with a version that knows of it.
bool HybridRules::can_be_given_now(const Missing& missing, const Location* location) const {
  const std::string account = catalog::account_of_principal(missing.permission.principal);
  const bool at_home = ledger_.key(missing.id).catalog == catalog_ && (account.empty() || account == catalog_.account);
  if (at_home) return true;
  const catalog::EntryValue* settings = snapshot_.find({EntryKind::Settings, ""});
  const int version =
      settings == nullptr ? 0 : std::get<catalog::Shared<catalog::Settings>>(*settings)->cross_account_version.value_or(0);
  return location != nullptr && location->hybrid && version >= reconcilers::kVersionThatSharesHybrid;
}

/// Where the files of a claimed database are registered.
std::optional<KeyId> HybridRules::location_of(const EntryKey& database) const {
  const auto id = ledger_.lookup(database);
  if (!id) return std::nullopt;
  const auto needs = ledger_.needs(*id);
  const auto found = std::find_if(needs.begin(), needs.end(), [&](KeyId need) {
    return ledger_.key(need).local.kind == EntryKind::Location;
  });
  return found == needs.end() ? std::nullopt : std::optional(*found);
}

const Location* HybridRules::seen(KeyId location) const {
  const EntryKey& key = ledger_.key(location);
  const catalog::Snapshot* there = snapshots_(key.catalog);
  const catalog::EntryValue* value = there == nullptr ? nullptr : there->find(key.local);
  return value == nullptr ? nullptr : std::get_if<Location>(value);
}

bool HybridRules::is_declared_hybrid(KeyId location) const {
  const Desired desired = ledger_.desired(location);
  const auto* wanted = desired.value ? std::get_if<Location>(&*desired.value) : nullptr;
  return wanted != nullptr && wanted->hybrid;
}

}  // namespace datamesh::engine
