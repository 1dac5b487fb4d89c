#include "controller/engine/tag_view.h"

#include <algorithm>

namespace datamesh::engine {

using catalog::EntryKind;
using catalog::LocalKey;
using catalog::ResourceType;
using catalog::TagAssignment;

std::pair<std::string, std::string> split_tag(const std::string& name) {
  const std::size_t hash = name.rfind('#');
  return {name.substr(0, hash), name.substr(hash + 1)};
}

const std::string* tag_value(const catalog::EntryValue* value) {
  const auto* tag = value == nullptr ? nullptr : std::get_if<TagAssignment>(value);
  return tag == nullptr ? nullptr : &tag->value;
}

std::string Tags::effective(std::string resource, const std::string& key) const {
  while (true) {
    if (auto own = assigned(resource, key)) return *own;
    const std::size_t slash = resource.rfind('/');
    if (slash == std::string::npos) return {};
    resource.resize(slash);
  }
}

std::optional<std::string> TagsNow::assigned(const std::string& resource, const std::string& key) const {
  const std::string* value = tag_value(snapshot_.find({EntryKind::TagAssignment, resource + "#" + key}));
  return value == nullptr ? std::nullopt : std::optional(*value);
}

void TagsAfter::note(const catalog::Action& action) {
  const bool removes = action.verb == catalog::Verb::Delete;
  changed_[action.key.local.name] = removes ? std::nullopt : std::optional(std::get<TagAssignment>(action.value).value);
}

std::optional<std::string> TagsAfter::assigned(const std::string& resource, const std::string& key) const {
  const auto change = changed_.find(resource + "#" + key);
  return change == changed_.end() ? before_.assigned(resource, key) : change->second;
}

std::optional<std::string> TagsInTheEnd::assigned(const std::string& resource, const std::string& key) const {
  const auto as_now = now_.assigned(resource, key);
  const auto id = ledger_.lookup({catalog_, {EntryKind::TagAssignment, resource + "#" + key}});
  if (!id) return as_now;
  if (ledger_.is_claimed(*id)) {
    const Desired desired = ledger_.desired(*id);
    const std::string* wanted = desired.value ? tag_value(&*desired.value) : nullptr;
    return wanted == nullptr ? as_now : std::optional(*wanted);
  }
  const auto owned = ledger_.owned(*id);
  return owned && owned->deletable ? std::nullopt : as_now;
}

namespace {

bool is_of_a_missing_column(const catalog::Snapshot& snapshot, const LocalKey& key) {
  const std::string column = catalog::tagged_column(key);
  const catalog::EntryValue* table = column.empty() ? nullptr : snapshot.find(catalog::holder_of_tag(key.name));
  return table != nullptr && !has_column(*std::get<catalog::Shared<catalog::Table>>(*table), column);
}

}  // namespace

std::vector<LocalKey> assume_assigned(catalog::Snapshot& fresh, const Ledger& ledger, const CatalogRef& catalog,
                                      const std::function<bool(KeyId)>& is_gone) {
  std::vector<LocalKey> out;
  for (const auto& [name, id] : ledger.tag_assignments(catalog)) {
    const LocalKey key{EntryKind::TagAssignment, name};
    const catalog::EntryValue* inherited = fresh.find(key) == nullptr ? inherited_tag(fresh, key) : nullptr;
    if (inherited == nullptr || is_gone(id) || is_of_a_missing_column(fresh, key)) continue;
    const auto owned = ledger.owned(id);
    if (!owned || !owned->deletable) continue;
    const catalog::EntryValue value = *inherited;
    fresh.entries.insert_or_assign(key, value);
    out.push_back(key);
  }
  return out;
}

bool TagPolicy::reaches(const std::string& resource, const Tags& tags) const {
  if (on_databases != (resource.find('/') == std::string::npos)) return false;
  return std::all_of(expression.terms.begin(), expression.terms.end(),
                     [&](const auto& term) { return wants(term.first, tags.effective(resource, term.first)); });
}

bool TagPolicy::wants(const std::string& key, const std::string& has) const {
  const auto term = expression.terms.find(key);
  if (term == expression.terms.end()) return true;
  return !has.empty() && (term->second.contains(has) || term->second.contains("*"));
}

std::optional<TagPolicy> tag_policy_of(const LocalKey& key) {
  const auto id = key.kind == EntryKind::Permission ? catalog::parse_permission_id(key.name) : std::nullopt;
  if (!id) return std::nullopt;
  const ResourceType type = id->resource.type;
  if (type != ResourceType::DatabasePolicy && type != ResourceType::TablePolicy) return std::nullopt;
  return TagPolicy{key, id->principal, catalog::expression_of(id->resource.detail), {}, type == ResourceType::DatabasePolicy};
}

std::vector<TagPolicy> tag_policies(const catalog::Snapshot& snapshot, const std::string& owner,
                                    const std::set<std::string>* principals) {
  std::vector<TagPolicy> out;
  const auto is_asked_for = [&](const std::string& name) {
    return principals == nullptr || std::any_of(principals->begin(), principals->end(), [&](const std::string& principal) {
             return name.ends_with("@" + principal);
           });
  };
  for (const ResourceType type : {ResourceType::DatabasePolicy, ResourceType::TablePolicy}) {
    const std::string prefix = to_string(catalog::ResourceId{type, owner, "", "", ""});
    for (auto at = snapshot.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix);
         ++at) {
      auto policy = is_asked_for(at->first.name) ? tag_policy_of(at->first) : std::nullopt;
      if (!policy) continue;
      policy->value = std::get<catalog::PermissionValue>(at->second);
      out.push_back(std::move(*policy));
    }
  }
  return out;
}

std::set<std::string> tagged_under(const std::string& resource, const catalog::Snapshot& snapshot, const Ledger& ledger,
                                   const CatalogRef& catalog) {
  std::set<std::string> out{resource};
  if (resource.find('/') == std::string::npos) out.insert(resource + "/*");
  const std::string prefix = resource + "/";
  for (auto at = snapshot.entries.lower_bound({EntryKind::TagAssignment, prefix});
       at != snapshot.entries.end() && at->first.kind == EntryKind::TagAssignment && at->first.name.starts_with(prefix); ++at) {
    out.insert(split_tag(at->first.name).first);
  }
  const auto& known = ledger.tag_assignments(catalog);
  for (auto at = known.lower_bound(prefix); at != known.end() && at->first.starts_with(prefix); ++at) {
    out.insert(split_tag(at->first).first);
  }
  return out;
}

}  // namespace datamesh::engine
