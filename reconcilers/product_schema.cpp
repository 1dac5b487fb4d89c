#include "reconcilers/product_schema.h"

#include <algorithm>

#include "controller/base/text.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/table_shape.h"

namespace datamesh::reconcilers {

ProductTable product_table(const api::Resource& product, const std::string& table, const std::string& region,
                           const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::DataProductSpec>(product);
  if (!spec.source_database.empty()) {
    const mesh::AccountAnswer producer = mesh::producer_of(product, mesh);
    const auto* source =
        producer ? mesh.source({producer.spec().account_id, region}, spec.source_database) : nullptr;
    if (source == nullptr || source->empty()) return {SchemaKnowledge::Unread, {}, {}};
    if (const auto found = source->find(table); found != source->end()) {
      return {SchemaKnowledge::Certain, found->second.columns, found->second.partition_keys};
    }
  }
  const auto declared = std::find_if(spec.tables.begin(), spec.tables.end(),
                                     [&](const api::Table& each) { return lower(each.name) == table; });
  if (declared == spec.tables.end()) return {};
  const catalog::Table shape = table_shape(spec, *declared, "");
  const bool exact = shape.schema_rule == catalog::SchemaRule::Exact;
  return {exact ? SchemaKnowledge::Certain : SchemaKnowledge::Declared, shape.columns, shape.partition_keys};
}

}  // namespace datamesh::reconcilers
