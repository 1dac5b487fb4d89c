// Partitions, read.
// Source: lake-formation.md 1.3, 2.6
#include "controller/embedded/lake_expression.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_partitions.h"

namespace datamesh::embedded::lake {
namespace {

/// Which share of the partitions a segment of a parallel read has.
bool is_in_segment(const std::string& key, const Json& segment) {
  if (!segment.is_object()) return true;
  const std::string hash = text_hash(key);
  const auto total = segment["TotalSegments"].get<std::uint64_t>();
  return std::stoull(hash.substr(8), nullptr, 16) % total == segment["SegmentNumber"].get<std::uint64_t>();
}

bool fits(const RowExpression& expression, const std::vector<std::string>& keys, const Json& partition) {
  return passes(expression, [&](const std::string& column) -> const std::string* {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == column) return partition["Values"][i].get_ptr<const std::string*>();
    }
    return nullptr;
  });
}

Result<Json> get_partition(Session& session, const Json& input) {
  TRY_VALUE(const std::optional<TablePlace> table, find_table_to_read(session, input));
  const Json* partition =
      table ? table->catalog->partitions.find(partition_key(*table, input["PartitionValues"])) : nullptr;
  if (partition == nullptr) return session.not_found("Partition not found.");
  return Json{{"Partition", partition_json(*table, *partition, false)}};
}

Result<Json> get_partitions(Session& session, const Json& input) {
  TRY_VALUE(const std::optional<TablePlace> table, find_table_to_read(session, input));
  TRY_VALUE(const Paging paging, read_paging(session, input, 1000));
  Json list = Json::array();
  if (!table) return Json{{"Partitions", std::move(list)}};
  std::optional<RowExpression> expression;
  if (const std::string text = string_at(input, "Expression"); !text.empty()) {
    Result<RowExpression> parsed = parse_row_expression(text);
    if (!parsed) return session.invalid(parsed.error().message);
    expression = std::move(*parsed);
  }
  const std::vector<std::string> keys = partition_keys_of(table->table());
  const bool without_columns = input.value("ExcludeColumnSchema", false);
  const auto emit = [&](const std::string& key, const Json& partition) {
    if (!is_in_segment(key, member(input, "Segment"))) return false;
    if (expression && !fits(*expression, keys, partition)) return false;
    list.push_back(partition_json(*table, partition, without_columns));
    return true;
  };
  const std::string next =
      list_page(table->catalog->partitions, paging, prefix_of({table->database, table->name}), emit);
  Json output = {{"Partitions", std::move(list)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

Result<Json> batch_get_partition(Session& session, const Json& input) {
  TRY_VALUE(const std::optional<TablePlace> table, find_table_to_read(session, input));
  Json list = Json::array();
  Json missing = Json::array();
  for (const Json& wanted : input["PartitionsToGet"]) {
    if (!table) continue;
    const Json* partition = table->catalog->partitions.find(partition_key(*table, wanted["Values"]));
    if (partition != nullptr) list.push_back(partition_json(*table, *partition, false));
  }
  return Json{{"Partitions", std::move(list)}, {"UnprocessedKeys", std::move(missing)}};
}

}  // namespace

void add_partition_listing_operations(Operations& operations) {
  const std::string table = "CatalogId:s1-255 DatabaseName*:s1-255 TableName*:s1-255 ";
  const auto add = [&](const char* name, const char* more, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Glue, name, Effect::Read, IamRight::Anyone, table + more, run});
  };
  add("GetPartition", "PartitionValues*:[s]", get_partition);
  add("GetPartitions",
      "Expression:s0-2048 NextToken:s Segment:@Segment MaxResults:i1-1000 ExcludeColumnSchema:b TransactionId:s "
      "QueryAsOfTime:n",
      get_partitions);
  add("BatchGetPartition", "PartitionsToGet*:[@PartitionValueList]0-1000", batch_get_partition);
}

}  // namespace datamesh::embedded::lake
