// Hybrid access mode: whoever is granted something by name is opted in to Lake Formation, once it is his. Pure.
// Source: lake-formation.md 2.10; Lake Formation developer guide, "Hybrid access mode considerations and limitations"
#pragma once

#include <string_view>

#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

/// Adds to `set` the opt-ins that its permissions on `product` need while the product is hybrid, and the finding that the
/// governing account shares with too old a version for that.
///
/// An opt-in is claimed in the catalog in which the permission is: the governing one for its own principals and for those of
/// other accounts that are named there, the consumer's for what a Grant on a link passes on. It waits for the permission. On
/// all tables of another account it comes with one on the database, without which Lake Formation does not heed it. What is
/// granted on columns or rows counts for the table. Accounts as a whole and organizations are not opted in: their own
/// administrators do that for their principals. Nor is anybody by LF-tag.
void claim_opt_ins(const api::Resource& product, const mesh::Mesh& mesh, ClaimSet& set);

/// True when Lake Formation opts this principal in.
bool may_opt_in(std::string_view principal);

}  // namespace datamesh::reconcilers
