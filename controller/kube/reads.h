// Getting and listing objects, in whichever shape the client wants. Blocks as long as the store does.
#pragma once

#include "controller/http/message.h"
#include "controller/kube/accept.h"
#include "controller/kube/backend.h"
#include "controller/kube/selector.h"
#include "controller/kube/table.h"

namespace datamesh::kube {

/// GET of an object.
Outcome<Json> get_object(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept);
/// GET of a collection.
Outcome<Json> list_objects(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept);

/// One object in the shape of `accept`.
Json shaped(const ServedType& type, const Json& object, const Accept& accept, const TableOptions& options);
/// How rows of tables are to look.
TableOptions table_options(const http::Request& request, const Accept& accept, const Clock& clock);

}  // namespace datamesh::kube
