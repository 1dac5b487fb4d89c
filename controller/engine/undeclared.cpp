// Which permissions and tags of a catalog nobody declared.
#include "controller/engine/planner.h"

namespace datamesh::engine {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::EntryValue;
using catalog::PermissionValue;

namespace {

/// Every catalog begins with IAM deciding who makes databases in it. With the defaults closed that opens nothing.
/// Source: lake-formation.md 2.3, 2.4 (a CREATE_DATABASE row for the catalog)
bool is_of_a_fresh_catalog(const catalog::PermissionId& id, const EntryValue& observed) {
  const auto* value = std::get_if<PermissionValue>(&observed);
  return value != nullptr && id.resource.type == catalog::ResourceType::Catalog &&
         catalog::is_iam_allowed_principals(id.principal) &&
         catalog::PermissionSet{catalog::Permission::CreateDatabase}.contains(value->permissions);
}

/// What somebody gave beside what is claimed; what the operator gave and has still to take back is none of it.
PermissionValue beyond_all_claims(const Ledger& ledger, KeyId id, const EntryValue& observed,
                                  const std::optional<Ownership>& owned, catalog::ResourceType type) {
  const Desired desired = ledger.desired(id);
  if (!desired.value) return {};
  const PermissionValue surplus = catalog::beyond(observed, *desired.value, type);
  return owned ? minus(surplus, expanded(owned->permission, type)) : surplus;
}

}  // namespace

bool is_undeclared(const Ledger& ledger, const CatalogPolicy& policy, const EntryKey& key, const EntryValue* observed) {
  if (key.local.kind != EntryKind::Permission || observed == nullptr) return false;
  const auto permission = catalog::parse_permission_id(key.local.name);
  if (!permission || policy.implicit_principals.contains(permission->principal)) return false;
  const auto id = ledger.lookup(key);
  const bool claimed = id && ledger.is_claimed(*id);
  const auto owned = id ? ledger.owned(*id) : std::nullopt;
  if (claimed) return !beyond_all_claims(ledger, *id, *observed, owned, permission->resource.type).empty();
  if (owned) return false;
  return policy.undeclared == api::Undeclared::Revoke || !is_of_a_fresh_catalog(*permission, *observed);
}

bool is_undeclared_tag(const Ledger& ledger, const EntryKey& key, const EntryValue* observed) {
  if (key.local.kind != EntryKind::TagAssignment || observed == nullptr) return false;
  const auto id = ledger.lookup(key);
  if (id && (ledger.is_claimed(*id) || ledger.owned(*id))) return false;
  const auto holder = ledger.lookup({key.catalog, catalog::holder_of_tag(key.local.name)});
  return holder && ledger.is_claimed(*holder);
}

}  // namespace datamesh::engine
