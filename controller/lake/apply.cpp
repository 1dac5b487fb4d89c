#include "controller/lake/apply.h"

#include <map>
#include <set>

#include "controller/lake/apply_calls.h"
#include "controller/lake/permission_rows.h"

namespace datamesh::lake {
namespace {

using catalog::Action;
using catalog::EntryKind;
using catalog::Verb;

/// Errors after which the catalog is left alone until the schedule says otherwise.
bool ends_the_run(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Throttled:
    case ErrorKind::Transient:
    case ErrorKind::Expired:
    case ErrorKind::Unavailable:
    case ErrorKind::Cancelled: return true;
    default: return false;
  }
}

/// One run over the actions of one catalog.
class Run {
 public:
  Run(Calls& calls, const std::vector<Action>& actions, const std::atomic<bool>& stop)
      : calls_(calls), actions_(actions), stop_(stop) {
    report_.outcomes.resize(actions.size());
  }

  ApplyReport all() {
    std::size_t at = 0;
    while (at < actions_.size() && !ended_ && !stop_.load()) {
      const std::size_t end = same_batch(at);
      const bool may_strand = taking_back_failed_ && actions_[at].verb == Verb::Delete;
      if (is_tag(at) && (may_strand || stands_after_what_failed(at))) {
        tagging_failed_.insert(tagged_database(at));
      } else if (may_strand) {
        // What could not be taken back may hang on it, and would be left stranded or go with it (trap T15).
      } else if (is_permission(at)) {
        permissions(at, end);
      } else if (is_tag(at)) {
        tags(at, end);
      } else {
        settle(at, calls_.apply(actions_[at]));
      }
      at = end;
    }
    return std::move(report_);
  }

 private:
  bool is_permission(std::size_t i) const {
    return actions_[i].key.local.kind == EntryKind::Permission;
  }
  bool is_tag(std::size_t i) const { return actions_[i].key.local.kind == EntryKind::TagAssignment; }

  /// The end of the run of actions that one call can carry, from `at`.
  std::size_t same_batch(std::size_t at) const {
    const std::size_t most = is_permission(at) ? kPermissionBatch : is_tag(at) ? 50 : 1;
    std::size_t end = at + 1;
    while (end < actions_.size() && end - at < most && actions_[end].key.local.kind == actions_[at].key.local.kind &&
           same_call(at, end)) {
      ++end;
    }
    return end;
  }

  /// Actions of one kind that one call can do: all of them, or setting tags whether there were some before or not.
  bool same_call(std::size_t a, std::size_t b) const {
    if (!is_tag(a)) return actions_[a].verb == actions_[b].verb;
    return tagged_resource(a) == tagged_resource(b) &&
           (actions_[a].verb == Verb::Delete) == (actions_[b].verb == Verb::Delete);
  }

  /// The permission is on whatever has certain tags.
  static bool is_by_tags(const Action& action) {
    const auto id = action.key.local.kind == EntryKind::Permission ? catalog::parse_permission_id(action.key.local.name)
                                                                   : std::nullopt;
    return id && (id->resource.type == catalog::ResourceType::DatabasePolicy ||
                  id->resource.type == catalog::ResourceType::TablePolicy);
  }

  static std::string principal_of(const Action& action) {
    const auto id = catalog::parse_permission_id(action.key.local.name);
    return id ? id->principal : "";
  }

  static std::string named_database(const Action& action) {
    const auto id = catalog::parse_permission_id(action.key.local.name);
    return id ? id->resource.database : "";
  }

  std::string tagged_database(std::size_t i) const {
    const std::string resource = tagged_resource(i);
    return resource.substr(0, resource.find('/'));
  }

  std::string tagged_resource(std::size_t i) const {
    const std::string& name = actions_[i].key.local.name;
    return name.substr(0, name.rfind('#'));
  }

  void settle(std::size_t i, const Result<Effect>& result) {
    if (failed_.contains(actions_[i].key)) return;
    if (result) {
      report_.outcomes[i] = {*result, {}};
      return;
    }
    report_.outcomes[i] = {Effect::Failed, result.error()};
    failed_.insert(actions_[i].key);
    const Verb verb = actions_[i].verb;
    taking_back_failed_ = taking_back_failed_ || verb == Verb::Revoke || verb == Verb::Delete;
    if (is_tag(i)) tagging_failed_.insert(tagged_database(i));
    if (is_by_tags(actions_[i])) changing_by_tags_failed_ = true;
    if (verb == Verb::Grant) granting_failed_.insert(principal_of(actions_[i]));
    if (verb == Verb::Grant && !is_by_tags(actions_[i])) naming_failed_.insert(named_database(actions_[i]));
    if (ends_the_run(result.error())) ended_ = true;
  }

  /// The indices from `begin` to `end` whose keys have not failed before, and for whose sake nothing has to come first that failed.
  std::vector<std::size_t> sound(std::size_t begin, std::size_t end) {
    std::vector<std::size_t> out;
    for (std::size_t i = begin; i < end; ++i) {
      if (!failed_.contains(actions_[i].key) && !is_too_early(i)) out.push_back(i);
    }
    return out;
  }

  /// The changes are in an order in which each harms nobody; without one of them the next might.
  bool stands_after_what_failed(std::size_t tag) const {
    const std::string database = tagged_database(tag);
    return changing_by_tags_failed_ || tagging_failed_.contains(database) || naming_failed_.contains(database);
  }

  /// What is revoked by name after tags gives way to what these let in.
  bool stands_after_tags_that_failed(const Action& action) const {
    if (tagging_failed_.empty()) return false;
    return tagging_failed_.contains(named_database(action));
  }

  /// A permission by tags changes after the tags that keep it from harm, and is revoked after what is granted in its place.
  bool is_too_early(std::size_t i) {
    if (!is_permission(i)) return false;
    const Action& action = actions_[i];
    const bool waits_for_tags = !tagging_failed_.empty() && is_by_tags(action);
    if (action.verb == Verb::Revoke) {
      return waits_for_tags || stands_after_tags_that_failed(action) || (!granting_failed_.empty() && granting_failed_.contains(principal_of(action)));
    }
    if (!waits_for_tags) return false;
    granting_failed_.insert(principal_of(action));
    changing_by_tags_failed_ = true;
    return true;
  }

  void permissions(std::size_t begin, std::size_t end) {
    const auto batch = sound(begin, end);
    if (batch.empty()) return;
    std::vector<const Action*> actions;
    for (const std::size_t i : batch) actions.push_back(&actions_[i]);
    const bool grant = actions_[begin].verb == Verb::Grant;
    report_.batches.emplace_back(grant ? "BatchGrantPermissions" : "BatchRevokePermissions", batch.size());
    settle_all(batch, calls_.permissions(actions));
  }

  void tags(std::size_t begin, std::size_t end) {
    const auto batch = sound(begin, end);
    if (batch.empty()) return;
    std::vector<const Action*> actions;
    for (const std::size_t i : batch) actions.push_back(&actions_[i]);
    report_.batches.emplace_back("AddLFTagsToResource", batch.size());
    settle_all(batch, calls_.tags(actions));
  }

  void settle_all(const std::vector<std::size_t>& batch, const Result<std::vector<Result<Effect>>>& results) {
    for (std::size_t n = 0; n < batch.size(); ++n) {
      if (results) {
        settle(batch[n], (*results)[n]);
      } else {
        settle(batch[n], fail(results.error()));
      }
    }
  }

  Calls& calls_;
  const std::vector<Action>& actions_;
  const std::atomic<bool>& stop_;
  ApplyReport report_;
  std::set<catalog::EntryKey> failed_;
  std::set<std::string> tagging_failed_;  ///< databases in which a tag could not be changed
  std::set<std::string> naming_failed_;   ///< databases on which something could not be granted by name
  std::set<std::string> granting_failed_;  ///< principals to whom something could not be granted
  bool changing_by_tags_failed_ = false;
  bool taking_back_failed_ = false;
  bool ended_ = false;
};

}  // namespace

ApplyReport apply(aws::Api& api, const CatalogRef& catalog, const std::vector<Action>& actions,
                  const std::atomic<bool>& stop) {
  Calls calls(api, catalog);
  return Run(calls, actions, stop).all();
}

}  // namespace datamesh::lake
