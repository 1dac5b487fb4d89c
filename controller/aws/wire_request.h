// Which call a request makes, as a server reads it: the other end of protocol.h. Pure.
// Source: lake-formation.md 1.1; the protocol documents of the Smithy specification
#pragma once

#include <optional>
#include <string_view>

#include "controller/aws/protocol.h"

namespace datamesh::aws {

/// The service of a signing name; nullopt for one that is not served.
std::optional<Service> service_of(std::string_view signing_name);

/// In which style to answer a request that names no service: as its form suggests.
Style style_of(const http::Request& request);
/// The style of a service that may be none of ours: JSON but for S3 and the query services, as its requests look.
Style style_of(std::string_view signing_name, const http::Request& request);

/// The operation and the input of `request`, for `service`. The target is left empty.
/// Errors: Invalid, with the code UnknownOperationException for a path, target or action that is none, and
/// SerializationException for an input that cannot be read.
Result<Call> read_call(Service service, const http::Request& request);

/// The input in "Tags.member.1.Key=team&DurationSeconds=900", without Action and Version. Leaves are texts, but for
/// DurationSeconds.
/// Errors: Invalid with the code SerializationException.
/// Source: AWS query protocol
Result<Json> read_form(std::string_view form);

}  // namespace datamesh::aws
