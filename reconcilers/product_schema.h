// The columns that a table of a DataProduct has, or is going to have, in the governing catalog. Pure.
#pragma once

#include <string>

#include "controller/catalog/entry.h"
#include "controller/mesh/mesh.h"

namespace datamesh::reconcilers {

enum class SchemaKnowledge {
  Certain,   ///< the table has these columns and no others
  Declared,  ///< these columns are declared; the producer may have changed them in the catalog since
  Unread,    ///< the producer's own database leads, and has not been read yet
  NoTable,   ///< the product has no such table
};

struct ProductTable {
  SchemaKnowledge knowledge = SchemaKnowledge::NoTable;
  std::vector<catalog::ColumnShape> columns;
  std::vector<catalog::ColumnShape> partition_keys;
};

/// `table`, lower case, of `product` in `region`.
ProductTable product_table(const api::Resource& product, const std::string& table, const std::string& region,
                           const mesh::Mesh& mesh);

}  // namespace datamesh::reconcilers
