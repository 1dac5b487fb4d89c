// Tags in the wire forms of GetResourceLFTags and the searches by tag. Pure over a Catalog.
// Source: lake-formation.md 1.4, 2.7
#pragma once

#include <string>
#include <vector>

#include "controller/embedded/lake_access.h"
#include "controller/embedded/lake_tag_match.h"

namespace datamesh::embedded::lake {

/// Assigned: what was put on exactly that level. Effective: with what is inherited.
enum class TagView { Assigned, Effective };

/// The LFTags of the database or table, or of one column.
Json tags_json(const Subject& subject, const std::string& column, TagView view);

/// The LFTags of the database or table as the member `name` of an answer; `{}` when there are none.
Json tags_member(const char* name, const Subject& subject, TagView view);

/// LFTagOnDatabase, LFTagsOnTable and LFTagsOnColumns of a table; only `columns`, or all where that is empty.
Json tags_of_table_json(const Subject& table, const std::vector<std::string>& columns, TagView view);

}  // namespace datamesh::embedded::lake
