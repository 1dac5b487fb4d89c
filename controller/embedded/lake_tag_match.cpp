#include "controller/embedded/lake_tag_match.h"

#include <algorithm>

namespace datamesh::embedded::lake {
namespace {

void overlay(const Catalog& catalog, const std::string& key, Tags& tags) {
  const Tags* own = catalog.tagged.find(key);
  if (own == nullptr) return;
  for (const auto& [name, value] : *own) tags[name] = value;
}

}  // namespace

std::string tagged_key(std::string_view database, std::string_view table, std::string_view column) {
  if (table.empty()) return std::string(database);
  if (column.empty()) return join_parts({database, table});
  return join_parts({database, table, column});
}

Tags effective_tags(const Catalog& catalog, std::string_view database, std::string_view table,
                    std::string_view column) {
  Tags tags;
  if (catalog.tagged.size() == 0) return tags;
  overlay(catalog, tagged_key(database), tags);
  if (!table.empty()) overlay(catalog, tagged_key(database, table), tags);
  if (!column.empty()) overlay(catalog, tagged_key(database, table, column), tags);
  return tags;
}

bool has_column_tags(const Catalog& catalog, std::string_view database, std::string_view table) {
  const std::string prefix = prefix_of({database, table});
  const auto at = catalog.tagged.lower_bound(prefix);
  return at != catalog.tagged.end() && at->first.starts_with(prefix);
}

bool matches(const TagExpression& expression, const Tags& tags) {
  if (expression.empty()) return false;
  return std::all_of(expression.begin(), expression.end(), [&](const auto& term) {
    const auto tag = tags.find(term.first);
    if (tag == tags.end()) return false;
    return std::any_of(term.second.begin(), term.second.end(),
                       [&](const std::string& value) { return value == "*" || value == tag->second; });
  });
}

TagExpression expression_of(const Catalog& owner, const Resource& policy) {
  TagExpression expression = policy.expression;
  if (!policy.name.empty()) {
    const Json* saved = owner.expressions.find(policy.name);
    if (saved == nullptr) return {};
    expression = read_expression(member(*saved, "Expression"));
  }
  const bool is_valid = std::all_of(expression.begin(), expression.end(),
                                    [&](const auto& term) { return owner.tags.find(term.first) != nullptr; });
  return is_valid ? expression : TagExpression();
}

}  // namespace datamesh::embedded::lake
