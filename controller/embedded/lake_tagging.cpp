// LF-tags on databases, tables and columns: assigning, removing, and what results.
// Source: lake-formation.md 2.7
#include <algorithm>
#include <set>

#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_tag_match.h"
#include "controller/embedded/lake_tag_json.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::size_t kMostTags = 50;

/// What a tagging call is about: a database, a table, or some of its columns.
struct Tagged {
  Resource resource;
  Subject subject;
  std::vector<std::string> keys;  ///< in Catalog::tagged
};

Result<Tagged> find_tagged(Session& session, const Json& input) {
  TRY_VALUE(Resource resource, read_resource(input["Resource"], session.catalog_id(input)));
  const bool is_table = resource.kind == ResourceKind::Table;
  if (!is_table && resource.kind != ResourceKind::Database) {
    return session.invalid("Only databases, tables and columns have LF-Tags.");
  }
  if (resource.table == kAllTables) return session.invalid("Table name cannot be empty");
  Catalog* owner = session.catalog_of(resource.catalog);
  const Database* database = owner ? owner->databases.find(resource.database) : nullptr;
  if (database == nullptr) return session.not_found("Database " + resource.database + " not found.");
  if (database->is_link()) return session.invalid("A resource link has no LF-Tags; tag its target.");
  Tagged out{resource, {owner, resource.database, resource.table}, {}};
  if (!is_table) {
    out.keys = {tagged_key(resource.database)};
    return out;
  }
  const Table* table = owner->tables.find(table_key(resource.database, resource.table));
  if (table == nullptr) return session.not_found("Table " + resource.table + " not found.");
  if (table->is_link()) return session.invalid("A resource link has no LF-Tags; tag its target.");
  if (resource.columns != Columns::Only) {
    out.keys = {tagged_key(resource.database, resource.table)};
    return out;
  }
  const std::vector<std::string> columns = columns_of(*table);
  for (const std::string& name : resource.column_names) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) {
      return session.not_found("Column " + name + " not found.");
    }
    out.keys.push_back(tagged_key(resource.database, resource.table, name));
  }
  return out;
}

/// One key once, one value each: anything else is refused as a whole.
Result<void> check_pairs(const Session& session, const Json& pairs) {
  std::set<std::string> keys;
  for (const Json& pair : pairs) {
    if (!keys.insert(lower(string_at(pair, "TagKey"))).second) {
      return session.invalid("Provided list of tags contains duplicate tag key: " + string_at(pair, "TagKey"));
    }
    if (pair["TagValues"].size() != 1) {
      return session.invalid("Tag values list has size not equal to 1 for key: " + string_at(pair, "TagKey"));
    }
  }
  return {};
}

/// ASSOCIATE on the value, and the resource itself as its owner holds it.
Result<void> require_tagging(Session& session, const Tagged& tagged, const Resource& tag) {
  if (session.is_lake_admin(session.caller)) return {};
  const Held on_tag = held_on_tag(session, session.caller, session.home(), tag);
  if (!on_tag.permissions.has(Permission::Associate)) return session.insufficient("Associate", "LF-Tag " + tag.name);
  const Access access = access_of(session, session.caller, tagged.subject);
  const PermissionSet owned = tagged.subject.table.empty()
                                  ? PermissionSet{Permission::Alter, Permission::Drop}
                                  : PermissionSet{Permission::All};
  if (access.grantable.contains(owned)) return {};
  return session.insufficient("All with grant option", tagged.subject.database);
}

Resource tag_of(const Session& session, const Json& pair) {
  Resource tag;
  tag.kind = ResourceKind::Tag;
  tag.catalog = session.account();
  tag.name = lower(string_at(pair, "TagKey"));
  tag.values = {lower(pair["TagValues"][0].get<std::string>())};
  return tag;
}

Result<void> assign(Session& session, const Tagged& tagged, const Json& pair) {
  if (session.catalog_id(pair) != session.account()) {
    return session.denied("An LF-Tag of another account cannot be assigned.");
  }
  const Resource tag = tag_of(session, pair);
  const TagValues* known = session.home().tags.find(tag.name);
  if (known == nullptr) return session.not_found("LF-Tag key " + tag.name + " does not exist.");
  if (!known->contains(tag.values[0])) {
    return session.invalid("LF-Tag value " + tag.values[0] + " of key " + tag.name + " does not exist.");
  }
  TRY(require_tagging(session, tagged, tag));
  for (const std::string& key : tagged.keys) {
    const Tags* present = session.home().tagged.find(key);
    Tags tags = present ? *present : Tags();
    tags[tag.name] = tag.values[0];
    if (tags.size() > kMostTags) return session.error("ResourceNumberLimitExceededException", "50 LF-Tags at most.");
    if (present == nullptr || *present != tags) session.home().tagged.put(key, std::move(tags));
  }
  return {};
}

/// T20: only what was assigned here can be removed; an inherited tag cannot.
Result<void> unassign(Session& session, const Tagged& tagged, const Json& pair) {
  const Resource tag = tag_of(session, pair);
  TRY(require_tagging(session, tagged, tag));
  for (const std::string& key : tagged.keys) {
    const Tags* present = session.home().tagged.find(key);
    const auto found = present ? present->find(tag.name) : Tags::const_iterator();
    if (present == nullptr || found == present->end() || found->second != tag.values[0]) {
      return session.not_found("LF-Tag " + tag.name + " is not assigned to the resource.");
    }
    Tags tags = *present;
    tags.erase(tag.name);
    if (tags.empty()) {
      session.home().tagged.erase(key);
    } else {
      session.home().tagged.put(key, std::move(tags));
    }
  }
  return {};
}

/// A 200 that tells per tag what failed (trap T11).
Result<Json> change_tags(Session& session, const Json& input,
                         Result<void> (*change)(Session&, const Tagged&, const Json&)) {
  TRY(check_pairs(session, input["LFTags"]));
  TRY_VALUE(const Tagged tagged, find_tagged(session, input));
  if (tagged.resource.catalog != session.account()) {
    return session.denied("A resource of another account cannot be tagged.");
  }
  Json failures = Json::array();
  for (const Json& pair : input["LFTags"]) {
    const std::size_t mark = session.state.journal.mark();
    const Result<void> done = change(session, tagged, pair);
    if (done) continue;
    session.state.journal.undo_to(mark);
    failures.push_back(
        {{"LFTag", pair}, {"Error", {{"ErrorCode", done.error().code}, {"ErrorMessage", done.error().message}}}});
  }
  return Json{{"Failures", std::move(failures)}};
}

Result<Json> add_tags(Session& session, const Json& input) { return change_tags(session, input, assign); }
Result<Json> remove_tags(Session& session, const Json& input) { return change_tags(session, input, unassign); }

/// With ShowAssignedLFTags what was assigned at each level, else what holds there.
Result<Json> get_resource_tags(Session& session, const Json& input) {
  TRY_VALUE(const Tagged tagged, find_tagged(session, input));
  if (!access_of(session, session.caller, tagged.subject).is_visible()) {
    return session.insufficient("Describe", tagged.subject.database);
  }
  const TagView view = input.value("ShowAssignedLFTags", false) ? TagView::Assigned : TagView::Effective;
  if (tagged.subject.table.empty()) return tags_member("LFTagOnDatabase", tagged.subject, view);
  return tags_of_table_json(tagged.subject, tagged.resource.column_names, view);
}

}  // namespace

void add_tagging_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, effect, IamRight::Anyone, shape, run});
  };
  const char* change = "CatalogId:s1-255 Resource*:@Resource LFTags*:[@LFTagPair]1-50";
  add("AddLFTagsToResource", Effect::PermissionWrite, change, add_tags);
  add("RemoveLFTagsFromResource", Effect::PermissionWrite, change, remove_tags);
  add("GetResourceLFTags", Effect::Read, "CatalogId:s1-255 Resource*:@Resource ShowAssignedLFTags:b",
      get_resource_tags);
}

}  // namespace datamesh::embedded::lake
