#include "controller/aws/protocol.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "controller/aws/query_xml.h"
#include "controller/base/clock.h"
#include "controller/base/text.h"

namespace datamesh::aws {
namespace {

/// No server may keep us waiting for longer than that.
constexpr Millis kLongestRetryAfter{15 * 60'000};

/// Operations of RAM whose whole input travels in the query string.
struct InQueryString {
  std::string_view operation;
  std::string_view method;
};
constexpr std::array kInQueryString = {
    InQueryString{"DeleteResourceShare", "DELETE"},
    InQueryString{"DeletePermission", "DELETE"},
    InQueryString{"DeletePermissionVersion", "DELETE"},
    InQueryString{"PromoteResourceShareCreatedFromPolicy", "POST"},
};

/// Operations of rest-json that take nothing, and so have no body.
constexpr std::array<std::string_view, 2> kWithoutInput = {"GetDataLakePrincipal", "EnableSharingWithAwsOrganization"};

bool is_name_part(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_name(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_name_part); }

/// A leaf as text: strings bare, everything else as JSON writes it.
std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

void flatten(const std::string& name, const Json& value, std::string& out) {
  if (value.is_null()) return;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) flatten(name.empty() ? key : name + "." + key, member, out);
  } else if (value.is_array() && !value.empty()) {
    for (std::size_t i = 0; i < value.size(); ++i) flatten(name + ".member." + std::to_string(i + 1), value[i], out);
  } else {
    out += "&" + http::percent_encode(name) + "=" + (value.is_array() ? "" : http::percent_encode(text_of(value)));
  }
}

Json without_nulls(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& one : value) out.push_back(without_nulls(one));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, member] : value.items()) {
    if (!member.is_null()) out[key] = without_nulls(member);
  }
  return out;
}

std::string_view content_type(Style style) {
  switch (style) {
    case Style::Json10: return "application/x-amz-json-1.0";
    case Style::Json11: return "application/x-amz-json-1.1";
    case Style::RestJson: return "application/json";
    case Style::Query: return "application/x-www-form-urlencoded; charset=utf-8";
  }
  return "";
}

}  // namespace

Wire wire_of(Service service, std::string_view operation) {
  Wire out;
  switch (service) {
    case Service::Glue:
      out.target = "AWSGlue." + std::string(operation);
      break;
    case Service::LakeFormation:
      out.style = Style::RestJson;
      out.path = "/" + std::string(operation);
      break;
    case Service::Ram:
      out.style = Style::RestJson;
      out.path = "/" + lower(operation);
      for (const InQueryString& row : kInQueryString) {
        if (row.operation != operation) continue;
        out.method = row.method;
        out.input = InputPlace::QueryString;
      }
      break;
    case Service::Sts:
      out.style = Style::Query;
      out.version = "2011-06-15";
      break;
    case Service::Sqs:
      out.style = Style::Json10;
      out.target = "AmazonSQS." + std::string(operation);
      break;
    case Service::Iam:
      out.style = Style::Query;
      out.version = "2010-05-08";
      break;
  }
  return out;
}

std::string to_form(std::string_view operation, std::string_view version, const Json& input) {
  std::string out = "Action=" + std::string(operation) + "&Version=" + std::string(version);
  flatten("", input, out);
  return out;
}

Result<http::Request> encode(const Call& call) {
  const std::string origin = std::string(to_string(call.service)) + ":" + call.operation;
  if (!is_name(call.operation)) return fail(ErrorKind::Invalid, "an operation is a name", origin);
  if (!call.input.is_object()) return fail(ErrorKind::Invalid, "the input must be an object", origin);
  const Wire wire = wire_of(call.service, call.operation);
  http::Request out;
  out.method = wire.method;
  out.path = wire.path;
  if (wire.input == InputPlace::QueryString) {
    for (const auto& [name, value] : call.input.items()) {
      if (!value.is_null()) out.query[name] = text_of(value);
    }
    return out;
  }
  if (std::find(kWithoutInput.begin(), kWithoutInput.end(), call.operation) != kWithoutInput.end()) return out;
  out.headers.add("Content-Type", std::string(content_type(wire.style)));
  if (!wire.target.empty()) out.headers.add("X-Amz-Target", wire.target);
  out.body = wire.style == Style::Query ? to_form(call.operation, wire.version, call.input)
                                        : without_nulls(call.input).dump();
  return out;
}

namespace {

struct Fault {
  std::string code;
  std::string message;
};

/// "com.amazonaws.glue#EntityNotFoundException:http://…" -> "EntityNotFoundException"; "" when that is no name.
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find(':'));
  if (const std::size_t hash = code.rfind('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
  const bool readable = std::all_of(code.begin(), code.end(), [](char c) { return is_name_part(c) || c == '.'; });
  return readable ? std::string(code) : std::string();
}

std::string first_of(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = string_at(object, name); !value.empty()) return value;
  }
  return {};
}

/// The words of a page, without its tags, in one line of at most 200 characters.
std::string words_of(std::string_view page) {
  std::string out;
  bool in_tag = false;
  for (const char c : page) {
    if (out.size() >= 200) break;
    if (c == '<') in_tag = true;
    const bool is_word = !in_tag && c > ' ' && c < 0x7f;
    if (is_word) out += c;
    if (!is_word && !out.empty() && out.back() != ' ') out += ' ';
    if (c == '>') in_tag = false;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string foreign_message(const http::Response& response) {
  const std::string words = words_of(response.body);
  return "HTTP " + std::to_string(response.status) + " with no error of AWS" + (words.empty() ? "" : ": " + words);
}

/// Source: lake-formation.md 1.2
Fault fault_of(const http::Response& response) {
  Fault out;
  out.code = bare_code(response.headers.find("x-amzn-ErrorType").value_or(""));
  if (const auto json = parse_json(response.body); json && json->is_object()) {
    if (out.code.empty()) out.code = bare_code(first_of(*json, {"__type", "code", "Code"}));
    out.message = first_of(*json, {"message", "Message", "errorMessage"});
  } else if (const auto xml = read_query_error(response.body)) {
    if (out.code.empty()) out.code = bare_code(xml->code);
    out.message = xml->message;
  }
  if (out.code.empty() && out.message.empty()) out.message = foreign_message(response);
  return out;
}

/// Seconds; the form with a date is not used by AWS.
std::optional<Millis> retry_after(const http::Response& response) {
  const auto text = response.headers.find("Retry-After");
  if (!text) return std::nullopt;
  Millis::rep seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc() || end != text->data() + text->size() || seconds < 0) return std::nullopt;
  if (seconds > kLongestRetryAfter.count() / 1000) return kLongestRetryAfter;
  return Millis(seconds * 1000);
}

Result<Json> output_of(const Call& call, const http::Response& response) {
  if (wire_of(call.service, call.operation).style == Style::Query) {
    return read_query_result(call.operation, response.body);
  }
  if (response.body.empty()) return Json::object();
  TRY_VALUE(Json out, parse_json(response.body));
  if (!out.is_object()) return fail(ErrorKind::Invalid, "the answer is no object");
  return out;
}

}  // namespace

Result<Json> decode(const Call& call, const http::Response& response) {
  if (response.status >= 200 && response.status < 300) {
    auto out = output_of(call, response);
    if (out) return out;
    const std::string origin = std::string(to_string(call.service)) + ":" + call.operation;
    return fail(ErrorKind::Transient, "the answer cannot be read: " + out.error().message, origin);
  }
  Fault fault = fault_of(response);
  Error error = make_error(call, std::move(fault.code), std::move(fault.message), response.status);
  error.retry_after = retry_after(response);
  return fail(std::move(error));
}

}  // namespace datamesh::aws
