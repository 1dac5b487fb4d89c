// How calls go over the wire: json 1.1 (Glue), json 1.0 (SQS), rest-json (Lake Formation, RAM) and query with XML answers
// (STS, IAM). Pure.
// Source: lake-formation.md 1.1 and 1.2; the protocol documents of the Smithy specification
#pragma once

#include <string>
#include <string_view>

#include "controller/aws/api.h"
#include "controller/http/message.h"

namespace datamesh::aws {

enum class Style { Json10, Json11, RestJson, Query };

/// Whether X-Amz-Target names the operation, and the body is all of the input.
inline bool has_target(Style style) { return style == Style::Json10 || style == Style::Json11; }
enum class InputPlace { Body, QueryString };

/// Where one operation lives.
struct Wire {
  Style style = Style::Json11;
  std::string method = "POST";
  std::string path = "/";
  InputPlace input = InputPlace::Body;
  std::string target;   ///< the X-Amz-Target: "AWSGlue.GetTable"
  std::string version;  ///< the Version of a query
  bool operator==(const Wire&) const = default;
};

/// Whether an operation of that name exists is for the service to say.
Wire wire_of(Service service, std::string_view operation);

/// The request of `call`: method, path, query, body, and the headers that belong to the protocol. Empty structures are
/// kept: `{}` is not the same as nothing. Null members are left out.
/// Errors: Invalid for an operation that is no name, and for an input that is no object.
Result<http::Request> encode(const Call& call);

/// "Tags.member.1.Key=team&Tags.member.1.Value=a": the input of a query, nested structures and lists flattened. A list
/// without elements is sent as "Name=". What we ask of STS and IAM has no maps.
/// Source: AWS query protocol
std::string to_form(std::string_view operation, std::string_view version, const Json& input);

/// What `response` says: the output of `call`, or the error. Timestamps are epoch seconds. A 200 with `Failures` is a
/// success that holds them. Content-Type is not looked at: it is not always true.
/// Errors: those of AWS, by `classify_error`, with `retry_after` from a Retry-After; Transient when a success cannot
/// be read; an error that is no document of AWS (an HTML page of a proxy) is classified by its status.
Result<Json> decode(const Call& call, const http::Response& response);

}  // namespace datamesh::aws
