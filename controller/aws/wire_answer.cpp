#include "controller/aws/wire_answer.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <pugixml.hpp>
#include <sstream>

namespace datamesh::aws {
namespace {

constexpr const char* kStsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";

struct RefusalRow {
  Refusal refusal;
  const char* json;  ///< of both JSON protocols
  const char* query;
  int json_status;
  int rest_status;
  int query_status;
};

constexpr std::array kRefusals = {
    RefusalRow{Refusal::MissingToken, "MissingAuthenticationTokenException", "MissingAuthenticationToken", 400, 403, 403},
    RefusalRow{Refusal::Incomplete, "IncompleteSignatureException", "IncompleteSignature", 400, 403, 400},
    RefusalRow{Refusal::UnknownKey, "UnrecognizedClientException", "InvalidClientTokenId", 400, 403, 403},
    RefusalRow{Refusal::ExpiredToken, "ExpiredTokenException", "ExpiredToken", 400, 403, 403},
    RefusalRow{Refusal::BadSignature, "InvalidSignatureException", "SignatureDoesNotMatch", 400, 403, 403},
    RefusalRow{Refusal::UnknownOperation, "UnknownOperationException", "InvalidAction", 400, 404, 400},
    RefusalRow{Refusal::Unreadable, "SerializationException", "MalformedInput", 400, 400, 400},
    RefusalRow{Refusal::NotServed, "UnknownOperationException", "NotImplemented", 400, 404, 501},
};

const RefusalRow& row_of(Refusal refusal) {
  for (const RefusalRow& row : kRefusals) {
    if (row.refusal == refusal) return row;
  }
  return kRefusals.front();
}

/// "Sun, 22 Nov 2026 20:15:00 GMT"
std::string http_date(Time time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT", kDays[utc.tm_wday], utc.tm_mday,
                kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text.data();
}

const char* content_type(Style style) {
  switch (style) {
    case Style::Json10: return "application/x-amz-json-1.0";
    case Style::Json11: return "application/x-amz-json-1.1";
    case Style::RestJson: return "application/json";
    case Style::Query: return "text/xml";
  }
  return "";
}

http::Response response(Style style, int status, std::string body, const AnswerHead& head) {
  http::Response out;
  out.status = status;
  out.content_type = content_type(style);
  out.body = std::move(body);
  out.headers.add("x-amzn-RequestId", head.request_id);
  out.headers.add("Date", http_date(head.now));
  return out;
}

// ---- XML ------------------------------------------------------------------------------------------------------------

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

/// Times are ISO 8601 in XML; Expiration is the only one that STS gives.
std::string leaf_text(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (name == "Expiration" && value.is_number()) {
    return to_rfc3339(Time(Millis(static_cast<Millis::rep>(value.get<double>() * 1000))));
  }
  return value.dump();
}

void add_value(pugi::xml_node parent, const std::string& name, const Json& value) {
  if (!value.is_structured()) return add_text(parent, name.c_str(), leaf_text(name, value));
  pugi::xml_node node = parent.append_child(name.c_str());
  for (const auto& [key, one] : value.items()) add_value(node, value.is_array() ? "member" : key, one);
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str();
}

std::string xml_output(const std::string& operation, const Json& output, const std::string& request_id) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child((operation + "Response").c_str());
  root.append_attribute("xmlns").set_value(kStsNamespace);
  add_value(root, operation + "Result", output);
  add_text(root.append_child("ResponseMetadata"), "RequestId", request_id);
  return text_of(document);
}

std::string xml_error(const Error& error, int status, const std::string& request_id) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("ErrorResponse");
  root.append_attribute("xmlns").set_value(kStsNamespace);
  pugi::xml_node inner = root.append_child("Error");
  add_text(inner, "Type", status < 500 ? "Sender" : "Receiver");
  add_text(inner, "Code", error.code);
  add_text(inner, "Message", error.message);
  add_text(root, "RequestId", request_id);
  return text_of(document);
}

// ---- errors ---------------------------------------------------------------------------------------------------------

/// json 1.0 and 1.1 name the error in the body, rest-json in a header. The member is `Message` in Glue and Lake Formation and
/// `message` elsewhere; error members of Glue that clients know are left out.
http::Response error_response(Style style, bool is_lower_case, const Error& error, int status, const AnswerHead& head) {
  if (style == Style::Query) return response(style, status, xml_error(error, status, head.request_id), head);
  Json body = {{is_lower_case ? "message" : "Message", error.message}};
  if (has_target(style)) body["__type"] = error.code;
  http::Response out = response(style, status, body.dump(-1, ' ', false, Json::error_handler_t::replace), head);
  if (style == Style::RestJson) out.headers.add("x-amzn-ErrorType", error.code);
  return out;
}

bool is_fault_of_ours(const Error& error) {
  return error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Internal ||
         error.kind == ErrorKind::Transient;
}

const char* internal_code(Service service) {
  switch (service) {
    case Service::Ram: return "ServerInternalException";
    case Service::Sts:
    case Service::Sqs: return "InternalFailure";
    default: return "InternalServiceException";
  }
}

/// Source: lake-formation.md 1.2 (statuses of the models)
int status_of(const Call& call, const Error& error) {
  if (is_fault_of_ours(error)) return 500;
  const bool is_denied = error.code == "AccessDeniedException" || error.code == "AccessDenied";
  if (is_denied && call.service != Service::Glue) return 403;
  if (error.code == "ExpiredTokenException" || error.code == "RegionDisabledException") return 403;
  if (error.kind == ErrorKind::Throttled && call.service != Service::Glue) return 429;
  return 400;
}

/// The lake has one word for an input that breaks its shape; the query protocol has another.
std::string code_of(const Call& call, const Error& error) {
  if (error.code.empty()) return is_fault_of_ours(error) ? internal_code(call.service) : "ValidationException";
  if (call.service == Service::Sts && error.code == "InvalidInputException") return "ValidationError";
  return error.code;
}

}  // namespace

std::string code_of(Refusal refusal, Style style) {
  const RefusalRow& row = row_of(refusal);
  return style == Style::Query ? row.query : row.json;
}

http::Response to_answer(const Call& call, const Json& output, const AnswerHead& head) {
  const Style style = wire_of(call.service, call.operation).style;
  const std::string body = style == Style::Query ? xml_output(call.operation, output, head.request_id)
                                                 : output.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response(style, 200, body, head);
}

http::Response to_answer(const Call& call, const Error& error, const AnswerHead& head) {
  const Style style = wire_of(call.service, call.operation).style;
  if (error.code == "UnknownOperationException") {
    return to_answer(Refusal::UnknownOperation, style, error.message, head);
  }
  Error shown = error;
  shown.code = code_of(call, error);
  const bool is_lower_case = call.service == Service::Ram || call.service == Service::Sqs;
  http::Response out = error_response(style, is_lower_case, shown, status_of(call, error), head);
  // Clients that knew SQS when it spoke the query protocol know the error by another name.
  if (error.code == "QueueDoesNotExist") out.headers.add("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender");
  return out;
}

http::Response to_answer(Refusal refusal, Style style, const std::string& message, const AnswerHead& head) {
  const RefusalRow& row = row_of(refusal);
  const int status = has_target(style)          ? row.json_status
                     : style == Style::RestJson ? row.rest_status
                                                : row.query_status;
  Error error;
  error.code = code_of(refusal, style);
  error.message = message;
  return error_response(style, true, error, status, head);
}

}  // namespace datamesh::aws
