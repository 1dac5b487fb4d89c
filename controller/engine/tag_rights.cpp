#include "controller/engine/tag_rights.h"

#include <algorithm>

namespace datamesh::engine {

using catalog::EntryKey;
using catalog::Permission;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceType;

namespace {

ResourceType type_of(const TagPolicy& policy) {
  return policy.on_databases ? ResourceType::DatabasePolicy : ResourceType::TablePolicy;
}

using Values = std::set<std::string>;

/// The values that both allow; "*" is any.
Values common_values(const Values& a, const Values& b) {
  if (a.contains("*")) return b;
  if (b.contains("*")) return a;
  Values out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(out, out.end()));
  return out;
}

/// What both expressions ask for; a key without values: nothing has that.
std::map<std::string, Values> both(const TagPolicy& a, const TagPolicy& b) {
  std::map<std::string, Values> out = a.expression.terms;
  for (const auto& [key, values] : b.expression.terms) {
    const auto [at, fresh] = out.try_emplace(key, values);
    if (!fresh) at->second = common_values(at->second, values);
  }
  return out;
}

/// What is observed of the permission once what goes has gone, and what is declared has come.
PermissionValue value_in_the_end(const PermissionValue& observed, const PlanInput& input, const EntryKey& key, ResourceType type) {
  const Ledger& ledger = *input.ledger;
  const bool is_own = key.catalog == input.catalog;
  const auto id = ledger.lookup(key);
  const Desired desired = id ? ledger.desired(*id) : Desired{};
  if (id && (desired.conflict || (is_own && input.irrevocable->contains(*id)))) return observed;
  const auto* claimed = desired.value ? std::get_if<PermissionValue>(&*desired.value) : nullptr;
  const PermissionValue wanted = claimed == nullptr ? PermissionValue{} : expanded(*claimed, type);
  const bool all_goes = is_own && input.policy.undeclared == api::Undeclared::Revoke &&
                        is_undeclared(ledger, input.policy, key, input.snapshots(key.catalog)->find(key.local));
  if (all_goes) return wanted;
  const auto owned = id ? ledger.owned(*id) : std::nullopt;
  const PermissionValue now = expanded(observed, type);
  return united(owned ? minus(now, expanded(owned->permission, type)) : now, wanted);
}

}  // namespace

Rights Rights::of(const PermissionValue& value, ResourceType type) {
  const PermissionValue all = expanded(value, type);
  Rights out{all.permissions, all.grantable};
  // Every permission implies DESCRIBE. Source: lake-formation.md 2.1
  if (!out.permissions.empty()) out.permissions.insert(Permission::Describe);
  if (!out.grantable.empty()) out.grantable.insert(Permission::Describe);
  return out;
}

bool HeldPolicy::reaches(const TagRow& row, bool on_database) const { return reaches(row, {}, on_database); }

bool HeldPolicy::reaches(const TagRow& row, const TagRow& changed, bool on_database) const {
  if (on_databases != on_database) return false;
  return std::all_of(expression.terms.begin(), expression.terms.end(), [&](const auto& term) {
    auto found = changed.find(term.first);
    if (found == changed.end()) {
      found = row.find(term.first);
      if (found == row.end()) return false;
    }
    return wants(term.first, found->second);
  });
}

bool overlap(const TagPolicy& a, const TagPolicy& b) {
  if (a.on_databases != b.on_databases) return false;
  const auto asked = both(a, b);
  return std::none_of(asked.begin(), asked.end(), [](const auto& term) { return term.second.empty(); });
}

bool covers_overlap(const TagPolicy& whole, const TagPolicy& a, const TagPolicy& b) {
  if (whole.on_databases != a.on_databases) return false;
  const auto asked = both(a, b);
  return std::all_of(whole.expression.terms.begin(), whole.expression.terms.end(), [&](const auto& term) {
    const auto found = asked.find(term.first);
    if (found == asked.end()) return false;
    if (term.second.contains("*")) return true;
    return std::includes(term.second.begin(), term.second.end(), found->second.begin(), found->second.end());
  });
}

HeldPolicy held_policy(TagPolicy policy, const PlanInput& input, const CatalogRef& catalog) {
  HeldPolicy out{std::move(policy), {}, {}, {}, {}};
  const EntryKey key{catalog, out.key};
  const ResourceType type = type_of(out);
  const auto* seen = input.snapshots(catalog)->find(out.key);
  out.value = seen == nullptr ? PermissionValue{} : std::get<PermissionValue>(*seen);
  out.id = input.ledger->lookup(key);
  out.now = Rights::of(out.value, type);
  out.in_the_end = Rights::of(value_in_the_end(out.value, input, key, type), type);
  return out;
}

}  // namespace datamesh::engine
