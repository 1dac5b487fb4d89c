// Grants and revokes as values, the rules they must keep, and what carrying them out changes.
#pragma once

#include <string>
#include <vector>

#include "controller/embedded/lake_access.h"
#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

/// One entry of GrantPermissions, RevokePermissions or their batches.
struct GrantEntry {
  Principal principal;
  Resource resource;
  PermissionSet permissions;
  PermissionSet grantable;
  std::string condition;

  /// Whether the resource belongs to another account than the caller's: a re-grant.
  bool is_regrant(const Session& session) const { return resource.catalog != session.account(); }
};

Result<GrantEntry> read_grant_entry(Session& session, const Json& entry);

/// Whether the entry may be granted at all, by this caller, now.
/// Source: lake-formation.md 2.2 (rules 1 to 8), 2.3, 2.5
Result<void> check_grant(Session& session, const GrantEntry& entry);
/// The rules for grants to other accounts and organizations.
Result<void> check_cross_account(Session& session, const GrantEntry& entry);
/// Whether the caller may grant or revoke this: an administrator of the catalog, or a holder of the grant option.
Result<void> check_authority(Session& session, const GrantEntry& entry);
/// Whether databases, tables, columns, tags, filters and locations that the entry names exist, and what may be
/// granted on links.
Result<void> check_target(Session& session, const GrantEntry& entry);

/// What `account` may grant on inside itself on a resource that another account owns. SELECT is in `grantable` when
/// all columns may be granted on; `readable` says which otherwise.
Access coverage_of_account(const Session& session, const std::string& account, const Resource& resource);

/// Adds the entry to what the principal holds; a share and an invitation are made where they are needed.
Result<void> grant(Session& session, const GrantEntry& entry);
/// Takes the entry away. `permissions` go with their grant option; `grantable` lose only the option.
/// NOTE: what AWS does with only one of the lists could not be confirmed (lake-formation.md 2.4); this is our choice.
/// Errors: "No permissions revoked. Grantee has no permissions …" when nothing of it is held, or only as a creator.
Result<void> revoke(Session& session, const GrantEntry& entry);

/// Gives a creator its rights, which are listed and cannot be revoked.
void add_creator_rights(Session& session, Catalog& catalog, std::string_view resource_key, PermissionSet permissions);
/// Gives what a list of default permissions says ([] or IAM_ALLOWED_PRINCIPALS: ALL) on a new database or table.
void add_default_rights(Session& session, Catalog& catalog, std::string_view resource_key, const Json& defaults);
/// Forgets every row on resources whose key begins with `prefix`. Shares keep them: they are orphaned (trap T15).
void drop_rights(Catalog& catalog, std::string_view prefix);
/// Forgets every row on exactly that resource.
void drop_rights_on(Catalog& catalog, std::string_view resource_key);

/// "arn:aws:s3:::bucket/prefix" of "s3://bucket/prefix/" or of such an ARN, in the partition of `region`; empty for what
/// is neither.
std::string arn_of_path(std::string_view path, std::string_view region);
/// The registered location (its ARN) that holds this path or ARN; empty when there is none.
std::string registered_location(const Catalog& catalog, std::string_view path);

}  // namespace datamesh::embedded::lake
