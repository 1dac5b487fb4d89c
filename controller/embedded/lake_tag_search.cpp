// SearchTablesByLFTags, SearchDatabasesByLFTags, and the wire forms of tags.
// Source: lake-formation.md 1.4, 2.7
#include <algorithm>

#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_tag_json.h"

namespace datamesh::embedded::lake {
namespace {

Json pairs_json(const std::string& account, const Tags& tags) {
  Json out = Json::array();
  for (const auto& [key, value] : tags) {
    out.push_back({{"CatalogId", account}, {"TagKey", key}, {"TagValues", Json::array({value})}});
  }
  return out;
}

Tags tags_of(const Subject& subject, const std::string& column, TagView view) {
  if (view == TagView::Effective) return effective_tags(*subject.owner, subject.database, subject.table, column);
  const Tags* own = subject.owner->tagged.find(tagged_key(subject.database, subject.table, column));
  return own ? *own : Tags();
}

bool any_column_matches(const TagExpression& expression, const Subject& table) {
  const Table* found = table.owner->tables.find(table_key(table.database, table.table));
  if (found == nullptr || !has_column_tags(*table.owner, table.database, table.table)) return false;
  const std::vector<std::string> columns = columns_of(*found);
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return matches(expression, effective_tags(*table.owner, table.database, table.table, column));
  });
}

Result<const Catalog*> catalog_to_search(Session& session, const Json& input) {
  const Catalog* catalog = session.catalog_of(session.catalog_id(input));
  if (catalog == nullptr) return session.denied("The catalog is not shared with this account.");
  return catalog;
}

/// Runs a search page by page. Now and then a page is empty, with a token to go on from.
template <class Value, class Emit>
Json searched(Session& session, const TextShelf<Value>& shelf, const Paging& paging, Emit&& emit) {
  Json list = Json::array();
  bool is_left_empty = false;
  const std::string next = list_page(shelf, paging, "", [&](const std::string& key, const Value&) {
    Json found = emit(key);
    if (found.is_null()) return false;
    list.push_back(std::move(found));
    is_left_empty = is_left_empty || (list.size() == 1 && session.is_empty_page_due(paging));
    return true;
  });
  Json output;
  if (is_left_empty) {
    list.clear();
    output["NextToken"] = token_of(shelf.begin()->first);
  } else if (!next.empty()) {
    output["NextToken"] = next;
  }
  output["list"] = std::move(list);
  return output;
}

Json renamed(Json output, const char* name) {
  output[name] = std::move(output["list"]);
  output.erase("list");
  return output;
}

Result<Json> search_tables_by_tags(Session& session, const Json& input) {
  TRY_VALUE(const Catalog* catalog, catalog_to_search(session, input));
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const TagExpression expression = read_expression(input["Expression"]);
  const auto emit = [&](const std::string& key) -> Json {
    const Subject table{catalog, std::string(part_of(key, 0)), std::string(part_of(key, 1))};
    const bool fits = matches(expression, effective_tags(*catalog, table.database, table.table)) ||
                      any_column_matches(expression, table);
    if (!fits || !access_of(session, session.caller, table).is_visible()) return nullptr;
    Json found = tags_of_table_json(table, {}, TagView::Effective);
    found["Table"] = {
        {"CatalogId", table.account()}, {"DatabaseName", table.database}, {"Name", table.table}};
    return found;
  };
  return renamed(searched(session, catalog->tables, paging, emit), "TableList");
}

Result<Json> search_databases_by_tags(Session& session, const Json& input) {
  TRY_VALUE(const Catalog* catalog, catalog_to_search(session, input));
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const TagExpression expression = read_expression(input["Expression"]);
  const auto emit = [&](const std::string& name) -> Json {
    const Subject database{catalog, name, {}};
    if (!matches(expression, effective_tags(*catalog, name))) return nullptr;
    if (!access_of(session, session.caller, database).is_visible()) return nullptr;
    return {{"Database", {{"CatalogId", database.account()}, {"Name", name}}},
            {"LFTags", tags_json(database, {}, TagView::Effective)}};
  };
  return renamed(searched(session, catalog->databases, paging, emit), "DatabaseList");
}

}  // namespace

Json tags_json(const Subject& subject, const std::string& column, TagView view) {
  return pairs_json(subject.account(), tags_of(subject, column, view));
}

Json tags_member(const char* name, const Subject& subject, TagView view) {
  Json tags = tags_json(subject, {}, view);
  return tags.empty() ? Json::object() : Json{{name, std::move(tags)}};
}

Json tags_of_table_json(const Subject& table, const std::vector<std::string>& columns, TagView view) {
  const Subject database{table.owner, table.database, {}};
  Json out = view == TagView::Effective ? tags_member("LFTagOnDatabase", database, view) : Json::object();
  out.update(tags_member("LFTagsOnTable", table, view));
  Json on_columns = Json::array();
  const Table* found = table.owner->tables.find(table_key(table.database, table.table));
  for (const std::string& column : columns.empty() && found ? columns_of(*found) : columns) {
    Json tags = tags_json(table, column, view);
    if (!tags.empty()) on_columns.push_back({{"Name", column}, {"LFTags", std::move(tags)}});
  }
  out["LFTagsOnColumns"] = std::move(on_columns);
  return out;
}

void add_tag_search_operations(Operations& operations) {
  const auto add = [&](const char* name, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, Effect::Read, IamRight::Anyone,
                    "NextToken:s MaxResults:i1-100 CatalogId:s1-255 Expression*:[@LFTag]1-50", run});
  };
  add("SearchTablesByLFTags", search_tables_by_tags);
  add("SearchDatabasesByLFTags", search_databases_by_tags);
}

}  // namespace datamesh::embedded::lake
