// Objects as the rows that `kubectl get` prints. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/kube/served_types.h"

namespace datamesh::kube {

/// What a row carries beside its cells.
enum class RowObject { None, Metadata, Whole };
/// Reads includeObject=None|Metadata|Object; Metadata when it says nothing.
RowObject parse_row_object(const std::string& text);

struct TableOptions {
  RowObject object = RowObject::Metadata;
  std::string version = "v1";  ///< of meta.k8s.io
  Time now;
};

Json column_definitions(const ServedType& type);
Json table_row(const ServedType& type, const Json& object, const TableOptions& options);
/// `metadata`: resourceVersion and what else a list has.
Json table(const ServedType& type, const std::vector<Json>& objects, Json metadata, const TableOptions& options);

/// Only kind, apiVersion and metadata: PartialObjectMetadata of meta.k8s.io/VERSION.
Json partial_metadata(const Json& object, const std::string& version);

}  // namespace datamesh::kube
