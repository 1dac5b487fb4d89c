#include "controller/api/rules.h"

#include <algorithm>
#include <set>

#include "controller/api/schema.h"
#include "controller/base/json_path.h"
#include "controller/catalog/tag_expression.h"

namespace datamesh::api {
namespace {

bool has(const Json& object, std::string_view key) { return !member(object, key).is_null(); }
bool has_some(const Json& object, std::string_view key) { return !member(object, key).empty(); }
bool is(const Json& object, std::string_view key, std::string_view value) { return string_at(object, key) == value; }

bool central_has_account(const Json& mesh) {
  return !is(mesh, "governance", "Central") || has(mesh, "centralAccount");
}

bool business_lines_are_listed(const Json& mesh) {
  return !is(mesh, "governance", "LineOfBusiness") || has_some(mesh, "linesOfBusiness");
}

bool external_id_has_role(const Json& connection) { return !has(connection, "externalId") || has(connection, "roleArn"); }

bool is_no_root(const Json& principal) { return !principal.get_ref<const std::string&>().ends_with(":root"); }

bool source_is_followed(const Json& product) {
  return !has(product, "sourceDatabase") || is(product, "schemaPolicy", "FollowProducer");
}

bool tables_have_locations(const Json& product) {
  if (is(product, "schemaPolicy", "FollowProducer") || has(product, "location")) return true;
  const Json& tables = member(product, "tables");
  return std::all_of(tables.begin(), tables.end(), [](const Json& table) { return has(table, "location"); });
}

bool table_link_has_database(const Json& link) { return !has(link, "table") || has(link, "database"); }
bool database_is_for_table_link(const Json& link) { return !has(link, "database") || has(link, "table"); }

bool one_of_include_and_exclude(const Json& columns) { return has(columns, "include") != has(columns, "exclude"); }
bool one_of_product_link_and_tags(const Json& grant) {
  return has(grant, "product") + has(grant, "link") + has(grant, "tagExpression") == 1;
}
bool tags_have_account(const Json& grant) { return has(grant, "tagExpression") == has(grant, "account"); }
bool catalog_is_for_tags(const Json& grant) { return !has(grant, "catalog") || has(grant, "tagExpression"); }
bool tags_choose_tables(const Json& grant) {
  return !has(grant, "tagExpression") || !(has(grant, "tables") || has(grant, "columns") || has(grant, "rowFilter"));
}

bool is_filtered(const Json& grant) { return has(grant, "columns") || has(grant, "rowFilter"); }
bool excludes_columns(const Json& grant) { return has(member(grant, "columns"), "exclude"); }

bool filter_has_one_table(const Json& grant) { return !is_filtered(grant) || member(grant, "tables").size() == 1; }

bool filter_only_selects(const Json& grant) {
  const Json& permissions = member(grant, "permissions");
  return !is_filtered(grant) || std::all_of(permissions.begin(), permissions.end(),
                                            [](const Json& permission) { return permission == "SELECT"; });
}

bool grantable_includes_columns(const Json& grant) {
  return member(grant, "grantable") != Json(true) || !excludes_columns(grant);
}

bool accounts_include_columns(const Json& grant) {
  return !excludes_columns(grant) || !has_some(member(grant, "to"), "accounts");
}

bool accounts_receive_from_owner(const Json& grant) {
  const bool own_tags = has(grant, "tagExpression") && !has(grant, "catalog");
  return has(grant, "product") || own_tags || !has_some(member(grant, "to"), "accounts");
}

bool has_receiver(const Json& grant) {
  const Json& to = member(grant, "to");
  return has_some(to, "accounts") || has_some(to, "principals") || has_some(to, "personas");
}

struct CodedRule {
  std::string_view text;
  RuleFunction holds;
};

constexpr CodedRule kRules[] = {
    {"self.governance != 'Central' || has(self.centralAccount)", central_has_account},
    {"self.governance != 'LineOfBusiness' || (has(self.linesOfBusiness) && size(self.linesOfBusiness) > 0)",
     business_lines_are_listed},
    {"!has(self.externalId) || has(self.roleArn)", external_id_has_role},
    {"!self.endsWith(':root')", is_no_root},
    {"!has(self.sourceDatabase) || self.schemaPolicy == 'FollowProducer'", source_is_followed},
    {"self.schemaPolicy == 'FollowProducer' || has(self.location) || !has(self.tables) || "
     "self.tables.all(t, has(t.location))",
     tables_have_locations},
    {"!has(self.table) || has(self.database)", table_link_has_database},
    {"!has(self.database) || has(self.table)", database_is_for_table_link},
    {"has(self.include) != has(self.exclude)", one_of_include_and_exclude},
    {"(has(self.product) ? 1 : 0) + (has(self.link) ? 1 : 0) + (has(self.tagExpression) ? 1 : 0) == 1",
     one_of_product_link_and_tags},
    {"has(self.tagExpression) == has(self.account)", tags_have_account},
    {"!has(self.catalog) || has(self.tagExpression)", catalog_is_for_tags},
    {"!has(self.tagExpression) || !(has(self.tables) || has(self.columns) || has(self.rowFilter))", tags_choose_tables},
    {"!(has(self.columns) || has(self.rowFilter)) || (has(self.tables) && size(self.tables) == 1)",
     filter_has_one_table},
    {"!(has(self.columns) || has(self.rowFilter)) || !has(self.permissions) || "
     "self.permissions.all(p, p == 'SELECT')",
     filter_only_selects},
    {"!self.grantable || !has(self.columns) || !has(self.columns.exclude)", grantable_includes_columns},
    {"!has(self.columns) || !has(self.columns.exclude) || !has(self.to.accounts) || size(self.to.accounts) == 0",
     accounts_include_columns},
    {"has(self.product) || (has(self.tagExpression) && !has(self.catalog)) || !has(self.to.accounts) || "
     "size(self.to.accounts) == 0",
     accounts_receive_from_owner},
    {"(has(self.to.accounts) && size(self.to.accounts) > 0) || "
     "(has(self.to.principals) && size(self.to.principals) > 0) || "
     "(has(self.to.personas) && size(self.to.personas) > 0)",
     has_receiver},
};

void check_partition_keys(const Json& table, const std::string& path, std::vector<Problem>& problems) {
  std::set<std::string> columns;
  for (const Json& column : member(table, "columns")) columns.insert(string_at(column, "name"));
  const Json& keys = member(table, "partitionKeys");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string name = string_at(keys[i], "name");
    if (!columns.contains(name)) continue;
    problems.push_back({member_path(element_path(member_path(path, "partitionKeys"), i), "name"),
                        "\"" + name + "\" is a column as well as a partition key", "list it once"});
  }
}

void check_tag_expression(const Json& grant, std::vector<Problem>& problems) {
  const std::string text = string_at(grant, "tagExpression");
  if (text.empty()) return;
  const auto parsed = catalog::parse_tag_expression(text);
  if (parsed) return;
  problems.push_back({"spec.tagExpression", parsed.error().message, "for instance classification in (public, internal)"});
}

}  // namespace

RuleFunction find_rule(std::string_view text) {
  for (const CodedRule& rule : kRules) {
    if (rule.text == text) return rule.holds;
  }
  return nullptr;
}

std::vector<std::string_view> rule_texts() {
  std::vector<std::string_view> texts;
  for (const CodedRule& rule : kRules) texts.push_back(rule.text);
  return texts;
}

std::vector<Problem> uncosted_problems(std::string_view kind, const Json& object) {
  std::vector<Problem> problems;
  if (kind == "Grant") check_tag_expression(member(object, "spec"), problems);
  if (kind != "DataProduct") return problems;
  const Json& tables = at_path(object, {"spec", "tables"});
  for (std::size_t i = 0; i < tables.size(); ++i) {
    check_partition_keys(tables[i], element_path("spec.tables", i), problems);
  }
  return problems;
}

}  // namespace datamesh::api
