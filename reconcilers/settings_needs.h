// What a product needs of the data lake settings of the account that governs it, beside the baseline of the account. Pure.
#pragma once

#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

/// Claims in `governing`, of account `owner`, the cross-account version that sharing the product takes: where IAM keeps
/// deciding on some of it, no version before 4 shares.
/// Source: lake-formation.md 2.5 (versions)
void claim_settings(const api::DataProductSpec& product, const api::AccountSpec& owner, const CatalogRef& governing,
                    const mesh::Mesh& mesh, ClaimSet& set);

}  // namespace datamesh::reconcilers
