#include "reconcilers/grant_receivers.h"

#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {

bool is_within(const Receiver& receiver, const std::string& id) {
  if (catalog::is_identity_center(receiver.principal)) return receiver.account.empty() || receiver.account == id;
  return receiver.account == id && !receiver.is_whole_account();
}

std::vector<Receiver> receivers_of(const api::Resource& grant, const mesh::Mesh& mesh, ClaimSet& set) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  const std::string& ns = grant.key.ns;
  std::vector<Receiver> out;
  const auto account_missing = [&](const api::Ref& ref) {
    set.findings.push_back(waits(reason::kAccountNotFound, "Account " + (ref.ns.empty() ? ns : ref.ns) +
                                                               "/" + ref.name + " is not declared"));
  };
  for (const api::Ref& ref : spec.accounts) {
    const api::Resource* account = mesh.find("Account", ref, ns);
    if (account == nullptr) {
      account_missing(ref);
      continue;
    }
    const std::string& id = mesh::spec_of<api::AccountSpec>(*account).account_id;
    out.push_back({id, id});
  }
  for (const std::string& principal : spec.principals) {
    out.push_back({principal, catalog::account_of_principal(principal)});
  }
  for (const api::PersonaRef& persona : spec.personas) {
    const api::Resource* account = mesh.find("Account", persona.account, ns);
    if (account == nullptr) {
      account_missing(persona.account);
      continue;
    }
    const auto& account_spec = mesh::spec_of<api::AccountSpec>(*account);
    const auto principals = principals_of(account_spec, persona.name);
    if (principals.empty()) {
      set.findings.push_back(waits(reason::kPersonaNotFound, "persona " + persona.name +
                                                                 " is not declared by Account " +
                                                                 account->key.ns + "/" + account->key.name));
    }
    for (const std::string& principal : principals) {
      // A persona may list principals of other accounts; those that name none are taken for the account's own.
      const std::string named = catalog::account_of_principal(principal);
      out.push_back({principal, named.empty() ? account_spec.account_id : named});
    }
  }
  return out;
}

}  // namespace datamesh::reconcilers
