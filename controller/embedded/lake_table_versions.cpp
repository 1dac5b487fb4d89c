// Earlier versions of tables. Links are followed as GetTable follows them.
// Source: lake-formation.md 1.3, 2.6
#include <algorithm>

#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_operations.h"

namespace datamesh::embedded::lake {
namespace {

/// The table whose versions are meant, and what the caller may see of it.
struct Shown {
  TablePlace place;
  Access access;
};

Result<Shown> find_shown(Session& session, const Json& input) {
  TRY_VALUE(TablePlace place, find_table(session, input, string_at(input, "TableName")));
  if (place.table().is_link() && !place.is_via_database_link) {
    if (const std::optional<TablePlace> target = target_of(session, place)) place = *target;
  }
  Access access = access_of(session, session.caller, place.subject());
  if (!access.is_visible()) return session.insufficient("Describe", place.name);
  return Shown{std::move(place), std::move(access)};
}

Json version_json(const Shown& shown, const Table& table) {
  return {{"Table", table_json(*shown.place.catalog, shown.place.database, table, shown.access)},
          {"VersionId", std::to_string(table.version)}};
}

/// Newest first.
std::vector<const Table*> versions_of(const TablePlace& place) {
  std::vector<const Table*> out;
  for_each_under(place.catalog->versions, prefix_of({place.database, place.name}),
                 [&](const std::string&, const Table& table) { out.push_back(&table); });
  out.push_back(&place.table());
  std::reverse(out.begin(), out.end());
  return out;
}

Result<Json> get_table_version(Session& session, const Json& input) {
  TRY_VALUE(const Shown shown, find_shown(session, input));
  const std::string wanted = string_at(input, "VersionId");
  for (const Table* table : versions_of(shown.place)) {
    if (wanted.empty() || wanted == std::to_string(table->version)) {
      return Json{{"TableVersion", version_json(shown, *table)}};
    }
  }
  return session.not_found("Table version " + wanted + " not found.");
}

Result<Json> get_table_versions(Session& session, const Json& input) {
  TRY_VALUE(const Shown shown, find_shown(session, input));
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  Json list = Json::array();
  Json output;
  bool is_reached = paging.from.empty();
  for (const Table* table : versions_of(shown.place)) {
    const std::string id = std::to_string(table->version);
    is_reached = is_reached || id == paging.from;
    if (!is_reached) continue;
    if (list.size() == paging.most) {
      output["NextToken"] = token_of(id);
      break;
    }
    list.push_back(version_json(shown, *table));
  }
  output["TableVersions"] = std::move(list);
  return output;
}

Result<void> delete_version(Session& session, const Json& input, const std::string& id) {
  TRY_VALUE(const TablePlace place, find_table_to_change(session, input, string_at(input, "TableName")));
  TRY(require(session, place.subject(), Permission::Drop));
  const std::string padded = id.size() < 20 ? std::string(20 - id.size(), '0') + id : id;
  if (!place.catalog->versions.erase(join_parts({place.database, place.name, padded}))) {
    return session.not_found("Table version " + id + " not found.");
  }
  return {};
}

Result<Json> delete_table_version(Session& session, const Json& input) {
  TRY(delete_version(session, input, string_at(input, "VersionId")));
  return Json::object();
}

Result<Json> batch_delete_table_version(Session& session, const Json& input) {
  Json errors = Json::array();
  for (const Json& id : input["VersionIds"]) {
    const Result<void> done = delete_version(session, input, id);
    if (done) continue;
    errors.push_back({{"TableName", input["TableName"]},
                      {"VersionId", id},
                      {"ErrorDetail", {{"ErrorCode", done.error().code}, {"ErrorMessage", done.error().message}}}});
  }
  return Json{{"Errors", std::move(errors)}};
}

}  // namespace

void add_table_version_operations(Operations& operations) {
  const std::string table = "CatalogId:s1-255 DatabaseName*:s1-255 TableName*:s1-255 ";
  const auto add = [&](const char* name, Effect effect, const char* more,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Glue, name, effect, IamRight::Anyone, table + more, run});
  };
  add("GetTableVersion", Effect::Read, "VersionId:s1-255", get_table_version);
  add("GetTableVersions", Effect::Read, "NextToken:s MaxResults:i1-100", get_table_versions);
  add("DeleteTableVersion", Effect::Write, "VersionId*:s1-255", delete_table_version);
  add("BatchDeleteTableVersion", Effect::Write, "VersionIds*:[s1-255]0-100", batch_delete_table_version);
}

}  // namespace datamesh::embedded::lake
