#include "controller/engine/access_question.h"

#include <algorithm>

#include "controller/base/text.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {
namespace {

using catalog::AccessQuery;
using catalog::Snapshot;

constexpr const char* kForms =
    "write NAMESPACE/PRODUCT[/TABLE[/COLUMN]], ACCOUNT-ID[@REGION]/DATABASE[/TABLE[/COLUMN]] or s3://BUCKET/PREFIX";
constexpr std::size_t kNamesListed = 12;

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

std::vector<std::string> parts_of(const std::string& object) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at <= object.size()) {
    const std::size_t end = std::min(object.find('/', at), object.size());
    out.push_back(object.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string listed(std::vector<std::string> names) {
  if (names.size() > kNamesListed) {
    names.resize(kNamesListed);
    names.push_back("…");
  }
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

class Reader {
 public:
  Reader(const AccessQuestion& question, const mesh::Mesh& mesh, const SnapshotOf& snapshot,
         const std::vector<CatalogRef>& catalogs)
      : question_(question), mesh_(mesh), snapshot_(snapshot), catalogs_(catalogs) {}

  Result<AskedAccess> read() {
    const auto permission = catalog::parse_permission(upper(question_.action));
    if (!permission) return fail(ErrorKind::Invalid, "unknown permission \"" + question_.action + "\"", "explain");
    out_.query.principal = question_.principal;
    out_.query.permission = *permission;
    if (question_.object.starts_with("s3://") || question_.object.starts_with("arn:")) {
      TRY(location());
      return std::move(out_);
    }
    const auto parts = parts_of(question_.object);
    if (parts.size() < 2 || parts.size() > 4 || std::find(parts.begin(), parts.end(), "") != parts.end()) {
      return fail(ErrorKind::Invalid, std::string("the object is not understood; ") + kForms, question_.object);
    }
    if (*permission == catalog::Permission::DataLocationAccess) {
      return fail(ErrorKind::Invalid, "DATA_LOCATION_ACCESS is to an S3 location; write s3://BUCKET/PREFIX", question_.object);
    }
    if (parts.size() > 2) out_.query.table = lower(parts[2]);
    if (parts.size() > 3) out_.query.column = lower(parts[3]);
    const bool by_account = catalog::is_account_id(parts[0].substr(0, parts[0].find('@')));
    TRY(by_account ? in_account(parts[0], lower(parts[1])) : of_product(parts[0], parts[1]));
    TRY(row());
    TRY(check_object());
    return std::move(out_);
  }

 private:
  Result<void> of_product(const std::string& ns, const std::string& name) {
    const api::ObjectKey key{"DataProduct", ns, name};
    out_.product = mesh_.find(key);
    if (out_.product == nullptr) return fail(ErrorKind::NotFound, to_string(key) + " is not declared", "explain");
    const mesh::AccountAnswer owner = mesh::owner_of(*out_.product, mesh_);
    if (!owner) return fail(ErrorKind::NotFound, owner.missing + " is not declared", to_string(key));
    const auto& spec = mesh::spec_of<api::DataProductSpec>(*out_.product);
    const auto regions = mesh::regions_of(spec, mesh::producer_of(*out_.product, mesh_).spec());
    out_.query.governing = {owner.spec().account_id, regions.empty() ? "" : regions.front()};
    out_.query.database = lower(spec.database);
    return find_catalog();
  }

  Result<void> in_account(const std::string& place, const std::string& database) {
    const std::size_t at = place.find('@');
    const std::string account = place.substr(0, at);
    std::vector<std::string> regions;
    for (const CatalogRef& each : catalogs_) {
      if (each.account == account) regions.push_back(each.region);
    }
    if (at == std::string::npos && regions.size() > 1) {
      return fail(ErrorKind::Invalid, "account " + account + " has several catalogs: write " + account + "@REGION, with one of " +
                                          listed(regions), question_.object);
    }
    out_.query.governing = {account, at != std::string::npos ? place.substr(at + 1) : regions.empty() ? "" : regions.front()};
    out_.query.database = database;
    TRY(find_catalog());
    TRY(follow_link());
    find_product();
    return {};
  }

  /// A link stands for what it points to.
  Result<void> follow_link() {
    AccessQuery& query = out_.query;
    const auto target = [&](const catalog::LocalKey& key) -> const catalog::Link* {
      const catalog::EntryValue* found = out_.governing->find(key);
      return found == nullptr ? nullptr : &*std::get<catalog::Shared<catalog::Link>>(*found);
    };
    const catalog::Link* link = target(catalog::database_link_key(query.database));
    if (link == nullptr && !query.table.empty()) link = target(catalog::table_link_key(query.database, query.table));
    if (link == nullptr) return {};
    query.governing.account = link->owner;
    if (!link->region.empty()) query.governing.region = link->region;
    query.database = link->database;
    if (!link->table.empty()) query.table = link->table;
    return find_catalog();
  }

  void find_product() {
    for (const auto& [key, resource] : mesh_.all()) {
      const auto* spec = std::get_if<api::DataProductSpec>(&resource->spec);
      if (spec == nullptr || lower(spec->database) != out_.query.database) continue;
      const mesh::AccountAnswer owner = mesh::owner_of(*resource, mesh_);
      if (owner && owner.spec().account_id == out_.query.governing.account) out_.product = resource.get();
    }
  }

  Result<void> find_catalog() {
    out_.governing = snapshot_(out_.query.governing);
    if (out_.governing != nullptr) return {};
    return fail(ErrorKind::NotFound, "catalog " + to_string(out_.query.governing) + " has not been read yet", "explain");
  }

  /// Of the catalogs that have registered the path, or a parent of it, the one with the longest.
  Result<void> location() {
    AccessQuery& query = out_.query;
    if (query.permission != catalog::Permission::DataLocationAccess) {
      return fail(ErrorKind::Invalid, "the permission on an S3 location is DATA_LOCATION_ACCESS", question_.object);
    }
    query.location = catalog::s3_arn(question_.object);
    std::size_t longest = 0;
    const std::string account = catalog::account_of_principal(query.principal);
    for (const CatalogRef& each : catalogs_) {
      const Snapshot* snapshot = snapshot_(each);
      if (snapshot == nullptr) continue;
      const auto found = catalog::registered_location(*snapshot, query.location);
      const bool better = found ? found->name.size() > longest : longest == 0 && (out_.governing == nullptr || each.account == account);
      if (!better) continue;
      longest = found ? found->name.size() : 0;
      query.governing = each;
      out_.governing = snapshot;
    }
    if (out_.governing == nullptr) return fail(ErrorKind::NotFound, "no catalog has been read yet", "explain");
    return {};
  }

  Result<void> row() {
    if (question_.row.empty()) return {};
    if (out_.query.table.empty()) return fail(ErrorKind::Invalid, "a row is of a table: name one", question_.object);
    TRY_VALUE(out_.query.row, catalog::parse_row(question_.row));
    return {};
  }

  /// A slip in a name shall not look like an answer.
  Result<void> check_object() {
    const AccessQuery& query = out_.query;
    const std::string where = " in catalog " + to_string(query.governing);
    if (out_.governing->find(catalog::database_key(query.database)) == nullptr) {
      return fail(ErrorKind::NotFound, "there is no database " + query.database + where + declared(), question_.object);
    }
    if (query.table.empty()) return {};
    const catalog::EntryValue* found = out_.governing->find(catalog::table_key(query.database, query.table));
    if (found == nullptr) {
      return fail(ErrorKind::NotFound, "there is no table " + query.database + "/" + query.table + where + declared() +
                                           "; its tables are " + listed(catalog::tables_of(query, *out_.governing)), question_.object);
    }
    std::vector<std::string> columns;
    const catalog::Table& table = *std::get<catalog::Shared<catalog::Table>>(*found);
    for (const auto* list : {&table.columns, &table.partition_keys}) {
      for (const catalog::ColumnShape& column : *list) columns.push_back(column.name);
    }
    const auto known = [&](const std::string& column) {
      return columns.empty() || std::find(columns.begin(), columns.end(), column.substr(0, column.find('.'))) != columns.end();
    };
    const auto unknown = [&](const std::string& column) {
      return fail(ErrorKind::NotFound, "table " + query.database + "/" + query.table + " has no column " + column +
                                           "; its columns are " + listed(columns), question_.object);
    };
    if (!query.column.empty() && !known(query.column)) return unknown(query.column);
    for (const auto& [column, value] : query.row.value_or(catalog::Row{})) {
      if (!known(column)) return unknown(column);
    }
    return {};
  }

  std::string declared() const {
    if (out_.product == nullptr) return "";
    return ", which DataProduct " + out_.product->key.ns + "/" + out_.product->key.name + " is about";
  }

  const AccessQuestion& question_;
  const mesh::Mesh& mesh_;
  const SnapshotOf& snapshot_;
  const std::vector<CatalogRef>& catalogs_;
  AskedAccess out_;
};

}  // namespace

Result<AskedAccess> read_question(const AccessQuestion& question, const mesh::Mesh& mesh, const SnapshotOf& snapshot,
                                  const std::vector<CatalogRef>& catalogs) {
  return Reader(question, mesh, snapshot, catalogs).read();
}

}  // namespace datamesh::engine
