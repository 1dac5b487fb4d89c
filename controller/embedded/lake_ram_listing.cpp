// RAM shares, their resources and principals, as their owner (SELF) or their receiver (OTHER-ACCOUNTS) sees them. The
// receiver sees nothing of a share before it has accepted the invitation (trap T25).
// Source: lake-formation.md 1.5
#include <algorithm>

#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {

bool is_among(const Json& list, const std::string& value) {
  return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

namespace {

/// What became of the invitation, as far as the share shows it.
enum class Arrival { Awaited, Arrived, Failed, Ended };

Arrival arrival_of(const Session& session, const Share& share) {
  if (share.status == ShareStatus::Deleted || share.is_receiver_gone) return Arrival::Ended;
  if (share.is_blocked) return Arrival::Failed;
  if (share.status == ShareStatus::Active) return Arrival::Arrived;
  const Invitation* invitation = session.state.invitations.find(share.invitation);
  const bool is_open = invitation != nullptr && invitation->status == InvitationStatus::Pending &&
                       !is_expired(*invitation, session.now);
  return is_open ? Arrival::Awaited : Arrival::Failed;
}

const char* association_status(const Session& session, const Share& share) {
  switch (arrival_of(session, share)) {
    case Arrival::Awaited: return "ASSOCIATING";
    case Arrival::Arrived: return "ASSOCIATED";
    case Arrival::Failed: return "FAILED";
    case Arrival::Ended: return "DISASSOCIATED";
  }
  return "FAILED";
}

const char* share_status(const Session& session, const Share& share) {
  if (share.status == ShareStatus::Deleted) return "DELETED";
  if (share.status == ShareStatus::Active) return "ACTIVE";
  return arrival_of(session, share) == Arrival::Awaited ? "PENDING" : "FAILED";
}

bool is_received(const Session& session, const Share& share) {
  if (share.status != ShareStatus::Active || share.owner == session.account()) return false;
  if (share.receiver == session.account()) return true;
  const std::vector<std::string> organizations = organizations_of(session.state, session.account());
  return std::find(organizations.begin(), organizations.end(), share.receiver) != organizations.end();
}

/// Deleted shares stay listed for an hour.
bool is_forgotten(const Session& session, const Share& share) {
  constexpr Millis kListedAfterDeletion = std::chrono::hours(1);
  return share.status == ShareStatus::Deleted &&
         session.now_millis() - share.updated > kListedAfterDeletion.count();
}

bool belongs(const Session& session, const Json& input, const Share& share) {
  if (is_forgotten(session, share)) return false;
  const bool is_other = string_at(input, "resourceOwner") == "OTHER-ACCOUNTS";
  return is_other ? is_received(session, share) : share.owner == session.account();
}

bool is_external(const Session& session, const Share& share) {
  return is_account_id(share.receiver) && !share_an_organization(session.state, share.owner, share.receiver);
}

Json share_json(const Session& session, const Share& share) {
  return {{"resourceShareArn", share.arn},
          {"name", share.name},
          {"owningAccountId", share.owner},
          {"allowExternalPrincipals", true},
          {"status", share_status(session, share)},
          {"creationTime", seconds_of(share.created)},
          {"lastUpdatedTime", seconds_of(share.updated)},
          {"featureSet", "STANDARD"}};
}

Json association_json(const Session& session, const Share& share, const std::string& entity, const char* type) {
  Json out = {{"resourceShareArn", share.arn},
              {"resourceShareName", share.name},
              {"associatedEntity", entity},
              {"associationType", type},
              {"status", association_status(session, share)},
              {"creationTime", seconds_of(share.created)},
              {"lastUpdatedTime", seconds_of(share.updated)},
              {"external", is_external(session, share)}};
  if (share.is_blocked) {
    out["statusMessage"] = "The catalog's resource policy does not allow glue:ShareResource to ram.amazonaws.com.";
  }
  return out;
}

/// Runs a listing over shares. `lines` gives what one share contributes; a page may hold more lines than asked for
/// by the last share of it.
Result<Json> list_shares(Session& session, const Json& input, const char* name,
                         const std::function<std::vector<Json>(const std::string& key, const Share&)>& lines) {
  TRY_VALUE(const Paging paging, read_paging(session, input, 100, "nextToken", "maxResults"));
  const std::string prefix = prefix_of({session.region()});
  Json list = Json::array();
  Json output;
  auto at = session.state.shares.lower_bound(paging.from.empty() ? prefix : paging.from);
  for (; at != session.state.shares.end() && at->first.starts_with(prefix); ++at) {
    const bool was_empty = list.empty();
    if (list.size() < paging.most) {
      for (Json& line : lines(at->first, at->second)) list.push_back(std::move(line));
    } else {
      output["nextToken"] = token_of(at->first);
      break;
    }
    if (was_empty && !list.empty() && session.is_empty_page_due(paging)) {
      list.clear();
      output["nextToken"] = token_of(at->first);
      break;
    }
  }
  output[name] = std::move(list);
  return output;
}

Result<void> check_arns(Session& session, const Json& input) {
  for (const Json& arn : input.value("resourceShareArns", Json::array())) {
    const bool is_known = std::any_of(session.state.shares.begin(), session.state.shares.end(),
                                      [&](const auto& entry) { return entry.second.arn == arn; });
    if (!is_known) {
      return session.error("UnknownResourceException", "Resource share not found: " + arn.get<std::string>());
    }
  }
  return {};
}

Result<Json> get_shares(Session& session, const Json& input) {
  TRY(check_arns(session, input));
  const Json arns = input.value("resourceShareArns", Json::array());
  const std::string status = string_at(input, "resourceShareStatus");
  const std::string name = string_at(input, "name");
  return list_shares(session, input, "resourceShares", [&](const std::string&, const Share& share) -> std::vector<Json> {
    if (!belongs(session, input, share) || !is_among(arns, share.arn)) return {};
    if (!name.empty() && share.name != name) return {};
    if (!status.empty() && status != share_status(session, share)) return {};
    return {share_json(session, share)};
  });
}

Result<Json> get_associations(Session& session, const Json& input) {
  TRY(check_arns(session, input));
  const Json arns = input.value("resourceShareArns", Json::array());
  const std::string type = string_at(input, "associationType");
  const std::string status = string_at(input, "associationStatus");
  const std::string resource = string_at(input, "resourceArn");
  const std::string principal = string_at(input, "principal");
  return list_shares(session, input, "resourceShareAssociations", [&](const std::string& key, const Share& share) {
    std::vector<Json> out;
    const bool is_ours = share.owner == session.account() || is_received(session, share);
    if (!is_ours || !is_among(arns, share.arn)) return out;
    if (!status.empty() && status != association_status(session, share)) return out;
    if (type == "PRINCIPAL" && (principal.empty() || principal == share.receiver)) {
      out.push_back(association_json(session, share, share.receiver, "PRINCIPAL"));
    }
    if (type != "RESOURCE") return out;
    for (const std::string& arn : resources_of(session.state, key)) {
      if (resource.empty() || resource == arn) out.push_back(association_json(session, share, arn, "RESOURCE"));
    }
    return out;
  });
}

Result<Json> list_resources(Session& session, const Json& input) {
  TRY(check_arns(session, input));
  const Json arns = input.value("resourceShareArns", Json::array());
  const Json wanted = input.value("resourceArns", Json::array());
  const std::string type = string_at(input, "resourceType");
  const std::string principal = string_at(input, "principal");
  return list_shares(session, input, "resources", [&](const std::string& key, const Share& share) {
    std::vector<Json> out;
    if (!belongs(session, input, share) || share.status == ShareStatus::Deleted) return out;
    if (!is_among(arns, share.arn) || (!principal.empty() && principal != share.receiver)) return out;
    const bool is_arrived = arrival_of(session, share) == Arrival::Arrived;
    for (const std::string& arn : resources_of(session.state, key)) {
      if (!is_among(wanted, arn) || (!type.empty() && type != ram_type_of(arn))) continue;
      out.push_back({{"arn", arn},
                     {"type", ram_type_of(arn)},
                     {"resourceShareArn", share.arn},
                     {"status", is_arrived ? "AVAILABLE" : "PENDING"},
                     {"creationTime", seconds_of(share.created)},
                     {"lastUpdatedTime", seconds_of(share.updated)},
                     {"resourceRegionScope", "REGIONAL"}});
    }
    return out;
  });
}

Result<Json> list_principals(Session& session, const Json& input) {
  TRY(check_arns(session, input));
  const Json arns = input.value("resourceShareArns", Json::array());
  const Json wanted = input.value("principals", Json::array());
  return list_shares(session, input, "principals", [&](const std::string&, const Share& share) -> std::vector<Json> {
    if (!belongs(session, input, share) || share.status == ShareStatus::Deleted) return {};
    const bool is_other = share.owner != session.account();
    const std::string id = is_other ? share.owner : share.receiver;
    if (!is_among(arns, share.arn) || !is_among(wanted, id)) return {};
    Json line = {{"id", id},
                 {"resourceShareArn", share.arn},
                 {"creationTime", seconds_of(share.created)},
                 {"lastUpdatedTime", seconds_of(share.updated)},
                 {"external", is_external(session, share)}};
    return {std::move(line)};
  });
}

}  // namespace

std::string ram_type_of(const std::string& arn) {
  if (arn.find(":table/") != std::string::npos) return "glue:Table";
  if (arn.find(":database/") != std::string::npos) return "glue:Database";
  return "glue:Catalog";
}

void add_ram_listing_operations(Operations& operations) {
  const auto add = [&](const char* name, const std::string& shape, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Ram, name, Effect::Read, IamRight::Anyone,
                    shape + " nextToken:s maxResults:i1-500", run});
  };
  const std::string owner = "resourceOwner*:e(SELF|OTHER-ACCOUNTS) resourceShareArns:[s]0-100 ";
  add("GetResourceShares",
      owner + "resourceShareStatus:e(PENDING|ACTIVE|FAILED|DELETING|DELETED) name:s tagFilters:[@TagFilter] "
              "permissionArn:s permissionVersion:i",
      get_shares);
  add("GetResourceShareAssociations",
      "associationType*:e(PRINCIPAL|RESOURCE|SOURCE) resourceShareArns:[s]0-100 resourceArn:s principal:s "
      "associationStatus:e(ASSOCIATING|ASSOCIATED|FAILED|DISASSOCIATING|DISASSOCIATED|SUSPENDED|SUSPENDING|RESTORING)",
      get_associations);
  add("ListResources",
      owner + "principal:s resourceType:e(glue:Catalog|glue:Database|glue:Table) resourceArns:[s]0-100 "
              "resourceRegionScope:e(ALL|REGIONAL|GLOBAL)",
      list_resources);
  add("ListPrincipals", owner + "resourceArn:s principals:[s]0-100 resourceType:s", list_principals);
}

}  // namespace datamesh::embedded::lake
