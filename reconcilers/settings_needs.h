// What a product needs of the data lake settings of the account that governs it, beside the baseline of the account. Pure.
#pragma once

#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

/// The first cross-account version with which what IAM decides about is shared.
/// Source: lake-formation.md 2.5 (versions)
inline constexpr int kVersionThatSharesHybrid = 4;

/// Claims in `governing`, of account `owner`, the cross-account version that sharing the product takes: where IAM keeps
/// deciding on some of it, no earlier version shares.
void claim_settings(const api::DataProductSpec& product, const api::AccountSpec& owner, const CatalogRef& governing,
                    const mesh::Mesh& mesh, ClaimSet& set);

}  // namespace datamesh::reconcilers
