// The quotas of AWS that a catalog can run into: how much of each is used, and what an action would use. Pure.
// Source: lake-formation.md 3
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/catalog/diff.h"
#include "controller/catalog/snapshot.h"

namespace datamesh::catalog {

enum class Quota : std::uint8_t {
  Administrators,
  Locations,
  Databases,  ///< links count
  TablesPerDatabase,
  Tables,
  Tags,
  ValuesPerTag,
  TagsPerResource,
  FiltersPerPrincipal,  ///< and table
  SharedResources,
  PendingInvitations,  ///< of the sharing account; only the receiving accounts know them
};

struct QuotaRule {
  Quota quota{};
  std::string_view name;    ///< in Account.spec.quotas and metrics
  std::size_t limit = 0;    ///< as AWS gives it to every account
  std::string_view things;  ///< "databases and database links"
  std::string_view remedy;  ///< what takes less of it; a clause
};

/// All of them.
const std::vector<QuotaRule>& quota_rules();
const QuotaRule& rule_of(Quota quota);

/// Limits that AWS has agreed to otherwise, by the rule's name.
using AgreedLimits = std::map<std::string, int>;
std::size_t limit_of(Quota quota, const AgreedLimits& agreed);

/// What is counted together: a quota, and the database, tag or whatever it is counted for.
struct QuotaScope {
  Quota quota{};
  std::string of;  ///< empty: the whole catalog
  auto operator<=>(const QuotaScope&) const = default;
};
/// "tables of database sales"
std::string describe(const QuotaScope& scope);

/// What an action adds to a scope, or takes from it.
struct QuotaUse {
  QuotaScope scope;
  std::string what;  ///< the same thing twice counts once
  int amount = 0;
};
/// Nothing for what is there already. What revoking takes is not known before the next reading.
std::vector<QuotaUse> uses_of(const Action& action, const Snapshot& snapshot);

/// What is used, by scope; scopes with nothing are left out. One pass over the snapshot.
struct QuotaUsage {
  std::map<QuotaScope, int> used;
  std::set<std::string> receivers;  ///< accounts with which something is shared
  bool operator==(const QuotaUsage&) const = default;
};
QuotaUsage usage_of(const Snapshot& snapshot, const CatalogRef& catalog);
/// Puts what a successful action changes into `usage`; `snapshot` is as it was before.
void note_use(QuotaUsage& usage, const Action& action, const Snapshot& snapshot);

/// A scope that is nearly used up.
struct QuotaWarning {
  QuotaScope scope;
  std::size_t used = 0;
  std::size_t limit = 0;
  bool operator==(const QuotaWarning&) const = default;
};
/// Those of which 80 % and more are used.
std::vector<QuotaWarning> warnings_of(const QuotaUsage& usage, const AgreedLimits& agreed);

}  // namespace datamesh::catalog
