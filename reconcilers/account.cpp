// Account: the baseline of its catalogs, without which nothing else can be granted (step 0).
#include "reconcilers/claim.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {

/// Source: lake-formation.md 2.12 step 0, 2.3 (IAM_ALLOWED_PRINCIPALS), 2.5 (cross-account versions)
ClaimSet account_claims(const api::Resource& resource, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::AccountSpec>(resource);
  ClaimSet set;
  const auto twins = mesh.accounts_with_id(spec.account_id);
  if (!twins.empty() && twins.front()->key != resource.key) {
    set.findings.push_back({Effect::Invalid, std::string(reason::kDuplicateAccount),
                            "accountId " + spec.account_id + " is already declared by Account " +
                                twins.front()->key.ns + "/" + twins.front()->key.name});
    return set;
  }
  if (mesh.settings() == nullptr) {
    set.findings.push_back(waits(reason::kMeshNotFound, "no Mesh is declared: apply one to say who governs"));
    return set;
  }
  catalog::Settings settings;
  settings.administrators.insert(mesh::operator_role(spec));
  settings.administrators.insert(spec.administrators.begin(), spec.administrators.end());
  if (mesh::access_mode(spec, mesh.spec()) == api::AccessMode::LakeFormation) {
    settings.open_database_defaults = false;
    settings.open_table_defaults = false;
  }
  settings.cross_account_version = mesh::cross_account_version(spec, mesh.spec());
  for (const std::string& region : spec.regions) {
    set.claims.push_back({settings_of({spec.account_id, region}),
                          catalog::Shared<catalog::Settings>(settings),
                          {},
                          Step::Baseline,
                          Release::Retain});
  }
  return set;
}

}  // namespace datamesh::reconcilers
