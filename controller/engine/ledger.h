// Who claims which entry, and who made it: the index between resources and catalogs. Entries are numbered, so that
// a claim costs a few words. Engine thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/catalog/diff.h"
#include "controller/engine/recreated_tables.h"
#include "reconcilers/assess.h"
#include "reconcilers/claim.h"

namespace datamesh::engine {

using KeyId = std::uint32_t;

/// A claim with its keys as numbers.
struct IndexedClaim {
  KeyId key = 0;
  catalog::EntryValue value;
  std::vector<KeyId> needs;
  reconcilers::Step step = reconcilers::Step::Baseline;
  reconcilers::Release release = reconcilers::Release::Remove;

  bool operator==(const IndexedClaim&) const = default;
};

/// What a resource's persisted status says that the operator made for it.
struct Recorded {
  catalog::PermissionValue permission;  ///< of permissions: what was granted
  std::string tag_value;                ///< of tags: what was assigned
  bool adopted = false;                 ///< it was there before the operator: never deleted
  bool retain = false;                  ///< stays when the claim ends

  bool operator==(const Recorded&) const = default;
};

/// All that the engine knows of one resource beside its spec.
struct ResourceState {
  api::ObjectKey key;
  std::string uid;
  std::vector<IndexedClaim> claims;
  std::vector<reconcilers::Finding> findings;
  std::set<KeyId> ended;       ///< what time took from its claims
  std::map<KeyId, catalog::EntryValue> withheld;  ///< what it would claim, were its table not made again
  bool unknown_tables = false; ///< it may claim more tables than can be said now
  std::map<KeyId, Recorded> recorded;
  TableMemory tables;         ///< persisted: of a product whose tables made again await approval
  std::string conditions;     ///< persisted status.conditions as text, for transition times
  std::string status_hash;    ///< of the persisted status
  bool writing = false;       ///< a status write is on its way
  bool gone = false;          ///< deleted from the store while entries are still to be taken back
  reconcilers::Health health = reconcilers::Health::Reconciling;  ///< as last written
  std::optional<Time> edited; ///< when the generation that is not yet Ready was seen
  std::optional<std::uint64_t> recheck_timer;
};

/// What all claimants together want of an entry.
struct Desired {
  std::optional<catalog::EntryValue> value;  ///< nullopt: nobody claims it, or they contradict each other
  bool conflict = false;
};

/// What the operator made of an entry.
struct Ownership {
  catalog::PermissionValue permission;
  std::string tag_value;
  bool deletable = false;  ///< made by the operator, and no owner wants it retained
};

class Ledger {
 public:
  KeyId intern(const catalog::EntryKey& key);
  const catalog::EntryKey& key(KeyId id) const { return *keys_[id]; }
  /// All TagAssignment entries of the catalog that were interned, by name: so those under one resource stand together.
  const std::map<std::string, KeyId>& tag_assignments(const CatalogRef& catalog) const;
  /// All permissions and opt-ins that were interned on the database of the account and what is in it, in every catalog.
  const std::vector<KeyId>& given_on(const std::string& account, const std::string& database) const;
  std::optional<KeyId> lookup(const catalog::EntryKey& key) const;

  ResourceState& at(const api::ObjectKey& key);
  ResourceState* find(const api::ObjectKey& key);
  const ResourceState* find(const api::ObjectKey& key) const;
  void erase(const api::ObjectKey& key);
  const std::map<api::ObjectKey, std::unique_ptr<ResourceState>>& all() const { return resources_; }

  /// Replaces the claims; returns the entries that are claimed otherwise than before.
  std::vector<KeyId> set_claims(ResourceState& state, const reconcilers::ClaimSet& claims);
  /// Replaces what is recorded; returns the entries for which that differs.
  std::vector<KeyId> set_recorded(ResourceState& state, std::map<KeyId, Recorded> recorded);

  Desired desired(KeyId id) const;
  /// What is recorded for `id` by all its owners; nullopt when nothing is.
  std::optional<Ownership> owned(KeyId id) const;
  /// True when the records of the claimants cover what they claim: only then may it be made.
  bool is_recorded(KeyId id) const;
  /// Needs of all claims on `id`.
  std::vector<KeyId> needs(KeyId id) const;
  const std::vector<ResourceState*>& claimants(KeyId id) const { return lines_[id].claimants; }
  /// Claimants of `id`, then former claimants. In proportion to their number, so not for every claimant in turn.
  std::vector<ResourceState*> parties(KeyId id) const;
  /// Those who have `id` on record and claim it no more.
  const std::vector<ResourceState*>& former_claimants(KeyId id) const { return lines_[id].former; }
  /// Those who have `id` on record. An entry that a whole mesh shares has thousands of them.
  const std::vector<ResourceState*>& owners(KeyId id) const { return lines_[id].owners; }
  /// `state` has a record of a table, of what leaves it to IAM, or of what a Grant gave, and cannot say now whether it still
  /// claims it. Or of a tag of a dropped column.
  bool keeps(const ResourceState& state, KeyId id) const;
  /// `state` has a record of a tag of a column that it has dropped from its table: the tag may come back with the column.
  bool is_of_a_dropped_column(const ResourceState& state, KeyId id) const;
  bool is_claimed(KeyId id) const { return !lines_[id].claimants.empty(); }
  /// The entries of all catalogs of `account` that are claimed.
  const std::set<KeyId>& claimed_in(const std::string& account) const;
  /// The claim on a claimed entry by the first claimant, in the order of their names.
  const IndexedClaim& first_claim(KeyId id) const;
  std::size_t size() const { return keys_.size(); }

 private:
  bool stays_with_its_holder(KeyId id) const;
  void keep_given(KeyId id, Desired& out) const;

  struct Line {
    std::vector<ResourceState*> claimants;  ///< once per claim; each finds its claim by key
    std::vector<ResourceState*> owners;
    std::vector<ResourceState*> former;  ///< owners that are no claimants
  };
  struct Hash {
    std::size_t operator()(const catalog::EntryKey& key) const;
  };

  std::unordered_map<catalog::EntryKey, KeyId, Hash> ids_;
  std::vector<const catalog::EntryKey*> keys_;
  std::map<CatalogRef, std::map<std::string, KeyId>> tag_assignments_;
  std::map<std::pair<std::string, std::string>, std::vector<KeyId>> given_on_;  ///< by account and database
  std::vector<Line> lines_;
  std::unordered_map<std::string, std::set<KeyId>> claimed_in_;
  std::map<api::ObjectKey, std::unique_ptr<ResourceState>> resources_;
};

bool claims_any(const ResourceState& state, KeyId id);

/// The claim of `state` on `id`, merged if it has several; null when it has none.
std::optional<catalog::EntryValue> claimed_value(const ResourceState& state, KeyId id);

}  // namespace datamesh::engine
