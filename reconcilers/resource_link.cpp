// ResourceLink: a product's local name in the consumer's catalog (step 8).
#include "controller/base/text.h"
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {

using catalog::EntryKey;
using catalog::Shared;

/// Source: lake-formation.md 2.6 (a link holds a name and a target, nothing else)
ClaimSet resource_link_claims(const api::Resource& resource, const mesh::Mesh& mesh) {
  ClaimSet set;
  const LinkAnswer answer = target_of(resource, mesh);
  if (answer.finding) {
    set.findings.push_back(*answer.finding);
    return set;
  }
  const LinkTarget& target = *answer.target;
  const auto& product = mesh::spec_of<api::DataProductSpec>(*target.product);
  if (target.own_catalog) {
    set.findings.push_back({Effect::Ended, std::string(reason::kNotNeeded),
                            "the product lives in this account's own catalog as " + product.database});
    return set;
  }
  const std::string& owner = target.owner.spec().account_id;
  const EntryKey settings = settings_of(target.catalog);
  set.claims.push_back({share_from(target.catalog, owner), Shared<catalog::ShareAcceptance>(),
                        {settings}, Step::AcceptShare, Release::Retain});
  const catalog::Link link{owner, lower(product.database), target.table, ""};
  if (target.table.empty()) {
    set.claims.push_back({{target.catalog, catalog::database_link_key(target.name)},
                          Shared<catalog::Link>(link), {settings}, Step::ConsumerAccess,
                          Release::Remove});
    return set;
  }
  const EntryKey holder{target.catalog, catalog::database_key(target.database)};
  catalog::Database database;
  database.description = "Holds links to shared tables";
  set.claims.push_back({holder, Shared<catalog::Database>(database), {settings}, Step::ConsumerAccess,
                        Release::Retain});
  set.claims.push_back({{target.catalog, catalog::table_link_key(target.database, target.name)},
                        Shared<catalog::Link>(link), {holder}, Step::ConsumerAccess,
                        Release::Remove});
  return set;
}

}  // namespace datamesh::reconcilers
