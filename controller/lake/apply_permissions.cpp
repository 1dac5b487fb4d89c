// Grants, revokes and tags: the calls that answer 200 with a list of failures (trap T11).
#include <map>

#include "controller/lake/apply_calls.h"
#include "controller/lake/permission_rows.h"

namespace datamesh::lake {
namespace {

using catalog::Action;
using catalog::Verb;

/// What AWS says when a revoke had nothing to do.
/// Source: lake-formation.md 1.2 (class "Already done")
bool nothing_to_revoke(const Error& error) {
  return error.kind == ErrorKind::NotFound ||
         error.message.find("No permissions revoked") != std::string::npos ||
         error.message.find("Grantee has no permissions") != std::string::npos ||
         error.message.find("non-existent column") != std::string::npos ||
         error.message.find("Must manually register") != std::string::npos;  // no location, no permission on it
}

}  // namespace

Error Calls::entry_error(const char* operation, const Json& error) const {
  return aws::make_error({catalog_, aws::Service::LakeFormation, operation, {}},
                         string_at(error, "ErrorCode"), string_at(error, "ErrorMessage"));
}

Result<std::vector<Result<Effect>>> Calls::permissions(const std::vector<const Action*>& actions) {
  const bool grant = actions.front()->verb == Verb::Grant;
  const char* operation = grant ? "BatchGrantPermissions" : "BatchRevokePermissions";
  Json entries = Json::array();
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const auto id = catalog::parse_permission_id(actions[i]->key.local.name);
    if (!id) return fail(ErrorKind::Internal, "no permission id: " + actions[i]->key.local.name, operation);
    Json entry = encode_entry(*id, std::get<catalog::PermissionValue>(actions[i]->value));
    entry["Id"] = std::to_string(i);
    entries.push_back(std::move(entry));
  }
  TRY_VALUE(const Json out,
            call(aws::Service::LakeFormation, operation, {{"Entries", std::move(entries)}}));
  std::vector<Result<Effect>> results(actions.size(), Effect::Done);
  for (const Json& failure : member(out, "Failures")) {
    const std::string id = string_at(member(failure, "RequestEntry"), "Id");
    const std::size_t i = id.empty() ? actions.size() : std::stoul(id);
    if (i >= actions.size()) continue;
    Error error = entry_error(operation, member(failure, "Error"));
    if (!grant && nothing_to_revoke(error)) {
      results[i] = Effect::AlreadyDone;
    } else {
      results[i] = fail(std::move(error));
    }
  }
  return results;
}

namespace {

/// "db", "db/table" or "db/table/column" as the resource of a tag call.
Json tagged_resource(const std::string& name, const std::string& account) {
  const std::size_t first = name.find('/');
  if (first == std::string::npos) return {{"Database", {{"CatalogId", account}, {"Name", name}}}};
  const std::string database = name.substr(0, first);
  const std::size_t second = name.find('/', first + 1);
  const std::string table = name.substr(first + 1, second - first - 1);
  if (second == std::string::npos) {
    return {{"Table", {{"CatalogId", account}, {"DatabaseName", database}, {"Name", table}}}};
  }
  return {{"TableWithColumns",
           {{"CatalogId", account},
            {"DatabaseName", database},
            {"Name", table},
            {"ColumnNames", {name.substr(second + 1)}}}}};
}

}  // namespace

Result<std::vector<Result<Effect>>> Calls::tags(const std::vector<const Action*>& actions) {
  const bool remove = actions.front()->verb == Verb::Delete;
  const char* operation = remove ? "RemoveLFTagsFromResource" : "AddLFTagsToResource";
  Json tags = Json::array();
  std::map<std::string, std::size_t> index;
  std::string resource;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    const std::string& name = actions[i]->key.local.name;
    const std::size_t hash = name.rfind('#');
    resource = name.substr(0, hash);
    const std::string key = name.substr(hash + 1);
    index[key] = i;
    tags.push_back({{"CatalogId", catalog_.account},
                    {"TagKey", key},
                    {"TagValues", {std::get<catalog::TagAssignment>(actions[i]->value).value}}});
  }
  const Result<Json> answer = call(aws::Service::LakeFormation, operation,
                                   {{"Resource", tagged_resource(resource, catalog_.account)}, {"LFTags", std::move(tags)}});
  if (!answer && remove && answer.error().kind == ErrorKind::NotFound) {
    return std::vector<Result<Effect>>(actions.size(), Effect::AlreadyDone);  // the tags went with the resource
  }
  TRY_VALUE(const Json out, answer);
  std::vector<Result<Effect>> results(actions.size(), Effect::Done);
  for (const Json& failure : member(out, "Failures")) {
    const auto at = index.find(string_at(member(failure, "LFTag"), "TagKey"));
    if (at == index.end()) continue;
    Error error = entry_error(operation, member(failure, "Error"));
    if (remove && error.kind == ErrorKind::NotFound) {
      results[at->second] = Effect::AlreadyDone;
    } else {
      results[at->second] = fail(std::move(error));
    }
  }
  return results;
}

}  // namespace datamesh::lake
