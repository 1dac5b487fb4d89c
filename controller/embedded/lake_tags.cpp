// LF-tag keys and their values, and saved tag expressions. Both are stored in lower case (trap T21).
// Source: lake-formation.md 2.7
#include <algorithm>

#include "controller/embedded/lake_grants.h"
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"
#include "controller/embedded/lake_tag_match.h"

namespace datamesh::embedded::lake {
namespace {

constexpr std::size_t kMostKeys = 1000;
constexpr std::size_t kMostValues = 1000;
constexpr PermissionSet kCreatorOfTag = {Permission::Alter, Permission::Drop, Permission::Associate,
                                         Permission::Describe, Permission::GrantWithLfTagExpression};

Resource tag_resource(const std::string& account, const std::string& key, std::vector<std::string> values) {
  Resource out;
  out.kind = ResourceKind::Tag;
  out.catalog = account;
  out.name = key;
  out.values = std::move(values);
  return out;
}

TagValues lower_values(const Json& values) {
  TagValues out;
  for (const Json& value : values) out.insert(lower(value.get<std::string>()));
  return out;
}

Json tag_json(const std::string& account, const std::string& key, const TagValues& values) {
  return {{"CatalogId", account}, {"TagKey", key}, {"TagValues", to_stored(values)}};
}

/// The values that the caller may know of: all for administrators and for who holds anything on the key, else those
/// of its grants.
TagValues visible_values(Session& session, const Catalog& owner, const std::string& key, const TagValues& values) {
  const bool is_home = owner.ref.account == session.account();
  if (is_home && (session.is_lake_admin(session.caller) || session.is_read_only_admin(session.caller))) return values;
  TagValues out;
  for (const std::string& value : values) {
    const Resource tag = tag_resource(owner.ref.account, key, {value});
    if (!held_on_tag(session, session.caller, owner, tag).permissions.empty()) out.insert(value);
  }
  return out;
}

/// ALTER or DROP on the key: an administrator's, or granted.
Result<void> require_on_key(Session& session, const std::string& key, Permission permission, std::string_view word) {
  if (session.is_lake_admin(session.caller)) return {};
  const Resource tag = tag_resource(session.account(), key, {});
  if (held_on_tag(session, session.caller, session.home(), tag).permissions.has(permission)) return {};
  return session.insufficient(word, "LF-Tag " + key);
}

Result<const TagValues*> find_tag(Session& session, const Json& input) {
  const std::string key = lower(string_at(input, "TagKey"));
  Catalog* owner = session.catalog_of(session.catalog_id(input));
  const TagValues* values = owner ? owner->tags.find(key) : nullptr;
  if (values == nullptr) return session.not_found("LF-Tag key " + key + " not found.");
  return values;
}

Result<void> require_own(const Session& session, const Json& input) {
  if (session.catalog_id(input) == session.account()) return {};
  return session.denied("LF-Tags of another account cannot be changed.");
}

Result<Json> create_tag(Session& session, const Json& input) {
  TRY(require_own(session, input));
  if (!may_on_catalog(session, Permission::CreateLfTag)) return session.insufficient("Create LF Tag", "Catalog");
  Catalog& home = session.home();
  const std::string key = lower(string_at(input, "TagKey"));
  // AWS declares no AlreadyExistsException here.
  if (home.tags.find(key) != nullptr) return session.invalid("LF-Tag key " + key + " already exists.");
  if (home.tags.size() >= kMostKeys) {
    return session.error("ResourceNumberLimitExceededException", "The account has 1000 LF-Tags.");
  }
  home.tags.put(key, lower_values(input["TagValues"]));
  if (!session.is_lake_admin(session.caller)) {
    add_creator_rights(session, home, key_of(tag_resource(session.account(), key, {"*"})), kCreatorOfTag);
  }
  return Json::object();
}

Result<Json> get_tag(Session& session, const Json& input) {
  TRY_VALUE(const TagValues* values, find_tag(session, input));
  const std::string account = session.catalog_id(input);
  const std::string key = lower(string_at(input, "TagKey"));
  const TagValues visible = visible_values(session, *session.catalog_of(account), key, *values);
  if (visible.empty() && !values->empty()) return session.insufficient("Describe", "LF-Tag " + key);
  return tag_json(account, key, visible);
}

bool is_attached(const Catalog& catalog, const std::string& key, const std::string& value) {
  return std::any_of(catalog.tagged.begin(), catalog.tagged.end(), [&](const auto& entry) {
    const auto tag = entry.second.find(key);
    return tag != entry.second.end() && tag->second == value;
  });
}

/// NOTE: whether AWS refuses to remove a value in use could not be confirmed; here it does.
Result<Json> update_tag(Session& session, const Json& input) {
  TRY(require_own(session, input));
  TRY_VALUE(const TagValues* present, find_tag(session, input));
  const std::string key = lower(string_at(input, "TagKey"));
  TRY(require_on_key(session, key, Permission::Alter, "Alter"));
  TagValues values = *present;
  for (const std::string& value : lower_values(input.value("TagValuesToDelete", Json::array()))) {
    if (is_attached(session.home(), key, value)) {
      return session.invalid("Update not allowed. Value " + value + " of LF-Tag " + key + " is attached.");
    }
    values.erase(value);
  }
  const TagValues added = lower_values(input.value("TagValuesToAdd", Json::array()));
  values.insert(added.begin(), added.end());
  if (values.size() > kMostValues) {
    return session.error("ResourceNumberLimitExceededException", "The LF-Tag has 1000 values.");
  }
  if (values.empty()) return session.invalid("An LF-Tag needs a value.");
  session.home().tags.put(key, std::move(values));
  return Json::object();
}

/// Resources lose the tag without a word, and policies that use it match nothing any more.
Result<Json> delete_tag(Session& session, const Json& input) {
  TRY(require_own(session, input));
  TRY(find_tag(session, input));
  const std::string key = lower(string_at(input, "TagKey"));
  TRY(require_on_key(session, key, Permission::Drop, "Drop"));
  Catalog& home = session.home();
  std::vector<std::string> holders;
  for (const auto& [resource, tags] : home.tagged) {
    if (tags.contains(key)) holders.push_back(resource);
  }
  for (const std::string& resource : holders) {
    Tags tags = *home.tagged.find(resource);
    tags.erase(key);
    if (tags.empty()) {
      home.tagged.erase(resource);
    } else {
      home.tagged.put(resource, std::move(tags));
    }
  }
  home.tags.erase(key);
  drop_rights(home, prefix_of({"G", session.account(), key}));
  return Json::object();
}

Result<Json> list_tags(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100));
  const std::string type = string_at(input, "ResourceShareType");
  std::vector<std::string> owners;
  if (type != "FOREIGN") owners.push_back(session.catalog_id(input));
  if (!type.empty()) {
    for (std::string& owner : owners_sharing_with(session)) owners.push_back(std::move(owner));
  }
  Json list = Json::array();
  Json output = Json::object();
  std::string position = paging.from;
  for (const std::string& owner : owners) {
    if (!position.empty() && part_of(position, 0) != owner) continue;
    const std::string from(part_of(position, 1));
    position.clear();
    const Catalog* catalog = session.catalog_of(owner);
    if (catalog == nullptr) continue;
    for (auto at = catalog->tags.lower_bound(from); at != catalog->tags.end(); ++at) {
      const TagValues values = visible_values(session, *catalog, at->first, at->second);
      if (values.empty()) continue;
      if (list.size() == paging.most) {
        output["NextToken"] = token_of(join_parts({owner, at->first}));
        output["LFTags"] = std::move(list);
        return output;
      }
      list.push_back(tag_json(owner, at->first, values));
    }
  }
  if (!list.empty()) output["LFTags"] = std::move(list);  // of at least one element, says its model
  return output;
}

}  // namespace

void add_tag_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const std::string& shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::LakeFormation, name, effect, IamRight::Anyone, "CatalogId:s1-255 " + shape, run});
  };
  add("CreateLFTag", Effect::PermissionWrite, "TagKey*:s1-128 TagValues*:[s0-256]1-50", create_tag);
  add("GetLFTag", Effect::Read, "TagKey*:s1-128", get_tag);
  add("UpdateLFTag", Effect::PermissionWrite,
      "TagKey*:s1-128 TagValuesToDelete:[s0-256]1-50 TagValuesToAdd:[s0-256]1-50", update_tag);
  add("DeleteLFTag", Effect::PermissionWrite, "TagKey*:s1-128", delete_tag);
  add("ListLFTags", Effect::Read, "ResourceShareType:e(FOREIGN|ALL) MaxResults:i1-1000 NextToken:s", list_tags);
}

}  // namespace datamesh::embedded::lake
