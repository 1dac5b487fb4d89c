// Grant by LF-tag expression: of everything in a catalog that carries the tags, and whose product lets tag Grants reach
// it (docs/decisions/0009-tag-grants.md); and, within a receiving account, of what that account was granted so.
#include <algorithm>
#include <set>

#include "controller/catalog/tag_expression.h"
#include "controller/mesh/tags.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/grant_receivers.h"
#include "reconcilers/grant_targets.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::PermissionSet;
using catalog::PermissionValue;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::TagExpression;

/// Source: lake-formation.md 2.7 (an inline expression)
constexpr std::size_t kLongestExpression = 900;

/// A tag Grant whose references are there.
struct Draft {
  const api::Resource& grant;
  const api::GrantSpec& spec;
  mesh::AccountAnswer giver;   ///< the account in the Grant's namespace
  mesh::AccountAnswer holder;  ///< whose catalog has the tags
  TagExpression expression;    ///< with the term by which products let it reach them
  ClaimSet& set;

  const std::string& owner() const { return holder.spec().account_id; }
  bool passes_on() const { return owner() != giver.spec().account_id; }
  ResourceId policy(ResourceType type) const { return {type, owner(), "", "", to_string(expression)}; }
  EntryKey tag(const CatalogRef& governing, const std::string& key) const { return {governing, {EntryKind::TagKey, key}}; }

  void permit(const EntryKey& key, PermissionSet permissions, Option option, std::vector<EntryKey> needs, Step step) const {
    set.claims.push_back({key, value_of(permissions, option), std::move(needs), step, Release::Remove});
  }
};

Finding invalid(std::string_view reason, std::string message) {
  return {Effect::Invalid, std::string(reason), std::move(message)};
}

/// The expression of `spec` with the term that keeps it off products that do not let it in; a finding when it is none.
std::optional<TagExpression> expression_in(const api::GrantSpec& spec, ClaimSet& set) {
  auto parsed = catalog::parse_tag_expression(spec.tag_expression);
  if (!parsed) {
    set.findings.push_back(invalid(reason::kInvalidExpression, "tagExpression " + parsed.error().message));
    return std::nullopt;
  }
  if (parsed->terms.contains(mesh::kTagGrantsKey)) {
    set.findings.push_back(invalid(reason::kInvalidExpression, std::string("tagExpression names ") + mesh::kTagGrantsKey +
                                                                   ", which the operator adds by itself"));
    return std::nullopt;
  }
  parsed->terms[mesh::kTagGrantsKey] = {"allow"};
  if (const std::size_t size = to_string(*parsed).size(); size > kLongestExpression) {
    set.findings.push_back(invalid(reason::kInvalidExpression, "tagExpression has " + std::to_string(size) +
                                                                   " bytes with what the operator adds; Lake Formation takes " +
                                                                   std::to_string(kLongestExpression)));
    return std::nullopt;
  }
  return std::move(*parsed);
}

/// Values that an LFTag is the authority for and does not declare. What was granted stays: it says who uses them.
void note_undeclared_values(const Draft& draft, const mesh::Mesh& mesh) {
  for (const auto& [key, values] : draft.expression.terms) {
    const api::Resource* declared = mesh::lf_tag_of(mesh, draft.owner(), key);
    if (declared == nullptr) continue;
    for (const std::string& value : values) {
      if (value == "*") continue;
      if (auto problem = undeclared_value(*declared, value)) draft.set.findings.push_back(std::move(*problem));
    }
  }
}

/// What another account must know of the tags before an expression of them means anything to it: one entry a value, so
/// that several Grants unite.
std::vector<EntryKey> claim_tag_values(const Draft& draft, const CatalogRef& governing, const Receiver& receiver,
                                       Option option) {
  std::vector<EntryKey> out;
  for (const auto& [key, values] : draft.expression.terms) {
    for (const std::string& value : values) {
      const EntryKey entry = permission(governing, {ResourceType::Tag, draft.owner(), "", "", key + "=" + value}, receiver.principal);
      draft.permit(entry, {Permission::Describe}, option, {draft.tag(governing, key)}, Step::GrantConsumer);
      out.push_back(entry);
    }
  }
  return out;
}

/// By the authority of the catalog's account.
void claim_for(const Draft& draft, const CatalogRef& governing, const Receiver& receiver, const mesh::Mesh& mesh) {
  const bool foreign = receiver.account != governing.account;
  if (receiver.is_whole_account() && !foreign) return;  // an account holds its own rights
  const Option option = receiver.is_whole_account() || draft.spec.grantable ? Option::All : Option::None;
  std::vector<EntryKey> needs;
  if (foreign) {
    needs = claim_tag_values(draft, governing, receiver, option);
  } else {
    for (const auto& [key, values] : draft.expression.terms) needs.push_back(draft.tag(governing, key));
  }
  const EntryKey on_tables = permission(governing, draft.policy(ResourceType::TablePolicy), receiver.principal);
  draft.permit(permission(governing, draft.policy(ResourceType::DatabasePolicy), receiver.principal), {Permission::Describe},
               option, needs, Step::GrantConsumer);
  draft.permit(on_tables, permissions_of(draft.spec), option, needs, Step::GrantConsumer);
  if (!foreign || mesh.accounts_with_id(receiver.account).empty()) return;
  draft.set.claims.push_back({share_from({receiver.account, governing.region}, governing.account),
                              catalog::Shared<catalog::ShareAcceptance>(), {on_tables}, Step::AcceptShare, Release::Retain});
}

void claim_as_owner(const Draft& draft, const mesh::Mesh& mesh) {
  const auto receivers = receivers_of(draft.grant, mesh, draft.set);
  for (const std::string& region : draft.holder.spec().regions) {
    const CatalogRef governing{draft.owner(), region};
    draft.set.claims.push_back({draft.tag(governing, mesh::kTagGrantsKey),
                                catalog::Shared<catalog::TagKey>(catalog::TagKey{{"allow"}, {}, false}),
                                {settings_of(governing)}, Step::GrantConsumer, Release::Retain});
    for (const Receiver& receiver : receivers) claim_for(draft, governing, receiver, mesh);
  }
}

bool names_account(const api::GrantSpec& grant, const std::string& ns, const std::string& account_id, const mesh::Mesh& mesh) {
  return std::any_of(grant.accounts.begin(), grant.accounts.end(), [&](const api::Ref& ref) {
    const api::Resource* account = mesh.find("Account", ref, ns);
    return account != nullptr && mesh::spec_of<api::AccountSpec>(*account).account_id == account_id;
  });
}

/// One tag Grant of the catalog's account to the account that passes on.
struct Entitlement {
  TagExpression expression;
  PermissionSet permissions;  ///< `ALL` spelled out
};

PermissionSet spelled_out(const api::GrantSpec& spec) {
  return expanded(value_of(permissions_of(spec)), ResourceType::TablePolicy).permissions;
}

/// What the account of `draft` was granted by tags at `now`.
std::vector<Entitlement> entitlements_of(const Draft& draft, const mesh::Mesh& mesh, Time now) {
  std::vector<Entitlement> out;
  std::set<api::ObjectKey> seen;  // once a value
  const auto term = std::find_if(draft.expression.terms.begin(), draft.expression.terms.end(),
                                 [](const auto& each) { return each.first != mesh::kTagGrantsKey; });
  for (const auto& [value, users] : mesh.users_of_tag(term->first)) {
    for (const api::ObjectKey& key : users) {
      const api::Resource* grant = mesh.find(key);
      const auto* spec = std::get_if<api::GrantSpec>(&grant->spec);
      if (spec == nullptr || spec->catalog || grant->metadata.deletion) continue;
      if (spec->expires_at && *spec->expires_at <= now) continue;
      const mesh::AccountAnswer giver = mesh::account_of({"", spec->account}, key.ns, mesh);
      if (!giver || giver.spec().account_id != draft.owner()) continue;
      if (!names_account(*spec, key.ns, draft.giver.spec().account_id, mesh)) continue;
      ClaimSet unused;
      if (!seen.insert(key).second) continue;
      if (auto expression = expression_in(*spec, unused)) out.push_back({std::move(*expression), spelled_out(*spec)});
    }
  }
  return out;
}

/// Query engines find what is shared by links only: DESCRIBE on those of the account that lead to products which let tag
/// Grants in. A link shows its name, nothing of what it leads to.
void claim_links(const Draft& draft, const mesh::Mesh& mesh, const Receiver& receiver) {
  for (const api::ObjectKey& key : mesh.referrers(draft.giver.account->key)) {
    if (key.kind != "ResourceLink" || key.ns != draft.grant.key.ns) continue;
    const api::Resource* link = mesh.find(key);
    const LinkAnswer answer = link->metadata.deletion ? LinkAnswer{} : target_of(*link, mesh);
    if (!answer.target || answer.target->own_catalog || answer.target->owner.account != draft.holder.account) continue;
    if (mesh::spec_of<api::DataProductSpec>(*answer.target->product).tag_grants != api::TagGrants::Allow) continue;
    const LinkTarget& target = *answer.target;
    const auto entry = target.table.empty() ? catalog::database_link_key(target.name)
                                            : catalog::table_link_key(target.database, target.name);
    draft.permit(permission(target.catalog, target.resource(), receiver.principal), {Permission::Describe}, Option::None,
                 {{target.catalog, entry}}, Step::ConsumerAccess);
  }
}

/// Within the account of the Grant, what that account was granted.
void claim_as_receiver(const Draft& draft, const mesh::Mesh& mesh, Time now) {
  const std::string& account = draft.giver.spec().account_id;
  const auto entitled = entitlements_of(draft, mesh, now);
  const auto covering = std::find_if(entitled.begin(), entitled.end(), [&](const Entitlement& each) {
    return is_subset(draft.expression, each.expression) && each.permissions.contains(spelled_out(draft.spec));
  });
  if (covering == entitled.end()) {
    draft.set.findings.push_back(
        entitled.empty() ? waits(reason::kAccountNotGranted, "no tag Grant of account " + draft.owner() + " names account " + account)
                         : refused(reason::kExceedsTagGrant,
                                   "no tag Grant to account " + account +
                                       " has this expression, or the same keys with more values, and these permissions"));
    return;
  }
  const auto receivers = receivers_of(draft.grant, mesh, draft.set);
  for (const Receiver& receiver : receivers) {
    if (is_within(receiver, account)) continue;
    draft.set.findings.push_back(refused(reason::kForeignPrincipal, receiver.principal + " is not a principal of account " +
                                                                        account + "; what is shared cannot be shared on"));
    return;
  }
  for (const Receiver& receiver : receivers) claim_links(draft, mesh, receiver);
  const Option option = draft.spec.grantable ? Option::All : Option::None;
  for (const std::string& region : draft.holder.spec().regions) {
    const CatalogRef governing{draft.owner(), region}, here{account, region};
    ResourceId shared = draft.policy(ResourceType::TablePolicy);
    shared.detail = to_string(covering->expression);
    const std::vector<EntryKey> needs{share_from(here, draft.owner()), permission(governing, shared, account)};
    for (const Receiver& receiver : receivers) {
      draft.permit(permission(here, draft.policy(ResourceType::DatabasePolicy), receiver.principal), {Permission::Describe},
                   option, needs, Step::ConsumerAccess);
      draft.permit(permission(here, draft.policy(ResourceType::TablePolicy), receiver.principal), permissions_of(draft.spec),
                   option, needs, Step::ConsumerAccess);
    }
  }
}

}  // namespace

ClaimSet tag_grant_claims(const api::Resource& grant, const mesh::Mesh& mesh, Time now) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  ClaimSet set;
  set.recheck_at = spec.expires_at;
  if (spec.expires_at && *spec.expires_at <= now) {
    set.findings.push_back({Effect::Ended, std::string(reason::kExpired), "access ended at " + to_rfc3339(*spec.expires_at)});
    set.recheck_at.reset();
    return set;
  }
  auto expression = expression_in(spec, set);
  if (!expression) return set;
  const mesh::AccountAnswer giver = mesh::account_of({"", spec.account}, grant.key.ns, mesh);
  const mesh::AccountAnswer holder = spec.catalog ? mesh::account_of(*spec.catalog, grant.key.ns, mesh) : giver;
  for (const auto* each : {&giver, &holder}) {
    if (*each) continue;
    set.findings.push_back(missing(*each));
    return set;
  }
  const Draft draft{grant, spec, giver, holder, std::move(*expression), set};
  note_undeclared_values(draft, mesh);
  if (draft.passes_on()) {
    claim_as_receiver(draft, mesh, now);
  } else {
    claim_as_owner(draft, mesh);
  }
  return set;
}

}  // namespace datamesh::reconcilers
