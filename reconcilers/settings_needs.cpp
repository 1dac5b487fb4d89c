#include "reconcilers/settings_needs.h"

#include <algorithm>

#include "controller/mesh/topology.h"
#include "reconcilers/claim_builder.h"

namespace datamesh::reconcilers {
namespace {

constexpr int kSharesHybrid = 4;

bool is_hybrid_anywhere(const api::DataProductSpec& product, api::AccessMode inherited) {
  const api::AccessMode whole = product.access_mode.value_or(inherited);
  return whole == api::AccessMode::Hybrid ||
         std::any_of(product.tables.begin(), product.tables.end(),
                     [&](const api::Table& table) { return table.access_mode.value_or(whole) == api::AccessMode::Hybrid; });
}

}  // namespace

void claim_settings(const api::DataProductSpec& product, const api::AccountSpec& owner, const CatalogRef& governing,
                    const mesh::Mesh& mesh, ClaimSet& set) {
  if (!is_hybrid_anywhere(product, mesh::access_mode(owner, mesh.spec()))) return;
  catalog::Settings settings;
  settings.cross_account_version = kSharesHybrid;
  set.claims.push_back({settings_of(governing), catalog::Shared<catalog::Settings>(std::move(settings)), {}, Step::Baseline,
                        Release::Retain});
}

}  // namespace datamesh::reconcilers
