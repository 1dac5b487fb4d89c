#include "controller/embedded/lake_sharing.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/base/json.h"

namespace datamesh::embedded::lake {
namespace {

bool has_account(const Json& accounts, const std::string& account) {
  return std::any_of(accounts.begin(), accounts.end(), [&](const Json& one) { return one == account; });
}

/// A catalog policy that does not let RAM share blocks the share: the grant succeeds, nothing arrives.
bool is_blocked_by_policy(Session& session) {
  const Json* policy = session.home().policies.find("");
  if (policy == nullptr) return false;
  const std::string text = string_at(*policy, "PolicyInJson");
  return text.find("glue:ShareResource") == std::string::npos ||
         text.find("ram.amazonaws.com") == std::string::npos;
}

bool is_empty(const State& state, const std::string& share_key) {
  const std::string prefix = prefix_of({share_key});
  const auto first = state.share_resources.lower_bound(prefix);
  return first == state.share_resources.end() || !first->first.starts_with(prefix);
}

bool is_dead(const State& state, const Share& share, Time now) {
  if (share.status == ShareStatus::Deleted || share.is_receiver_gone) return true;
  if (share.status == ShareStatus::Active) return false;
  const Invitation* invitation = state.invitations.find(share.invitation);
  return invitation == nullptr || invitation->status == InvitationStatus::Rejected || is_expired(*invitation, now);
}

/// Shares that ended, and that no grant points to any more. One deleted by hand still has its resources: the grants
/// that it carried go on naming it (trap T26).
void forget_ended(Session& session, const std::string& prefix) {
  std::vector<std::string> ended;
  for_each_under(session.state.shares, prefix, [&](const std::string& key, const Share& share) {
    if (share.status == ShareStatus::Deleted && is_empty(session.state, key)) ended.push_back(key);
  });
  for (const std::string& key : ended) session.state.shares.erase(key);
}

std::size_t pending_invitations(const Session& session) {
  std::size_t count = 0;
  for (const auto& [arn, invitation] : session.state.invitations) {
    const bool is_ours = invitation.sender == session.account();
    if (is_ours && invitation.status == InvitationStatus::Pending && !is_expired(invitation, session.now)) ++count;
  }
  return count;
}

Result<Share> new_share(Session& session, const std::string& receiver, const std::string& key) {
  Share share;
  const std::string id = new_uuid(session, "share");
  const std::string prefix = session.arn_start("ram") + session.region() + ":" + session.account() + ":";
  share.arn = prefix + "resource-share/" + id;
  share.name = "LakeFormation-V3-" + id.substr(0, 8);
  share.owner = session.account();
  share.region = session.region();
  share.receiver = receiver;
  share.is_blocked = is_blocked_by_policy(session);
  share.created = share.updated = session.now_millis();
  const bool needs_invitation =
      is_account_id(receiver) && !share_an_organization(session.state, session.account(), receiver);
  if (!needs_invitation) {
    share.status = ShareStatus::Active;
    return share;
  }
  if (pending_invitations(session) >= kMostPendingInvitations) {
    return session.error("ResourceNumberLimitExceededException",
                         "The account has 20 pending resource share invitations.");
  }
  Invitation invitation;
  invitation.arn = prefix + "resource-share-invitation/" + new_uuid(session, "invitation");
  invitation.share_key = key;
  invitation.share_arn = share.arn;
  invitation.share_name = share.name;
  invitation.sender = session.account();
  invitation.receiver = receiver;
  invitation.sent = session.now_millis();
  share.invitation = invitation.arn;
  session.state.invitations.put(share.invitation, std::move(invitation));
  return share;
}

}  // namespace

std::string receiver_of(const Principal& principal, const std::string& owner) {
  switch (principal.kind) {
    case PrincipalKind::Organization:
    case PrincipalKind::OrganizationalUnit: return principal.text;
    case PrincipalKind::Iam:
    case PrincipalKind::Account:
    case PrincipalKind::AccountPrincipals:
    case PrincipalKind::Federated: return principal.account == owner ? std::string() : principal.account;
    case PrincipalKind::IdentityCenter:
    case PrincipalKind::IamAllowed: return {};
  }
  return {};
}

std::string ram_resource_of(const Session& session, std::string_view resource_key) {
  const std::string prefix = session.arn_start("glue") + session.region() + ":" + std::string(part_of(resource_key, 1)) + ":";
  switch (static_cast<ResourceKind>(resource_key.front())) {
    case ResourceKind::Database: return prefix + "database/" + std::string(part_of(resource_key, 2));
    case ResourceKind::Table:
    case ResourceKind::Filter:
      return prefix + "table/" + std::string(part_of(resource_key, 2)) + "/" + std::string(part_of(resource_key, 3));
    case ResourceKind::Tag:
    case ResourceKind::TagExpression:
    case ResourceKind::DatabasePolicy:
    case ResourceKind::TablePolicy: return prefix + "catalog";
    case ResourceKind::Catalog:
    case ResourceKind::Location: return {};
  }
  return {};
}

Result<Symbol> share_with(Session& session, const std::string& receiver, const std::string& resource) {
  const std::string prefix = prefix_of({session.region(), session.account(), receiver});
  std::string key;
  for_each_under(session.state.shares, prefix, [&](const std::string& found, const Share& share) {
    if (!is_dead(session.state, share, session.now)) key = found;
  });
  Share share;
  if (key.empty()) {
    forget_ended(session, prefix);
    const std::string number = std::to_string(session.state.next_number("share"));
    key = prefix + std::string(20 - number.size(), '0') + number;
    TRY_VALUE(share, new_share(session, receiver, key));
  } else {
    share = *session.state.shares.find(key);
  }
  use_resource(session.state, key, resource, 1);
  share.updated = session.now_millis();
  session.state.shares.put(key, std::move(share));
  return session.intern(key);
}

void unshare(Session& session, const std::string& share_key, const std::string& resource) {
  const Share* found = session.state.shares.find(share_key);
  if (found == nullptr || found->status == ShareStatus::Deleted) return;
  if (session.state.share_resources.find(join_parts({share_key, resource})) == nullptr) return;
  use_resource(session.state, share_key, resource, -1);
  Share share = *found;
  share.updated = session.now_millis();
  if (is_empty(session.state, share_key)) {
    share.status = ShareStatus::Deleted;
    if (!share.invitation.empty()) session.state.invitations.erase(share.invitation);
  }
  session.state.shares.put(share_key, std::move(share));
}

void use_resource(State& state, const std::string& share_key, const std::string& resource, std::int64_t delta) {
  const std::string key = join_parts({share_key, resource});
  const Json* uses = state.share_resources.find(key);
  const std::int64_t after = (uses ? uses->get<std::int64_t>() : 0) + delta;
  if (after > 0) {
    state.share_resources.put(key, after);
  } else {
    state.share_resources.erase(key);
  }
}

std::vector<std::string> resources_of(const State& state, const std::string& share_key) {
  std::vector<std::string> out;
  const std::string prefix = prefix_of({share_key});
  for_each_under(state.share_resources, prefix,
                 [&](const std::string& key, const Json&) { out.push_back(key.substr(prefix.size())); });
  return out;
}

bool is_usable(const State& state, Symbol share_key) {
  if (share_key == nullptr) return true;
  const Share* share = state.shares.find(*share_key);
  return share != nullptr && share->status == ShareStatus::Active && !share->is_blocked && !share->is_receiver_gone;
}

bool is_expired(const Invitation& invitation, Time now) {
  return invitation.status == InvitationStatus::Pending && millis_of(now) >= invitation.sent + kInvitationLife.count();
}

const Json* organization(const State& state) { return state.organizations.find(""); }

std::vector<std::string> organizations_of(const State& state, const std::string& account) {
  std::vector<std::string> out;
  const Json* org = organization(state);
  if (org == nullptr || !has_account(member(*org, "accounts"), account)) return out;
  const std::string prefix = "arn:aws:organizations::" + string_at(*org, "managementAccount") + ":";
  const std::string id = string_at(*org, "id");
  out.push_back(prefix + "organization/" + id);
  for (const auto& [unit, accounts] : member(*org, "units").items()) {
    if (has_account(accounts, account)) out.push_back(prefix + "ou/" + id + "/" + unit);
  }
  return out;
}

bool share_an_organization(const State& state, const std::string& account, const std::string& other) {
  const Json* org = organization(state);
  return org != nullptr && member(*org, "sharing") == true && has_account(member(*org, "accounts"), account) &&
         has_account(member(*org, "accounts"), other);
}

std::vector<std::string> owners_sharing_with(const Session& session) {
  const std::vector<std::string> organizations = organizations_of(session.state, session.account());
  std::set<std::string> out;
  for_each_under(session.state.shares, prefix_of({session.region()}), [&](const std::string&, const Share& share) {
    const bool is_ours = share.receiver == session.account() ||
                         std::find(organizations.begin(), organizations.end(), share.receiver) != organizations.end();
    if (is_ours && share.owner != session.account() && share.status == ShareStatus::Active) out.insert(share.owner);
  });
  return {out.begin(), out.end()};
}

std::string new_uuid(Session& session, const std::string& purpose) {
  const std::string seed =
      purpose + session.account() + session.region() + std::to_string(session.state.next_number("uuid"));
  const std::string hex = text_hash(seed) + text_hash(seed + "/");
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-a" + hex.substr(17, 3) + "-" +
         hex.substr(20, 12);
}

}  // namespace datamesh::embedded::lake
