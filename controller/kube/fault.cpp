#include "controller/kube/fault.h"

#include "controller/kube/served_types.h"

namespace datamesh::kube {
namespace {

Json details_of(const std::string& group, const std::string& kind, const std::string& name) {
  Json details = {{"kind", kind}};
  if (!group.empty()) details["group"] = group;
  if (!name.empty()) details["name"] = name;
  return details;
}

Json resource_details(const ServedType& type, const std::string& name) {
  return details_of(type.group, type.plural, name);
}

std::string with_group(const std::string& name, const std::string& group) {
  return group.empty() ? name : name + "." + group;
}

/// `widgets.demo.example.com "a"`
std::string resource_and_name(const ServedType& type, const std::string& name) {
  return with_group(type.plural, type.group) + " " + go_quoted(name);
}

/// The lines of an Invalid of ours as causes: "spec.tables[0].name: must not be empty".
Causes causes_of(const std::string& lines) {
  Causes causes;
  std::string_view rest = lines;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
      causes.push_back({"FieldValueInvalid", std::string(line), "<nil>"});
    } else {
      causes.push_back({"FieldValueInvalid", std::string(line.substr(colon + 2)), std::string(line.substr(0, colon))});
    }
  }
  return causes;
}

}  // namespace

Json to_status(const Fault& fault) {
  Json status = {{"kind", "Status"},       {"apiVersion", "v1"},        {"metadata", Json::object()},
                 {"status", "Failure"},    {"message", fault.message},  {"code", fault.code}};
  if (!fault.reason.empty()) status["reason"] = fault.reason;
  if (!fault.details.is_null()) status["details"] = fault.details;
  if (!fault.continuation.empty()) status["metadata"]["continue"] = fault.continuation;
  return status;
}

http::Response to_response(const Fault& fault) {
  if (fault.plain) {
    http::Response response = http::text_response(fault.code, fault.message + "\n");
    response.headers.add("X-Content-Type-Options", "nosniff");
    return response;
  }
  http::Response response = http::json_response(fault.code, to_status(fault));
  if (fault.pretty) response.body = to_status(fault).dump(2, ' ', false, Json::error_handler_t::replace);
  if (fault.retry_after > 0) response.headers.add("Retry-After", std::to_string(fault.retry_after));
  return response;
}

Fault bad_request(std::string message) { return {400, "BadRequest", std::move(message)}; }

Fault invalid(const std::string& group, const std::string& kind, const std::string& name, const Causes& causes) {
  std::string text;
  Json list = Json::array();
  for (const Cause& cause : causes) {
    text += (text.empty() ? "" : ", ") + cause.field + ": " + cause.message;
    list.push_back({{"reason", cause.reason}, {"message", cause.message}, {"field", cause.field}});
  }
  if (causes.size() != 1) text = "[" + text + "]";
  Json details = details_of(group, kind, name);
  details["causes"] = std::move(list);
  return {422, "Invalid", with_group(kind, group) + " " + go_quoted(name) + " is invalid: " + text, std::move(details)};
}

Fault invalid(const ServedType& type, const std::string& name, const Causes& causes) {
  // Events of both groups are one kind within a server, and their problems are told as the core group's.
  return invalid(type.group == "events.k8s.io" ? "" : type.group, type.kind, name, causes);
}

Fault invalid_options(const std::string& kind, const Cause& cause) { return invalid("meta.k8s.io", kind, "", {cause}); }

Fault not_found(const ServedType& type, const std::string& name) {
  return {404, "NotFound", resource_and_name(type, name) + " not found", resource_details(type, name)};
}

Fault already_exists(const ServedType& type, const std::string& name, const Json& existing) {
  const bool going = at_path(existing, {"metadata", "deletionTimestamp"}).is_string();
  return {409, "AlreadyExists", (going ? "object is being deleted: " : "") + resource_and_name(type, name) + " already exists",
          resource_details(type, name)};
}

Fault conflict(const ServedType& type, const std::string& name, const std::string& why) {
  return {409, "Conflict", "Operation cannot be fulfilled on " + resource_and_name(type, name) + ": " + why,
          resource_details(type, name)};
}

Fault modified(const ServedType& type, const std::string& name) {
  return conflict(type, name, "the object has been modified; please apply your changes to the latest version and try again");
}

Fault forbidden(const ServedType& type, const std::string& name, const std::string& why) {
  return {403, "Forbidden", resource_and_name(type, name) + " is forbidden: " + why, resource_details(type, name)};
}

Fault page_not_found() {
  Fault fault{404, "NotFound", "404 page not found"};
  fault.plain = true;
  return fault;
}

Fault method_not_allowed() {
  return {405, "MethodNotAllowed", "the server does not allow this method on the requested resource", Json::object()};
}

Fault not_acceptable() {
  Fault fault{406, "NotAcceptable",
              "only the following media types are accepted: application/json, application/yaml, "
              "application/vnd.kubernetes.protobuf"};
  fault.pretty = true;
  return fault;
}

Fault unknown_format(const std::vector<std::string>& accepted) {
  std::string list;
  for (const std::string& type : accepted) list += (list.empty() ? "" : ", ") + type;
  return {415, "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: " + list};
}

Fault revision_too_large(const std::string& wanted, const std::string& current) {
  Json cause = {{"reason", "ResourceVersionTooLarge"}, {"message", "Too large resource version"}};
  Fault fault{504, "Timeout", "Timeout: Too large resource version: " + wanted + ", current: " + current,
              {{"causes", Json::array({cause})}, {"retryAfterSeconds", 1}}};
  fault.retry_after = 1;
  return fault;
}

Fault fault_of(const Error& error, const ServedType& type, const std::string& name) {
  const Json details = resource_details(type, name);
  switch (error.kind) {
    case ErrorKind::NotFound: return {404, "NotFound", error.message, details};
    case ErrorKind::AlreadyExists: return {409, "AlreadyExists", error.message, details};
    case ErrorKind::Conflict: {
      const bool precondition = error.message.find(" in the precondition ") != std::string::npos;
      return {409, "Conflict", error.message, precondition ? details_of(type.group, type.kind, name) : details};
    }
    case ErrorKind::Gone: {
      Fault gone{410, "Expired", error.message};
      gone.continuation = error.code;
      return gone;
    }
    case ErrorKind::Invalid: return invalid(type, name, causes_of(error.message));
    case ErrorKind::Denied: return {403, "Forbidden", error.message, details};
    case ErrorKind::Throttled: return {429, "TooManyRequests", error.message, Json::object(), "", 1};
    case ErrorKind::Transient: return {504, "Timeout", error.message, Json::object(), "", 1};
    case ErrorKind::Unavailable: return {503, "ServiceUnavailable", error.message, Json::object(), "", 1};
    default: return {500, "InternalError", "Internal error occurred: " + error.message};
  }
}

// ---- causes -------------------------------------------------------------------------------------------------------

Cause required(std::string field) { return {"FieldValueRequired", "Required value", std::move(field)}; }

Cause invalid_value(std::string field, const std::string& shown, const std::string& why) {
  return {"FieldValueInvalid", "Invalid value: " + shown + ": " + why, std::move(field)};
}

Cause not_supported(std::string field, const std::string& shown, const std::vector<std::string>& supported) {
  std::string list;
  for (const std::string& value : supported) list += (list.empty() ? "" : ", ") + go_quoted(value);
  return {"FieldValueNotSupported", "Unsupported value: " + shown + ": supported values: " + list, std::move(field)};
}

Cause forbidden_field(std::string field, const std::string& why) {
  return {"FieldValueForbidden", "Forbidden: " + why, std::move(field)};
}

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace datamesh::kube
