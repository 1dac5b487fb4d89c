#include "tests/sim/hands.h"

#include <algorithm>

#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

CatalogRef catalog_of(const std::string& account) { return {account, kRegion}; }

bool is_his(const std::string& name) { return name.starts_with("byhand"); }

bool is_link(const Json& object) { return object.contains("TargetDatabase") || object.contains("TargetTable"); }

/// The `Resource` of a call about `right`.
Json resource_json(const Right& right) {
  const std::string kind = kind_of(right), place = place_of(right);
  const std::size_t slash = place.find('/');
  const std::string database = place.substr(0, slash);
  if (kind == "database") return {{"Database", {{"CatalogId", owner_of(right)}, {"Name", database}}}};
  if (kind == "location") {
    return {{"DataLocation", {{"CatalogId", owner_of(right)}, {"ResourceArn", right.resource.substr(right.resource.find(':') + 1)}}}};
  }
  Json table = {{"CatalogId", owner_of(right)}, {"DatabaseName", database}};
  if (kind == "tables") {
    table["TableWildcard"] = Json::object();
    return {{"Table", table}};
  }
  table["Name"] = place.substr(slash + 1);
  if (kind == "table") return {{"Table", table}};
  if (kind != "column") return {};
  table["ColumnNames"] = Json::array({right.resource.substr(right.resource.rfind('/') + 1)});
  return {{"TableWithColumns", table}};
}

/// "database" or "database/table" that a call is about.
std::string place_in(const Json& input) {
  const Json& table = at_path(input, {"Resource", "Table"});
  if (!table.is_null()) return string_at(table, "DatabaseName") + "/" + string_at(table, "Name");
  const Json& tagged = at_path(input, {"Resource", "Database"});
  if (!tagged.is_null()) return string_at(tagged, "Name");
  const std::string database = string_at(input, "DatabaseName");
  if (database.empty()) return string_at(input, "Name");
  const std::string name = string_at(input, "Name");
  return database + "/" + (name.empty() ? string_at(member(input, "TableInput"), "Name") : name);
}

Json without_times(Json object) {
  for (const char* field : {"CreateTime", "UpdateTime"}) object.erase(field);
  return object;
}

}  // namespace

bool Hands::call(const std::string& account, aws::Service service, const std::string& operation, Json input) {
  const std::string text = "by hand: " + account + " " + operation + " " + input.dump();
  const std::string place = place_in(input);
  const auto result = parts_.world->call_as(role(account, "Admin"), service, operation, std::move(input), kRegion);
  parts_.journal->note(text + (result ? "" : " -> " + to_string(result.error())));
  if (service == aws::Service::Glue || operation == "AddLFTagsToResource") touched.insert(account + ":" + place);
  return result.has_value();
}

void Hands::move_in(const std::string& account) {
  const auto principal = [](const std::string& arn) { return Json{{"DataLakePrincipalIdentifier", arn}}; };
  Json settings = {{"DataLakeAdmins", Json::array({principal(role(account, "Admin"))})},
                   {"ReadOnlyAdmins", Json::array({principal(role(account, kAuditor))})}};
  call(account, aws::Service::LakeFormation, "PutDataLakeSettings", {{"DataLakeSettings", settings}});
  own.merge(rights_in(*parts_.world, catalog_of(account)));  // what AWS gives everybody in a fresh account
}

void Hands::meddle(const Declared& declared) {
  const std::string& account = parts_.random->pick(parts_.accounts);
  switch (parts_.random->between(1, 14)) {
    case 1:
    case 2: return grant_to_stranger(account);
    case 3: return widen(declared);
    case 4: return revoke_something(account);
    case 5: return make_database(account);
    case 6: return drop_table(account);
    case 7: return change_columns(account);
    case 8: return break_share(account);
    case 9: return refuse_invitation(account);
    case 10:
    case 11: return make_table_again(account);
    case 12:
    case 13: return change_tag(account);
    default: return change_settings(account);
  }
}

bool Hands::change_permission(const char* operation, const Right& right) {
  const bool option = right.permission.ends_with("+");
  const std::string permission = option ? right.permission.substr(0, right.permission.size() - 1) : right.permission;
  Json input = {{"Principal", {{"DataLakePrincipalIdentifier", right.principal}}},
                {"Resource", resource_json(right)},
                {"Permissions", Json::array({permission})},
                {"PermissionsWithGrantOption", option ? Json::array({permission}) : Json::array()}};
  if (input["Resource"].is_null()) return false;
  return call(right.catalog.account, aws::Service::LakeFormation, operation, std::move(input));
}

void Hands::grant_to_stranger(const std::string& account) {
  std::vector<std::string> places;
  for (const auto& [name, object] : objects_in(*parts_.world, catalog_of(account))) {
    if (!is_link(object)) places.push_back(name);
  }
  if (places.empty()) return;
  const std::string place = parts_.random->pick(places);
  const bool table = place.find('/') != std::string::npos;
  const Right right{catalog_of(account), role(account, "byhand-" + std::to_string(parts_.random->between(1, 2))),
                    (table ? "table " : "database ") + account + ":" + place,
                    table ? parts_.random->pick<std::string>({"SELECT", "INSERT", "DESCRIBE"}) : std::string("DESCRIBE")};
  if (change_permission("GrantPermissions", right)) own.insert(right);
}

/// More on a resource for somebody who has something there already.
void Hands::widen(const Declared& declared) {
  const Expectation expected = expect(declared, parts_.world->clock.now());
  std::vector<Right> some;
  for (const Right& right : expected.due) {
    const std::string kind = kind_of(right);
    const bool local = owner_of(right) == right.catalog.account && right.principal.find(right.catalog.account) != right.principal.npos;
    if (local && (kind == "database" || kind == "tables")) some.push_back(right);
  }
  if (some.empty()) return;
  Right right = parts_.random->pick(some);
  right.permission = kind_of(right) == "database" ? "ALTER" : "DELETE";
  if (!expected.allowed.contains(right) && change_permission("GrantPermissions", right)) beside.insert(right);
}

void Hands::revoke_something(const std::string& account) {
  const Rights rights = rights_in(*parts_.world, catalog_of(account));
  if (rights.empty()) return;
  const Right right = parts_.random->pick(std::vector<Right>(rights.begin(), rights.end()));
  if (!change_permission("RevokePermissions", right)) return;
  for (const char* ending : {"", "+"}) {
    Right gone = right;
    if (gone.permission.ends_with("+")) gone.permission.pop_back();
    gone.permission += ending;
    own.erase(gone);
    beside.erase(gone);
  }
}

void Hands::make_database(const std::string& account) {
  const std::string name = "byhand" + std::to_string(++names_);
  if (!call(account, aws::Service::Glue, "CreateDatabase",
            {{"DatabaseInput", {{"Name", name}, {"Description", "mine"}, {"Parameters", {{"team", "x"}}}}}})) {
    return;
  }
  call(account, aws::Service::Glue, "CreateTable",
       {{"DatabaseName", name},
        {"TableInput",
         {{"Name", "t1"}, {"StorageDescriptor", {{"Columns", {{{"Name", "c1"}, {"Type", "string"}}}}}}}}});
  const CatalogRef catalog = catalog_of(account);
  for (auto& [place, object] : objects_in(*parts_.world, catalog)) {
    if (place == name || place.starts_with(name + "/")) objects[{catalog, place}] = without_times(object);
  }
  // Where the defaults are still open, Lake Formation gave IAM_ALLOWED_PRINCIPALS everything.
  for (const Right& right : rights_in(*parts_.world, catalog)) {
    const std::string place = place_of(right);
    if (place == name || place.starts_with(name + "/")) own.insert(right);
  }
}

void Hands::drop_table(const std::string& account) {
  std::vector<std::string> places;
  for (const auto& [name, object] : objects_in(*parts_.world, catalog_of(account))) {
    const bool droppable = name.find('/') != std::string::npos || is_link(object);
    if (droppable && !is_his(name)) places.push_back(name);
  }
  if (places.empty()) return;
  const std::string place = parts_.random->pick(places);
  const std::size_t slash = place.find('/');
  const bool done = slash == std::string::npos
                        ? call(account, aws::Service::Glue, "DeleteDatabase", {{"Name", place}})
                        : call(account, aws::Service::Glue, "DeleteTable",
                               {{"DatabaseName", place.substr(0, slash)}, {"Name", place.substr(slash + 1)}});
  if (done) forget_place(catalog_of(account), place);
}

/// Puts something else under the name of a table of the mesh.
void Hands::make_table_again(const std::string& account) {
  std::vector<std::string> places;
  for (const auto& [name, object] : objects_in(*parts_.world, catalog_of(account))) {
    if (name.find('/') != std::string::npos && !is_his(name) && !is_link(object)) places.push_back(name);
  }
  if (places.empty()) return;
  const std::string place = parts_.random->pick(places);
  const std::string database = place.substr(0, place.find('/')), table = place.substr(place.find('/') + 1);
  parts_.world->clock.advance(std::chrono::seconds(2));  // Glue tells the times of two tables apart by seconds
  if (!call(account, aws::Service::Glue, "DeleteTable", {{"DatabaseName", database}, {"Name", table}})) return;
  forget_place(catalog_of(account), place);
  call(account, aws::Service::Glue, "CreateTable",
       {{"DatabaseName", database},
        {"TableInput", {{"Name", table}, {"StorageDescriptor", {{"Columns", {{{"Name", "byhand"}, {"Type", "string"}}}}}}}}});
}

void Hands::change_columns(const std::string& account) {
  for (const auto& [name, object] : objects_in(*parts_.world, catalog_of(account))) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos || is_his(name) || is_link(object) || parts_.random->chance(50)) continue;
    Json input = {{"Name", name.substr(slash + 1)}, {"StorageDescriptor", object["StorageDescriptor"]}};
    input["StorageDescriptor"]["Columns"].push_back({{"Name", "byhand"}, {"Type", "string"}});
    call(account, aws::Service::Glue, "UpdateTable", {{"DatabaseName", name.substr(0, slash)}, {"TableInput", input}});
    return;
  }
}

void Hands::break_share(const std::string& account) {
  const aws::Call shares{catalog_of(account), aws::Service::Ram, "GetResourceShares", {{"resourceOwner", "SELF"}}};
  for (const Json& share : listing(*parts_.world, catalog_of(account), shares, "resourceShares")) {
    if (string_at(share, "status") == "DELETED" || parts_.random->chance(40)) continue;
    call(account, aws::Service::Ram, "DeleteResourceShare", {{"resourceShareArn", share["resourceShareArn"]}});
    return;
  }
}

void Hands::refuse_invitation(const std::string& account) {
  const aws::Call pending{catalog_of(account), aws::Service::Ram, "GetResourceShareInvitations"};
  for (const Json& invitation : listing(*parts_.world, catalog_of(account), pending, "resourceShareInvitations")) {
    if (string_at(invitation, "status") != "PENDING") continue;
    call(account, aws::Service::Ram, "RejectResourceShareInvitation",
         {{"resourceShareInvitationArn", invitation["resourceShareInvitationArn"]}});
    return;
  }
}

/// Another value of a key on a database or table of the mesh, where there is one.
void Hands::change_tag(const std::string& account) {
  std::vector<std::string> places;
  for (const auto& [name, object] : objects_in(*parts_.world, catalog_of(account))) {
    if (!is_his(name) && !is_link(object)) places.push_back(name);
  }
  if (places.empty()) return;
  const std::string place = parts_.random->pick(places);
  const std::size_t slash = place.find('/');
  const Json resource = slash == std::string::npos
                            ? Json{{"Database", {{"Name", place}}}}
                            : Json{{"Table", {{"DatabaseName", place.substr(0, slash)}, {"Name", place.substr(slash + 1)}}}};
  const Json tag = {{"TagKey", parts_.random->pick<std::string>({"domain", "class"})},
                    {"TagValues", Json::array({parts_.random->pick<std::string>({"x", "y", "z"})})}};
  if (!call(account, aws::Service::LakeFormation, "AddLFTagsToResource", {{"Resource", resource}, {"LFTags", Json::array({tag})}})) return;
  tagged.insert(account + ":" + place + "#" + string_at(tag, "TagKey"));
}

/// Takes the operator off the list of administrators, and opens the defaults again.
void Hands::change_settings(const std::string& account) {
  if (parts_.random->chance(60)) return;
  const auto admins = Json::array({{{"DataLakePrincipalIdentifier", role(account, "Admin")}}});
  const auto readers = Json::array({{{"DataLakePrincipalIdentifier", role(account, kAuditor)}}});
  call(account, aws::Service::LakeFormation, "PutDataLakeSettings",
       {{"DataLakeSettings", {{"DataLakeAdmins", admins}, {"ReadOnlyAdmins", readers}}}});
}

void Hands::forget_place(const CatalogRef& catalog, const std::string& place) {
  const auto below = [&](const Right& right) {
    const std::string at = place_of(right);
    return right.catalog == catalog && owner_of(right) == catalog.account && (at == place || at.starts_with(place + "/"));
  };
  std::erase_if(own, below);
  std::erase_if(beside, below);
}

}  // namespace datamesh::sim
