// Grant: who may do what. On a product by its producer's authority (step 7), or on a link within the consumer's
// own account (step 8). Grants by tags are in tag_grant.cpp.
#include <algorithm>

#include "controller/base/text.h"
#include "controller/catalog/row_filter.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/grant_receivers.h"
#include "reconcilers/grant_rules.h"
#include "reconcilers/grant_targets.h"
#include "reconcilers/opt_ins.h"
#include "reconcilers/reasons.h"
#include "reconcilers/withheld_tables.h"

namespace datamesh::reconcilers {
namespace {

using catalog::EntryKey;
using catalog::EntryKind;
using catalog::Permission;
using catalog::ResourceId;
using catalog::ResourceType;
using catalog::Shared;

/// The entry that must be in place before `resource` can be granted on.
EntryKey holder_of(const CatalogRef& catalog, const ResourceId& resource) {
  if (resource.type == ResourceType::DataFilter) {
    return {catalog,
            {EntryKind::DataFilter, resource.database + "/" + resource.table + "/" + resource.detail}};
  }
  if (resource.table.empty()) return {catalog, catalog::database_key(resource.database)};
  return {catalog, catalog::table_key(resource.database, resource.table)};
}

catalog::PermissionValue with_option(catalog::PermissionValue value, Option option) {
  if (option == Option::None) return value;
  value.grantable = value.permissions;
  value.grantable_columns = value.columns;
  return value;
}

void claim_filter(const api::GrantSpec& spec, const CatalogRef& catalog, const ResourceId& resource,
                  const Withholding& withholding, ClaimSet& set) {
  catalog::DataFilter filter;
  filter.row_filter = catalog::canonical_row_filter(spec.row_filter);
  if (spec.columns) filter.columns = value_of_columns(spec.columns->include, Option::None).columns;
  if (withholding.takes(resource.table, {holder_of(catalog, resource), Shared<catalog::DataFilter>(filter)}, set)) return;
  set.claims.push_back({holder_of(catalog, resource), Shared<catalog::DataFilter>(filter),
                        {{catalog, catalog::table_key(resource.database, resource.table)}},
                        Step::GrantConsumer, Release::Remove});
}

/// One receiver of a product Grant in one region.
void claim_for(const api::Resource& grant, const Receiver& receiver, const std::vector<GrantTarget>& targets,
               const Withholding& withholding, ClaimSet& set) {
  const CatalogRef& governing = withholding.governing();
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  const bool whole_account = receiver.principal == receiver.account;
  if (whole_account && receiver.account == governing.account) return;  // an account holds its own rights
  const Option option = whole_account || spec.grantable ? Option::All : Option::None;
  const ResourceId database =
      ResourceId::of_database(governing.account, targets.front().resource.database);
  const EntryKey on_database = permission(governing, database, receiver.principal);
  set.claims.push_back({on_database, value_of({Permission::Describe}, option),
                        {holder_of(governing, database)}, Step::GrantConsumer, Release::Remove});
  for (const GrantTarget& target : targets) {
    const EntryKey on_target = permission(governing, target.resource, receiver.principal);
    const catalog::PermissionValue value = with_option(target.value, option);
    if (withholding.takes(target.resource.table, {on_target, value}, set)) continue;
    set.claims.push_back({on_target, value, {holder_of(governing, target.resource)}, Step::GrantConsumer, Release::Remove});
  }
}

ClaimSet product_grant_claims(const api::Resource& grant, const mesh::Mesh& mesh, Time now) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  ClaimSet set;
  const std::string product_ns = spec.product->ns.empty() ? grant.key.ns : spec.product->ns;
  if (product_ns != grant.key.ns) {
    set.findings.push_back(refused(reason::kNotTheProductsNamespace,
                                   "only a Grant in namespace " + product_ns + " speaks for product " +
                                       product_ns + "/" + spec.product->name));
    return set;
  }
  const api::Resource* product = mesh.find("DataProduct", *spec.product, grant.key.ns);
  if (product == nullptr || product->metadata.deletion) {
    set.findings.push_back(waits(reason::kProductNotFound, "DataProduct " + product_ns + "/" +
                                                               spec.product->name + " is not declared"));
    return set;
  }
  const auto& product_spec = mesh::spec_of<api::DataProductSpec>(*product);
  set.recheck_at = spec.expires_at;
  if (product_spec.published_until &&
      (!set.recheck_at || *product_spec.published_until < *set.recheck_at)) {
    set.recheck_at = product_spec.published_until;
  }
  if (!in_force(grant, product_spec, now)) {
    const bool expired = spec.expires_at && *spec.expires_at <= now;
    set.findings.push_back(
        {Effect::Ended, std::string(expired ? reason::kExpired : reason::kUnpublished),
         "access ended at " + to_rfc3339(expired ? *spec.expires_at : *product_spec.published_until)});
    set.recheck_at.reset();
    return set;
  }
  const mesh::AccountAnswer owner = mesh::owner_of(*product, mesh);
  if (!owner) {
    set.findings.push_back(missing(owner));
    return set;
  }
  const mesh::AccountAnswer producer = mesh::producer_of(*product, mesh);
  const auto receivers = receivers_of(grant, mesh, set);
  for (const std::string& region : mesh::regions_of(product_spec, producer.spec())) {
    const CatalogRef governing{owner.spec().account_id, region};
    const FittedGrant fit = fitted(spec, *product, region, mesh);
    tell(fit, set);
    if (!fit.spec) continue;
    const auto targets = grant_targets(fit.by_name(), filter_name(grant.key), product_spec, governing.account);
    const Withholding withholding(*product, governing, mesh);
    for (const GrantTarget& target : targets) withholding.tell(target.resource.table, set);
    if (!spec.row_filter.empty()) claim_filter(fit.by_name(), governing, targets.front().resource, withholding, set);
    for (const Receiver& receiver : receivers) {
      claim_for(grant, receiver, targets, withholding, set);
      const bool foreign = !receiver.account.empty() && receiver.account != governing.account;
      if (!foreign || mesh.accounts_with_id(receiver.account).empty()) continue;
      const ResourceId database = ResourceId::of_database(governing.account, targets.front().resource.database);
      set.claims.push_back({share_from({receiver.account, region}, governing.account),
                            Shared<catalog::ShareAcceptance>(),
                            {permission(governing, database, receiver.principal)}, Step::AcceptShare,
                            Release::Retain});
    }
  }
  claim_opt_ins(*product, mesh, set);
  return set;
}

/// What is passed on, and what of it the account itself was granted.
struct PassedOn {
  std::vector<GrantTarget> targets;
  const std::vector<GrantTarget>& entitled;
};

/// Everything that a local receiver gets: the link, the target's database, and the targets.
void claim_local(const LinkTarget& link, const Receiver& receiver, const PassedOn& passed, const Withholding& withholding,
                 ClaimSet& set) {
  const std::string& owner = link.owner.spec().account_id;
  const CatalogRef governing{owner, link.region};
  const auto& product = mesh::spec_of<api::DataProductSpec>(*link.product);
  const ResourceId database = ResourceId::of_database(owner, lower(product.database));
  std::vector<EntryKey> needs{{governing, catalog::database_key(database.database)}};
  if (!link.own_catalog) {
    needs = {share_from(link.catalog, owner), permission(governing, database, link.catalog.account)};
    const ResourceId local = link.resource();
    const auto link_entry = link.table.empty() ? catalog::database_link_key(link.name)
                                               : catalog::table_link_key(link.database, link.name);
    set.claims.push_back({permission(link.catalog, local, receiver.principal),
                          value_of({Permission::Describe}), {{link.catalog, link_entry}},
                          Step::ConsumerAccess, Release::Remove});
  }
  set.claims.push_back({permission(link.catalog, database, receiver.principal),
                        value_of({Permission::Describe}), needs, Step::ConsumerAccess, Release::Remove});
  for (const GrantTarget& target : passed.targets) {
    const EntryKey on_target = permission(link.catalog, target.resource, receiver.principal);
    if (withholding.takes(target.resource.table, {on_target, target.value}, set)) continue;
    auto target_needs = needs;
    if (!link.own_catalog) {
      for (const ResourceId& source : sources_of(target, passed.entitled)) {
        target_needs.push_back(permission(governing, source, link.catalog.account));
      }
    } else {
      target_needs = {holder_of(governing, target.resource)};
    }
    set.claims.push_back({on_target, target.value, target_needs, Step::ConsumerAccess, Release::Remove});
  }
}

/// What the account of the link was granted on the product by `now`, or all of it where the product is its own.
std::vector<GrantTarget> entitled_to(const LinkTarget& target, const mesh::Mesh& mesh, Time now) {
  const std::string& account = target.catalog.account;
  if (!target.own_catalog) return entitlements(mesh, *target.product, account, now);
  api::GrantSpec everything;
  everything.permissions = catalog::all_of(ResourceType::AllTables).names();
  return grant_targets(everything, "", mesh::spec_of<api::DataProductSpec>(*target.product), account);
}

/// What goes beyond the account's own rights is named, and what does not is in force: nobody loses it because his account lost
/// something else.
Finding exceeds(const std::vector<std::string>& excess, const std::vector<GrantTarget>& within) {
  std::string text = "asks for ";
  for (const std::string& each : excess) text += (&each == &excess.front() ? "" : "; ") + each;
  return refused(reason::kExceedsAccountGrant, text + (within.empty() ? "" : "; the rest is in force"));
}

/// The claims of a link Grant within `entitled`.
void claim_within(const api::Resource& grant, const mesh::Mesh& mesh, const LinkTarget& target,
                  const std::vector<GrantTarget>& entitled, ClaimSet& set) {
  const auto& asked = mesh::spec_of<api::GrantSpec>(grant);
  const std::string& account = target.catalog.account;
  if (entitled.empty()) {
    set.findings.push_back(waits(reason::kAccountNotGranted,
                                 "no Grant of product " + target.product->key.ns + "/" + target.product->key.name +
                                     " names account " + account));
    return;
  }
  const auto& product = mesh::spec_of<api::DataProductSpec>(*target.product);
  const auto [within, excess] = local_targets(asked, target.table, lower(product.database), entitled);
  if (!excess.empty()) set.findings.push_back(exceeds(excess, within));
  if (within.empty()) return;
  const FittedGrant fit = fitted(asked, *target.product, target.region, mesh);
  tell(fit, set);
  if (!fit.spec) return;
  const LocalTargets local = local_targets(*fit.spec, target.table, lower(product.database), entitled);
  const auto receivers = receivers_of(grant, mesh, set);
  for (const Receiver& receiver : receivers) {
    if (is_within(receiver, account)) continue;
    set.findings.push_back(refused(reason::kForeignPrincipal,
                                   receiver.principal + " is not a principal of account " + account +
                                       "; what is shared cannot be shared on"));
    return;
  }
  auto targets = by_name(local.targets, fit.others);
  for (GrantTarget& each : targets) each.value = with_option(each.value, asked.grantable ? Option::All : Option::None);
  const Withholding withholding(*target.product, {target.owner.spec().account_id, target.region}, mesh);
  for (const GrantTarget& each : targets) withholding.tell(each.resource.table, set);
  const PassedOn passed{std::move(targets), entitled};
  for (const Receiver& receiver : receivers) {
    claim_local(target, receiver, passed, withholding, set);
  }
  claim_opt_ins(*target.product, mesh, set);
}

/// What the Grant claimed before time ended Grants of the product to its account, and claims no more.
std::vector<EntryKey> ended_by_time(const api::Resource& grant, const mesh::Mesh& mesh, const LinkTarget& target,
                                    const ClaimSet& now) {
  ClaimSet before;
  claim_within(grant, mesh, target, entitled_to(target, mesh, Time{}), before);
  std::vector<EntryKey> out;
  for (const Claim& claim : before.claims) {
    if (std::find(now.claims.begin(), now.claims.end(), claim) == now.claims.end()) out.push_back(claim.key);
  }
  return out;
}

ClaimSet link_grant_claims(const api::Resource& grant, const mesh::Mesh& mesh, Time now) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  ClaimSet set;
  set.recheck_at = spec.expires_at;
  if (spec.expires_at && *spec.expires_at <= now) {
    set.findings.push_back({Effect::Ended, std::string(reason::kExpired),
                            "access ended at " + to_rfc3339(*spec.expires_at)});
    set.recheck_at.reset();
    return set;
  }
  const api::Resource* link = mesh.find({"ResourceLink", grant.key.ns, *spec.link});
  if (link == nullptr || link->metadata.deletion) {
    set.findings.push_back(waits(reason::kLinkNotFound, "ResourceLink " + grant.key.ns + "/" + *spec.link +
                                                            " is not declared"));
    return set;
  }
  const LinkAnswer answer = target_of(*link, mesh);
  if (answer.finding) {
    set.findings.push_back(*answer.finding);
    return set;
  }
  const LinkTarget& target = *answer.target;
  const auto entitled = entitled_to(target, mesh, now);
  claim_within(grant, mesh, target, entitled, set);
  if (entitled != entitled_to(target, mesh, Time{})) set.ended = ended_by_time(grant, mesh, target, set);
  return set;
}

}  // namespace

ClaimSet grant_claims(const api::Resource& resource, const mesh::Mesh& mesh, Time now) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(resource);
  if (mesh.settings() == nullptr) {
    ClaimSet set;
    set.findings.push_back(waits(reason::kMeshNotFound, "no Mesh is declared: apply one to say who governs"));
    return set;
  }
  if (spec.product) return product_grant_claims(resource, mesh, now);
  if (spec.link) return link_grant_claims(resource, mesh, now);
  return tag_grant_claims(resource, mesh, now);
}

}  // namespace datamesh::reconcilers
