#include "reconcilers/table_shape.h"

#include "controller/base/text.h"
#include "reconcilers/claim_builder.h"

namespace datamesh::reconcilers {
namespace {

/// Source: Hive storage formats, as Athena documents them for CREATE TABLE
catalog::StorageFormat storage_format(api::TableFormat format) {
  const std::string hive = "org.apache.hadoop.hive.";
  const std::string text_in = "org.apache.hadoop.mapred.TextInputFormat";
  const std::string text_out = hive + "ql.io.HiveIgnoreKeyTextOutputFormat";
  switch (format) {
    case api::TableFormat::Parquet:
      return {hive + "ql.io.parquet.MapredParquetInputFormat",
              hive + "ql.io.parquet.MapredParquetOutputFormat",
              hive + "ql.io.parquet.serde.ParquetHiveSerDe"};
    case api::TableFormat::Orc:
      return {hive + "ql.io.orc.OrcInputFormat", hive + "ql.io.orc.OrcOutputFormat",
              hive + "ql.io.orc.OrcSerde"};
    case api::TableFormat::Avro:
      return {hive + "ql.io.avro.AvroContainerInputFormat",
              hive + "ql.io.avro.AvroContainerOutputFormat", hive + "serde2.avro.AvroSerDe"};
    case api::TableFormat::Csv: return {text_in, text_out, hive + "serde2.OpenCSVSerde"};
    case api::TableFormat::Json: return {text_in, text_out, "org.openx.data.jsonserde.JsonSerDe"};
    case api::TableFormat::Iceberg: return {};
  }
  return {};
}

std::vector<catalog::ColumnShape> shapes(const std::vector<api::Column>& columns) {
  std::vector<catalog::ColumnShape> out;
  out.reserve(columns.size());
  for (const auto& column : columns) out.push_back({lower(column.name), column.type, column.comment});
  return out;
}

}  // namespace

catalog::Table table_shape(const api::DataProductSpec& spec, const api::Table& table,
                           const std::string& product) {
  catalog::Table shape;
  shape.description = table.description;
  shape.owner = spec.owner;
  shape.location = table.location;
  if (shape.location.empty() && !spec.location.empty()) {
    shape.location = spec.location + (spec.location.ends_with('/') ? "" : "/") + table.name;
  }
  shape.format = storage_format(table.format);
  shape.columns = shapes(table.columns);
  shape.partition_keys = shapes(table.partition_keys);
  shape.parameters = table.parameters;
  shape.parameters[catalog::kOwnerParameter] = product;
  if (table.format == api::TableFormat::Iceberg) shape.parameters["table_type"] = "ICEBERG";
  shape.schema_rule = spec.schema_policy == api::SchemaPolicy::FollowProducer
                          ? catalog::SchemaRule::Follow
                          : catalog::SchemaRule::Exact;
  return shape;
}

}  // namespace datamesh::reconcilers
