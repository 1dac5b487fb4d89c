// LF-tag expressions, as people write them and in the canonical form of a permission's resource. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "controller/base/result.h"

namespace datamesh::catalog {

/// What the tags of a resource must be: for every key one of its values; "*" stands for any. Lower case, as stored.
struct TagExpression {
  std::map<std::string, std::set<std::string>> terms;
  bool operator==(const TagExpression&) const = default;
};

/// Reads "classification in (public, internal) and cost-center = 42".
/// Shape: term {"and" term}; term: key "=" value | key "in" "(" value {"," value} ")". A word holds letters, digits and
/// _ . : / @ + - % or is quoted by '; a value may be *, which stands for any. "and" and "in" in any case.
/// Errors: Invalid; the message begins with the place, "at character 17: …", counted from 1.
Result<TagExpression> parse_tag_expression(std::string_view text);

/// "classification=internal,public;cost-center=42": what a ResourceId of a policy has as its detail.
std::string to_string(const TagExpression& expression);
/// "classification in (internal, public) and cost-center = 42": as people write it; parse_tag_expression reads it back.
std::string to_text(const TagExpression& expression);
/// The expression of such a detail; parts that are none are left out.
TagExpression expression_of(std::string_view detail);

/// True when `part` is `whole`, or `whole` with fewer values of some keys: what a receiver may grant on.
/// Source: Lake Formation developer guide, re-granting shared resources (the same expression or a subset of it)
bool is_subset(const TagExpression& part, const TagExpression& whole);

}  // namespace datamesh::catalog
