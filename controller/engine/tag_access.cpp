#include "controller/engine/tag_access.h"

#include <algorithm>
#include <set>

#include "controller/catalog/evaluate.h"
#include "controller/engine/catalog_state.h"
#include "controller/engine/tag_view.h"

namespace datamesh::engine {

using catalog::Action;
using catalog::EntryKind;
using catalog::Permission;

namespace {

/// Of a database with more tables, those without tags of their own are told as one.
constexpr std::size_t kNamedTables = 100;

/// One thing that may come or go: `resource` is named as tag assignments are.
struct Question {
  std::string principal;
  std::string resource;
  auto operator<=>(const Question&) const = default;
};

/// The snapshots as if all that is planned were done, for as long as it lives.
class Done {
 public:
  Done(const PlannedActions& planned, const Readings& readings) {
    for (const auto& [ref, actions] : planned) {
      const auto reading = readings.find(ref);
      if (reading == readings.end()) continue;
      for (const Action& action : actions) {
        const auto* now = reading->second->find(action.key.local);
        before_.push_back({reading->second, action.key.local, now == nullptr ? catalog::EntryValue() : *now});
        note_effect(*reading->second, action);
      }
    }
  }
  ~Done() {
    for (auto at = before_.rbegin(); at != before_.rend(); ++at) {
      if (is_absent(at->value)) {
        at->snapshot->entries.erase(at->key);
      } else {
        at->snapshot->entries.insert_or_assign(at->key, std::move(at->value));
      }
    }
  }
  Done(const Done&) = delete;
  Done& operator=(const Done&) = delete;

 private:
  struct Before {
    catalog::Snapshot* snapshot;
    catalog::LocalKey key;
    catalog::EntryValue value;
  };
  std::vector<Before> before_;
};

/// What changes in one catalog whose tags change.
class Changes {
 public:
  Changes(const CatalogRef& catalog, const std::vector<Action>& actions, const Readings& readings, const Ledger& ledger)
      : catalog_(catalog), readings_(readings), governing_(*readings.at(catalog)), observed_(governing_), after_(observed_) {
    std::set<std::string> resources, keys;
    for (const Action& action : actions) {
      if (action.key.local.kind != EntryKind::TagAssignment) continue;
      after_.note(action);
      const auto [resource, key] = split_tag(action.key.local.name);
      keys.insert(key);
      resources.merge(tagged_under(resource, governing_, ledger, catalog));
    }
    name_tables(resources);
    for (const auto& [ref, reading] : readings) {
      if (ref.region != catalog.region) continue;
      for (const TagPolicy& policy : tag_policies(*reading, catalog.account)) {
        const bool concerned = std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return policy.expression.terms.contains(key); });
        if (concerned) ask(policy, resources);
      }
    }
  }

  bool none() const { return questions_.empty(); }

  /// What they may do as the readings are now.
  std::map<Question, catalog::PermissionSet> answers() const {
    std::map<Question, catalog::PermissionSet> out;
    for (const auto& [question, permissions] : questions_) {
      catalog::PermissionSet& held = out[question];
      for (const std::string& name : permissions.names()) {
        const Permission permission = *catalog::parse_permission(name);
        if (may(question, permission)) held.insert(permission);
      }
    }
    return out;
  }

  std::string describe(const std::string& resource) const {
    const auto [database, table, column] = parts(resource);
    if (table == "*") return catalog_.account + " tables of " + database + " without tags of their own";
    const std::string place = table.empty() ? "database " + database : "table " + database + "/" + table;
    return catalog_.account + " " + (column.empty() ? "" : "column " + column + " of ") + place;
  }

 private:
  /// Puts the tables of a database by name in the place of what stands for them, while they are few.
  void name_tables(std::set<std::string>& resources) const {
    std::set<std::string> named;
    for (const std::string& resource : resources) {
      if (!resource.ends_with("/*")) continue;
      const std::string prefix = resource.substr(0, resource.size() - 1);
      std::set<std::string> tables;
      for (auto at = governing_.entries.lower_bound({EntryKind::Table, prefix});
           at != governing_.entries.end() && at->first.kind == EntryKind::Table && at->first.name.starts_with(prefix) &&
           tables.size() <= kNamedTables;
           ++at) {
        tables.insert(at->first.name);
      }
      if (tables.size() > kNamedTables) tables = {resource};
      named.merge(tables);
    }
    std::erase_if(resources, [](const std::string& resource) { return resource.ends_with("/*"); });
    resources.merge(named);
  }

  void ask(const TagPolicy& policy, const std::set<std::string>& resources) {
    for (const std::string& resource : resources) {
      if (policy.reaches(resource, observed_) == policy.reaches(resource, after_)) continue;
      auto& permissions = questions_[{policy.principal, resource}];
      permissions = permissions | policy.value.permissions;
    }
  }

  bool may(const Question& question, Permission permission) const {
    auto [database, table, column] = parts(question.resource);
    if (table == "*") table = table_without_tags(database);
    if (table == "*") return false;
    const std::string account = catalog::account_of_principal(question.principal);
    const auto local = account == catalog_.account ? readings_.end() : readings_.find({account, catalog_.region});
    return evaluate({question.principal, permission, catalog_, database, table, column}, governing_,
                    local == readings_.end() ? nullptr : local->second)
        .allowed;
  }

  /// One that stands for all of its kind; "*" when there is none.
  std::string table_without_tags(const std::string& database) const {
    const std::string prefix = database + "/";
    for (auto at = governing_.entries.lower_bound({EntryKind::Table, prefix});
         at != governing_.entries.end() && at->first.kind == EntryKind::Table && at->first.name.starts_with(prefix); ++at) {
      const auto tag = governing_.entries.lower_bound({EntryKind::TagAssignment, at->first.name + "#"});
      const bool tagged = tag != governing_.entries.end() && tag->first.kind == EntryKind::TagAssignment &&
                          tag->first.name.starts_with(at->first.name + "#");
      if (!tagged) return at->first.name.substr(prefix.size());
    }
    return "*";
  }

  static std::tuple<std::string, std::string, std::string> parts(const std::string& resource) {
    const std::size_t first = resource.find('/');
    if (first == std::string::npos) return {resource, "", ""};
    const std::size_t second = resource.find('/', first + 1);
    const std::string table = resource.substr(first + 1, second - first - 1);
    return {resource.substr(0, first), table, second == std::string::npos ? "" : resource.substr(second + 1)};
  }

  const CatalogRef& catalog_;
  const Readings& readings_;
  const catalog::Snapshot& governing_;
  const TagsNow observed_;
  TagsAfter after_;
  std::map<Question, catalog::PermissionSet> questions_;
};

}  // namespace

bool changes_tags(const PlannedActions& planned) {
  return std::any_of(planned.begin(), planned.end(), [](const auto& each) {
    return std::any_of(each.second.begin(), each.second.end(), [](const Action& action) {
      return action.key.local.kind == EntryKind::TagAssignment;
    });
  });
}

std::vector<AccessChange> access_by_tags(const PlannedActions& planned, const Readings& readings, const Ledger& ledger) {
  std::vector<AccessChange> out;
  for (const auto& [ref, actions] : planned) {
    if (!readings.contains(ref)) continue;
    const Changes changes(ref, actions, readings, ledger);
    if (changes.none()) continue;
    const auto before = changes.answers();
    const Done done(planned, readings);
    for (const auto& [question, after] : changes.answers()) {
      const AccessChange change{question.principal, changes.describe(question.resource), after - before.at(question),
                                before.at(question) - after};
      if (!change.gains.empty() || !change.loses.empty()) out.push_back(change);
    }
  }
  return out;
}

}  // namespace datamesh::engine
