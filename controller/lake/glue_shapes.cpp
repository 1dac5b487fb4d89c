#include "controller/lake/glue_shapes.h"

#include <algorithm>
#include <array>

namespace datamesh::lake {
namespace {

std::map<std::string, std::string> parameters_of(const Json& glue) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : member(glue, "Parameters").items()) {
    if (value.is_string()) out[key] = value.get<std::string>();
  }
  return out;
}

std::vector<catalog::ColumnShape> decode_columns(const Json& columns) {
  std::vector<catalog::ColumnShape> out;
  for (const Json& column : columns) {
    out.push_back({string_at(column, "Name"), string_at(column, "Type"), string_at(column, "Comment")});
  }
  return out;
}

Json encode_columns(const std::vector<catalog::ColumnShape>& columns) {
  Json out = Json::array();
  for (const auto& column : columns) {
    Json shape = {{"Name", column.name}, {"Type", column.type}};
    if (!column.comment.empty()) shape["Comment"] = column.comment;
    out.push_back(std::move(shape));
  }
  return out;
}

Json overlaid_parameters(const Json& existing, const std::map<std::string, std::string>& wanted) {
  Json out = member(existing, "Parameters");
  if (!out.is_object()) out = Json::object();
  for (const auto& [key, value] : wanted) out[key] = value;
  return out;
}

void set_or_erase(Json& object, const char* key, const std::string& value) {
  if (value.empty()) {
    object.erase(key);
  } else {
    object[key] = value;
  }
}

/// The members of a Table as read that a TableInput does not take.
/// Source: lake-formation.md 1.3 (read-modify-write of a table)
constexpr std::array kReadOnly = {"DatabaseName",  "CreateTime",         "UpdateTime",
                                  "CreatedBy",     "CatalogId",          "IsRegisteredWithLakeFormation",
                                  "VersionId",     "FederatedTable",     "IsMultiDialectView",
                                  "Status",        "IsMaterializedView", "IcebergTableMetadata"};

}  // namespace

bool is_link(const Json& glue) { return glue.contains("TargetDatabase") || glue.contains("TargetTable"); }

catalog::Link decode_link(const Json& glue) {
  const bool table = glue.contains("TargetTable");
  const Json& target = member(glue, table ? "TargetTable" : "TargetDatabase");
  return {string_at(target, "CatalogId"), string_at(target, "DatabaseName"),
          table ? string_at(target, "Name") : "", string_at(target, "Region")};
}

Json encode_link_target(const catalog::Link& link, const std::string& own_region) {
  Json target = {{"CatalogId", link.owner}, {"DatabaseName", link.database}};
  if (!link.table.empty()) target["Name"] = link.table;
  if (!link.region.empty() && link.region != own_region) target["Region"] = link.region;
  return target;
}

catalog::Database decode_database(const Json& database) {
  catalog::Database out;
  out.description = string_at(database, "Description");
  out.location_uri = string_at(database, "LocationUri");
  out.parameters = parameters_of(database);
  // Undeclared reads back as IAM_ALLOWED_PRINCIPALS; any principal there opens the tables to come (trap T8).
  out.open_table_defaults = !member(database, "CreateTableDefaultPermissions").empty();
  return out;
}

Json encode_database(const std::string& name, const catalog::Database& wanted, const Json& existing) {
  Json input = Json::object();
  input["Name"] = name;
  if (!wanted.description.empty()) input["Description"] = wanted.description;
  if (!wanted.location_uri.empty()) input["LocationUri"] = wanted.location_uri;
  input["Parameters"] = overlaid_parameters(existing, wanted.parameters);
  input["CreateTableDefaultPermissions"] = Json::array();
  const bool stays_open = wanted.keeps_table_defaults && decode_database(existing).open_table_defaults;
  if (wanted.open_table_defaults || stays_open) {
    input["CreateTableDefaultPermissions"].push_back(
        {{"Principal", {{"DataLakePrincipalIdentifier", "IAM_ALLOWED_PRINCIPALS"}}}, {"Permissions", {"ALL"}}});
  }
  return input;
}

catalog::Table decode_table(const Json& table) {
  catalog::Table out;
  const Json& storage = member(table, "StorageDescriptor");
  out.description = string_at(table, "Description");
  out.owner = string_at(table, "Owner");
  out.location = string_at(storage, "Location");
  out.format = {string_at(storage, "InputFormat"), string_at(storage, "OutputFormat"),
                string_at(member(storage, "SerdeInfo"), "SerializationLibrary")};
  out.columns = decode_columns(member(storage, "Columns"));
  out.partition_keys = decode_columns(member(table, "PartitionKeys"));
  out.parameters = parameters_of(table);
  const Json& created = member(table, "CreateTime");
  out.created = Time(std::chrono::seconds(created.is_number() ? static_cast<std::int64_t>(created.get<double>()) : 0));
  return out;
}

Json encode_table(const std::string& name, const catalog::Table& wanted, const Json& existing) {
  Json input = existing.is_object() ? existing : Json::object();
  for (const char* key : kReadOnly) input.erase(key);
  const bool keep_schema = existing.is_object() && wanted.schema_rule == catalog::SchemaRule::Follow;
  input["Name"] = name;
  set_or_erase(input, "Description", wanted.description);
  set_or_erase(input, "Owner", wanted.owner);
  if (!input.contains("TableType")) input["TableType"] = "EXTERNAL_TABLE";
  input["Parameters"] = overlaid_parameters(existing, wanted.parameters);
  Json& storage = input["StorageDescriptor"];
  if (!storage.is_object()) storage = Json::object();
  if (!keep_schema) {
    storage["Columns"] = encode_columns(wanted.columns);
    input["PartitionKeys"] = encode_columns(wanted.partition_keys);
  }
  set_or_erase(storage, "Location", wanted.location);
  set_or_erase(storage, "InputFormat", wanted.format.input_format);
  set_or_erase(storage, "OutputFormat", wanted.format.output_format);
  if (!wanted.format.serializer.empty()) {
    if (!member(storage, "SerdeInfo").is_object()) storage["SerdeInfo"] = Json::object();
    storage["SerdeInfo"]["SerializationLibrary"] = wanted.format.serializer;
  }
  return input;
}

}  // namespace datamesh::lake
