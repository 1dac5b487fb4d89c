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
WhoCan with_all_tables(const AccessQuery& query, const Snapshot& governing, const SnapshotFor& snapshot) {
  WhoCan out;
  std::map<std::string, Reach> candidates;
  for (const std::string& table : tables_of(query, governing)) {
    AccessQuery one = query;
    one.table = table;
    WhoCan found = Search(one, governing, snapshot).take();
    for (Reach& reach : found.reaches) candidates.try_emplace(reach.principal, std::move(reach));
    out.administrators.merge(found.administrators);
    out.unread.merge(found.unread);
  }
  for (auto& [principal, reach] : candidates) {
    AccessQuery one = query;
    one.principal = principal;
    const std::string account = account_of_principal(principal);
    const bool foreign = !account.empty() && account != query.governing.account;
    reach.access = evaluate(one, governing, foreign ? snapshot({account, query.governing.region}) : nullptr);
    if (reach.access.allowed) out.reaches.push_back(std::move(reach));
  }
  return out;
}

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
  if (is_of_all_tables(query) && !tables_of(query, governing).empty()) return with_all_tables(query, governing, snapshot);
  return Search(query, governing, snapshot).take();
}

}  // namespace datamesh::catalog
