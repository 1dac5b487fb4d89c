// Tags of a mesh and what permissions by tag come to: as declared, and as the lake has them.
#pragma once

#include "tests/sim/lake_view.h"
#include "tests/sim/model.h"

namespace datamesh::sim {

/// Tags by key of "owner:database", "owner:database/table" and "owner:database/table/column", the inherited ones too.
using TagMap = std::map<std::string, std::map<std::string, std::string>>;

/// What every governed product declares.
TagMap declared_tags(const Declared& declared);
/// What is declared on a resource itself: "owner:database/table#key".
std::set<std::string> assigned_tags(const Declared& declared);
/// What the databases of the catalog have, links left out.
TagMap tags_in(testing::World& world, const CatalogRef& catalog);

/// The columns that may be read by the permissions on expressions among `rights`: SELECT on "column owner:database/table/column".
Rights reads_by_tags(const Rights& rights, const TagMap& tags);

/// The columns that may be read by the rights of all catalogs together, whatever form these have: SELECT on "column …". Whoever was
/// passed something on reads what his account reads. Of what a filter lets through nothing is said.
Rights reads_of(const Rights& rights, const TagMap& tags);

}  // namespace datamesh::sim
