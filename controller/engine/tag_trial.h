// Tries out what changes of tags and of permissions by tags would do to whoever holds some, each by itself after those that
// are done. Keeps what it found by resource, so that a step done costs as much as what it touches.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "controller/engine/tag_rights.h"

namespace datamesh::engine {

/// What a step does on the way to the state that is declared, the least first.
enum class Harm {
  None,
  MayTake,  ///< may take, from something of which no tag changes, what is there and is declared
  Takes,    ///< takes what is there and is declared
  Gives,    ///< gives what is neither there nor declared
};

/// What one call does to the tags of one resource, or one that grants or revokes a permission by tags.
struct TagStep {
  enum class Kind { Tags, Grant, Revoke };

  Kind kind = Kind::Tags;
  std::string resource;                                       ///< of Tags
  std::map<std::string, std::optional<std::string>> changes;  ///< of Tags: by key; nullopt: removed
  HeldPolicy* policy = nullptr;                               ///< of Grant and Revoke
  Rights rights;                                              ///< granted or revoked
  EntryPlan* entry = nullptr;                                 ///< of Grant and Revoke
  std::vector<EntryPlan*> tags;                               ///< of Tags
  std::vector<catalog::Action> actions;

  std::vector<EntryPlan*> entries() const { return entry == nullptr ? tags : std::vector<EntryPlan*>{entry}; }
};

/// A permission by name that is declared and not there yet.
struct ComingByName {
  KeyId id;
  catalog::ResourceId resource;
  Rights rights;  ///< what of it is not there
};

/// Which of several steps that do the same harm is done first.
struct Preference {
  std::array<int, 3> rank{0, 1, 2};  ///< of the kinds of steps
  bool last_first = false;           ///< of one kind, those that were added last
  bool kind_first = false;           ///< the rank counts before the harm, unless that is to give

  bool operator==(const Preference&) const = default;
};

class TagTrial {
 public:
  /// What is known of the tags: those of `catalog`, as `now` says and as the ledger says that they will be.
  TagTrial(const Ledger& ledger, const catalog::Snapshot& snapshot, const CatalogRef& catalog);

  HeldPolicy& add(HeldPolicy policy);
  HeldPolicy* find(KeyId policy);
  /// A tag that is to change, and is not at hand: nothing is known of when.
  void add_pending(const std::string& tag, KeyId id);
  void add(TagStep& step);
  void add(const std::string& principal, ComingByName coming);
  /// All is added: tries out every step.
  void begin(const Preference& preference);

  bool empty() const { return queue_.empty(); }
  /// The step that does the least harm; of several alike the one that is preferred.
  TagStep& best() const { return *std::get<TagStep*>(*queue_.begin()); }
  Harm harm(const TagStep& step) const;
  std::vector<TagStep*> left() const;
  /// Assignments that keep claimed values below the step's resource, which are inherited so far, from changing with it.
  std::vector<catalog::Action> pins_of(const TagStep& step) const;
  /// `pins`: done beforehand.
  void done(TagStep& step, const std::vector<catalog::Action>& pins);
  /// A permission by name is granted before what is left.
  void given(KeyId by_name);
  /// It is not done now; what it would change is pending.
  void put_off(TagStep& step);

  /// What must change before the step gives nobody too much and is not at hand: a permission that goes, or a tag.
  std::optional<KeyId> blocker(const TagStep& step) const;
  /// What is revoked in this plan, and has to be gone before the step gives nobody too much.
  std::optional<KeyId> lingering_blocker(const TagStep& step) const;
  /// What has yet to come and gives what the step takes, first what `prefers` says.
  std::optional<KeyId> replacement(const TagStep& step, const std::function<bool(const HeldPolicy&)>& policy_counts,
                                   const std::function<bool(KeyId)>& tag_counts) const;
  /// One by name that counts and gives what the step takes.
  std::optional<KeyId> replacement_by_name(const TagStep& step, const std::function<bool(KeyId)>& counts) const;
  /// Whoever is given it has something by tags that goes.
  bool replaces_something(const TagPolicy& policy) const;
  /// True when the permission reaches what `resource` will be before its own tags are set, and shall not reach it.
  bool would_reach_new(const HeldPolicy& policy, const std::string& resource) const;

  /// Something is pending, or goes and is not at hand: only then can there be a blocker.
  bool has_open_ends() const;
  bool knows_of_changes() const { return !cells_.empty(); }
  /// How often a change was tried out at a resource.
  std::size_t tried() const { return tried_; }

 private:
  /// A resource whose tags, or those of what it inherits from, change.
  struct Cell {
    std::string resource;
    bool is_database = false;
    TagRow now;
    TagRow in_the_end;
    std::set<TagStep*> steps;               ///< that change its tags or those above
    std::map<const TagStep*, Harm> harms;  ///< all others: None
  };
  using Place = std::tuple<bool, int, int, std::ptrdiff_t, TagStep*>;
  struct Standing {
    TagStep* step = nullptr;
    std::ptrdiff_t number = 0;
    Harm beyond = Harm::None;  ///< on what no tag changes of
    std::array<std::size_t, 4> cells{};  ///< how many it does which harm to
    std::set<std::string> harmed;        ///< the resources of those that it does any to
    std::optional<Place> place;          ///< while it is left
  };
  struct Held {
    Rights now, lingering, in_the_end;
  };

  void add_cells(const std::string& resource);
  TagRow row_of(const std::string& resource, const Tags& tags) const;
  std::string after(const TagStep& step, const std::string& resource, const std::string& key) const;
  std::optional<std::string> claimed(const std::string& resource, const std::string& key) const;
  TagRow changed_row(const TagStep& step, const Cell& cell) const;
  std::set<std::string_view> concerned(const TagRow& changed, const Cell& cell) const;
  Held held_by(std::string_view principal, const Cell& cell, const TagRow& changed) const;
  const std::vector<ComingByName>& coming_to(std::string_view principal) const;
  Harm try_out(const TagStep& step, const Cell& cell) const;
  Harm try_tags(const TagStep& step, const Cell& cell) const;
  Harm try_policy(const TagStep& step, const Cell& cell) const;
  Harm beyond_the_cells(const TagStep& step) const;
  void update(TagStep& step, Cell& cell);
  Place place_of(const Standing& standing) const;
  void place(TagStep& step);
  void close(TagStep& step);
  void tags_done(const TagStep& step, const std::vector<catalog::Action>& pins);
  void policy_done(const TagStep& step);
  bool may_reach(const HeldPolicy& policy, const Cell& cell) const;
  std::optional<KeyId> pending_at(const std::string& resource, const std::function<bool(KeyId)>& counts) const;

  const Ledger& ledger_;
  const catalog::Snapshot& snapshot_;
  const CatalogRef catalog_;
  const TagsNow observed_;
  TagsAfter now_;
  TagsInTheEnd in_the_end_;
  std::set<std::string> keys_;  ///< that a permission names
  std::map<std::string, std::list<HeldPolicy>, std::less<>> policies_;  ///< by principal
  std::map<std::string, std::vector<const HeldPolicy*>> by_key_;
  std::map<std::string, std::vector<ComingByName>, std::less<>> by_name_;  ///< by principal
  std::map<std::string, Cell> cells_;
  std::map<std::string, std::vector<KeyId>> pending_;  ///< by resource
  std::map<const TagStep*, Standing> steps_;
  std::map<std::string, std::set<TagStep*>, std::less<>> policy_steps_;  ///< by principal, those that are left
  std::set<Place> queue_;
  Preference preference_;
  bool lingers_ = false;  ///< anything
  mutable std::size_t tried_ = 0;
};

}  // namespace datamesh::engine
