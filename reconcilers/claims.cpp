#include "reconcilers/claim.h"

#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {

ClaimSet claims_of(const api::Resource& resource, const mesh::Mesh& mesh, Time now) {
  const std::string& kind = resource.key.kind;
  if (kind == "LFTag") return lf_tag_claims(resource, mesh);
  if (resource.metadata.deletion) return {};
  if (kind == "Mesh") return mesh_claims(resource, mesh);
  if (kind == "Account") return account_claims(resource, mesh);
  if (kind == "DataProduct") return data_product_claims(resource, mesh);
  if (kind == "ResourceLink") return resource_link_claims(resource, mesh);
  if (kind == "Grant") return grant_claims(resource, mesh, now);
  return {};
}

ClaimSet mesh_claims(const api::Resource& resource, const mesh::Mesh& mesh) {
  ClaimSet set;
  const api::Resource* in_force = mesh.settings();
  if (in_force != nullptr && in_force->key != resource.key) {
    set.findings.push_back({Effect::Invalid, std::string(reason::kDuplicateMesh),
                            "Mesh " + in_force->key.name +
                                " is older and in force; delete one of the two"});
    return set;
  }
  for (const api::ObjectKey& key : mesh::references_of(resource)) {
    if (mesh.find(key) != nullptr) continue;
    set.findings.push_back(
        waits(reason::kAccountNotFound, "Account " + key.ns + "/" + key.name + " is not declared"));
  }
  return set;
}

}  // namespace datamesh::reconcilers
