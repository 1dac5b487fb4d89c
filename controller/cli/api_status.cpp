#include "controller/cli/api_status.h"

#include <array>

namespace datamesh::cli {
namespace {

struct Row {
  ErrorKind kind;
  int code;
  std::string_view reason;
};

/// The first row of a kind is how it is written, the first of a reason how it is read.
constexpr std::array<Row, 14> kRows = {{
    {ErrorKind::NotFound, 404, "NotFound"},
    {ErrorKind::AlreadyExists, 409, "AlreadyExists"},
    {ErrorKind::Conflict, 409, "Conflict"},
    {ErrorKind::Gone, 410, "Expired"},
    {ErrorKind::Invalid, 422, "Invalid"},
    {ErrorKind::Denied, 403, "Forbidden"},
    {ErrorKind::Throttled, 429, "TooManyRequests"},
    {ErrorKind::Transient, 504, "Timeout"},
    {ErrorKind::Unavailable, 503, "ServiceUnavailable"},
    {ErrorKind::Internal, 500, "InternalError"},
    {ErrorKind::Eventual, 503, "NotYet"},
    {ErrorKind::LimitExceeded, 403, "LimitExceeded"},
    {ErrorKind::Expired, 403, "CredentialsExpired"},
    {ErrorKind::Cancelled, 503, "Cancelled"},
}};

ErrorKind kind_of(const std::string& reason, int code) {
  for (const Row& row : kRows) {
    if (row.reason == reason) return row.kind;
  }
  if (code == 401) return ErrorKind::Denied;
  if (code == 404) return ErrorKind::NotFound;
  return code < 500 ? ErrorKind::Invalid : ErrorKind::Internal;
}

}  // namespace

http::Response status_response(int code, std::string_view reason, const std::string& message) {
  return http::json_response(code, {{"kind", "Status"},
                                    {"apiVersion", "v1"},
                                    {"metadata", Json::object()},
                                    {"status", "Failure"},
                                    {"message", message},
                                    {"reason", std::string(reason)},
                                    {"code", code}});
}

http::Response status_response(const Error& error) {
  for (const Row& row : kRows) {
    if (row.kind == error.kind) return status_response(row.code, row.reason, error.message);
  }
  return status_response(500, "InternalError", error.message);
}

http::Response refusal_response(int code, const std::string& message) {
  switch (code) {
    case 405: return status_response(code, "MethodNotAllowed", message);
    case 413: return status_response(code, "RequestEntityTooLarge", message);
    case 500: return status_response(code, "InternalError", message);
    case 503: return status_response(code, "ServiceUnavailable", message);
    case 504: return status_response(code, "Timeout", message);
    default: return status_response(code, "BadRequest", message);
  }
}

Error error_of(const http::Response& response) {
  Error error;
  const auto body = parse_json(response.body);
  const std::string reason = body ? string_at(*body, "reason") : "";
  error.kind = kind_of(reason, response.status);
  error.message = body ? string_at(*body, "message") : "";
  if (error.message.empty()) error.message = "the server answered with status " + std::to_string(response.status);
  return error;
}

}  // namespace datamesh::cli
