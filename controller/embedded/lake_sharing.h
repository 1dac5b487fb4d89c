// RAM shares as Lake Formation makes them: one from an owner to a receiver in a region, extended by every grant,
// usable when accepted (at once inside an organization with sharing enabled).
// Source: lake-formation.md 1.5 and 2.5
#pragma once

#include <string>
#include <vector>

#include "controller/embedded/lake_principal.h"
#include "controller/embedded/lake_session.h"

namespace datamesh::embedded::lake {

inline constexpr Millis kInvitationLife = std::chrono::hours(12);
inline constexpr std::size_t kMostPendingInvitations = 20;

/// Who receives a grant by `owner` to `principal`: an account or an organization's ARN; empty within the account.
std::string receiver_of(const Principal& principal, const std::string& owner);

/// The ARN under which RAM knows what a resource key means; empty for what is not shared through RAM.
std::string ram_resource_of(const Session& session, std::string_view resource_key);

/// "glue:Table", "glue:Database" or "glue:Catalog", of such an ARN.
std::string ram_type_of(const std::string& arn);

/// Adds a resource to the share from this account to `receiver`, making the share and its invitation when there is
/// none that is or may yet be accepted. Returns the key of the share.
/// Errors: ResourceNumberLimitExceededException with 20 invitations pending.
Result<Symbol> share_with(Session& session, const std::string& receiver, const std::string& resource);
/// Takes back one use of a resource; a share without resources is deleted.
void unshare(Session& session, const std::string& share_key, const std::string& resource);

/// Changes by `delta` how many grants need a resource of a share. What none needs is not in it.
void use_resource(State& state, const std::string& share_key, const std::string& resource, std::int64_t delta);
/// The ARNs of what a share carries, in order.
std::vector<std::string> resources_of(const State& state, const std::string& share_key);

/// Whether what the share carries arrives: accepted, neither deleted nor blocked. A null share is within an account.
bool is_usable(const State& state, Symbol share);

/// Whether the list of what is asked for has `value`, or asks for everything, being empty.
bool is_among(const Json& list, const std::string& value);

bool is_expired(const Invitation& invitation, Time now);

/// The organization, or null. Shape: {id, managementAccount, accounts[], units{id: accounts[]}, sharing}.
const Json* organization(const State& state);
/// The ARNs of the organization and its units that `account` belongs to.
std::vector<std::string> organizations_of(const State& state, const std::string& account);
bool share_an_organization(const State& state, const std::string& account, const std::string& other);

/// The accounts whose shares with the caller's account, or an organization of it, are active in this region.
std::vector<std::string> owners_sharing_with(const Session& session);

/// An identifier in the form of a UUID, the same for the same state and the same calls.
std::string new_uuid(Session& session, const std::string& purpose);

}  // namespace datamesh::embedded::lake
