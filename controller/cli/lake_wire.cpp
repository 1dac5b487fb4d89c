#include "controller/cli/lake_wire.h"

#include "controller/catalog/permission.h"

namespace datamesh::cli {

std::optional<aws::WireKey> LakeWire::find_key(const std::string& id) {
  if (id == key_.id) return aws::WireKey{kKeyAccount, kKeyPrincipal, "", key_.secret, "", std::nullopt};
  const auto session = lake_.find_access_key(id);
  if (!session) return std::nullopt;
  return aws::WireKey{catalog::account_of_principal(session->principal),
                      session->principal,
                      session->session,
                      session->secret,
                      session->token,
                      session->expires};
}

Result<Json> LakeWire::call(const aws::WireKey& caller, const aws::Call& call) {
  Result<Json> outcome = make(caller, call);
  if (heard_) heard_(caller, call, outcome);
  return outcome;
}

Result<Json> LakeWire::make(const aws::WireKey& caller, const aws::Call& call) {
  if (caller.principal == kKeyPrincipal && call.service != aws::Service::Sts) {
    return fail(aws::make_error(call, "AccessDeniedException",
                                "User: " + caller.principal + " is not authorized to perform: " +
                                    std::string(aws::to_string(call.service)) + ":" + call.operation +
                                    "; it may only assume roles. Name a profile with a role (aws --profile NAME), or "
                                    "call AssumeRole."));
  }
  return lake_.as_principal(caller.principal, caller.session)->call(call);
}

}  // namespace datamesh::cli
