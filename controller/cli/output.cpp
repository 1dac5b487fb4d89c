#include "controller/cli/output.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "controller/api/resource_store.h"

namespace datamesh::cli {
namespace {

constexpr std::array<std::string_view, 5> kFormats = {"table", "wide", "yaml", "json", "name"};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return text;
}

bool is_shown(const api::PrinterColumn& column, const TableOptions& options) {
  return column.priority == 0 || options.format == Format::Wide;
}

Cell cell_of(const api::PrinterColumn& column, const Json& object, Time now) {
  const Json value = api::column_value(column, object);
  if (value.is_null()) return {column.type == "date" ? "<unknown>" : "", Tone::Plain};
  if (column.type == "date") {
    const auto since = value.is_string() ? parse_rfc3339(value.get<std::string>()) : std::nullopt;
    return {since ? human_age(now - *since) : "<invalid>", Tone::Plain};
  }
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  const bool is_state = text == "True" || text == "False" || text == "Unknown";
  return {text, is_state ? tone_of(text) : Tone::Plain};
}

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  const auto* const found = std::find(kFormats.begin(), kFormats.end(), name);
  if (found == kFormats.end()) return std::nullopt;
  return static_cast<Format>(found - kFormats.begin());
}

std::string display_name(const api::KindFacts& kind, const std::string& name) {
  return kind.singular + "." + kind.group + "/" + name;
}

std::string display_name(const api::KindFacts& kind, const Json& object) {
  return display_name(kind, api::key_of(object).name);
}

std::vector<std::string> table_titles(const api::KindFacts& kind, const TableOptions& options) {
  std::vector<std::string> titles;
  if (options.namespaces == NamespaceColumn::Shown) titles.emplace_back("NAMESPACE");
  titles.emplace_back("NAME");
  for (const api::PrinterColumn& column : kind.columns) {
    if (is_shown(column, options)) titles.push_back(upper(column.name));
  }
  return titles;
}

std::vector<Cell> table_row(const api::KindFacts& kind, const Json& object, const TableOptions& options, Time now) {
  const api::ObjectKey key = api::key_of(object);
  std::vector<Cell> row;
  if (options.namespaces == NamespaceColumn::Shown) row.push_back({key.ns});
  row.push_back({options.names == NameColumn::WithKind ? display_name(kind, key.name) : key.name});
  for (const api::PrinterColumn& column : kind.columns) {
    if (is_shown(column, options)) row.push_back(cell_of(column, object, now));
  }
  return row;
}

std::string pretty(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json list_of(const std::vector<Json>& objects) {
  return {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
}

}  // namespace datamesh::cli
