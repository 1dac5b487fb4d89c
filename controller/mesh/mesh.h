// All declared resources, indexed by what they refer to: the desired side of the world. Pure.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/base/catalog_ref.h"
#include "controller/catalog/entry.h"

namespace datamesh::mesh {

/// Why nothing is given on a table of a product whose tables, made again, await approval.
enum class Withheld {
  Missing,      ///< it is not there, or was made since the last reading
  NotRecorded,  ///< it is there, and the status does not say yet since when
  MadeAgain,    ///< it was made after access to it was given: somebody must approve
};

struct WithheldTable {
  Withheld why = Withheld::Missing;
  Time created{};  ///< unless Missing
  bool operator==(const WithheldTable&) const = default;
};

/// By Table entries in governing catalogs.
using WithheldTables = std::map<catalog::EntryKey, WithheldTable>;

using ResourcePtr = std::shared_ptr<const api::Resource>;

class Mesh {
 public:
  void put(api::Resource resource);
  void remove(const api::ObjectKey& key);

  /// The resource, or null when not declared.
  const api::Resource* find(const api::ObjectKey& key) const;
  /// The resource of the kind with spec `Spec` that `ref` names from namespace `ns`, or null.
  const api::Resource* find(const char* kind, const api::Ref& ref, const std::string& ns) const;

  /// The Mesh object in force: the oldest, then the first by name; null when none is declared.
  const api::Resource* settings() const;
  /// The spec of `settings()`; defaults when there is none.
  const api::MeshSpec& spec() const;

  /// Accounts with this 12-digit id, oldest first. More than one is a conflict of theirs.
  std::vector<const api::Resource*> accounts_with_id(const std::string& account_id) const;
  /// Resources whose spec names `key`, sorted.
  std::vector<api::ObjectKey> referrers(const api::ObjectKey& key) const;
  /// Every resource whose claims may differ after `key` changed, `key` itself included, sorted.
  std::vector<api::ObjectKey> affected_by(const api::ObjectKey& key) const;

  const std::map<api::ObjectKey, ResourcePtr>& all() const { return resources_; }

  /// LFTags that declare the key, in any account, sorted.
  std::vector<api::ObjectKey> declarers_of_tag(const std::string& key) const;
  /// By value, the products and Grants that use `key` with it in any catalog.
  std::map<std::string, std::set<api::ObjectKey>> users_of_tag(const std::string& key) const;

  using SourceTables = std::map<std::string, catalog::Table>;  ///< by table name
  /// Products whose schema follows a database of the producer's own that is called `database`.
  std::vector<api::ObjectKey> followers(const std::string& database) const;
  /// Notes the tables of a producer's own database, as they were observed.
  void set_source(const CatalogRef& catalog, const std::string& database, SourceTables tables);
  /// The tables noted; null when the database has not been observed.
  const SourceTables* source(const CatalogRef& catalog, const std::string& database) const;

  /// Notes the tables of the product on which nothing is given now. It stands until it is noted otherwise, whether or not
  /// the product is declared. Returns whether that is news.
  bool set_withheld(const api::ObjectKey& product, WithheldTables tables);
  /// Those noted; none while nothing was.
  const WithheldTables& withheld(const api::ObjectKey& product) const;
  /// Those noted of all products that have any.
  const std::map<api::ObjectKey, WithheldTables>& withheld() const { return withheld_; }

 private:
  void collect_referrers(const api::ObjectKey& key, std::set<api::ObjectKey>& out) const;
  void collect_by_tags(const api::ObjectKey& key, std::set<api::ObjectKey>& out) const;

  std::map<api::ObjectKey, ResourcePtr> resources_;
  std::map<api::ObjectKey, std::set<api::ObjectKey>> referrers_;
  std::map<std::string, std::set<api::ObjectKey>> accounts_by_id_;
  std::map<std::string, std::set<api::ObjectKey>> followers_;  ///< by source database
  std::map<std::string, std::set<api::ObjectKey>> tag_declarers_;  ///< by tag key
  std::map<std::string, std::map<std::string, std::set<api::ObjectKey>>> tag_users_;  ///< by tag key and value
  std::map<std::pair<CatalogRef, std::string>, SourceTables> sources_;
  std::map<api::ObjectKey, WithheldTables> withheld_;
};

/// The keys that `resource` refers to, in full form.
std::vector<api::ObjectKey> references_of(const api::Resource& resource);

/// The typed spec of `resource`.
template <class Spec>
const Spec& spec_of(const api::Resource& resource) {
  return std::get<Spec>(resource.spec);
}

}  // namespace datamesh::mesh
