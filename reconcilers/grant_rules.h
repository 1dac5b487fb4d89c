// What must hold between the columns and rows of a Grant and the table that it grants on, before anything is written. Pure.
// Source: lake-formation.md 2.2 (rules 1 to 5), 2.8
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/mesh/mesh.h"
#include "reconcilers/claim.h"
#include "reconcilers/grant_targets.h"

namespace datamesh::reconcilers {

/// A Grant held against its table.
struct FittedGrant {
  std::optional<api::GrantSpec> spec;  ///< what may be granted; nullopt: nothing
  std::vector<std::string> others;     ///< with `columns.exclude`: all the other columns, sorted
  std::vector<Finding> findings;       ///< what does not fit, each with its reason
  bool unread = false;                 ///< nothing can be said before the producer's own database has been read

  /// `spec` with the columns that are left where it excludes some. A column is given by its name only, so that one which is
  /// renamed, or added by hand, is not readable.
  api::GrantSpec by_name() const;
};

/// `spec`, whose tables are tables of `product`, as it fits the table in `region`. A Grant without columns and rows always
/// fits. Columns to include that the table has not are left out; all else that is wrong leaves nothing to grant.
FittedGrant fitted(const api::GrantSpec& spec, const api::Resource& product, const std::string& region,
                   const mesh::Mesh& mesh);

/// What is wrong with how a row filter is written; nullopt when nothing is, or there is none.
std::optional<Finding> row_filter_problem(const std::string& text);

/// Targets that exclude columns become targets on the columns `others`.
std::vector<GrantTarget> by_name(std::vector<GrantTarget> targets, const std::vector<std::string>& others);

/// The findings of `fitted` in `set`, once each.
void tell(const FittedGrant& fitted, ClaimSet& set);

}  // namespace datamesh::reconcilers
