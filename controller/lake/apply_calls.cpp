#include "controller/lake/apply_calls.h"

#include <algorithm>
#include <iterator>

#include "controller/lake/glue_shapes.h"
#include "controller/lake/permission_rows.h"
#include "controller/lake/settings_shape.h"

namespace datamesh::lake {
namespace {

using catalog::Action;
using catalog::EntryKind;
using catalog::Verb;

template <class T>
const T& value_of(const Action& action) {
  return *std::get<catalog::Shared<T>>(action.value);
}

/// "database/table" in its two parts.
std::pair<std::string, std::string> table_name(const std::string& name) {
  const std::size_t slash = name.find('/');
  return {name.substr(0, slash), slash == std::string::npos ? "" : name.substr(slash + 1)};
}

/// A delete of what is not there has nothing to do.
Result<Effect> deleted(const Result<Json>& result) {
  if (result) return Effect::Done;
  if (result.error().kind == ErrorKind::NotFound) return Effect::AlreadyDone;
  return fail(result.error());
}

Result<Effect> done(const Result<Json>& result) {
  if (result) return Effect::Done;
  return fail(result.error());
}

/// `values` as parts of at most 50, the most that one call about a tag takes.
std::vector<std::vector<std::string>> in_chunks(const std::vector<std::string>& values) {
  std::vector<std::vector<std::string>> out;
  for (const std::string& value : values) {
    if (out.empty() || out.back().size() == 50) out.emplace_back();
    out.back().push_back(value);
  }
  return out;
}

Json database_resource(const CatalogRef& catalog, const std::string& database) {
  return encode_resource(catalog::ResourceId::of_database(catalog.account, database), {});
}

Json table_resource(const CatalogRef& catalog, const std::string& database, const std::string& table) {
  return encode_resource(catalog::ResourceId::of_table(catalog.account, database, table), {});
}

/// The permission that AWS says the caller lacks; empty for any other error.
std::string lacking_permission(const Error& error) {
  if (error.kind != ErrorKind::Denied) return {};
  for (const auto& [words, permission] : {std::pair("Required Alter", "ALTER"), std::pair("Required Drop", "DROP"),
                                          std::pair("Required Create Table", "CREATE_TABLE")}) {
    if (error.message.find(words) != std::string::npos) return permission;
  }
  return {};
}

}  // namespace

Result<Json> Calls::call(aws::Service service, const char* operation, Json input) {
  return api_.call({catalog_, service, operation, std::move(input)});
}

/// An administrator may change only what it made itself, but may give itself the permission that it lacks on the
/// rest: just for this call, so that nothing of it is left.
/// Source: lake-formation.md 2.1 (implicit permissions), trap T28
Result<Json> Calls::change(const char* operation, const Json& input, const Json& resource) {
  auto result = call(aws::Service::Glue, operation, input);
  const std::string lacking = result ? "" : lacking_permission(result.error());
  if (lacking.empty()) return result;
  const auto self = call(aws::Service::LakeFormation, "GetDataLakePrincipal", Json::object());
  const std::string identity = self ? string_at(*self, "Identity") : "";
  if (identity.empty()) return result;
  const Json grant = {{"Principal", {{"DataLakePrincipalIdentifier", identity}}},
                      {"Resource", resource},
                      {"Permissions", {lacking}}};
  if (!call(aws::Service::LakeFormation, "GrantPermissions", grant)) return result;
  result = call(aws::Service::Glue, operation, input);
  // Should this fail, the operator keeps a right over what it administers anyway.
  (void)call(aws::Service::LakeFormation, "RevokePermissions", grant);
  return result;
}

Result<Effect> Calls::apply(const Action& action) {
  switch (action.key.local.kind) {
    case EntryKind::Settings: return settings(action);
    case EntryKind::Location: return location(action);
    case EntryKind::Database: return database(action);
    case EntryKind::Table: return table(action);
    case EntryKind::Link: return link(action);
    case EntryKind::TagKey: return tag_key(action);
    case EntryKind::DataFilter: return filter(action);
    case EntryKind::ShareAcceptance: return accept(action);
    case EntryKind::OptIn: return opt_in(action);
    case EntryKind::Permission:
    case EntryKind::TagAssignment: break;
  }
  return fail(ErrorKind::Internal, "batched kinds have their own calls", "lake::apply");
}

/// Settings are replaced as a whole, so they are read first and merged field by field (trap T9).
Result<Effect> Calls::settings(const Action& action) {
  TRY_VALUE(const Json out, call(aws::Service::LakeFormation, "GetDataLakeSettings", Json::object()));
  const Json settings = encode_settings(value_of<catalog::Settings>(action), member(out, "DataLakeSettings"));
  return done(call(aws::Service::LakeFormation, "PutDataLakeSettings", {{"DataLakeSettings", settings}}));
}

Result<Effect> Calls::location(const Action& action) {
  const std::string& arn = action.key.local.name;
  if (action.verb == Verb::Delete) {
    return deleted(call(aws::Service::LakeFormation, "DeregisterResource", {{"ResourceArn", arn}}));
  }
  const auto& wanted = std::get<catalog::Location>(action.value);
  Json input = {{"ResourceArn", arn}, {"HybridAccessEnabled", wanted.hybrid}};
  if (wanted.role_arn.empty()) {
    input["UseServiceLinkedRole"] = true;
  } else {
    input["RoleArn"] = wanted.role_arn;
  }
  if (action.verb == Verb::Create) {
    return done(call(aws::Service::LakeFormation, "RegisterResource", input));
  }
  if (wanted.role_arn.empty()) {
    // Only a new registration can switch to the service-linked role.
    TRY(call(aws::Service::LakeFormation, "DeregisterResource", {{"ResourceArn", arn}}));
    return done(call(aws::Service::LakeFormation, "RegisterResource", input));
  }
  return done(call(aws::Service::LakeFormation, "UpdateResource", input));
}

/// No update or delete of ours may act through a link on somebody else's catalog (traps T5, T6).
Result<void> Calls::refuse_link(const std::string& database, const std::string& table) {
  TRY_VALUE(const Json out, call(aws::Service::Glue, "GetDatabase", {{"Name", database}}));
  if (is_link(member(out, "Database"))) {
    return fail(ErrorKind::Conflict, "database " + database + " has become a resource link", "glue:GetDatabase");
  }
  if (table.empty()) return {};
  TRY_VALUE(const Json found, call(aws::Service::Glue, "GetTable", {{"DatabaseName", database}, {"Name", table}}));
  if (is_link(member(found, "Table"))) {
    return fail(ErrorKind::Conflict, "table " + table + " has become a resource link", "glue:GetTable");
  }
  return {};
}

Result<Effect> Calls::database(const Action& action) {
  const std::string& name = action.key.local.name;
  if (action.verb == Verb::Delete) {
    if (const auto safe = refuse_link(name, ""); !safe) {
      if (safe.error().kind == ErrorKind::NotFound) return Effect::AlreadyDone;
      return fail(safe.error());
    }
    return deleted(change("DeleteDatabase", {{"Name", name}}, database_resource(catalog_, name)));
  }
  const auto& wanted = value_of<catalog::Database>(action);
  if (action.verb == Verb::Create) {
    return done(call(aws::Service::Glue, "CreateDatabase",
                     {{"DatabaseInput", encode_database(name, wanted, Json())}}));
  }
  TRY_VALUE(const Json out, call(aws::Service::Glue, "GetDatabase", {{"Name", name}}));
  const Json& existing = member(out, "Database");
  if (is_link(existing)) {
    return fail(ErrorKind::Conflict, "database " + name + " has become a resource link", "glue:GetDatabase");
  }
  return done(change("UpdateDatabase", {{"Name", name}, {"DatabaseInput", encode_database(name, wanted, existing)}},
                     database_resource(catalog_, name)));
}

Result<Effect> Calls::table(const Action& action) {
  const auto [database, name] = table_name(action.key.local.name);
  const Json where = {{"DatabaseName", database}, {"Name", name}};
  if (action.verb == Verb::Delete) {
    if (const auto safe = refuse_link(database, name); !safe) {
      if (safe.error().kind == ErrorKind::NotFound) return Effect::AlreadyDone;
      return fail(safe.error());
    }
    return deleted(change("DeleteTable", where, table_resource(catalog_, database, name)));
  }
  const auto& wanted = value_of<catalog::Table>(action);
  if (action.verb == Verb::Create) {
    return done(change("CreateTable", {{"DatabaseName", database}, {"TableInput", encode_table(name, wanted, Json())}},
                       database_resource(catalog_, database)));
  }
  TRY_VALUE(const Json out, call(aws::Service::Glue, "GetTable", where));
  const Json& existing = member(out, "Table");
  if (is_link(existing)) {
    return fail(ErrorKind::Conflict, "table " + name + " has become a resource link", "glue:GetTable");
  }
  Json input = {{"DatabaseName", database}, {"TableInput", encode_table(name, wanted, existing)}};
  if (const std::string version = string_at(existing, "VersionId"); !version.empty()) {
    input["VersionId"] = version;
  }
  return done(change("UpdateTable", input, table_resource(catalog_, database, name)));
}

Result<Effect> Calls::create_link(const std::string& name, const catalog::Link& wanted) {
  const Json target = encode_link_target(wanted, catalog_.region);
  const auto [database, table] = table_name(name);
  if (table.empty()) {
    return done(call(aws::Service::Glue, "CreateDatabase",
                     {{"DatabaseInput", {{"Name", name}, {"TargetDatabase", target}}}}));
  }
  return done(change("CreateTable", {{"DatabaseName", database}, {"TableInput", {{"Name", table}, {"TargetTable", target}}}},
                     database_resource(catalog_, database)));
}

/// A delete takes away the link, never what it points to: it is looked at first.
Result<Effect> Calls::link(const Action& action) {
  const std::string& name = action.key.local.name;
  if (action.verb != Verb::Delete) return create_link(name, value_of<catalog::Link>(action));
  const auto [database, table] = table_name(name);
  const auto found = table.empty()
                         ? call(aws::Service::Glue, "GetDatabase", {{"Name", name}})
                         : call(aws::Service::Glue, "GetTable", {{"DatabaseName", database}, {"Name", table}});
  if (!found) {
    if (found.error().kind == ErrorKind::NotFound) return Effect::AlreadyDone;
    return fail(found.error());
  }
  if (!is_link(member(*found, table.empty() ? "Database" : "Table"))) {
    return fail(ErrorKind::Conflict, name + " is no resource link any more", "glue:GetDatabase");
  }
  if (table.empty()) return deleted(change("DeleteDatabase", {{"Name", name}}, database_resource(catalog_, name)));
  return deleted(change("DeleteTable", {{"DatabaseName", database}, {"Name", table}},
                        table_resource(catalog_, database, table)));
}

/// Values are added and removed in chunks of 50, the most that one call takes. What is there is read first: only what
/// is missing is added, and of an exact claim only what is neither wanted nor kept is removed.
Result<Effect> Calls::tag_key(const Action& action) {
  const std::string& key = action.key.local.name;
  if (action.verb == Verb::Delete) {
    return deleted(call(aws::Service::LakeFormation, "DeleteLFTag", {{"TagKey", key}}));
  }
  const auto& wanted = value_of<catalog::TagKey>(action);
  catalog::TagKey there;
  bool create = action.verb == Verb::Create;
  if (!create) {
    TRY_VALUE(const Json out, call(aws::Service::LakeFormation, "GetLFTag", {{"TagKey", key}}));
    for (const Json& value : member(out, "TagValues")) there.values.insert(value.get<std::string>());
  }
  std::vector<std::string> missing;
  std::set_difference(wanted.values.begin(), wanted.values.end(), there.values.begin(), there.values.end(),
                      std::back_inserter(missing));
  for (const auto& chunk : in_chunks(missing)) {
    TRY(call(aws::Service::LakeFormation, create ? "CreateLFTag" : "UpdateLFTag",
             {{"TagKey", key}, {create ? "TagValues" : "TagValuesToAdd", chunk}}));
    create = false;
  }
  const auto surplus = surplus_values(there, wanted);
  for (const auto& chunk : in_chunks({surplus.begin(), surplus.end()})) {
    TRY(call(aws::Service::LakeFormation, "UpdateLFTag", {{"TagKey", key}, {"TagValuesToDelete", chunk}}));
  }
  return Effect::Done;
}

/// Source: lake-formation.md 2.8 (exactly one row form and one column form, trap T34)
Result<Effect> Calls::filter(const Action& action) {
  const std::string& full = action.key.local.name;
  const auto [database, rest] = table_name(full);
  const auto [table, name] = table_name(rest);
  const Json where = {{"TableCatalogId", catalog_.account},
                      {"DatabaseName", database},
                      {"TableName", table},
                      {"Name", name}};
  if (action.verb == Verb::Delete) {
    return deleted(call(aws::Service::LakeFormation, "DeleteDataCellsFilter", where));
  }
  const auto& wanted = value_of<catalog::DataFilter>(action);
  Json filter = where;
  if (wanted.row_filter.empty()) {
    filter["RowFilter"] = {{"AllRowsWildcard", Json::object()}};
  } else {
    filter["RowFilter"] = {{"FilterExpression", wanted.row_filter}};
  }
  if (!wanted.columns.empty()) {
    filter["ColumnNames"] = wanted.columns;
  } else {
    filter["ColumnWildcard"] = Json::object();
    if (!wanted.excluded_columns.empty()) {
      filter["ColumnWildcard"]["ExcludedColumnNames"] = wanted.excluded_columns;
    }
  }
  return done(call(aws::Service::LakeFormation,
                   action.verb == Verb::Create ? "CreateDataCellsFilter" : "UpdateDataCellsFilter",
                   {{"TableData", filter}}));
}

Result<Effect> Calls::accept(const Action& action) {
  for (const std::string& invitation : value_of<catalog::ShareAcceptance>(action).pending) {
    const auto accepted = call(aws::Service::Ram, "AcceptResourceShareInvitation",
                               {{"resourceShareInvitationArn", invitation}});
    if (!accepted && accepted.error().kind != ErrorKind::AlreadyExists) return fail(accepted.error());
  }
  return Effect::Done;
}

Result<Effect> Calls::opt_in(const Action& action) {
  const auto id = catalog::parse_permission_id(action.key.local.name);
  if (!id) return fail(ErrorKind::Internal, "no permission id: " + action.key.local.name, "lake::apply");
  const Json input = {{"Principal", {{"DataLakePrincipalIdentifier", id->principal}}},
                      {"Resource", encode_resource(id->resource, {})}};
  if (action.verb == Verb::Delete) {
    return deleted(call(aws::Service::LakeFormation, "DeleteLakeFormationOptIn", input));
  }
  const auto made = call(aws::Service::LakeFormation, "CreateLakeFormationOptIn", input);
  // AWS has no error of its own for an opt-in that is there already.
  if (!made && made.error().kind == ErrorKind::Invalid && made.error().message.find("exist") != std::string::npos &&
      made.error().message.find("not exist") == std::string::npos) {
    return Effect::AlreadyDone;
  }
  return done(made);
}

}  // namespace datamesh::lake
