#include "controller/kube/accept.h"

#include <algorithm>
#include <cstdlib>

#include "controller/base/text.h"
#include "controller/base/yaml.h"

namespace datamesh::kube {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The text up to `end`, taken off `rest` together with it.
std::string_view take(std::string_view& rest, char end) {
  const std::string_view taken = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
  return trimmed(taken);
}

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  range.type = lower(take(text, ';'));
  while (!text.empty()) {
    std::string_view parameter = take(text, ';');
    const std::string name = lower(take(parameter, '='));
    const std::string value(trimmed(parameter));
    if (name == "q") range.quality = std::strtod(value.c_str(), nullptr);
    range.parameters.emplace_back(name, value);
  }
  return range;
}

bool is_json(const std::string& type) { return type == "application/json" || type == "*/*" || type == "application/*"; }

/// The form that `range` asks for, when this server has it.
std::optional<Accept> form_of(const MediaRange& range) {
  Accept accept;
  if (range.type == "application/yaml") {
    accept.format = Format::Yaml;
  } else if (!is_json(range.type)) {
    return std::nullopt;
  }
  const std::string as = range.parameter("as");
  if (as.empty()) return accept;
  const std::string version = range.parameter("v");
  if (range.parameter("g") != "meta.k8s.io" || (version != "v1" && version != "v1beta1")) return std::nullopt;
  accept.shape_version = version;
  if (as == "Table") {
    accept.shape = Shape::Table;
  } else if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList") {
    accept.shape = Shape::PartialMetadata;
  } else {
    return std::nullopt;
  }
  return accept;
}

bool wants_pretty(const http::Request& request) {
  const auto found = request.query.find("pretty");
  if (found != request.query.end()) return found->second == "1" || found->second == "true";
  const std::string agent = request.headers.find("User-Agent").value_or("");
  return agent.starts_with("curl") || agent.starts_with("Wget");
}

}  // namespace

std::string MediaRange::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

std::vector<MediaRange> parse_ranges(std::string_view header) {
  std::vector<MediaRange> ranges;
  while (!header.empty()) {
    const std::string_view text = take(header, ',');
    if (!text.empty()) ranges.push_back(parse_range(text));
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const MediaRange& a, const MediaRange& b) { return a.quality > b.quality; });
  return ranges;
}

std::string media_type(std::string_view header) { return lower(take(header, ';')); }

Outcome<Accept> choose(const http::Request& request) {
  const std::vector<MediaRange> ranges = parse_ranges(request.headers.find("Accept").value_or(""));
  Accept chosen;
  bool found = ranges.empty();
  for (const MediaRange& range : ranges) {
    if (const auto form = form_of(range); form && range.quality > 0) {
      chosen = *form;
      found = true;
      break;
    }
  }
  if (!found) return fail(not_acceptable());
  chosen.pretty = wants_pretty(request);
  return chosen;
}

http::Response render(int status, const Json& value, const Accept& accept) {
  http::Response response;
  response.status = status;
  if (accept.format == Format::Yaml) {
    response.content_type = "application/yaml";
    response.body = to_yaml(value);
    return response;
  }
  response.body = value.dump(accept.pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace);
  if (!accept.pretty) response.body += '\n';
  return response;
}

http::Response render(const Fault& fault, const Accept& accept) {
  if (fault.plain || fault.pretty) return to_response(fault);
  http::Response response = render(fault.code, to_status(fault), accept);
  if (fault.retry_after > 0) response.headers.add("Retry-After", std::to_string(fault.retry_after));
  return response;
}

}  // namespace datamesh::kube
