#include "controller/kube/transport.h"

#include <charconv>
#include <map>

namespace datamesh::kube {
namespace {

ErrorKind kind_of_reason(const std::string& reason) {
  static const std::map<std::string, ErrorKind> kKinds = {
      {"NotFound", ErrorKind::NotFound},
      {"AlreadyExists", ErrorKind::AlreadyExists},
      {"Conflict", ErrorKind::Conflict},
      {"Expired", ErrorKind::Gone},
      {"Gone", ErrorKind::Gone},
      {"Invalid", ErrorKind::Invalid},
      {"BadRequest", ErrorKind::Invalid},
      {"MethodNotAllowed", ErrorKind::Invalid},
      {"NotAcceptable", ErrorKind::Invalid},
      {"UnsupportedMediaType", ErrorKind::Invalid},
      {"RequestEntityTooLarge", ErrorKind::LimitExceeded},
      {"Unauthorized", ErrorKind::Denied},
      {"Forbidden", ErrorKind::Denied},
      {"TooManyRequests", ErrorKind::Throttled},
      {"Timeout", ErrorKind::Transient},
      {"ServerTimeout", ErrorKind::Transient},
      {"ServiceUnavailable", ErrorKind::Transient},
      {"InternalError", ErrorKind::Transient},
  };
  const auto found = kKinds.find(reason);
  return found == kKinds.end() ? ErrorKind::Internal : found->second;
}

ErrorKind kind_of_code(int code) {
  switch (code) {
    case 401:
    case 403: return ErrorKind::Denied;
    case 404: return ErrorKind::NotFound;
    case 409: return ErrorKind::Conflict;
    case 410: return ErrorKind::Gone;
    case 413: return ErrorKind::LimitExceeded;
    case 429: return ErrorKind::Throttled;
    default: return code >= 500 ? ErrorKind::Transient : ErrorKind::Invalid;
  }
}

std::optional<Millis> retry_after(const http::Response& response) {
  const auto field = response.headers.find("Retry-After");
  if (!field) return std::nullopt;
  int seconds = 0;
  const auto [end, error] = std::from_chars(field->data(), field->data() + field->size(), seconds);
  if (error != std::errc() || end != field->data() + field->size() || seconds < 0) return std::nullopt;
  return Millis(std::chrono::seconds(std::min(seconds, 3600)));
}

}  // namespace

Error error_of(const http::Response& response, const std::string& origin) {
  Error error{kind_of_code(response.status), std::to_string(response.status), "", origin, retry_after(response)};
  const auto body = parse_json(response.body);
  if (body && string_at(*body, "kind") == "Status") {
    error.message = string_at(*body, "message");
    if (const std::string reason = string_at(*body, "reason"); !reason.empty()) {
      error.code = reason;
      if (const ErrorKind kind = kind_of_reason(reason); kind != ErrorKind::Internal) error.kind = kind;
    }
  }
  if (error.message.empty()) error.message = "the API server answered " + std::to_string(response.status);
  return error;
}

Result<Json> body_of(const Result<http::Response>& answer, const std::string& origin) {
  if (!answer) return fail(answer.error());
  if (answer->status < 200 || answer->status > 299) return fail(error_of(*answer, origin));
  auto body = parse_json(answer->body);
  if (!body) return fail(ErrorKind::Transient, "the answer is no JSON: " + body.error().message, origin);
  return body;
}

}  // namespace datamesh::kube
