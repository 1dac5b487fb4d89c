// Databases and database links.
// Source: lake-formation.md 1.3, 2.3, 2.6
#include <algorithm>

#include "controller/embedded/lake_glue.h"
#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

constexpr PermissionSet kCreatorOfDatabase = {Permission::CreateTable, Permission::Alter, Permission::Drop};

Result<void> check_link(const Session& session, const Json& input) {
  const Json& target = member(input, "TargetDatabase");
  if (string_at(target, "CatalogId").empty() || string_at(target, "DatabaseName").empty()) {
    return session.invalid("TargetDatabase needs CatalogId and DatabaseName.");
  }
  if (!string_at(input, "Description").empty()) {
    return session.invalid("Description and resource link cannot exist together in a database!");
  }
  if (input.contains("LocationUri")) return session.invalid("A resource link has no LocationUri.");
  return {};
}

/// Names are stored in lower case; what is not declared about future tables is copied from the settings.
Json normalised(const Catalog& catalog, Json input) {
  input["Name"] = lower(string_at(input, "Name"));
  if (input.contains("TargetDatabase")) {
    Json& target = input["TargetDatabase"];
    target["DatabaseName"] = lower(string_at(target, "DatabaseName"));
  } else if (!input.contains("CreateTableDefaultPermissions")) {
    input["CreateTableDefaultPermissions"] = member(*catalog.settings.find(""), "CreateTableDefaultPermissions");
  }
  return input;
}

Result<Json> create_database(Session& session, const Json& input) {
  if (session.catalog_id(input) != session.account()) {
    return session.denied("Databases are made only in the own catalog.");
  }
  Catalog& home = session.home();
  if (!may_on_catalog(session, Permission::CreateDatabase)) {
    return session.insufficient("Create Database", "Catalog");
  }
  const Json& declared = input["DatabaseInput"];
  const bool is_link = declared.contains("TargetDatabase");
  if (is_link) TRY(check_link(session, declared));
  Database database{normalised(home, declared), session.caller.arn, session.now_millis()};
  const std::string name = string_at(database.input, "Name");
  if (home.databases.find(name) != nullptr) return session.exists("Database " + name + " already exists.");
  TRY(require_location(session, home, string_at(declared, "LocationUri"), {}));
  home.databases.put(name, std::move(database));
  const std::string resource = database_resource_key(session.account(), name);
  add_creator_rights(session, home, resource, is_link ? grantable_on_link() : kCreatorOfDatabase);
  add_default_rights(session, home, resource, member(*home.settings.find(""), "CreateDatabaseDefaultPermissions"));
  return Json::object();
}

/// A link shows the target's properties where the caller may see them, under its own name.
Json shown(Session& session, const DatabasePlace& place) {
  const Database& own = place.database();
  Json out = database_json(*place.catalog, own);
  if (!own.is_link()) return out;
  const std::optional<DatabasePlace> target = target_of(session, own);
  if (!target || !access_of(session, session.caller, target->subject()).is_visible()) return out;
  Json merged = database_json(*target->catalog, target->database());
  merged.erase("CreateTableDefaultPermissions");
  for (const char* name : {"Name", "TargetDatabase", "CatalogId", "CreateTime"}) merged[name] = out[name];
  return merged;
}

Result<Json> get_database(Session& session, const Json& input) {
  TRY_VALUE(const DatabasePlace place, find_database(session, session.catalog_id(input), string_at(input, "Name")));
  if (!access_of(session, session.caller, place.subject()).is_visible()) {
    return session.insufficient("Describe", place.name);
  }
  return Json{{"Database", shown(session, place)}};
}

/// The catalogs that a listing walks through, in order: the own, then those that share something with the caller.
std::vector<Catalog*> catalogs_to_list(Session& session, const Json& input) {
  const std::string type = string_at(input, "ResourceShareType");
  std::vector<Catalog*> out;
  if (type != "FOREIGN" && type != "FEDERATED") out.push_back(&session.home());
  if (type != "FOREIGN" && type != "ALL") return out;
  for (const std::string& owner : owners_sharing_with(session)) {
    if (Catalog* catalog = session.catalog_of(owner)) out.push_back(catalog);
  }
  return out;
}

Json picked(const Json& database, const Json& attributes) {
  if (!attributes.is_array() || attributes.empty()) return database;
  Json out = {{"Name", database["Name"]}};
  const bool wants_target = std::find(attributes.begin(), attributes.end(), "TARGET_DATABASE") != attributes.end();
  if (wants_target && database.contains("TargetDatabase")) out["TargetDatabase"] = database["TargetDatabase"];
  return out;
}

Result<Json> get_databases(Session& session, const Json& input) {
  const std::string owner = session.catalog_id(input);
  TRY_VALUE(Paging paging, read_paging(session, input, 100));
  std::vector<Catalog*> catalogs = catalogs_to_list(session, input);
  if (owner != session.account()) {
    catalogs.clear();
    if (Catalog* catalog = session.catalog_of(owner)) catalogs.push_back(catalog);
  }
  // A position is "account, name": the walk goes on where the page before ended.
  const std::string from_account(part_of(paging.from, 0));
  Json list = Json::array();
  Json output;
  bool is_reached = paging.from.empty();
  for (Catalog* catalog : catalogs) {
    const bool is_resumed = !is_reached && catalog->ref.account == from_account;
    if (!is_reached && !is_resumed) continue;
    is_reached = true;
    auto at = is_resumed ? catalog->databases.lower_bound(std::string(part_of(paging.from, 1)))
                         : catalog->databases.begin();
    for (; at != catalog->databases.end(); ++at) {
      const DatabasePlace place{catalog, at->first, false};
      if (!access_of(session, session.caller, place.subject()).is_visible()) continue;
      if (list.size() == paging.most) {
        output["NextToken"] = token_of(join_parts({catalog->ref.account, at->first}));
        output["DatabaseList"] = std::move(list);
        return output;
      }
      list.push_back(picked(shown(session, place), member(input, "AttributesToGet")));
    }
  }
  output["DatabaseList"] = std::move(list);
  return output;
}

Result<Json> update_database(Session& session, const Json& input) {
  TRY_VALUE(const DatabasePlace named, find_database(session, session.catalog_id(input), string_at(input, "Name")));
  Json declared = input["DatabaseInput"];
  if (lower(string_at(declared, "Name")) != named.name) return session.invalid("Database cannot be renamed");
  // T6: on a link this changes the target.
  TRY_VALUE(const DatabasePlace place, follow_database(session, session.catalog_id(input), named.name));
  if (place.is_via_link) {
    declared.erase("TargetDatabase");
    declared["Name"] = place.name;
  } else if (declared.contains("TargetDatabase")) {
    return session.invalid("A database cannot become a resource link.");
  }
  TRY(require(session, place.subject(), Permission::Alter));
  Database database = place.database();
  const std::string location = string_at(declared, "LocationUri");
  if (location != string_at(database.input, "LocationUri")) {
    TRY(require_location(session, *place.catalog, location, {}));
  }
  database.input = normalised(*place.catalog, std::move(declared));
  place.catalog->databases.put(place.name, std::move(database));
  return Json::object();
}

/// Dropping a database drops its tables, and what was granted on them.
Result<Json> delete_database(Session& session, const Json& input) {
  TRY_VALUE(const DatabasePlace place, find_database(session, session.catalog_id(input), string_at(input, "Name")));
  TRY(require(session, place.subject(), Permission::Drop));
  Catalog& catalog = *place.catalog;
  const std::string& account = catalog.ref.account;
  const std::string prefix = prefix_of({place.name});
  catalog.databases.erase(place.name);
  erase_under(catalog.tables, prefix);
  erase_under(catalog.versions, prefix);
  erase_under(catalog.partitions, prefix);
  erase_under(catalog.filters, prefix);
  erase_under(catalog.tagged, prefix);
  catalog.tagged.erase(place.name);
  drop_rights(catalog, database_resource_key(account, place.name));
  drop_rights(catalog, prefix_of({"T", account, place.name}));
  drop_rights(catalog, prefix_of({"F", account, place.name}));
  return Json::object();
}

}  // namespace

void add_database_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Glue, name, effect, IamRight::Anyone, shape, run});
  };
  add("CreateDatabase", Effect::Write, "CatalogId:s1-255 DatabaseInput*:@DatabaseInput Tags:m", create_database);
  add("GetDatabase", Effect::Read, "CatalogId:s1-255 Name*:s1-255", get_database);
  add("GetDatabases", Effect::Read,
      "CatalogId:s1-255 NextToken:s MaxResults:i1-100 ResourceShareType:e(FOREIGN|ALL|FEDERATED) "
      "AttributesToGet:[e(NAME|TARGET_DATABASE)]",
      get_databases);
  add("UpdateDatabase", Effect::Write, "CatalogId:s1-255 Name*:s1-255 DatabaseInput*:@DatabaseInput",
      update_database);
  add("DeleteDatabase", Effect::Write, "CatalogId:s1-255 Name*:s1-255", delete_database);
}

}  // namespace datamesh::embedded::lake
