// Which tags resources have now, after some changes, and in the end; and what permissions by tag expression reach with them.
// Resources are named as TagAssignment entries name them: "db", "db/table", "db/table/column"; "db/*" stands for all tables of
// a database without tags of their own. Pure.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"
#include "controller/catalog/tag_expression.h"
#include "controller/engine/ledger.h"

namespace datamesh::engine {

/// "db/table/column#key" in its two parts.
std::pair<std::string, std::string> split_tag(const std::string& name);
/// The value of a TagAssignment; null for anything else.
const std::string* tag_value(const catalog::EntryValue* value);

class Tags {
 public:
  virtual ~Tags() = default;
  /// The value that the resource itself has.
  virtual std::optional<std::string> assigned(const std::string& resource, const std::string& key) const = 0;
  /// Its own, or else the inherited one; empty for none.
  std::string effective(std::string resource, const std::string& key) const;
};

/// As observed.
class TagsNow : public Tags {
 public:
  explicit TagsNow(const catalog::Snapshot& snapshot) : snapshot_(snapshot) {}
  std::optional<std::string> assigned(const std::string& resource, const std::string& key) const override;

 private:
  const catalog::Snapshot& snapshot_;
};

/// As `before`, with the changes that are noted here.
class TagsAfter : public Tags {
 public:
  explicit TagsAfter(const Tags& before) : before_(before) {}
  void note(const catalog::Action& action);
  bool has_noted(const std::string& tag) const { return changed_.contains(tag); }
  std::optional<std::string> assigned(const std::string& resource, const std::string& key) const override;

 private:
  const Tags& before_;
  std::map<std::string, std::optional<std::string>> changed_;  ///< by "resource#key"; nullopt: removed
};

/// As they will be when all is as declared.
class TagsInTheEnd : public Tags {
 public:
  TagsInTheEnd(const Ledger& ledger, const catalog::Snapshot& snapshot, const CatalogRef& catalog)
      : ledger_(ledger), now_(snapshot), catalog_(catalog) {}
  std::optional<std::string> assigned(const std::string& resource, const std::string& key) const override;

 private:
  const Ledger& ledger_;
  const TagsNow now_;
  const CatalogRef& catalog_;
};

/// Puts into a fresh reading the tags that were assigned because of a claim and do not show in it, having the value that would
/// be inherited: Lake Formation tells the two apart only where they differ, and an assigned one would come to light, with its
/// value, once what is inherited changes. Those that `is_gone` says were removed for certain are left out. Returns their keys, in order.
/// Source: lake-formation.md 4 (trap T20)
std::vector<catalog::LocalKey> assume_assigned(catalog::Snapshot& fresh, const Ledger& ledger,
                                               const CatalogRef& catalog, const std::function<bool(KeyId)>& is_gone);

/// A permission on whatever has certain tags.
struct TagPolicy {
  catalog::LocalKey key;
  std::string principal;
  catalog::TagExpression expression;
  catalog::PermissionValue value;
  bool on_databases = false;  ///< else on tables and columns

  bool reaches(const std::string& resource, const Tags& tags) const;
  /// True when what has `value` of `key`, or none, may be reached for all that the key says.
  bool wants(const std::string& key, const std::string& value) const;
};

/// nullopt for all other entries. `value` is left empty.
std::optional<TagPolicy> tag_policy_of(const catalog::LocalKey& key);
/// Those in the snapshot on the tags of `owner`, of `principals` or, when that is null, of everybody.
std::vector<TagPolicy> tag_policies(const catalog::Snapshot& snapshot, const std::string& owner,
                                    const std::set<std::string>* principals = nullptr);

/// The resource, of a database what stands for its tables without tags, and all under it that has tags of its own or shall.
std::set<std::string> tagged_under(const std::string& resource, const catalog::Snapshot& snapshot, const Ledger& ledger,
                                   const CatalogRef& catalog);

}  // namespace datamesh::engine
