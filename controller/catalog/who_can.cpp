#include "controller/catalog/who_can.h"

#include <algorithm>

namespace datamesh::catalog {
namespace {

Reacher reacher_of(const std::string& principal) {
  if (is_iam_allowed_principals(principal)) return Reacher::Everybody;
  if (is_account_id(principal)) return Reacher::Account;
  if (principal.ends_with(":IAMPrincipals")) return Reacher::AllOfAccount;
  if (principal.find(":organizations::") != std::string::npos) return Reacher::Organization;
  return Reacher::Principal;
}

const std::set<std::string>& administrators_of(const Snapshot& snapshot) {
  static const std::set<std::string> kNone;
  const EntryValue* settings = snapshot.find({EntryKind::Settings, ""});
  return settings == nullptr ? kNone : std::get<Shared<Settings>>(*settings)->administrators;
}

/// Whoever has opted in on the object.
std::set<std::string> opted_in(const ObjectRef& object, const Snapshot& snapshot) {
  std::set<std::string> out;
  for (const ResourceId& resource : opt_in_resources(object)) {
    const std::string prefix = to_string(resource) + "@";
    for (auto at = snapshot.entries.lower_bound({EntryKind::OptIn, prefix});
         at != snapshot.entries.end() && at->first.kind == EntryKind::OptIn && at->first.name.starts_with(prefix); ++at) {
      out.insert(at->first.name.substr(prefix.size()));
    }
  }
  return out;
}

class Search {
 public:
  Search(const AccessQuery& query, const Snapshot& governing, const SnapshotFor& snapshot)
      : query_(query), governing_(governing), snapshot_(snapshot),
        at_home_(holdings_on(query.object(), governing, governing, nullptr)) {}

  WhoCan take() {
    std::set<std::string> accounts;
    std::set<std::string> foreign;
    for (const auto& [holder, held] : at_home_.by_holder) {
      const std::string account = account_of_principal(holder);
      if (account.empty() || account == query_.governing.account) {
        ask(holder, nullptr, {});
      } else {
        (is_account_id(holder) ? accounts : foreign).insert(holder);
      }
    }
    const std::set<std::string>& administrators = administrators_of(governing_);
    for (const std::string& administrator : administrators) ask(administrator, nullptr, {});
    out_.administrators = administrators;
    for (const std::string& account : accounts) within(account, foreign);
    for (const std::string& principal : foreign) {
      if (!accounts.contains(account_of_principal(principal))) by_name(principal);
    }
    add_exceptions();
    std::sort(out_.reaches.begin(), out_.reaches.end(),
              [](const Reach& a, const Reach& b) { return a.principal < b.principal; });
    return std::move(out_);
  }

 private:
  const Snapshot* local_of(const std::string& account) {
    const CatalogRef here{account, query_.governing.region};
    const Snapshot* local = snapshot_(here);
    if (local == nullptr) out_.unread.insert(here);
    return local;
  }

  /// An account, everybody who holds something within it, and its administrators.
  void within(const std::string& account, const std::set<std::string>& foreign) {
    const Snapshot* local = local_of(account);
    const Holdings held = local == nullptr ? Holdings{} : holdings_on(query_.object(), *local, governing_, nullptr);
    std::set<std::string> principals{account};
    for (const auto& [holder, holdings] : held.by_holder) {
      if (account_of_principal(holder) == account) principals.insert(holder);
    }
    for (const std::string& principal : foreign) {
      if (account_of_principal(principal) == account) principals.insert(principal);
    }
    if (local != nullptr) {
      for (const std::string& administrator : administrators_of(*local)) {
        principals.insert(administrator);
        out_.administrators.insert(administrator);
      }
    }
    for (const std::string& principal : principals) ask(principal, local, held);
  }

  /// A principal to whom the owner gave it directly.
  void by_name(const std::string& principal) { ask(principal, local_of(account_of_principal(principal)), {}); }

  void ask(const std::string& principal, const Snapshot* local, const Holdings& in_account) {
    if (!asked_.insert(principal).second) return;
    AccessQuery query = query_;
    query.principal = principal;
    Access access = judge(query, governing_, at_home_, local, in_account);
    if (access.allowed) out_.reaches.push_back({reacher_of(principal), principal, std::move(access), {}});
  }

  /// IAM lets nobody in who has opted in; when every principal of the account has, it lets in nobody.
  void add_exceptions() {
    const std::set<std::string> chosen = opted_in(query_.object(), governing_);
    if (chosen.contains(query_.governing.account + ":IAMPrincipals")) {
      std::erase_if(out_.reaches, [](const Reach& reach) { return reach.is == Reacher::Everybody; });
    }
    for (Reach& reach : out_.reaches) {
      if (reach.is != Reacher::Everybody) continue;
      for (const std::string& principal : chosen) {
        const bool has_own = std::any_of(out_.reaches.begin(), out_.reaches.end(),
                                         [&](const Reach& each) { return each.principal == principal; });
        if (!has_own) reach.except.push_back(principal);
      }
    }
  }

  const AccessQuery& query_;
  const Snapshot& governing_;
  const SnapshotFor& snapshot_;
  const Holdings at_home_;
  std::set<std::string> asked_;
  WhoCan out_;
};

/// Whoever may with every table.
class SearchOfAllTables {
 public:
  SearchOfAllTables(const AccessQuery& query, const Snapshot& governing, const SnapshotFor& snapshot)
      : query_(query), governing_(governing), snapshot_(snapshot) {}

  WhoCan take() {
    for (const std::string& table : tables_of(query_, governing_)) look_at(table);
    for (auto& [principal, reach] : candidates_) {
      reach.access = evaluated(principal);
      if (reach.access.allowed) out_.reaches.push_back(std::move(reach));
    }
    add_everybody();
    return std::move(out_);
  }

 private:
  void look_at(const std::string& table) {
    AccessQuery one = query_;
    one.table = table;
    WhoCan found = Search(one, governing_, snapshot_).take();
    out_.administrators.merge(found.administrators);
    out_.unread.merge(found.unread);
    const Reach* everybody = nullptr;
    const Reach* all_of_account = nullptr;
    for (const Reach& reach : found.reaches) {
      if (reach.is == Reacher::Everybody) everybody = &reach;
      if (reach.principal == query_.governing.account + ":IAMPrincipals") all_of_account = &reach;
    }
    let_in(everybody, all_of_account);
    for (Reach& reach : found.reaches) {
      if (reach.is != Reacher::Everybody) candidates_.try_emplace(reach.principal, std::move(reach));
    }
  }

  /// Whoever is in no list is let into this table by IAM, or as one of all principals of the account: of these nobody is left out.
  void let_in(const Reach* everybody, const Reach* all_of_account) {
    ++tables_;
    if (everybody != nullptr) {
      ++by_iam_;
      if (!through_iam_) through_iam_ = everybody->access;
      if (all_of_account == nullptr) except_.insert(everybody->except.begin(), everybody->except.end());
    } else if (all_of_account != nullptr && !only_by_account_) {
      only_by_account_ = all_of_account->access;
    }
    if (all_of_account != nullptr) ++by_account_;
    if (everybody != nullptr || all_of_account != nullptr) ++open_;
  }

  /// Those whom nobody names. Where all principals of the account are let into every table, and IAM not, they have been found.
  void add_everybody() {
    const bool needs_iam = by_iam_ == tables_ || by_account_ < tables_;
    if (open_ < tables_ || !through_iam_ || !needs_iam) return;
    Reach reach{Reacher::Everybody, kIamAllowedPrincipals, std::move(*through_iam_), {}};
    reach.access.cells.clear();
    if (only_by_account_) {
      reach.access.hops.insert(reach.access.hops.end(), only_by_account_->hops.begin(), only_by_account_->hops.end());
    }
    for (const std::string& principal : except_) {
      if (!evaluated(principal).allowed) reach.except.push_back(principal);
    }
    const auto after = std::find_if(out_.reaches.begin(), out_.reaches.end(),
                                    [&](const Reach& each) { return each.principal > reach.principal; });
    out_.reaches.insert(after, std::move(reach));
  }

  Access evaluated(const std::string& principal) const {
    AccessQuery one = query_;
    one.principal = principal;
    const std::string account = account_of_principal(principal);
    const bool foreign = !account.empty() && account != query_.governing.account;
    return evaluate(one, governing_, foreign ? snapshot_({account, query_.governing.region}) : nullptr);
  }

  const AccessQuery& query_;
  const Snapshot& governing_;
  const SnapshotFor& snapshot_;
  std::map<std::string, Reach> candidates_;  ///< by principal, named on a table or a group that is
  int tables_ = 0;
  int open_ = 0;        ///< to whomever nobody names: by IAM, as one of all principals of the account, or both
  int by_iam_ = 0;
  int by_account_ = 0;
  std::optional<Access> through_iam_;      ///< to one of those that IAM opens
  std::optional<Access> only_by_account_;  ///< to one that IAM does not
  std::set<std::string> except_;           ///< who has opted in where only IAM opens
  WhoCan out_;
};

}  // namespace

std::string_view to_string(Reacher reacher) {
  switch (reacher) {
    case Reacher::Principal: return "Principal";
    case Reacher::Account: return "Account";
    case Reacher::Organization: return "Organization";
    case Reacher::Everybody: return "Everybody";
    case Reacher::AllOfAccount: return "AllOfAccount";
  }
  return {};
}

WhoCan who_can(const AccessQuery& query, const Snapshot& governing, const SnapshotFor& snapshot) {
  if (is_of_all_tables(query) && !tables_of(query, governing).empty()) {
    return SearchOfAllTables(query, governing, snapshot).take();
  }
  return Search(query, governing, snapshot).take();
}

}  // namespace datamesh::catalog
