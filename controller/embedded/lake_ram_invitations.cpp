// Invitations to RAM shares, seen and answered by the receiver. A share made inside an organization has none.
//
//   PENDING ──accept──► ACCEPTED         the share becomes ACTIVE, what it carries arrives
//      │└─────reject──► REJECTED         the owner must revoke and grant again
//      └── 12 hours ──► EXPIRED          the same
//
// Source: lake-formation.md 1.5, 2.5
#include <algorithm>

#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

const char* status_of(const Invitation& invitation, Time now) {
  if (is_expired(invitation, now)) return "EXPIRED";
  switch (invitation.status) {
    case InvitationStatus::Pending: return "PENDING";
    case InvitationStatus::Accepted: return "ACCEPTED";
    case InvitationStatus::Rejected: return "REJECTED";
  }
  return "PENDING";
}

Json invitation_json(const Session& session, const Invitation& invitation) {
  return {{"resourceShareInvitationArn", invitation.arn},
          {"resourceShareName", invitation.share_name},
          {"resourceShareArn", invitation.share_arn},
          {"senderAccountId", invitation.sender},
          {"receiverAccountId", invitation.receiver},
          {"invitationTimestamp", seconds_of(invitation.sent)},
          {"status", status_of(invitation, session.now)},
          {"receiverArn", session.arn_start("iam") + ":" + invitation.receiver + ":root"}};
}

bool is_here(const Session& session, const Invitation& invitation) {
  return invitation.receiver == session.account() &&
         invitation.arn.find(":" + session.region() + ":") != std::string::npos;
}

Result<Invitation> find_invitation(Session& session, const Json& input) {
  const std::string arn = string_at(input, "resourceShareInvitationArn");
  if (!arn.starts_with(session.arn_start("ram"))) return session.error("MalformedArnException", "Malformed ARN: " + arn);
  const Invitation* found = session.state.invitations.find(arn);
  if (found == nullptr || !is_here(session, *found)) {
    return session.error("ResourceShareInvitationArnNotFoundException", "Invitation not found: " + arn);
  }
  return *found;
}

/// Only a pending invitation can be answered.
Result<void> check_pending(const Session& session, const Invitation& invitation) {
  const std::string status = status_of(invitation, session.now);
  if (status == "PENDING") return {};
  if (status == "ACCEPTED") {
    return session.error("ResourceShareInvitationAlreadyAcceptedException", "The invitation was accepted before.");
  }
  if (status == "REJECTED") {
    return session.error("ResourceShareInvitationAlreadyRejectedException", "The invitation was rejected before.");
  }
  return session.error("ResourceShareInvitationExpiredException", "The invitation has expired.");
}

Result<Json> answer(Session& session, const Json& input, InvitationStatus status) {
  TRY_VALUE(Invitation invitation, find_invitation(session, input));
  TRY(check_pending(session, invitation));
  invitation.status = status;
  const Share* found = session.state.shares.find(invitation.share_key);
  if (found != nullptr && status == InvitationStatus::Accepted && found->status == ShareStatus::Pending) {
    Share share = *found;
    share.status = ShareStatus::Active;
    share.updated = session.now_millis();
    session.state.shares.put(invitation.share_key, std::move(share));
  }
  session.state.invitations.put(invitation.arn, invitation);
  return Json{{"resourceShareInvitation", invitation_json(session, invitation)}};
}

Result<Json> accept(Session& session, const Json& input) {
  return answer(session, input, InvitationStatus::Accepted);
}

Result<Json> reject(Session& session, const Json& input) {
  return answer(session, input, InvitationStatus::Rejected);
}

Result<Json> get_invitations(Session& session, const Json& input) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100, "nextToken", "maxResults"));
  const Json arns = input.value("resourceShareInvitationArns", Json::array());
  const Json shares = input.value("resourceShareArns", Json::array());
  for (const Json& arn : arns) TRY(find_invitation(session, {{"resourceShareInvitationArn", arn}}));
  Json list = Json::array();
  bool is_left_empty = false;
  const auto emit = [&](const std::string& arn, const Invitation& invitation) {
    if (!is_here(session, invitation) || !is_among(arns, arn) || !is_among(shares, invitation.share_arn)) return false;
    list.push_back(invitation_json(session, invitation));
    is_left_empty = is_left_empty || (list.size() == 1 && session.is_empty_page_due(paging));
    return true;
  };
  const std::string prefix = session.arn_start("ram") + session.region() + ":";
  const std::string next = list_page(session.state.invitations, paging, prefix, emit);
  if (is_left_empty) {
    return Json{{"resourceShareInvitations", Json::array()},
                {"nextToken", token_of(prefix)}};
  }
  Json output = {{"resourceShareInvitations", std::move(list)}};
  if (!next.empty()) output["nextToken"] = next;
  return output;
}

Result<Json> list_pending_resources(Session& session, const Json& input) {
  TRY_VALUE(const Invitation invitation, find_invitation(session, input));
  TRY(check_pending(session, invitation));
  Json list = Json::array();
  if (const Share* share = session.state.shares.find(invitation.share_key)) {
    for (const std::string& arn : resources_of(session.state, invitation.share_key)) {
      list.push_back(
          {{"arn", arn}, {"type", ram_type_of(arn)}, {"resourceShareArn", share->arn}, {"status", "PENDING"}});
    }
  }
  return Json{{"resources", std::move(list)}};
}

}  // namespace

void add_ram_invitation_operations(Operations& operations) {
  const auto add = [&](const char* name, Effect effect, const char* shape,
                       Result<Json> (*run)(Session&, const Json&)) {
    const IamRight right = effect == Effect::Read ? IamRight::Anyone : IamRight::Administrator;
    operations.add({aws::Service::Ram, name, effect, right, shape, run});
  };
  add("GetResourceShareInvitations", Effect::Read,
      "resourceShareInvitationArns:[s] resourceShareArns:[s] nextToken:s maxResults:i1-500", get_invitations);
  add("AcceptResourceShareInvitation", Effect::Write, "resourceShareInvitationArn*:s clientToken:s", accept);
  add("RejectResourceShareInvitation", Effect::Write, "resourceShareInvitationArn*:s clientToken:s", reject);
  add("ListPendingInvitationResources", Effect::Read,
      "resourceShareInvitationArn*:s nextToken:s maxResults:i1-500 resourceRegionScope:e(ALL|REGIONAL|GLOBAL)",
      list_pending_resources);
}

}  // namespace datamesh::embedded::lake
