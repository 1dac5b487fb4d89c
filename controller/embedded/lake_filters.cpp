// Data cells filters: rows and columns of a table, to be granted as one.
// Source: lake-formation.md 2.8
#include <algorithm>
#include <array>

#include "controller/embedded/lake_expression.h"
#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::array kReservedColumns = {"ctid",     "oid",         "xmin",        "cmin",     "xmax",           "cmax",
                                         "tableoid", "insertxid",   "deletexid",   "importoid", "redcatuniqueid"};

/// Names a filter and the table it is on.
struct FilterName {
  Catalog* catalog = nullptr;
  std::string database;
  std::string table;
  std::string name;

  std::string key() const { return join_parts({database, table, name}); }
  Subject subject() const { return {catalog, database, table}; }
};

Result<FilterName> find_name(Session& session, const Json& body) {
  for (const char* needed : {"TableCatalogId", "DatabaseName", "TableName", "Name"}) {
    if (string_at(body, needed).empty()) return session.invalid(std::string(needed) + " is missing");
  }
  Catalog* catalog = session.catalog_of(string_at(body, "TableCatalogId"));
  FilterName out{catalog, lower(string_at(body, "DatabaseName")), lower(string_at(body, "TableName")),
                 lower(string_at(body, "Name"))};
  if (catalog == nullptr) return session.denied("The catalog is not shared with this account.");
  return out;
}

/// SELECT with grant option on the whole table; an administrator has it.
Result<void> require_owner(Session& session, const FilterName& filter) {
  if (filter.catalog->ref.account != session.account()) {
    return session.denied("Data cells filters are made in the catalog of the table.");
  }
  if (session.is_lake_admin(session.caller)) return {};
  const Access access = access_of(session, session.caller, filter.subject());
  if (access.grantable_readable.is_all) return {};
  return session.insufficient("Select with grant option", filter.table);
}

Result<void> check_columns(const Session& session, const Json& body, const std::vector<std::string>& columns) {
  const bool has_names = body.contains("ColumnNames") && !body["ColumnNames"].empty();
  const bool has_wildcard = body.contains("ColumnWildcard");
  if (has_names && has_wildcard) {
    return session.invalid("Data cells filter cannot have both column wildcard expression and column names.");
  }
  if (!has_names && !has_wildcard) return session.invalid("Data cells filter needs column names or a wildcard.");
  const Json names = has_names ? body["ColumnNames"]
                               : body["ColumnWildcard"].value("ExcludedColumnNames", Json::array());
  for (const Json& name : names) {
    const std::string column = lower(name.get<std::string>());
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      return session.invalid("Column " + column + " does not exist.");
    }
  }
  return {};
}

std::vector<catalog::ColumnShape> shapes_of(const Json& columns) {
  std::vector<catalog::ColumnShape> out;
  for (const Json& column : columns) out.push_back({lower(string_at(column, "Name")), string_at(column, "Type"), ""});
  return out;
}

/// T34: exactly one of an expression and all rows.
Result<void> check_rows(const Session& session, const Json& body, const Table& table) {
  const Json& rows = member(body, "RowFilter");
  const bool has_expression = !string_at(rows, "FilterExpression").empty();
  const bool has_all = rows.is_object() && rows.contains("AllRowsWildcard");
  if (has_expression == has_all) {
    return session.invalid("RowFilter needs exactly one of FilterExpression and AllRowsWildcard.");
  }
  if (has_all) return {};
  const std::string text = string_at(rows, "FilterExpression");
  const Result<RowExpression> parsed = parse_row_expression(text);
  if (!parsed) return session.invalid(parsed.error().message);
  const auto problems = catalog::problems_in(*parsed, shapes_of(at_path(table.input, {"StorageDescriptor", "Columns"})),
                                             shapes_of(member(table.input, "PartitionKeys")));
  if (!problems.empty()) return session.invalid("Unsupported expression: " + describe(problems.front(), text));
  return {};
}

Result<void> check_filter(const Session& session, const FilterName& filter, const Json& body) {
  const Table* table = filter.catalog->tables.find(table_key(filter.database, filter.table));
  if (table == nullptr) return session.not_found("Table " + filter.table + " not found.");
  if (table->is_link() || string_at(table->input, "TableType") == "VIRTUAL_VIEW") {
    return session.invalid("Data cells filters are not supported on resource links and views.");
  }
  const std::vector<std::string> columns = columns_of(*table);
  for (const std::string& column : columns) {
    if (std::find(kReservedColumns.begin(), kReservedColumns.end(), column) != kReservedColumns.end()) {
      return session.invalid("The table has the reserved column " + column + " and cannot be filtered.");
    }
  }
  TRY(check_columns(session, body, columns));
  return check_rows(session, body, *table);
}

Json normalised(Session& session, const FilterName& filter, Json body) {
  body["DatabaseName"] = filter.database;
  body["TableName"] = filter.table;
  body["Name"] = filter.name;
  if (body.contains("ColumnNames") && body["ColumnNames"].empty()) body.erase("ColumnNames");
  body["VersionId"] = new_uuid(session, "filter");
  return body;
}

Result<Json> create_filter(Session& session, const Json& input) {
  TRY_VALUE(const FilterName filter, find_name(session, input["TableData"]));
  TRY(require_owner(session, filter));
  TRY(check_filter(session, filter, input["TableData"]));
  if (filter.catalog->filters.find(filter.key()) != nullptr) {
    return session.exists("Data cells filter " + filter.name + " already exists.");
  }
  filter.catalog->filters.put(filter.key(), normalised(session, filter, input["TableData"]));
  return Json::object();
}

Result<FilterName> find_existing(Session& session, const Json& body) {
  TRY_VALUE(FilterName filter, find_name(session, body));
  if (filter.catalog->filters.find(filter.key()) == nullptr) {
    return session.not_found("Data cells filter " + filter.name + " not found.");
  }
  return filter;
}

/// The VersionId of the input is not held against the present one (unconfirmed for AWS).
Result<Json> update_filter(Session& session, const Json& input) {
  TRY_VALUE(const FilterName filter, find_existing(session, input["TableData"]));
  TRY(require_owner(session, filter));
  TRY(check_filter(session, filter, input["TableData"]));
  filter.catalog->filters.put(filter.key(), normalised(session, filter, input["TableData"]));
  return Json::object();
}

/// Whether the caller may read the filter's definition: who could make it, and who was granted it.
bool may_see(Session& session, const FilterName& filter) {
  if (require_owner(session, filter)) return true;
  if (session.is_read_only_admin(session.caller) && filter.catalog->ref.account == session.account()) return true;
  const std::string resource =
      join_parts({"F", filter.catalog->ref.account, filter.database, filter.table, filter.name});
  return !held_on(session, session.caller, *filter.catalog, resource).permissions.empty();
}

Result<Json> get_filter(Session& session, const Json& input) {
  TRY_VALUE(const FilterName filter, find_existing(session, input));
  if (!may_see(session, filter)) return session.insufficient("Describe", filter.name);
  return Json{{"DataCellsFilter", *filter.catalog->filters.find(filter.key())}};
}

Result<Json> delete_filter(Session& session, const Json& input) {
  TRY_VALUE(const FilterName filter, find_existing(session, input));
  TRY(require_owner(session, filter));
  filter.catalog->filters.erase(filter.key());
  const std::string key =
      join_parts({"F", filter.catalog->ref.account, filter.database, filter.table, filter.name});
  drop_rights_on(*filter.catalog, key);
  return Json::object();
}

Result<Json> list_filters(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const Json& table = member(input, "Table");
  Catalog* catalog = session.catalog_of(session.catalog_id(table));
  if (catalog == nullptr) return session.denied("The catalog is not shared with this account.");
  std::string prefix;
  if (table.is_object()) {
    prefix = prefix_of({lower(string_at(table, "DatabaseName"))});
    if (table.contains("Name")) {
      prefix = prefix_of({lower(string_at(table, "DatabaseName")), lower(string_at(table, "Name"))});
    }
  }
  Json list = Json::array();
  const std::string next = list_page(catalog->filters, paging, prefix, [&](const std::string& key, const Json& body) {
    const FilterName filter{catalog, std::string(part_of(key, 0)), std::string(part_of(key, 1)),
                            std::string(part_of(key, 2))};
    if (!may_see(session, filter)) return false;
    list.push_back(body);
    return true;
  });
  Json output = {{"DataCellsFilters", std::move(list)}};
  if (!next.empty()) output["NextToken"] = next;
  return output;
}

}  // namespace

void add_filter_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, effect, IamRight::Anyone, shape, run});
  };
  const char* name = "TableCatalogId*:s1-255 DatabaseName*:s1-255 TableName*:s1-255 Name*:s1-255";
  const char* loose_name = "TableCatalogId:s1-255 DatabaseName:s1-255 TableName:s1-255 Name:s1-255";
  add("CreateDataCellsFilter", Effect::Write, "TableData*:@DataCellsFilter", create_filter);
  add("UpdateDataCellsFilter", Effect::Write, "TableData*:@DataCellsFilter", update_filter);
  add("GetDataCellsFilter", Effect::Read, name, get_filter);
  add("DeleteDataCellsFilter", Effect::Write, loose_name, delete_filter);
  add("ListDataCellsFilter", Effect::Read, "Table:@TableResource NextToken:s MaxResults:i1-1000", list_filters);
}

}  // namespace datamesh::embedded::lake
