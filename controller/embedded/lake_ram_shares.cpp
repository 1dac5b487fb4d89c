// RAM shares changed by hand, behind Lake Formation's back, and sharing with the organization.
// Source: lake-formation.md 1.5, 2.5 (trap T26: what is deleted here is not shared again by an identical grant)
#include "controller/embedded/lake_operations.h"
#include "controller/embedded/lake_sharing.h"

namespace datamesh::embedded::lake {
namespace {

/// The key of one of the caller's shares.
Result<std::string> find_own(Session& session, const Json& input) {
  const std::string arn = string_at(input, "resourceShareArn");
  if (!arn.starts_with(session.arn_start("ram"))) return session.error("MalformedArnException", "Malformed ARN: " + arn);
  std::string key;
  for_each_under(session.state.shares, prefix_of({session.region(), session.account()}),
                 [&](const std::string& at, const Share& share) {
                   if (share.arn == arn) key = at;
                 });
  if (key.empty()) return session.error("UnknownResourceException", "Resource share not found: " + arn);
  if (session.state.shares.find(key)->status == ShareStatus::Deleted) {
    return session.error("InvalidStateTransitionException", "Resource share was deleted: " + arn);
  }
  return key;
}

Result<Json> delete_share(Session& session, const Json& input) {
  TRY_VALUE(const std::string key, find_own(session, input));
  Share share = *session.state.shares.find(key);
  share.status = ShareStatus::Deleted;
  share.updated = session.now_millis();
  if (!share.invitation.empty()) session.state.invitations.erase(share.invitation);
  session.state.shares.put(key, std::move(share));
  return Json{{"returnValue", true}};
}

Json association_json(const Share& share, const std::string& entity, const char* type, const char* status) {
  return {{"resourceShareArn", share.arn},
          {"resourceShareName", share.name},
          {"associatedEntity", entity},
          {"associationType", type},
          {"status", status}};
}

Result<Json> disassociate(Session& session, const Json& input) {
  TRY_VALUE(const std::string key, find_own(session, input));
  Share share = *session.state.shares.find(key);
  Json changed = Json::array();
  for (const Json& arn : input.value("resourceArns", Json::array())) {
    if (!session.state.share_resources.erase(join_parts({key, arn.get<std::string>()}))) {
      return session.error("UnknownResourceException", "Not in the share: " + arn.get<std::string>());
    }
    changed.push_back(association_json(share, arn, "RESOURCE", "DISASSOCIATING"));
  }
  for (const Json& principal : input.value("principals", Json::array())) {
    if (principal != share.receiver) {
      return session.error("UnknownResourceException", "Not in the share: " + principal.get<std::string>());
    }
    share.is_receiver_gone = true;
    changed.push_back(association_json(share, principal, "PRINCIPAL", "DISASSOCIATING"));
  }
  share.updated = session.now_millis();
  session.state.shares.put(key, std::move(share));
  return Json{{"resourceShareAssociations", std::move(changed)}};
}

/// A share that Lake Formation made has one receiver: others cannot be added.
Result<Json> associate(Session& session, const Json& input) {
  TRY_VALUE(const std::string key, find_own(session, input));
  Share share = *session.state.shares.find(key);
  Json changed = Json::array();
  for (const Json& arn : input.value("resourceArns", Json::array())) {
    const std::string resource = join_parts({key, arn.get<std::string>()});
    if (session.state.share_resources.find(resource) == nullptr) session.state.share_resources.put(resource, 1);
    changed.push_back(association_json(share, arn, "RESOURCE", "ASSOCIATING"));
  }
  for (const Json& principal : input.value("principals", Json::array())) {
    if (principal != share.receiver) {
      return session.error("OperationNotPermittedException", "The share is managed by Lake Formation.");
    }
    share.is_receiver_gone = false;
    changed.push_back(association_json(share, principal, "PRINCIPAL", "ASSOCIATING"));
  }
  share.updated = session.now_millis();
  session.state.shares.put(key, std::move(share));
  return Json{{"resourceShareAssociations", std::move(changed)}};
}

Result<Json> enable_organization_sharing(Session& session, const Json&) {
  const Json* present = organization(session.state);
  if (present == nullptr || string_at(*present, "managementAccount") != session.account()) {
    return session.error("OperationNotPermittedException",
                         "Only the management account of an organization enables sharing.");
  }
  Json changed = *present;
  changed["sharing"] = true;
  session.state.organizations.put("", std::move(changed));
  return Json{{"returnValue", true}};
}

}  // namespace

void add_ram_share_operations(Operations& operations) {
  const auto add = [&](const char* name, const char* shape, Result<Json> (*run)(Session&, const Json&)) {
    operations.add({aws::Service::Ram, name, Effect::Write, IamRight::Administrator, shape, run});
  };
  const char* association = "resourceShareArn*:s resourceArns:[s]0-100 principals:[s]0-100 clientToken:s";
  add("DeleteResourceShare", "resourceShareArn*:s clientToken:s", delete_share);
  add("DisassociateResourceShare", association, disassociate);
  add("AssociateResourceShare", association, associate);
  add("EnableSharingWithAwsOrganization", "", enable_organization_sharing);
}

}  // namespace datamesh::embedded::lake
