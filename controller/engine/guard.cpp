#include "controller/engine/guard.h"

#include <algorithm>

#include "controller/base/json.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::Cause;
using catalog::EntryKind;
using catalog::Verb;

namespace {

bool takes_away(const Action& action) {
  return action.cause == Cause::Released || action.cause == Cause::Surplus ||
         action.cause == Cause::Undeclared;
}

bool revokes(const Action& action) {
  return takes_away(action) && action.verb == Verb::Revoke;
}

bool deletes_table(const Action& action) {
  return takes_away(action) && action.verb == Verb::Delete && action.key.local.kind == EntryKind::Table;
}

/// The same difference always has the same hash, whatever else is planned beside it.
std::string hash_of(const std::vector<Action>& actions) {
  std::vector<std::string> lines;
  for (const Action& action : actions) lines.push_back(to_string(action.key) + " " + describe(action));
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text_hash(text);
}

std::size_t revocation_limit(const GuardFacts& facts) {
  const auto percent = static_cast<std::size_t>(std::max(0, facts.limits.max_revoked_percent));
  const auto least = static_cast<std::size_t>(std::max(1, facts.limits.min_revocations)) - 1;
  return std::max(least, (facts.permissions + facts.recently_revoked) * percent / 100);
}

}  // namespace

bool is_destructive(const Action& action) {
  if (!takes_away(action)) return false;
  if (action.verb == Verb::Revoke) return true;
  return action.verb == Verb::Delete && (action.key.local.kind == EntryKind::Table ||
                                         action.key.local.kind == EntryKind::Database);
}

GuardVerdict guard(std::vector<Action> actions, const GuardFacts& facts) {
  GuardVerdict verdict;
  const auto count = [&](auto predicate) {
    return static_cast<std::size_t>(std::count_if(actions.begin(), actions.end(), predicate));
  };
  const std::size_t revoked = count(revokes), deleted = count(deletes_table);
  const std::size_t most_revoked = revocation_limit(facts);
  const auto most_deleted = static_cast<std::size_t>(std::max(0, facts.limits.max_deleted_tables));
  const bool over = (revoked > 0 && revoked + facts.recently_revoked > most_revoked) ||
                    (deleted > 0 && deleted + facts.recently_deleted > most_deleted);
  if (!over) {
    verdict.allowed = std::move(actions);
    return verdict;
  }
  std::vector<Action> destructive;
  std::copy_if(actions.begin(), actions.end(), std::back_inserter(destructive), is_destructive);
  verdict.hash = hash_of(destructive);
  if (verdict.hash == facts.approved) {
    verdict.approved = true;
    verdict.allowed = std::move(actions);
    return verdict;
  }
  verdict.message = "would revoke " + std::to_string(revoked) + " permissions (limit " +
                    std::to_string(most_revoked) + ") and delete " + std::to_string(deleted) +
                    " tables (limit " + std::to_string(most_deleted) + "); to approve: annotate the Account with " +
                    kApproveAnnotation + "=" + verdict.hash;
  verdict.held = std::move(destructive);
  std::copy_if(actions.begin(), actions.end(), std::back_inserter(verdict.allowed),
               [](const Action& action) { return !is_destructive(action); });
  return verdict;
}

}  // namespace datamesh::engine
