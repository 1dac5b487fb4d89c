#include "reconcilers/settings_needs.h"

#include "controller/mesh/topology.h"
#include "reconcilers/claim_builder.h"

namespace datamesh::reconcilers {

void claim_settings(const api::DataProductSpec& product, const api::AccountSpec& owner, const CatalogRef& governing,
                    const mesh::Mesh& mesh, ClaimSet& set) {
  if (!mesh::is_hybrid(product, owner, mesh.spec())) return;
  catalog::Settings settings;
  settings.cross_account_version = kVersionThatSharesHybrid;
  set.claims.push_back({settings_of(governing), catalog::Shared<catalog::Settings>(std::move(settings)), {}, Step::Baseline,
                        Release::Retain});
}

}  // namespace datamesh::reconcilers
