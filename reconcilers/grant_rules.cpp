#include "reconcilers/grant_rules.h"

#include <algorithm>

#include "controller/base/text.h"
#include "controller/catalog/row_filter.h"
#include "reconcilers/claim_builder.h"
#include "reconcilers/product_schema.h"
#include "reconcilers/reasons.h"

namespace datamesh::reconcilers {
namespace {

using Names = std::vector<std::string>;

bool has(const std::vector<catalog::ColumnShape>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& each) { return lower(each.name) == name; });
}

Finding invalid(std::string_view reason, std::string message) {
  return {Effect::Invalid, std::string(reason), std::move(message)};
}

std::string joined(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// Of `names`, those that the table has not, and that might not be there.
Names unknown_of(const Names& names, const ProductTable& table) {
  Names out;
  if (table.knowledge != SchemaKnowledge::Certain) return out;
  for (const std::string& name : names) {
    if (!has(table.columns, lower(name)) && !has(table.partition_keys, lower(name))) out.push_back(name);
  }
  return out;
}

class Fitting {
 public:
  Fitting(FittedGrant& out, const ProductTable& table, std::string name)
      : out_(out), table_(table), name_(std::move(name)) {}

  void rows(const std::string& text) {
    if (auto problem = row_filter_problem(text)) {
      out_.findings.push_back(std::move(*problem));
      return nothing();
    }
    const auto parsed = catalog::parse_row_filter(text);
    if (table_.knowledge != SchemaKnowledge::Certain) return;
    for (const auto& problem : catalog::problems_in(*parsed, table_.columns, table_.partition_keys)) {
      refuse(reason::kInvalidRowFilter, "rowFilter, " + describe(problem, text));
    }
  }

  /// Source: lake-formation.md 2.2 rule 1
  void include(Names& columns) {
    const Names unknown = unknown_of(columns, table_);
    if (unknown.empty()) return;
    std::erase_if(columns, [&](const std::string& each) { return std::find(unknown.begin(), unknown.end(), each) != unknown.end(); });
    out_.findings.push_back(invalid(reason::kInvalidColumns, "columns.include names " + joined(unknown) + ", which table " + name_ +
                                                                 " has not; its columns are " + column_names()));
    if (columns.empty()) nothing();
  }

  /// Source: lake-formation.md 2.2 rules 2 and 5; 2.8 (an excluded column that is renamed becomes visible)
  void exclude(const Names& columns) {
    if (table_.knowledge == SchemaKnowledge::Unread) {
      out_.unread = true;
      out_.findings.push_back(waits(reason::kCatalogNotObserved,
                                    "columns.exclude needs the columns of table " + name_ + ", and the database that the product "
                                    "follows has not been read yet"));
      return nothing();
    }
    if (table_.knowledge == SchemaKnowledge::NoTable) {
      out_.findings.push_back(waits(reason::kTableNotFound, "columns.exclude needs the columns of table " + name_ +
                                                                ", which the product has not"));
      return nothing();
    }
    for (const std::string& column : columns) {
      if (has(table_.partition_keys, lower(column))) {
        refuse(reason::kInvalidColumns, "columns.exclude names " + column + ", a partition key of table " + name_ +
                                            ": Lake Formation cannot hide partition keys; leave it out of the list");
      }
    }
    if (const Names unknown = unknown_of(columns, table_); !unknown.empty()) {
      refuse(reason::kInvalidColumns,
             "columns.exclude names " + joined(unknown) + ", which table " + name_ +
                 " has not: it may have been renamed, so nothing is granted until the list names what shall stay hidden; its "
                 "columns are " + column_names());
    }
    out_.others = others(columns);
    if (out_.others.empty()) refuse(reason::kInvalidColumns, "columns.exclude leaves no column of table " + name_);
  }

 private:
  void nothing() { out_.spec.reset(); }
  void refuse(std::string_view reason, std::string message) {
    out_.findings.push_back(invalid(reason, std::move(message)));
    nothing();
  }
  Names others(const Names& excluded) const {
    Names out;
    for (const catalog::ColumnShape& column : table_.columns) {
      const std::string name = lower(column.name);
      const bool is_out = std::any_of(excluded.begin(), excluded.end(), [&](const auto& each) { return lower(each) == name; });
      if (!is_out) out.push_back(name);
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  std::string column_names() const {
    Names out;
    for (const catalog::ColumnShape& column : table_.columns) out.push_back(column.name);
    return joined(out);
  }

  FittedGrant& out_;
  const ProductTable& table_;
  std::string name_;
};

}  // namespace

std::optional<Finding> row_filter_problem(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto parsed = catalog::parse_row_filter(text);
  if (parsed) return std::nullopt;
  return invalid(reason::kInvalidRowFilter, "rowFilter, " + describe(parsed.error(), text));
}

FittedGrant fitted(const api::GrantSpec& spec, const api::Resource& product, const std::string& region,
                   const mesh::Mesh& mesh) {
  FittedGrant out;
  out.spec = spec;
  if ((!spec.columns && spec.row_filter.empty()) || spec.tables.empty()) return out;
  const std::string name = lower(spec.tables.front());
  const ProductTable table = product_table(product, name, region, mesh);
  Fitting fitting(out, table, name);
  if (spec.columns && !spec.columns->exclude.empty()) {
    fitting.exclude(spec.columns->exclude);
  } else if (spec.columns) {
    fitting.include(out.spec->columns->include);
  }
  if (!spec.row_filter.empty()) fitting.rows(spec.row_filter);
  return out;
}

api::GrantSpec FittedGrant::by_name() const {
  api::GrantSpec out = *spec;
  if (out.columns && !out.columns->exclude.empty()) out.columns = api::ColumnSelection{others, {}};
  return out;
}

std::vector<GrantTarget> by_name(std::vector<GrantTarget> targets, const Names& others) {
  for (GrantTarget& target : targets) {
    if (target.resource.type != catalog::ResourceType::ColumnsExcept) continue;
    target.resource.type = catalog::ResourceType::Columns;
    target.resource.detail.clear();
    target.value = value_of_columns(others, Option::None);
  }
  return targets;
}

void tell(const FittedGrant& fitted, ClaimSet& set) {
  for (const Finding& finding : fitted.findings) {
    if (std::find(set.findings.begin(), set.findings.end(), finding) == set.findings.end()) set.findings.push_back(finding);
  }
  if (fitted.unread) set.unknown_tables = true;
}

}  // namespace datamesh::reconcilers
