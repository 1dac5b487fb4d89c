// Partitions: create, update, delete, alone and in batches.
// Source: lake-formation.md 1.3, 2.6
#include "controller/embedded/lake_partitions.h"

#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

/// NOTE: which right AWS wants for partitions could not be confirmed; ALTER or INSERT serve here.
Result<TablePlace> find_writable(Session& session, const Json& input) {
  TRY_VALUE(TablePlace place, find_table_to_change(session, input, string_at(input, "TableName")));
  const Access access = access_of(session, session.caller, place.subject());
  if (!access.permissions.meets({Permission::Alter, Permission::Insert})) {
    return session.insufficient("Alter", place.name);
  }
  return place;
}

Result<void> check_values(const Session& session, const TablePlace& table, const Json& values) {
  const std::size_t keys = member(table.table().input, "PartitionKeys").size();
  if (values.size() == keys) return {};
  return session.invalid("The number of partition keys do not match the number of partition values");
}

Result<void> create_one(Session& session, const TablePlace& table, Json partition) {
  const Json values = partition.value("Values", Json::array());
  TRY(check_values(session, table, values));
  const std::string key = partition_key(table, values);
  if (table.catalog->partitions.find(key) != nullptr) return session.exists("Partition already exists.");
  partition["CreationTime"] = seconds_of(session.now_millis());
  table.catalog->partitions.put(key, std::move(partition));
  return {};
}

Result<void> delete_one(Session& session, const TablePlace& table, const Json& values) {
  if (table.catalog->partitions.erase(partition_key(table, values))) return {};
  return session.not_found("Partition not found.");
}

Json detail(const Json& values, const Error& error) {
  return {{"PartitionValues", values},
          {"ErrorDetail", {{"ErrorCode", error.code}, {"ErrorMessage", error.message}}}};
}

Result<Json> create_partition(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace table, find_writable(session, input));
  TRY(create_one(session, table, input["PartitionInput"]));
  return Json::object();
}

Result<Json> batch_create_partition(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace table, find_writable(session, input));
  Json errors = Json::array();
  for (const Json& one : input["PartitionInputList"]) {
    const Result<void> done = create_one(session, table, one);
    if (!done) errors.push_back(detail(one.value("Values", Json::array()), done.error()));
  }
  return Json{{"Errors", std::move(errors)}};
}

Result<Json> update_partition(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace table, find_writable(session, input));
  const Json& old_values = input["PartitionValueList"];
  const std::string old_key = partition_key(table, old_values);
  const Json* before = table.catalog->partitions.find(old_key);
  if (before == nullptr) return session.not_found("Partition not found.");
  Json partition = input["PartitionInput"];
  if (!partition.contains("Values")) partition["Values"] = old_values;
  TRY(check_values(session, table, partition["Values"]));
  partition["CreationTime"] = (*before)["CreationTime"];
  const std::string key = partition_key(table, partition["Values"]);
  if (key != old_key && table.catalog->partitions.find(key) != nullptr) {
    return session.exists("Partition already exists.");
  }
  table.catalog->partitions.erase(old_key);
  table.catalog->partitions.put(key, std::move(partition));
  return Json::object();
}

Result<Json> delete_partition(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace table, find_writable(session, input));
  TRY(delete_one(session, table, input["PartitionValues"]));
  return Json::object();
}

Result<Json> batch_delete_partition(Session& session, const Json& input) {
  TRY_VALUE(const TablePlace table, find_writable(session, input));
  Json errors = Json::array();
  for (const Json& one : input["PartitionsToDelete"]) {
    const Result<void> done = delete_one(session, table, one["Values"]);
    if (!done) errors.push_back(detail(one["Values"], done.error()));
  }
  return Json{{"Errors", std::move(errors)}};
}

}  // namespace

std::string partition_key(const TablePlace& table, const Json& values) {
  std::string key = prefix_of({table.database, table.name});
  for (const Json& value : values) {
    key += value.get_ref<const std::string&>();
    key += '\x1e';
  }
  return key;
}

Result<std::optional<TablePlace>> find_table_to_read(Session& session, const Json& input) {
  TRY_VALUE(TablePlace place, find_table(session, input, string_at(input, "TableName")));
  if (place.table().is_link()) {
    if (place.is_via_database_link) return std::optional<TablePlace>();
    TRY_VALUE(place, find_table_to_change(session, input, string_at(input, "TableName")));
  }
  if (!access_of(session, session.caller, place.subject()).is_visible()) {
    return session.insufficient("Describe", place.name);
  }
  return std::optional<TablePlace>(std::move(place));
}

Json partition_json(const TablePlace& table, const Json& partition, bool without_columns) {
  Json out = partition;
  out["DatabaseName"] = table.database;
  out["TableName"] = table.name;
  out["CatalogId"] = table.catalog->ref.account;
  if (without_columns && out.contains("StorageDescriptor")) out["StorageDescriptor"].erase("Columns");
  return out;
}

void add_partition_operations(Operations& operations) {
  const std::string table = "CatalogId:s1-255 DatabaseName*:s1-255 TableName*:s1-255 ";
  const auto add = [&](const char* name, const char* more, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Glue, name, Effect::Write, IamRight::Anyone, table + more, run});
  };
  add("CreatePartition", "PartitionInput*:@PartitionInput", create_partition);
  add("BatchCreatePartition", "PartitionInputList*:[@PartitionInput]0-100", batch_create_partition);
  add("UpdatePartition", "PartitionValueList*:[s]0-100 PartitionInput*:@PartitionInput", update_partition);
  add("DeletePartition", "PartitionValues*:[s]", delete_partition);
  add("BatchDeletePartition", "PartitionsToDelete*:[@PartitionValueList]0-25", batch_delete_partition);
}

}  // namespace datamesh::embedded::lake
