#include "controller/catalog/holding.h"

#include <algorithm>

#include "controller/catalog/tag_expression.h"

namespace datamesh::catalog {
namespace {

constexpr PermissionSet kSelect = {Permission::Select};

std::set<std::string> split(const std::string& text) {
  std::set<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    out.insert(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// A path of S3 without partition: "bucket/prefix".
std::string_view path_of(std::string_view arn) {
  const std::size_t colons = arn.find(":::");
  return colons == arn.npos ? arn : arn.substr(colons + 3);
}

bool covers_path(std::string_view parent, std::string_view child) {
  parent = path_of(parent);
  child = path_of(child);
  while (parent.ends_with('/')) parent.remove_suffix(1);
  return child.starts_with(parent) && (child.size() == parent.size() || child[parent.size()] == '/');
}

class Collector {
 public:
  Collector(const ObjectRef& object, const Snapshot& snapshot, const Snapshot& owner, const std::set<std::string>* holders)
      : object_(object), snapshot_(snapshot), owner_(owner), holders_(holders) {
    if (!object.table.empty()) read_columns();
  }

  Holdings take() {
    const auto& [account, database, table, location] = object_;
    if (!location.empty()) {
      under("location:" + account + ":", &Collector::on_location);
      return std::move(out_);
    }
    const ResourceId all_tables = ResourceId::of_all_tables(account, database);
    if (table.empty()) {
      exact(ResourceId::of_database(account, database), &Collector::on_whole);
      exact(all_tables, &Collector::on_tables_of_database);
      under(type_prefix(ResourceType::DatabasePolicy), &Collector::by_tags);
      return std::move(out_);
    }
    exact(all_tables, &Collector::on_whole);
    exact(ResourceId::of_table(account, database, table), &Collector::on_whole);
    exact(ResourceId::of_columns(account, database, table), &Collector::on_columns);
    for (const ResourceType type : {ResourceType::ColumnsExcept, ResourceType::DataFilter}) {
      std::string prefix = to_string(ResourceId{type, account, database, table, "x"});
      prefix.pop_back();
      under(prefix, type == ResourceType::DataFilter ? &Collector::through_filter : &Collector::on_other_columns);
    }
    under(type_prefix(ResourceType::TablePolicy), &Collector::by_tags);
    return std::move(out_);
  }

 private:
  using Visit = void (Collector::*)(Holding&, const PermissionValue&);

  std::string type_prefix(ResourceType type) const { return to_string(ResourceId{type, object_.owner, "", "", ""}); }

  /// Permissions on exactly that resource: looked up where the holders are known.
  void exact(const ResourceId& resource, Visit visit) {
    if (holders_ == nullptr) return under(to_string(resource) + "@", visit);
    for (const std::string& holder : *holders_) {
      const LocalKey key = permission_key({resource, holder});
      if (const EntryValue* found = snapshot_.find(key)) take_one(key, *found, visit);
    }
  }

  void under(const std::string& prefix, Visit visit) {
    for (auto at = snapshot_.entries.lower_bound({EntryKind::Permission, prefix});
         at != snapshot_.entries.end() && at->first.kind == EntryKind::Permission && at->first.name.starts_with(prefix);
         ++at) {
      take_one(at->first, at->second, visit);
    }
  }

  void take_one(const LocalKey& key, const EntryValue& value, Visit visit) {
    auto id = parse_permission_id(key.name);
    if (!id || (holders_ != nullptr && !holders_->contains(id->principal))) return;
    const auto& held = std::get<PermissionValue>(value);
    Holding holding{key, std::move(*id), expanded(held, id->resource.type).permissions, {}, false, held.share_broken};
    (this->*visit)(holding, held);
  }

  void add(Holding& holding) { out_.by_holder[holding.holder()].push_back(std::move(holding)); }

  void on_whole(Holding& holding, const PermissionValue&) {
    if (holding.permissions.empty()) return;
    holding.whole = true;
    if (holding.permissions.has(Permission::Select)) holding.columns = ColumnScope::all();
    add(holding);
  }

  /// Something on all tables shows the database.
  /// Source: lake-formation.md 2.1 (implicit permissions)
  void on_tables_of_database(Holding& holding, const PermissionValue& value) {
    if (value.empty()) return;
    holding.permissions = {Permission::Describe};
    holding.whole = true;
    add(holding);
  }

  void on_some(Holding& holding, ColumnScope columns) {
    if (!holding.permissions.has(Permission::Select) || columns.empty()) return;
    holding.permissions = kSelect;
    holding.columns = std::move(columns);
    add(holding);
  }
  void on_columns(Holding& holding, const PermissionValue& value) {
    on_some(holding, {false, {value.columns.begin(), value.columns.end()}});
  }
  void on_other_columns(Holding& holding, const PermissionValue&) {
    on_some(holding, all_but(split(holding.id.resource.detail)));
  }
  void through_filter(Holding& holding, const PermissionValue&) {
    const DataFilter* filter = filter_of(holding, owner_);
    if (filter == nullptr) return on_some(holding, ColumnScope::all());
    if (!filter->columns.empty()) return on_some(holding, {false, {filter->columns.begin(), filter->columns.end()}});
    on_some(holding, all_but({filter->excluded_columns.begin(), filter->excluded_columns.end()}));
  }

  void on_location(Holding& holding, const PermissionValue&) {
    if (!covers_path(holding.id.resource.detail, object_.location)) return;
    holding.whole = true;
    add(holding);
  }

  /// A permission counts in full when the table and all its columns match; when only some columns do, SELECT on those,
  /// and DESCRIBE in place of everything else.
  /// Source: lake-formation.md 2.7
  void by_tags(Holding& holding, const PermissionValue& value) {
    const bool on_object = matches(holding, "");
    std::set<std::string> fitting, others;
    for (const std::string& column : tagged_columns_) (matches(holding, column) ? fitting : others).insert(column);
    if (on_object && others.empty()) return on_whole(holding, value);
    if (on_object && columns_.empty()) return partly(holding, {true, others});
    if (on_object) fitting = all_but(others).names;
    if (fitting.empty()) return missed(holding);
    partly(holding, {false, fitting});
  }

  void partly(Holding& holding, ColumnScope columns) {
    const PermissionSet held = holding.permissions;
    holding.permissions = held & kSelect;
    if (holding.permissions.empty()) {
      columns = {};
      if (held.empty()) return;
    }
    if (!(held - kSelect).empty()) holding.permissions.insert(Permission::Describe);
    holding.columns = std::move(columns);
    add(holding);
  }

  void missed(Holding& holding) {
    if (holders_ != nullptr) out_.missed[holding.holder()].push_back(std::move(holding));
  }

  bool matches(const Holding& holding, const std::string& column) const {
    const auto terms = terms_of(holding, object_, column, owner_);
    return !terms.empty() && std::all_of(terms.begin(), terms.end(), [](const TagTerm& term) { return term.matches; });
  }

  ColumnScope all_but(const std::set<std::string>& excluded) const {
    if (columns_.empty() || excluded.empty()) return {true, excluded};
    ColumnScope out;
    for (const std::string& column : columns_) {
      if (!excluded.contains(column)) out.names.insert(column);
    }
    return out;
  }

  void read_columns() {
    if (const EntryValue* found = owner_.find(table_key(object_.database, object_.table))) {
      const Table& table = *std::get<Shared<Table>>(*found);
      for (const auto* list : {&table.columns, &table.partition_keys}) {
        for (const ColumnShape& column : *list) columns_.insert(column.name);
      }
    }
    const std::string prefix = object_.database + "/" + object_.table + "/";
    for (auto at = owner_.entries.lower_bound({EntryKind::TagAssignment, prefix});
         at != owner_.entries.end() && at->first.kind == EntryKind::TagAssignment && at->first.name.starts_with(prefix); ++at) {
      tagged_columns_.insert(at->first.name.substr(prefix.size(), at->first.name.rfind('#') - prefix.size()));
    }
  }

  const ObjectRef& object_;
  const Snapshot& snapshot_;
  const Snapshot& owner_;
  const std::set<std::string>* holders_;
  std::set<std::string> columns_;         ///< of the table; empty: not known
  std::set<std::string> tagged_columns_;  ///< those with tags of their own; all others have the table's
  Holdings out_;
};

}  // namespace

ColumnScope common(const ColumnScope& a, const ColumnScope& b) {
  ColumnScope out{a.except && b.except, {}};
  if (out.except) {
    out.names = a.names;
    out.names.insert(b.names.begin(), b.names.end());
    return out;
  }
  const ColumnScope& named = a.except ? b : a;
  const ColumnScope& other = a.except ? a : b;
  for (const std::string& name : named.names) {
    if (other.contains(name)) out.names.insert(name);
  }
  return out;
}

std::string to_string(const ColumnScope& scope) {
  if (scope.is_all()) return "all columns";
  std::string out;
  for (const std::string& name : scope.names) out += (out.empty() ? "" : ", ") + name;
  return (scope.except ? "all columns but " : scope.names.size() == 1 ? "column " : "columns ") + out;
}

Holdings holdings_on(const ObjectRef& object, const Snapshot& snapshot, const Snapshot& owner,
                     const std::set<std::string>* holders) {
  return Collector(object, snapshot, owner, holders).take();
}

const DataFilter* filter_of(const Holding& holding, const Snapshot& owner) {
  const ResourceId& resource = holding.id.resource;
  if (resource.type != ResourceType::DataFilter) return nullptr;
  const EntryValue* found =
      owner.find({EntryKind::DataFilter, resource.database + "/" + resource.table + "/" + resource.detail});
  return found == nullptr ? nullptr : &*std::get<Shared<DataFilter>>(*found);
}

std::vector<TagTerm> terms_of(const Holding& holding, const ObjectRef& object, const std::string& column,
                              const Snapshot& owner) {
  std::vector<TagTerm> out;
  for (const auto& [key, values] : expression_of(holding.id.resource.detail).terms) {
    TagTerm term{key, "", false, std::nullopt, ""};
    std::string at = object.database + (object.table.empty() ? "" : "/" + object.table) + (column.empty() ? "" : "/" + column);
    while (!term.entry && !at.empty()) {
      const LocalKey local{EntryKind::TagAssignment, at + "#" + key};
      if (const EntryValue* found = owner.find(local)) {
        term.value = std::get<TagAssignment>(*found).value;
        term.entry = local;
        term.from = at;
      }
      const std::size_t slash = at.rfind('/');
      at.resize(slash == at.npos ? 0 : slash);
    }
    term.matches = term.entry.has_value() && (values.contains("*") || values.contains(term.value));
    out.push_back(std::move(term));
  }
  return out;
}

std::optional<LocalKey> registered_location(const Snapshot& snapshot, const std::string& arn) {
  std::optional<LocalKey> out;
  // The parents of a path are before it, but not next to it: its ancestors are looked up one by one.
  for (std::string at(path_of(arn)); !at.empty(); at.resize(at.rfind('/') == at.npos ? 0 : at.rfind('/'))) {
    for (const char* partition : {"aws", "aws-cn", "aws-us-gov", "aws-eusc"}) {
      const LocalKey key{EntryKind::Location, "arn:" + std::string(partition) + ":s3:::" + at};
      for (const LocalKey& each : {key, LocalKey{key.kind, key.name + "/"}}) {
        if (snapshot.find(each) != nullptr) return each;
      }
    }
  }
  return out;
}

std::string s3_arn(std::string_view uri) {
  std::string path(uri.starts_with("s3://") ? uri.substr(5) : uri.starts_with("s3a://") ? uri.substr(6) : uri);
  while (path.ends_with('/')) path.pop_back();
  return path.starts_with("arn:") ? path : "arn:aws:s3:::" + path;
}

}  // namespace datamesh::catalog
