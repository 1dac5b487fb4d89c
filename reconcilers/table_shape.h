// Tables of a DataProduct as the catalog holds them. Pure.
#pragma once

#include <string>

#include "controller/api/kinds.h"
#include "controller/catalog/entry.h"

namespace datamesh::reconcilers {

/// The table as it shall be in the governing catalog. `product` marks whose it is.
catalog::Table table_shape(const api::DataProductSpec& spec, const api::Table& table,
                           const std::string& product);

}  // namespace datamesh::reconcilers
