// Tables on which nothing is given for now, in a product that wants approval when one of them was dropped and made again
// (`recreatedTables: AwaitApproval`). Which ones these are the engine notes in the mesh. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/mesh/mesh.h"
#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

/// Of a DataProduct: the tables that are approved, as `approval_of` and `approval_of_all` name them, with commas between.
inline constexpr const char* kApproveTablesAnnotation = "datamesh.dev/approve-tables";

/// "orders@2026-11-23T08:00:00Z": names a table as it was made at that time, and so none that is made later.
std::string approval_of(const catalog::EntryKey& table, Time created);
/// Names all tables of `withheld` that were made again, as they are now; empty when there is none.
std::string approval_of_all(const mesh::WithheldTables& withheld);

/// What is claimed on the tables of one product in one governing catalog.
class Withholding {
 public:
  Withholding(const api::Resource& product, CatalogRef governing, const mesh::Mesh& mesh);

  const CatalogRef& governing() const { return governing_; }
  /// True when nothing is given on the table just now. `entry`, which is not claimed therefore, is noted in `set`.
  bool takes(const std::string& table, WithheldEntry entry, ClaimSet& set) const;
  /// The same of what leaves the table to IAM. That is not to be recorded first: a table which IAM has decided about all along
  /// is not taken from it for a moment because its product comes to want approval.
  bool takes_from_iam(const std::string& table, WithheldEntry opening, ClaimSet& set) const;
  /// Says in `set`, once a table, why `takes` has taken something on it.
  void tell(const std::string& table, ClaimSet& set) const;

 private:
  const mesh::WithheldTable* find(const std::string& table) const;

  const api::Resource& product_;
  CatalogRef governing_;
  std::string database_;
  const mesh::WithheldTables& tables_;
};

/// Says in the claims of the product which of its tables await approval, and what reaches them all the same.
void tell_of_recreated(const api::Resource& product, const mesh::Mesh& mesh, ClaimSet& set);

/// The Grants of the product that reach a table which awaits approval: on all tables, of which Lake Formation cannot leave out one.
std::vector<api::ObjectKey> grants_on_all_tables(const api::Resource& product, const mesh::Mesh& mesh);

/// True when a Grant of the product names the table, lower case.
bool is_named_by_a_grant(const api::Resource& product, const std::string& table, const mesh::Mesh& mesh);

}  // namespace datamesh::reconcilers
