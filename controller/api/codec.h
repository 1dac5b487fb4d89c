// Between stored objects and the plain values of kinds.h. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/api/kinds.h"
#include "controller/base/json.h"
#include "controller/base/result.h"

namespace datamesh::api {

/// The resource that `object` declares. The object is taken to be valid with its defaults filled in; its status and
/// whatever the kinds do not name is passed over. Permissions that a Grant leaves out are SELECT and DESCRIBE, and
/// SELECT alone with columns or a row filter. A resourceVersion that is no number is 0.
/// Errors: Invalid with the path, for an unknown kind or a value that no valid object has.
Result<Resource> decode(const Json& object);

/// The spec as JSON: decode of an object with it gives `spec` back, to the second in times. Empty texts, lists and
/// maps are left out.
Json encode_spec(const Spec& spec);

/// "DataProduct" for a DataProductSpec.
std::string_view kind_of(const Spec& spec);

/// The words of the CRDs.
std::string_view to_string(Governance value);
std::string_view to_string(Undeclared value);
std::string_view to_string(AccessMode value);
std::string_view to_string(DeletionPolicy value);
std::string_view to_string(AccountRole value);
std::string_view to_string(ConnectionType value);
std::string_view to_string(TableFormat value);
std::string_view to_string(SchemaPolicy value);
std::string_view to_string(Interface value);

/// "1h30m", "90s" as "1m30s", "0s".
std::string format_duration(Millis duration);

}  // namespace datamesh::api
