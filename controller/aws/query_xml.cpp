#include "controller/aws/query_xml.h"

#include <simdjson.h>

#include <pugixml.hpp>

#include "controller/base/clock.h"

namespace datamesh::aws {
namespace {

constexpr std::size_t kMaxSize = 1 << 20;
constexpr int kMaxDepth = 20;

/// Elements, their text, and references to XML's own entities. A DOCTYPE is passed over.
constexpr unsigned kParse = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol;

Result<void> load(pugi::xml_document& document, std::string_view xml) {
  if (xml.size() > kMaxSize) return fail(ErrorKind::Invalid, "the XML is over 1 MiB");
  if (!simdjson::validate_utf8(xml.data(), xml.size())) return fail(ErrorKind::Invalid, "the XML is not UTF-8");
  const auto parsed = document.load_buffer(xml.data(), xml.size(), kParse, pugi::encoding_utf8);
  if (!parsed) return fail(ErrorKind::Invalid, std::string("broken XML: ") + parsed.description());
  return {};
}

bool has_elements(const pugi::xml_node& node) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element) return true;
  }
  return false;
}

Json leaf(std::string_view name, const std::string& text) {
  if (name == "Expiration") {
    if (const auto time = parse_rfc3339(text)) return time->time_since_epoch().count() / 1000;
  }
  if ((name == "IsTruncated" || name.starts_with("AllowedBy")) && (text == "true" || text == "false")) return text == "true";
  if (name == "PackedPolicySize" && !text.empty() && text.size() < 10 &&
      text.find_first_not_of("0123456789") == std::string::npos) {
    return std::stoi(text);
  }
  return text;
}

Result<Json> read(const pugi::xml_node& node, int depth) {
  if (depth > kMaxDepth) return fail(ErrorKind::Invalid, "the XML is nested too deep");
  if (!has_elements(node)) return leaf(node.name(), node.text().get());
  Json members = Json::object();
  Json list = Json::array();
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    TRY_VALUE(Json value, read(child, depth + 1));
    if (std::string_view(child.name()) == "member") {
      list.push_back(std::move(value));
    } else {
      members[child.name()] = std::move(value);
    }
  }
  return list.empty() ? members : list;
}

}  // namespace

Result<Json> read_query_result(std::string_view operation, std::string_view xml) {
  pugi::xml_document document;
  TRY(load(document, xml));
  const std::string name(operation);
  const pugi::xml_node answer = document.child((name + "Response").c_str());
  if (!answer) return fail(ErrorKind::Invalid, "the XML is no " + name + "Response");
  const pugi::xml_node result = answer.child((name + "Result").c_str());
  if (!has_elements(result)) return Json::object();
  return read(result, 0);
}

std::optional<QueryError> read_query_error(std::string_view xml) {
  pugi::xml_document document;
  if (!load(document, xml)) return std::nullopt;
  const pugi::xml_node response = document.child("ErrorResponse");
  const pugi::xml_node error = response ? response.child("Error") : document.child("Error");
  if (!error.child("Code")) return std::nullopt;
  return QueryError{error.child_value("Code"), error.child_value("Message")};
}

}  // namespace datamesh::aws
