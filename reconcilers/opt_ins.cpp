#include "reconcilers/opt_ins.h"

#include <optional>

#include "controller/base/text.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim_builder.h"

namespace datamesh::reconcilers {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::PermissionId;
using catalog::ResourceId;
using catalog::ResourceType;

/// What is opted in to for a permission on `resource`; nullopt for what opt-ins are not about.
std::optional<ResourceId> opted_into(const ResourceId& resource) {
  switch (resource.type) {
    case ResourceType::AllTables: return ResourceId::of_all_tables(resource.owner, resource.database);
    case ResourceType::Table:
    case ResourceType::Columns:
    case ResourceType::ColumnsExcept:
    case ResourceType::DataFilter: return ResourceId::of_table(resource.owner, resource.database, resource.table);
    default: return std::nullopt;
  }
}

/// The permissions of one product while its opt-ins are gathered.
class OptIns {
 public:
  OptIns(const api::Resource& product, const api::AccountSpec& owner, const mesh::Mesh& mesh, ClaimSet& set)
      : owner_(owner.account_id),
        database_(lower(mesh::spec_of<api::DataProductSpec>(product).database)),
        mesh_(mesh),
        set_(set) {}

  void add() {
    const std::size_t given = set_.claims.size();
    for (std::size_t i = 0; i < given; ++i) {
      const Claim claim = set_.claims[i];
      const auto id = permission_in(claim.key);
      if (!id) continue;
      if (const auto resource = opted_into(id->resource); resource && may_opt_in(id->principal)) opt_in(claim, *id, *resource);
    }
    withhold();
  }

 private:
  /// Whoever is not given something for now is not opted in to it either, and will be with it.
  void withhold() {
    const std::size_t withheld = set_.withheld.size();
    for (std::size_t i = 0; i < withheld; ++i) {
      const EntryKey permission = set_.withheld[i].key;
      const auto id = permission_in(permission);
      const auto resource = id && may_opt_in(id->principal) ? opted_into(id->resource) : std::nullopt;
      if (!resource) continue;
      const std::string name = to_string(PermissionId{*resource, id->principal});
      set_.withheld.push_back({{permission.catalog, {EntryKind::OptIn, name}}, catalog::OptIn{}});
    }
  }

  std::optional<PermissionId> permission_in(const EntryKey& key) const {
    if (key.local.kind != EntryKind::Permission) return std::nullopt;
    auto id = catalog::parse_permission_id(key.local.name);
    const bool here = id && id->resource.owner == owner_ && id->resource.database == database_;
    return here && !catalog::is_iam_allowed_principals(id->principal) ? id : std::nullopt;
  }

  bool is_foreign(const Claim& claim, const PermissionId& id) const {
    const std::string account = catalog::account_of_principal(id.principal);
    return claim.key.catalog.account != owner_ || (!account.empty() && account != owner_);
  }

  void opt_in(const Claim& claim, const PermissionId& id, const ResourceId& resource) {
    std::vector<EntryKey> needs{claim.key};
    const bool foreign = is_foreign(claim, id);
    const CatalogRef theirs{catalog::account_of_principal(id.principal), claim.key.catalog.region};
    if (foreign && claim.key.catalog.account == owner_ && !mesh_.accounts_with_id(theirs.account).empty()) {
      needs.push_back(share_from(theirs, owner_));
    }
    add_one(claim, resource, id.principal, needs);
    if (resource.type != ResourceType::AllTables || !foreign) return;
    const ResourceId database = ResourceId::of_database(owner_, database_);
    needs.push_back(permission(claim.key.catalog, database, id.principal));
    add_one(claim, database, id.principal, std::move(needs));
  }

  void add_one(const Claim& permission, const ResourceId& resource, const std::string& principal, std::vector<EntryKey> needs) {
    const EntryKey key{permission.key.catalog, {EntryKind::OptIn, to_string(PermissionId{resource, principal})}};
    set_.claims.push_back({key, catalog::OptIn{}, std::move(needs), permission.step, Release::Remove});
  }

  std::string owner_;
  std::string database_;
  const mesh::Mesh& mesh_;
  ClaimSet& set_;
};

}  // namespace

bool may_opt_in(std::string_view principal) {
  return !catalog::is_account_id(principal) && !catalog::is_iam_allowed_principals(principal) &&
         principal.find(":organizations:") == std::string_view::npos;
}

void claim_opt_ins(const api::Resource& product, const mesh::Mesh& mesh, ClaimSet& set) {
  const mesh::AccountAnswer owner = mesh::owner_of(product, mesh);
  if (!owner) return;
  if (!mesh::is_hybrid(mesh::spec_of<api::DataProductSpec>(product), owner.spec(), mesh.spec())) return;
  OptIns(product, owner.spec(), mesh, set).add();
}

}  // namespace datamesh::reconcilers
