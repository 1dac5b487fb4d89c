#include "controller/cli/mesh_check.h"

#include <algorithm>

#include "controller/api/codec.h"
#include "controller/mesh/mesh.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"
#include "reconcilers/grant_rules.h"
#include "reconcilers/reasons.h"

namespace datamesh::cli {

using reconcilers::Finding;

namespace {

/// The product that a Grant is about, directly or through its link; null when it is not among the manifests.
const api::Resource* product_of(const api::Resource& grant, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  api::Ref product;
  if (spec.product) {
    product = *spec.product;
  } else if (spec.link) {
    const api::Resource* link = mesh.find({"ResourceLink", grant.key.ns, *spec.link});
    if (link == nullptr) return nullptr;
    product = mesh::spec_of<api::ResourceLinkSpec>(*link).product;
  }
  return mesh.find({"DataProduct", product.ns.empty() ? grant.key.ns : product.ns, product.name});
}

/// What is wrong with the columns and rows of a Grant, whether or not its accounts are among the manifests.
std::vector<Finding> misfits(const api::Resource& grant, const mesh::Mesh& mesh) {
  const auto& spec = mesh::spec_of<api::GrantSpec>(grant);
  if (const api::Resource* product = product_of(grant, mesh)) {
    const auto& regions = mesh::spec_of<api::DataProductSpec>(*product).regions;
    return reconcilers::fitted(spec, *product, regions.empty() ? "" : regions.front(), mesh).findings;
  }
  const auto written_wrong = reconcilers::row_filter_problem(spec.row_filter);
  return written_wrong ? std::vector{*written_wrong} : std::vector<Finding>{};
}

std::string path_of(const Finding& finding) {
  namespace reason = reconcilers::reason;
  if (finding.reason == reason::kInvalidRowFilter) return "spec.rowFilter";
  if (finding.reason == reason::kInvalidColumns) return "spec.columns";
  if (finding.reason == reason::kDuplicateAccount) return "spec.accountId";
  if (finding.reason == reason::kInvalidExpression) return "spec.tagExpression";
  if (finding.reason == reason::kDuplicateTag) return "spec.key";
  return "spec";
}

api::ManifestProblem problem_of(const api::Manifest& manifest, const Finding& finding) {
  std::string path = path_of(finding);
  if (!manifest.path.empty()) path = manifest.path + "." + path;
  const TextPosition at = manifest.positions ? manifest.positions->find(path).value : TextPosition{manifest.line, 1};
  return {manifest.file, at, {path, finding.message, ""}};
}

}  // namespace

std::vector<api::ManifestProblem> mesh_problems(const std::vector<api::Manifest>& manifests, Time now) {
  mesh::Mesh mesh;
  for (const api::Manifest& manifest : manifests) {
    if (auto resource = api::decode(manifest.object)) mesh.put(std::move(*resource));
  }
  std::vector<api::ManifestProblem> out;
  for (const api::Manifest& manifest : manifests) {
    const api::Resource* resource = mesh.find(api::key_of(manifest.object));
    if (resource == nullptr) continue;
    std::vector<Finding> findings = reconcilers::claims_of(*resource, mesh, now).findings;
    if (resource->key.kind == "Grant") {
      auto more = misfits(*resource, mesh);
      findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    for (const Finding& finding : findings) {
      if (finding.effect != reconcilers::Effect::Invalid) continue;
      auto problem = problem_of(manifest, finding);
      if (std::find(out.begin(), out.end(), problem) == out.end()) out.push_back(std::move(problem));
    }
  }
  return out;
}

}  // namespace datamesh::cli
