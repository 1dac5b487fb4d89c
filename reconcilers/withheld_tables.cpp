#include "reconcilers/withheld_tables.h"

#include <algorithm>

#include "controller/base/json.h"
#include "controller/base/text.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {
namespace {

constexpr std::size_t kNamedTables = 5;

std::string name_of(const catalog::EntryKey& table) { return table.local.name.substr(table.local.name.find('/') + 1); }

bool is_asked_for(const api::Resource& product) {
  return mesh::spec_of<api::DataProductSpec>(product).recreated_tables == api::RecreatedTables::AwaitApproval;
}

/// The approvals of what was made again, in the order of the tables.
std::vector<std::string> approvals_of(const mesh::WithheldTables& withheld) {
  std::vector<std::string> out;
  for (const auto& [table, state] : withheld) {
    if (state.why == mesh::Withheld::MadeAgain) out.push_back(approval_of(table, state.created));
  }
  return out;
}

}  // namespace

std::vector<api::ObjectKey> grants_on_all_tables(const api::Resource& product, const mesh::Mesh& mesh) {
  std::vector<api::ObjectKey> out;
  for (const api::ObjectKey& key : mesh.referrers(product.key)) {
    const api::Resource* grant = key.kind == "Grant" && key.ns == product.key.ns ? mesh.find(key) : nullptr;
    if (grant == nullptr || grant->metadata.deletion) continue;
    if (mesh::spec_of<api::GrantSpec>(*grant).tables.empty()) out.push_back(key);
  }
  return out;
}

std::string approval_of(const catalog::EntryKey& table, Time created) { return name_of(table) + "@" + to_rfc3339(created); }

std::string approval_of_all(const mesh::WithheldTables& withheld) {
  std::string text;
  for (const auto& [table, state] : withheld) {
    if (state.why == mesh::Withheld::MadeAgain) text += to_string(table.catalog) + " " + approval_of(table, state.created) + "\n";
  }
  return text.empty() ? "" : text_hash(text);
}

Withholding::Withholding(const api::Resource& product, CatalogRef governing, const mesh::Mesh& mesh)
    : product_(product),
      governing_(std::move(governing)),
      database_(lower(mesh::spec_of<api::DataProductSpec>(product).database)),
      tables_(mesh.withheld(product.key)) {}

const mesh::WithheldTable* Withholding::find(const std::string& table) const {
  if (table.empty() || tables_.empty() || !is_asked_for(product_)) return nullptr;
  const auto found = tables_.find({governing_, catalog::table_key(database_, table)});
  return found == tables_.end() ? nullptr : &found->second;
}

bool Withholding::takes(const std::string& table, WithheldEntry entry, ClaimSet& set) const {
  if (find(table) == nullptr) return false;
  set.withheld.push_back(std::move(entry));
  return true;
}

bool Withholding::takes_from_iam(const std::string& table, WithheldEntry opening, ClaimSet& set) const {
  const mesh::WithheldTable* state = find(table);
  if (state == nullptr || state->why == mesh::Withheld::NotRecorded) return false;
  set.withheld.push_back(std::move(opening));
  return true;
}

void Withholding::tell(const std::string& table, ClaimSet& set) const {
  const mesh::WithheldTable* state = find(table);
  if (state == nullptr) return;
  const std::string name = database_ + "/" + table;
  Finding finding;
  switch (state->why) {
    case mesh::Withheld::Missing: finding = waits(reason::kTableNotFound, "table " + name + " is not there yet"); break;
    case mesh::Withheld::NotRecorded:
      finding = waits(reason::kProgressing, "the status of the product is to say first since when table " + name + " is there");
      break;
    case mesh::Withheld::MadeAgain:
      finding = {Effect::Held, std::string(reason::kTableRecreated),
                 "table " + name + " was made again at " + to_rfc3339(state->created) + "; what this Grant gives on it waits for "
                 "approval: the status of DataProduct " + product_.key.ns + "/" + product_.key.name + " says how"};
      break;
  }
  if (std::find(set.findings.begin(), set.findings.end(), finding) == set.findings.end()) set.findings.push_back(finding);
}

void tell_of_recreated(const api::Resource& product, const mesh::Mesh& mesh, ClaimSet& set) {
  if (!is_asked_for(product)) return;
  const auto approvals = approvals_of(mesh.withheld(product.key));
  if (approvals.empty()) return;
  std::string named;
  for (std::size_t i = 0; i < std::min(approvals.size(), kNamedTables); ++i) named += (i == 0 ? "" : ", ") + approvals[i];
  if (approvals.size() > kNamedTables) named += " and " + std::to_string(approvals.size() - kNamedTables) + " more";
  std::string grants;
  for (const api::ObjectKey& key : grants_on_all_tables(product, mesh)) grants += (grants.empty() ? "" : ", ") + key.name;
  set.findings.push_back(
      {Effect::Held, std::string(reason::kTableRecreated),
       "made again, so that what Grants give on them by name, their own tags, and what leaves them to IAM, wait for approval: " + named +
           (grants.empty() ? "" : "; permissions on all tables reach them all the same: Grants " + grants) +
           "; to approve: annotate the DataProduct with " + kApproveTablesAnnotation + "=" +
           approval_of_all(mesh.withheld(product.key)) + ", or with the tables as they are named here"});
}

bool is_named_by_a_grant(const api::Resource& product, const std::string& table, const mesh::Mesh& mesh) {
  const auto keys = mesh.referrers(product.key);
  return std::any_of(keys.begin(), keys.end(), [&](const api::ObjectKey& key) {
    const api::Resource* grant = key.kind == "Grant" && key.ns == product.key.ns ? mesh.find(key) : nullptr;
    if (grant == nullptr) return false;
    const auto& tables = mesh::spec_of<api::GrantSpec>(*grant).tables;
    return std::any_of(tables.begin(), tables.end(), [&](const std::string& each) { return lower(each) == table; });
  });
}

}  // namespace datamesh::reconcilers
