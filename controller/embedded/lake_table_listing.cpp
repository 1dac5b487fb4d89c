// GetTables and SearchTables.
// Source: lake-formation.md 1.3, 2.6
#include <re2/re2.h>

#include <algorithm>

#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

Json picked(Json table, const Json& attributes) {
  if (!attributes.is_array() || attributes.empty()) return table;
  Json out = {{"Name", table["Name"]}};
  const bool wants_type = std::find(attributes.begin(), attributes.end(), "TABLE_TYPE") != attributes.end();
  if (wants_type && table.contains("TableType")) out["TableType"] = table["TableType"];
  return out;
}

/// Tables of the target behind a database link; table links are followed in local databases only.
Result<Json> get_tables(Session& session, const Json& input) {
  TRY_VALUE(const DatabasePlace place,
            follow_database(session, session.catalog_id(input), string_at(input, "DatabaseName")));
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const std::string expression = string_at(input, "Expression");
  const RE2 pattern(expression, RE2::Quiet);
  if (!pattern.ok()) return session.invalid("Expression is no regular expression: " + pattern.error());
  Json list = Json::array();
  const auto emit = [&](const std::string& key, const Table& table) {
    const std::string name(part_of(key, 1));
    if (!expression.empty() && !RE2::FullMatch(name, pattern)) return false;
    const TablePlace at{place.catalog, place.name, name, place.is_via_link, {}, {}};
    const Access access = access_of(session, session.caller, at.subject());
    if (!access.is_visible()) return false;
    Json shown = table.is_link() && !place.is_via_link ? link_json(session, at)
                                                       : table_json(*place.catalog, place.name, table, access);
    list.push_back(picked(std::move(shown), member(input, "AttributesToGet")));
    return true;
  };
  const std::string next = list_page(place.catalog->tables, paging, prefix_of({place.name}), emit);
  Json output = {{"TableList", std::move(list)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

bool holds_text(const std::string& text, const std::string& wanted) {
  return lower(text).find(lower(wanted)) != std::string::npos;
}

bool fits_text(const Json& table, const std::string& wanted) {
  if (wanted.empty()) return true;
  const bool is_quoted = wanted.size() >= 2 && wanted.front() == '"' && wanted.back() == '"';
  const std::string unquoted = is_quoted ? wanted.substr(1, wanted.size() - 2) : wanted;
  for (const char* name : {"Name", "Description", "DatabaseName"}) {
    if (holds_text(string_at(table, name), unquoted)) return true;
  }
  for (const Json& column : at_path(table, {"StorageDescriptor", "Columns"})) {
    if (holds_text(string_at(column, "Name"), unquoted) || holds_text(string_at(column, "Comment"), unquoted)) {
      return true;
    }
  }
  return false;
}

/// A filter of SearchTables: a member of the table, or one of its parameters, against a value.
bool fits_filter(const Json& table, const Json& filter) {
  const std::string key = string_at(filter, "Key");
  const std::string wanted = string_at(filter, "Value");
  const Json& parameters = member(table, "Parameters");
  const std::string value = table.contains(key) ? string_at(table, key) : string_at(parameters, key);
  const std::string how = string_at(filter, "Comparator");
  if (how == "GREATER_THAN") return value > wanted;
  if (how == "LESS_THAN") return value < wanted;
  if (how == "GREATER_THAN_EQUALS") return value >= wanted;
  if (how == "LESS_THAN_EQUALS") return value <= wanted;
  return how == "EQUALS" ? value == wanted : holds_text(value, wanted);
}

bool fits(const Json& table, const Json& input) {
  if (!fits_text(table, string_at(input, "SearchText"))) return false;
  const Json& filters = member(input, "Filters");
  return std::all_of(filters.begin(), filters.end(), [&](const Json& filter) { return fits_filter(table, filter); });
}

std::vector<Catalog*> catalogs_to_search(Session& session, const Json& input) {
  const std::string type = string_at(input, "ResourceShareType");
  std::vector<Catalog*> out;
  if (type != "FOREIGN" && type != "FEDERATED") out.push_back(&session.home());
  if (type != "FOREIGN" && type != "ALL") return out;
  for (const std::string& owner : owners_sharing_with(session)) {
    if (Catalog* catalog = session.catalog_of(owner)) out.push_back(catalog);
  }
  return out;
}

/// Links are listed and never followed. A position is the number of the catalog, database and table.
Result<Json> search_tables(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const std::vector<Catalog*> catalogs = catalogs_to_search(session, input);
  Json list = Json::array();
  Json output;
  std::string position = paging.from;
  for (Catalog* catalog : catalogs) {
    const std::string account = catalog->ref.account;
    if (!position.empty() && part_of(position, 0) != account) continue;
    const std::string from = position.empty() ? std::string() : position.substr(account.size() + 1);
    position.clear();
    for (auto at = catalog->tables.lower_bound(from); at != catalog->tables.end(); ++at) {
      const std::string database(part_of(at->first, 0));
      const Access access = access_of(session, session.caller, {catalog, database, std::string(part_of(at->first, 1))});
      if (!access.is_visible()) continue;
      Json table = table_json(*catalog, database, at->second, access);
      if (!fits(table, input)) continue;
      if (list.size() == paging.most || (list.empty() && session.is_empty_page_due(paging))) {
        output["NextToken"] = token_of(join_parts({account, at->first}));
        output["TableList"] = std::move(list);
        return output;
      }
      list.push_back(std::move(table));
    }
  }
  const Json& sorts = member(input, "SortCriteria");
  if (!sorts.empty()) {
    // Sorted within the page, as far as a walk by pages allows.
    const std::string field = string_at(sorts[0], "FieldName");
    const bool is_descending = string_at(sorts[0], "Sort") == "DESC";
    std::stable_sort(list.begin(), list.end(), [&](const Json& a, const Json& b) {
      const std::string left = string_at(a, field);
      const std::string right = string_at(b, field);
      return is_descending ? right < left : left < right;
    });
  }
  output["TableList"] = std::move(list);
  return output;
}

}  // namespace

void add_table_listing_operations(Operations& operations) {
  operations.add({aws::Service::Glue, "GetTables", Effect::Read, IamRight::Anyone,
                  "CatalogId:s1-255 DatabaseName*:s1-255 Expression:s0-2048 NextToken:s MaxResults:i1-100 "
                  "TransactionId:s QueryAsOfTime:n IncludeStatusDetails:b AttributesToGet:[e(NAME|TABLE_TYPE)]",
                  get_tables});
  operations.add({aws::Service::Glue, "SearchTables", Effect::Read, IamRight::Anyone,
                  "CatalogId:s1-255 NextToken:s Filters:[@PropertyPredicate] SearchText:s "
                  "SortCriteria:[@SortCriterion]0-1 MaxResults:i1-1000 ResourceShareType:e(FOREIGN|ALL|FEDERATED) "
                  "IncludeStatusDetails:b",
                  search_tables});
}

}  // namespace datamesh::embedded::lake
