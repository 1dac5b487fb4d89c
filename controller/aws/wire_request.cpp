#include "controller/aws/wire_request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <vector>

#include "controller/base/text.h"

namespace datamesh::aws {
namespace {

constexpr std::array kServices = {Service::Glue, Service::LakeFormation, Service::Ram, Service::Sts, Service::Sqs};

/// The paths of RAM are these names in lower case.
constexpr std::array<std::string_view, 12> kRamOperations = {
    "AcceptResourceShareInvitation",
    "AssociateResourceShare",
    "DeleteResourceShare",
    "DisassociateResourceShare",
    "EnableSharingWithAwsOrganization",
    "GetResourceShareAssociations",
    "GetResourceShareInvitations",
    "GetResourceShares",
    "ListPendingInvitationResources",
    "ListPrincipals",
    "ListResources",
    "RejectResourceShareInvitation",
};

/// Lists of STS: sent as "Tags=" when they are empty.
constexpr std::array<std::string_view, 4> kFormLists = {"PolicyArns", "ProvidedContexts", "Tags", "TransitiveTagKeys"};

constexpr int kDeepest = 8;
constexpr std::size_t kMostFields = 1000;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

tl::unexpected<Error> unknown_operation(std::string message) {
  return fail(ErrorKind::Invalid, std::move(message), "wire", "UnknownOperationException");
}

tl::unexpected<Error> unreadable(std::string message) {
  return fail(ErrorKind::Invalid, std::move(message), "wire", "SerializationException");
}

bool has_content_type(const http::Request& request, std::string_view type) {
  return lower(request.headers.find("Content-Type").value_or("")).starts_with(type);
}

std::string query_of(const http::Request& request) {
  const std::size_t question = request.raw_target.find('?');
  return question == std::string::npos ? "" : request.raw_target.substr(question + 1);
}

}  // namespace

std::optional<Service> service_of(std::string_view signing_name) {
  for (const Service service : kServices) {
    if (to_string(service) == signing_name) return service;
  }
  return std::nullopt;
}

Style style_of(const http::Request& request) {
  if (request.headers.find("X-Amz-Target")) return Style::Json11;
  if (has_content_type(request, "application/x-www-form-urlencoded") || request.query.contains("Action")) {
    return Style::Query;
  }
  return Style::RestJson;
}

Style style_of(std::string_view signing_name, const http::Request& request) {
  if (const auto service = service_of(signing_name)) return wire_of(*service, "").style;
  return signing_name == "s3" ? Style::Query : style_of(request);
}

// ---- the form of queries ------------------------------------------------------------------------------------------

namespace {

/// A form as a tree: "Tags.member.1.Key" is four levels deep.
struct Node {
  std::optional<std::string> text;
  std::map<std::string, Node, std::less<>> members;
};

Result<std::string> form_decoded(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  auto decoded = http::percent_decode(spaced);
  if (!decoded) return unreadable("the form cannot be read: " + decoded.error().message);
  return decoded;
}

Result<void> put(Node& root, std::string_view name, std::string value) {
  Node* at = &root;
  for (int depth = 0;; ++depth) {
    const std::size_t dot = name.find('.');
    const std::string_view part = name.substr(0, dot);
    if (!is_name(part) || depth == kDeepest) return unreadable("the form has a field whose name is none");
    at = &at->members[std::string(part)];
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  at->text = std::move(value);
  return {};
}

Result<Json> json_of(const Node& node, std::string_view name);

/// The members 1, 2, … of a list, without a gap.
Result<Json> list_of(const Node& list, std::string_view name) {
  Json out = Json::array();
  for (std::size_t i = 1; i <= list.members.size(); ++i) {
    const auto found = list.members.find(std::to_string(i));
    if (found == list.members.end()) return unreadable(std::string(name) + " is a list whose numbers have a gap");
    TRY_VALUE(Json one, json_of(found->second, {}));
    out.push_back(std::move(one));
  }
  return out;
}

Result<Json> leaf_of(const std::string& text, std::string_view name) {
  const bool is_list = std::find(kFormLists.begin(), kFormLists.end(), name) != kFormLists.end();
  if (is_list && text.empty()) return Json::array();
  if (name != "DurationSeconds") return Json(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return unreadable("DurationSeconds is no number");
  return Json(number);
}

Result<Json> json_of(const Node& node, std::string_view name) {
  if (node.text && !node.members.empty()) return unreadable(std::string(name) + " is a text and a structure at once");
  if (node.text) return leaf_of(*node.text, name);
  if (node.members.size() == 1 && node.members.begin()->first == "member") {
    return list_of(node.members.begin()->second, name);
  }
  Json out = Json::object();
  for (const auto& [key, member] : node.members) {
    TRY_VALUE(out[key], json_of(member, key));
  }
  return out;
}

/// Every field of the form, Action and Version among them.
Result<Json> read_fields(std::string_view form) {
  Node root;
  std::size_t fields = 0;
  while (!form.empty()) {
    const std::size_t end = form.find('&');
    const std::string_view field = form.substr(0, end);
    form.remove_prefix(end == std::string_view::npos ? form.size() : end + 1);
    if (field.empty()) continue;
    if (++fields > kMostFields) return unreadable("the form has too many fields");
    const std::size_t equals = field.find('=');
    TRY_VALUE(const std::string name, form_decoded(field.substr(0, equals)));
    TRY_VALUE(std::string value,
              form_decoded(equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1)));
    TRY(put(root, name, std::move(value)));
  }
  return json_of(root, {});
}

}  // namespace

Result<Json> read_form(std::string_view form) {
  TRY_VALUE(Json out, read_fields(form));
  out.erase("Action");
  out.erase("Version");
  return out;
}

// ---- calls --------------------------------------------------------------------------------------------------------

namespace {

Result<Json> read_body(const http::Request& request) {
  if (request.body.empty()) return Json::object();
  auto body = parse_json(request.body);
  if (!body) return unreadable("the body is no JSON: " + body.error().message);
  if (!body->is_object()) return unreadable("the body must be a JSON object");
  return body;
}

Json query_input(const http::Request& request) {
  Json out = Json::object();
  for (const auto& [name, value] : request.query) out[name] = value;
  return out;
}

Result<Call> read_json(Service service, const http::Request& request) {
  const std::string target = request.headers.find("X-Amz-Target").value_or("");
  const std::string prefix = wire_of(service, "").target;
  if (request.method != "POST" || request.path != "/" || !target.starts_with(prefix) ||
      !is_name(std::string_view(target).substr(prefix.size()))) {
    return unknown_operation("X-Amz-Target names no operation of " + prefix.substr(0, prefix.size() - 1));
  }
  Call out{{}, service, target.substr(prefix.size()), {}};
  TRY_VALUE(out.input, read_body(request));
  return out;
}

/// The name in its own spelling; empty when the path is none.
std::string rest_operation(Service service, const std::string& path) {
  const std::string name = path.substr(1);
  if (!is_name(name)) return {};
  if (service == Service::LakeFormation) return name;
  const auto known = std::find_if(kRamOperations.begin(), kRamOperations.end(),
                                  [&](std::string_view one) { return lower(one) == name; });
  return known == kRamOperations.end() ? std::string() : std::string(*known);
}

Result<Call> read_rest(Service service, const http::Request& request) {
  Call out{{}, service, rest_operation(service, request.path), {}};
  const Wire wire = wire_of(service, out.operation);
  if (out.operation.empty() || request.method != wire.method) {
    return unknown_operation("there is no operation at " + request.method + " " + request.path);
  }
  if (wire.input == InputPlace::QueryString) {
    out.input = query_input(request);
    return out;
  }
  TRY_VALUE(out.input, read_body(request));
  return out;
}

Result<Call> read_query(Service service, const http::Request& request) {
  TRY_VALUE(Json fields, read_fields(request.method == "GET" ? query_of(request) : request.body));
  const std::string version = string_at(fields, "Version");
  const std::string action = string_at(fields, "Action");
  if (request.path != "/" || action.empty() || version != wire_of(service, action).version) {
    return unknown_operation("Could not find operation " + action + " for version " + version);
  }
  fields.erase("Action");
  fields.erase("Version");
  return Call{{}, service, action, std::move(fields)};
}

}  // namespace

Result<Call> read_call(Service service, const http::Request& request) {
  switch (wire_of(service, "").style) {
    case Style::Json10:
    case Style::Json11: return read_json(service, request);
    case Style::RestJson: return read_rest(service, request);
    case Style::Query: return read_query(service, request);
  }
  return unknown_operation("there is no such protocol");
}

}  // namespace datamesh::aws
