// What must hold of tags, and of what is reached by them.
#include <algorithm>

#include "tests/sim/life.h"
#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

/// A principal that may read the column by name as well.
bool is_named(const Right& read, const Rights& given) {
  const std::string table = owner_of(read) + ":" + place_of(read);
  const auto has = [&](const std::string& resource) { return given.contains({read.catalog, read.principal, resource, "SELECT"}); };
  return has(read.resource) || has("table " + table) || has("tables " + table.substr(0, table.find('/')));
}

}  // namespace

/// Adds what the declared state lets be read by tags.
void Life::allow_reads(const Declared& declared, const Rights& rights) {
  if (maker_.tagged()) window_reads_.merge(reads_by_tags(rights, declared_tags(declared)));
}

/// Nobody reads by tags, for a moment, what no declared state gives: looked at with the tags and the permissions that the lake
/// has right now.
void Life::check_reads() {
  if (!maker_.tagged()) return;
  Rights policies;
  std::set<std::string> owners;
  for (const std::string& account : maker_.accounts()) {
    for (const Right& right : rights_in(world_, {account, kRegion})) {
      if (kind_of(right) == "policy" && policies.insert(right).second) owners.insert(owner_of(right));
    }
  }
  TagMap tags;
  for (const std::string& owner : owners) tags.merge(tags_in(world_, {owner, kRegion}));
  for (const Right& read : reads_by_tags(policies, tags)) {
    const auto is_given = [&] { return window_reads_.contains(read) || is_named(read, window_); };
    if (is_given() || is_unsettled(owner_of(read) + ":" + place_of(read))) continue;
    note_declared();  // time alone may have changed what is given
    if (!is_given()) broken("read by tags, but neither the old nor the new declared state lets it: " + to_string(read));
  }
}

/// A new table has the tags of its database, and a new column those of its table, until its own are set: no call of AWS does
/// both. And what hands put on something is theirs until the operator has set it right.
bool Life::is_unsettled(const std::string& place) const {
  const std::string database = place.substr(0, place.find('/'));
  const TagMap declared = declared_tags(declared_);
  if (declared.contains(database) && !declared.contains(place)) return true;  // retained: it keeps its tags and has the database's
  for (const auto* places : {&unsettled_, &hands_.touched}) {
    if (places->contains(place) || places->contains(database)) return true;
  }
  const auto is_here = [&](const std::string& tag) { return tag.starts_with(place + "#") || tag.starts_with(database + "#"); };
  return std::any_of(hands_.tagged.begin(), hands_.tagged.end(), is_here);
}

/// Whether hands have tagged the place, or what it inherits from, nearer than anything is declared.
bool Life::is_tagged_by_hand(std::string place, const std::string& key, const std::set<std::string>& assigned) const {
  for (;;) {
    if (assigned.contains(place + "#" + key)) return false;
    if (hands_.tagged.contains(place + "#" + key)) return true;
    const std::size_t slash = place.rfind('/');
    if (slash == std::string::npos) return false;
    place.resize(slash);
  }
}

/// Everything that is governed has the tags that are declared, and no others but by hand.
void Life::check_tags(const Expectation& expected) {
  const TagMap declared = declared_tags(declared_);
  const std::set<std::string> assigned = assigned_tags(declared_);
  std::map<std::string, TagMap> there;
  for (const auto& [key, object] : declared_) {
    const std::string owner = governor_of(declared_, key);
    if (key.kind != "DataProduct" || owner.empty()) continue;
    const std::string base = owner + ":" + string_at(object["spec"], "database");
    if (expected.excused.contains(key)) {
      unsettled_.insert(base);
      continue;
    }
    if (!there.contains(owner)) there[owner] = tags_in(world_, {owner, kRegion});
    for (auto at = declared.lower_bound(base); at != declared.end() && at->first.starts_with(base); ++at) {
      const std::string rest = at->first.substr(base.size());
      if (!rest.empty() && rest[0] != '/') continue;
      auto found = there[owner][at->first], wanted = at->second;
      const auto is_by_hand = [&](const auto& tag) { return is_tagged_by_hand(at->first, tag.first, assigned); };
      std::erase_if(found, is_by_hand);
      std::erase_if(wanted, is_by_hand);
      if (found == wanted) continue;
      broken("tags of " + at->first + " are " + Json(there[owner][at->first]).dump() + " instead of " + Json(at->second).dump());
    }
  }
}

/// Every declared key has the values that are declared and no others.
void Life::check_tag_values(const Expectation& expected) {
  for (const auto& [key, object] : declared_) {
    if (key.kind != "LFTag" || expected.excused.contains(key)) continue;
    const Json& spec = member(object, "spec");
    const std::string account = account_id(declared_, key.ns, string_at(spec, "account"));
    const auto found = world_.call_as(role(account, kAuditor), aws::Service::LakeFormation, "GetLFTag",
                                      {{"TagKey", string_at(spec, "key")}}, kRegion);
    if (!found) broken("declared, but not there: " + to_string(key));
    const auto values = strings_at(*found, "TagValues"), wanted = strings_at(spec, "values");
    if (std::set<std::string>(values.begin(), values.end()) != std::set<std::string>(wanted.begin(), wanted.end())) {
      broken(to_string(key) + " has the values " + Json(values).dump() + " instead of " + Json(wanted).dump());
    }
  }
}

}  // namespace datamesh::sim
