#include "controller/catalog/diff.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "controller/catalog/snapshot.h"

namespace datamesh::catalog {
namespace {

template <class T>
const T& as(const EntryValue& value) {
  return *std::get<Shared<T>>(value);
}

bool holds(const std::map<std::string, std::string>& all,
           const std::map<std::string, std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& pair) {
    const auto found = all.find(pair.first);
    return found != all.end() && found->second == pair.second;
  });
}

template <class T>
bool agrees(const std::optional<T>& observed, const std::optional<T>& wanted) {
  return !wanted || observed == wanted;
}

bool satisfies_settings(const Settings& observed, const Settings& wanted) {
  return std::includes(observed.administrators.begin(), observed.administrators.end(),
                       wanted.administrators.begin(), wanted.administrators.end()) &&
         agrees(observed.open_database_defaults, wanted.open_database_defaults) &&
         agrees(observed.open_table_defaults, wanted.open_table_defaults) &&
         (!wanted.cross_account_version ||
          observed.cross_account_version.value_or(1) >= *wanted.cross_account_version);
}

bool satisfies_database(const Database& observed, const Database& wanted) {
  return observed.description == wanted.description &&
         observed.location_uri == wanted.location_uri &&
         (wanted.keeps_table_defaults || observed.open_table_defaults == wanted.open_table_defaults) &&
         holds(observed.parameters, wanted.parameters);
}

bool satisfies_table(const Table& observed, const Table& wanted) {
  const bool same_schema =
      wanted.schema_rule == SchemaRule::Follow ||
      (observed.columns == wanted.columns && observed.partition_keys == wanted.partition_keys);
  return same_schema && observed.description == wanted.description &&
         observed.owner == wanted.owner && observed.location == wanted.location &&
         observed.format == wanted.format && holds(observed.parameters, wanted.parameters);
}

bool satisfies_tag_key(const TagKey& observed, const TagKey& wanted) {
  return std::includes(observed.values.begin(), observed.values.end(), wanted.values.begin(), wanted.values.end()) &&
         surplus_values(observed, wanted).empty();
}

bool satisfies_tag(const EntryValue* observed, const EntryValue& claimed,
                   const EntryValue* inherited) {
  const EntryValue* effective = observed != nullptr ? observed : inherited;
  return effective != nullptr && *effective == claimed;
}

ResourceType type_of(const LocalKey& key) {
  const auto id = parse_permission_id(key.name);
  return id ? id->resource.type : ResourceType::Table;
}

PermissionValue permission_of(const EntryValue* value, ResourceType type) {
  const auto* permission = value == nullptr ? nullptr : std::get_if<PermissionValue>(value);
  return permission == nullptr ? PermissionValue{} : expanded(*permission, type);
}

/// Every permission on a resource implies DESCRIBE on it, so DESCRIBE beside another one is no surplus.
/// Source: lake-formation.md 2.4 (comparison algorithm)
PermissionValue without_implied_describe(PermissionValue surplus, const PermissionValue& wanted) {
  if (!wanted.permissions.empty() && surplus.columns.empty()) {
    surplus.permissions.erase(Permission::Describe);
    if (!wanted.grantable.empty()) surplus.grantable.erase(Permission::Describe);
  }
  return surplus;
}

/// Only ALL itself, not what it stands for, leaves it to IAM who may do what.
/// Source: lake-formation.md 2.3
bool is_of_everybody(const LocalKey& key) {
  const auto id = parse_permission_id(key.name);
  return id && is_iam_allowed_principals(id->principal);
}

/// Grants carry the permissions whose option they give.
PermissionValue grantable_form(PermissionValue missing) {
  missing.permissions = missing.permissions | missing.grantable;
  for (const std::string& column : missing.grantable_columns) missing.columns.push_back(column);
  std::sort(missing.columns.begin(), missing.columns.end());
  missing.columns.erase(std::unique(missing.columns.begin(), missing.columns.end()),
                        missing.columns.end());
  return missing;
}

struct PermissionDiff {
  PermissionValue missing;    ///< to grant
  PermissionValue surplus;    ///< to revoke
  PermissionValue preserved;  ///< to grant before `ALL` is revoked
  PermissionValue regranted;  ///< to grant again without the option
};

/// Columns that keep SELECT and lose the option are revoked as a whole, and granted again without it.
void drop_options_of_columns(PermissionValue& surplus, PermissionValue& regranted, const PermissionValue& wanted) {
  PermissionValue options;
  options.columns = surplus.grantable_columns;
  if (options.columns.empty()) return;
  options.permissions = {Permission::Select};
  regranted = common(minus(options, surplus), wanted);
  regranted.grantable = {};
  regranted.grantable_columns.clear();
  surplus = united(surplus, options);
}

/// Source: lake-formation.md 2.4 (revoke the raw row's permissions; revoke all and grant again to drop an option)
PermissionDiff compare(const DiffInput& input, ResourceType type) {
  const PermissionValue wanted = permission_of(input.claimed, type);
  const PermissionValue seen = permission_of(input.observed, type);
  const PermissionValue ours =
      input.surplus == Surplus::All ? seen : permission_of(input.owned, type);
  PermissionDiff out;
  out.missing = grantable_form(minus(wanted, seen));
  if (input.claimed != nullptr && !out.missing.empty() && is_of_everybody(input.key.local)) {
    out.missing = std::get<PermissionValue>(*input.claimed);
  }
  // What was recorded as ours is revoked even where the snapshot does not show it: listings lag, and a revoke of
  // nothing does no harm.
  out.surplus = without_implied_describe(minus(ours, wanted), wanted);
  const PermissionSet kept_option = out.surplus.grantable - out.surplus.permissions;
  if (type == ResourceType::Columns) {
    drop_options_of_columns(out.surplus, out.regranted, wanted);
  } else if (!kept_option.empty()) {
    out.surplus.permissions = out.surplus.permissions | kept_option;
    out.regranted.permissions = kept_option & wanted.permissions;
  }
  const auto* raw = input.observed == nullptr ? nullptr : std::get_if<PermissionValue>(input.observed);
  if (raw != nullptr && raw->permissions.has(Permission::All) && !out.surplus.permissions.empty() &&
      ours.permissions.contains(all_of(type))) {
    out.preserved = common(seen, wanted);
    out.surplus.permissions.insert(Permission::All);
    if (raw->grantable.has(Permission::All)) out.surplus.grantable.insert(Permission::All);
  }
  return out;
}

bool is_broken(const EntryValue* observed) {
  const auto* seen = observed == nullptr ? nullptr : std::get_if<PermissionValue>(observed);
  return seen != nullptr && seen->share_broken;
}

/// A grant whose share is gone never shares again by itself: it is taken back and given anew.
/// Source: lake-formation.md 2.5 (trap T26)
std::vector<Action> repair(const DiffInput& input) {
  const ResourceType type = type_of(input.key.local);
  const PermissionValue wanted = permission_of(input.claimed, type);
  // All of ours goes, or what is left keeps the dead share.
  const PermissionValue ours = united(wanted, permission_of(input.owned, type));
  return {{input.key, Verb::Revoke, common(permission_of(input.observed, type), ours), Cause::Repair},
          {input.key, Verb::Grant, wanted, Cause::Repair}};
}

Cause cause_of_revoke(const DiffInput& input, const PermissionValue& surplus) {
  // What leaves a table to IAM is of the operator's doing wherever the table is declared, whoever made it so.
  if (input.release_cause == Cause::Withheld && is_of_everybody(input.key.local)) return Cause::Withheld;
  if (input.surplus == Surplus::All) return Cause::Undeclared;
  if (input.release_cause == Cause::Expired) return Cause::Expired;
  if (common(permission_of(input.observed, type_of(input.key.local)), surplus).empty()) return Cause::Confirm;
  if (input.release_cause == Cause::Withheld) return Cause::Withheld;
  return input.claimed != nullptr ? Cause::Surplus : Cause::Released;
}

std::vector<Action> diff_permission(const DiffInput& input) {
  if (input.claimed != nullptr && is_broken(input.observed)) return repair(input);
  const PermissionDiff found = compare(input, type_of(input.key.local));
  std::vector<Action> actions;
  const auto add = [&](Verb verb, const PermissionValue& value, Cause cause) {
    if (!value.empty()) actions.push_back({input.key, verb, value, cause});
  };
  const Cause surplus_cause = cause_of_revoke(input, found.surplus);
  add(Verb::Grant, found.preserved, Cause::Preserve);
  add(Verb::Revoke, found.surplus, surplus_cause);
  add(Verb::Grant, found.regranted, Cause::Changed);
  add(Verb::Grant, found.missing, input.observed == nullptr ? Cause::Declared : Cause::Changed);
  return actions;
}

std::vector<Action> diff_share(const DiffInput& input) {
  if (input.claimed == nullptr || input.observed == nullptr) return {};
  const auto& seen = as<ShareAcceptance>(*input.observed);
  if (!seen.pending.empty()) return {{input.key, Verb::Accept, *input.observed, Cause::Declared}};
  return {};
}

bool deletable(const DiffInput& input) {
  if (input.owned == nullptr || input.observed == nullptr) return false;
  switch (input.key.local.kind) {
    case EntryKind::Settings:
    case EntryKind::ShareAcceptance: return false;  // shared by nature: taking them away is nobody's single decision
    default: return true;
  }
}

std::vector<Action> diff_other(const DiffInput& input) {
  if (input.claimed == nullptr) {
    if (!deletable(input)) return {};
    return {{input.key, Verb::Delete, *input.observed, input.release_cause}};
  }
  if (satisfies(input.key.local, input.observed, *input.claimed, input.inherited)) return {};
  if (input.observed == nullptr) return {{input.key, Verb::Create, *input.claimed, Cause::Declared}};
  if (input.key.local.kind == EntryKind::Link) {
    // A link is never updated: that would act on its target (traps T5, T6).
    return {{input.key, Verb::Delete, *input.observed, Cause::Changed},
            {input.key, Verb::Create, *input.claimed, Cause::Changed}};
  }
  if (input.key.local.kind == EntryKind::TagKey) {
    return {{input.key, Verb::Update, with_kept(as<TagKey>(*input.claimed), as<TagKey>(*input.observed)), Cause::Changed}};
  }
  return {{input.key, Verb::Update, *input.claimed, Cause::Changed}};
}

std::optional<EntryValue> merged_settings(const Settings& a, const Settings& b) {
  Settings out = a;
  out.administrators.insert(b.administrators.begin(), b.administrators.end());
  if (!out.open_database_defaults) out.open_database_defaults = b.open_database_defaults;
  if (!out.open_table_defaults) out.open_table_defaults = b.open_table_defaults;
  const bool contradict = (b.open_database_defaults && *out.open_database_defaults != *b.open_database_defaults) ||
                          (b.open_table_defaults && *out.open_table_defaults != *b.open_table_defaults);
  if (contradict) return std::nullopt;
  out.cross_account_version = std::max(a.cross_account_version, b.cross_account_version);
  return EntryValue(Shared<Settings>(std::move(out)));
}

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string describe_permission(const Action& action) {
  const auto id = parse_permission_id(action.key.local.name);
  const auto& value = std::get<PermissionValue>(action.value);
  if (!id) return action.key.local.name;
  std::string what = join(value.permissions.names());
  if (!value.grantable.empty()) what += " (grantable: " + join(value.grantable.names()) + ")";
  std::string on = describe(id->resource);
  if (!value.columns.empty()) on = "columns " + join(value.columns) + " of " + on;
  const bool grant = action.verb == Verb::Grant;
  return (grant ? "grant " : "revoke ") + what + " on " + on + (grant ? " to " : " from ") + id->principal;
}

std::string describe_opt_in(const Action& action) {
  const auto id = parse_permission_id(action.key.local.name);
  if (!id) return action.key.local.name;
  const char* way = action.verb == Verb::Delete ? " out of Lake Formation on " : " in to Lake Formation on ";
  return "opt " + id->principal + way + describe(id->resource);
}

}  // namespace

std::set<std::string> surplus_values(const TagKey& observed, const TagKey& wanted) {
  std::set<std::string> out;
  if (!wanted.exact) return out;
  for (const std::string& value : observed.values) {
    if (!wanted.values.contains(value) && !wanted.kept.contains(value)) out.insert(value);
  }
  return out;
}

EntryValue with_kept(TagKey wanted, const TagKey& observed) {
  std::set_intersection(observed.values.begin(), observed.values.end(), wanted.kept.begin(), wanted.kept.end(),
                        std::inserter(wanted.values, wanted.values.end()));
  return Shared<TagKey>(std::move(wanted));
}

const EntryValue* inherited_tag(const Snapshot& snapshot, const LocalKey& key) {
  const std::size_t hash = key.name.rfind('#');
  if (hash == std::string::npos) return nullptr;
  std::string resource = key.name.substr(0, hash);
  for (std::size_t slash = resource.rfind('/'); slash != std::string::npos; slash = resource.rfind('/')) {
    resource.resize(slash);
    const EntryValue* found =
        snapshot.find({EntryKind::TagAssignment, resource + key.name.substr(hash)});
    if (found != nullptr) return found;
  }
  return nullptr;
}

std::vector<LocalKey> permissions_on_table(const Snapshot& snapshot, const std::string& account, const std::string& database,
                                           const std::string& table) {
  std::vector<LocalKey> out;
  for (const ResourceType type : {ResourceType::Table, ResourceType::Columns, ResourceType::ColumnsExcept, ResourceType::DataFilter}) {
    const std::string prefix = to_string(ResourceId{type, account, database, table, ""});
    for (auto at = snapshot.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix); ++at) {
      const auto id = parse_permission_id(at->first.name);
      if (id && id->resource.table == table) out.push_back(at->first);
    }
  }
  return out;
}

std::string_view to_string(Verb verb) {
  static constexpr std::array<std::string_view, 6> kNames = {"Create", "Update", "Delete",
                                                             "Grant",  "Revoke", "Accept"};
  return kNames[static_cast<std::size_t>(verb)];
}

std::string_view to_string(Cause cause) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "Declared", "Changed", "Preserve", "Released", "Expired", "Surplus", "Undeclared", "Repair", "Confirm", "Withheld"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string describe(const ResourceId& resource) {
  const std::string table = resource.database + "/" + resource.table;
  switch (resource.type) {
    case ResourceType::Catalog: return "the catalog";
    case ResourceType::Database: return "database " + resource.database;
    case ResourceType::Table: return "table " + table;
    case ResourceType::AllTables: return "all tables of " + resource.database;
    case ResourceType::Columns: return "table " + table;
    case ResourceType::ColumnsExcept: return "all columns but " + resource.detail + " of table " + table;
    case ResourceType::DataLocation: return "location " + resource.detail;
    case ResourceType::DataFilter: return "filter " + resource.detail + " of table " + table;
    case ResourceType::Tag: return "tag " + resource.detail;
    case ResourceType::DatabasePolicy: return "databases tagged " + resource.detail;
    case ResourceType::TablePolicy: return "tables tagged " + resource.detail;
    case ResourceType::TagExpression: return "tag expression " + resource.detail;
  }
  return {};
}

std::string describe(const Action& action) {
  if (std::holds_alternative<PermissionValue>(action.value)) return describe_permission(action);
  if (action.key.local.kind == EntryKind::OptIn) return describe_opt_in(action);
  std::string verb(to_string(action.verb));
  verb[0] = static_cast<char>(verb[0] - 'A' + 'a');
  std::string kind(to_string(action.key.local.kind));
  switch (action.key.local.kind) {
    case EntryKind::Location: kind = "location"; break;
    case EntryKind::Database: kind = "database"; break;
    case EntryKind::Table: kind = "table"; break;
    case EntryKind::Link: kind = "link"; break;
    case EntryKind::TagKey: kind = "tag"; break;
    case EntryKind::TagAssignment: kind = "tag of"; break;
    case EntryKind::DataFilter: kind = "data filter"; break;
    case EntryKind::ShareAcceptance: kind = "share from"; break;
    case EntryKind::Settings: kind = "data lake settings"; break;
    default: break;
  }
  std::string out = verb + " " + kind;
  if (!action.key.local.name.empty()) out += " " + action.key.local.name;
  if (const auto* tag = std::get_if<TagAssignment>(&action.value)) out += " = " + tag->value;
  return out;
}

PermissionValue beyond(const EntryValue& observed, const EntryValue& claimed, ResourceType type) {
  const PermissionValue wanted = permission_of(&claimed, type);
  return without_implied_describe(minus(permission_of(&observed, type), wanted), wanted);
}

bool satisfies(const LocalKey& key, const EntryValue* observed, const EntryValue& claimed,
               const EntryValue* inherited) {
  if (std::holds_alternative<TagAssignment>(claimed)) return satisfies_tag(observed, claimed, inherited);
  if (std::holds_alternative<PermissionValue>(claimed)) {
    const ResourceType type = type_of(key);
    return !is_broken(observed) && covers(permission_of(observed, type), permission_of(&claimed, type));
  }
  if (observed == nullptr || observed->index() != claimed.index()) return false;
  if (std::holds_alternative<Shared<Settings>>(claimed)) {
    return satisfies_settings(as<Settings>(*observed), as<Settings>(claimed));
  }
  if (std::holds_alternative<Shared<Database>>(claimed)) {
    return satisfies_database(as<Database>(*observed), as<Database>(claimed));
  }
  if (std::holds_alternative<Shared<Table>>(claimed)) {
    return satisfies_table(as<Table>(*observed), as<Table>(claimed));
  }
  if (std::holds_alternative<Shared<TagKey>>(claimed)) {
    return satisfies_tag_key(as<TagKey>(*observed), as<TagKey>(claimed));
  }
  return *observed == claimed;
}

std::optional<EntryValue> merged(const EntryValue& a, const EntryValue& b) {
  if (a.index() != b.index()) return std::nullopt;
  if (const auto* permission = std::get_if<PermissionValue>(&a)) {
    return EntryValue(united(*permission, std::get<PermissionValue>(b)));
  }
  if (std::holds_alternative<Shared<Settings>>(a)) return merged_settings(as<Settings>(a), as<Settings>(b));
  if (std::holds_alternative<Shared<TagKey>>(a)) {
    TagKey out = as<TagKey>(a);
    const TagKey& other = as<TagKey>(b);
    out.values.insert(other.values.begin(), other.values.end());
    out.kept.insert(other.kept.begin(), other.kept.end());
    out.exact = out.exact || other.exact;
    return EntryValue(Shared<TagKey>(std::move(out)));
  }
  if (a == b) return a;
  return std::nullopt;
}

std::vector<Action> diff(const DiffInput& input) {
  switch (input.key.local.kind) {
    case EntryKind::Permission: return diff_permission(input);
    case EntryKind::ShareAcceptance: return diff_share(input);
    default: return diff_other(input);
  }
}

}  // namespace datamesh::catalog
