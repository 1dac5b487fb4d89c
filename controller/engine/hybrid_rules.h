// Hybrid access mode: what must be in place before IAM, or Lake Formation, decides about a table, so that on the way from the
// one to the other nobody loses what he keeps in the end, and nobody gets what he never should. Reads the ledger and the
// snapshots, changes neither.
//
//   to Lake Formation      permissions ──► IAM_ALLOWED_PRINCIPALS goes ──► the location is no longer hybrid ──► opt-ins go
//   and back to both       permissions ──► opt-ins ──► the location becomes hybrid ──► IAM_ALLOWED_PRINCIPALS comes
//
// Source: lake-formation.md 2.3, 2.10; Lake Formation developer guide, "Converting a Lake Formation resource to a hybrid
// resource" (opt in before the location is updated)
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/catalog/snapshot.h"
#include "controller/engine/ledger.h"
#include "controller/engine/planner.h"

namespace datamesh::engine {

/// The permissions of IAM_ALLOWED_PRINCIPALS that there may be on a database or table; none for another entry.
std::vector<catalog::LocalKey> openings_of(const catalog::EntryKey& key);
/// The database or table that the permission opens, which is one of IAM_ALLOWED_PRINCIPALS; else nullopt.
std::optional<catalog::EntryKey> opened_entry(const catalog::EntryKey& key);
/// True when it is declared that IAM decides here: the opening is claimed, or, of all tables at once, that of the database.
bool is_declared_open(const Ledger& ledger, const catalog::EntryKey& opening);

/// The opening of a table that was made again awaits approval with the rest of what is given on it.
bool is_withheld_opening(const Ledger& ledger, const catalog::EntryKey& opening);

/// For one planning of one catalog.
class HybridRules {
 public:
  HybridRules(const Ledger& ledger, const SnapshotOf& snapshots, const CatalogRef& catalog)
      : ledger_(ledger), snapshots_(snapshots), catalog_(catalog), snapshot_(*snapshots(catalog)) {}

  /// True when the entry must wait, which it then says.
  /// Units: the first entry that is on the way costs one pass over the ledger; there are few, and in an idle mesh none.
  bool hold(EntryPlan& entry);

 private:
  /// What an action waits for.
  struct Hindrance {
    std::optional<KeyId> waits_for;
    std::string message;
  };
  struct Missing {
    KeyId id = 0;
    catalog::PermissionId permission;
  };

  std::optional<Hindrance> hindrance(KeyId id, const catalog::Action& action);
  std::optional<Hindrance> before_closing(const catalog::EntryKey& opening);
  std::optional<Hindrance> before_opening(const catalog::EntryKey& opening);
  std::optional<Hindrance> before_moving(KeyId location, const catalog::Action& action);
  std::optional<Hindrance> before_opting_in(KeyId opt_in);
  std::optional<Hindrance> before_opting_out(const catalog::EntryKey& opt_in);

  /// What is claimed on the database, in whichever catalog it is to be, and not in place.
  const std::vector<Missing>& missing_on(const std::string& database);
  bool is_given(KeyId id, const catalog::PermissionId& permission) const;
  bool can_be_given_now(const Missing& missing, const catalog::Location* location) const;
  std::optional<KeyId> location_of(const catalog::EntryKey& database) const;
  const catalog::Location* seen(KeyId location) const;
  bool is_declared_hybrid(KeyId location) const;

  const Ledger& ledger_;
  const SnapshotOf& snapshots_;
  CatalogRef catalog_;
  const catalog::Snapshot& snapshot_;
  std::map<std::string, std::vector<Missing>> missing_;  ///< by database of this catalog
};

}  // namespace datamesh::engine
