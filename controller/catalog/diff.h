// The difference between what is claimed and what is observed, as actions. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/catalog/entry.h"

namespace datamesh::catalog {

enum class Verb { Create, Update, Delete, Grant, Revoke, Accept };
std::string_view to_string(Verb verb);

/// Why an action is needed. Limits of the guard count Released, Surplus and Undeclared; never Expired or Withheld.
enum class Cause {
  Declared,    ///< claimed and absent
  Changed,     ///< claimed and different
  Preserve,    ///< keeps what both states give while a wider form is taken away
  Released,    ///< made by the operator, claimed no more
  Expired,     ///< its Grant or product ran out
  Surplus,     ///< beyond what a claim allows
  Undeclared,  ///< claimed by nobody, and the account says Revoke
  Repair,      ///< a broken share is made anew
  Confirm,     ///< released and not to be seen any more; taken back all the same, since readings lag
  Withheld,    ///< its table was made again, and what is given on it waits for approval
};
std::string_view to_string(Cause cause);

/// One thing to do to the world. `run` executes it, `plan` prints it, the audit log keeps it.
struct Action {
  EntryKey key;
  Verb verb = Verb::Create;
  EntryValue value;  ///< Create, Update: the wanted value; Grant, Revoke: what to add or take; Accept: the invitations
  Cause cause = Cause::Declared;

  bool operator==(const Action&) const = default;
};

/// "grant SELECT, DESCRIBE on table sales/orders to 111122223333"
std::string describe(const Action& action);
/// "table sales/orders", "columns a, b of table sales/orders", "all tables of sales"
std::string describe(const ResourceId& resource);

/// How far beyond the claim an observed permission may be taken back.
enum class Surplus { OursOnly, All };

struct DiffInput {
  EntryKey key;
  const EntryValue* claimed = nullptr;    ///< merged over all claimants; null: nobody claims it
  const EntryValue* observed = nullptr;   ///< null: absent
  const EntryValue* owned = nullptr;      ///< what the operator recorded as made by it; null: nothing
  const EntryValue* inherited = nullptr;  ///< for tag assignments: `inherited_tag`
  Surplus surplus = Surplus::OursOnly;
  Cause release_cause = Cause::Released;  ///< of what is taken away
};

/// The actions, in the order in which they must be done, that turn `observed` into `claimed`; empty when it is
/// in order already. Entries that are not owned are never deleted.
std::vector<Action> diff(const DiffInput& input);

/// True when what is observed gives all that is claimed.
bool satisfies(const LocalKey& key, const EntryValue* observed, const EntryValue& claimed,
               const EntryValue* inherited = nullptr);

/// What the observed permission gives beyond the claimed one, both on a resource of the type; the DESCRIBE that others
/// imply is nothing beyond.
PermissionValue beyond(const EntryValue& observed, const EntryValue& claimed, ResourceType type);
/// The values that `observed` has and an exact `wanted` neither wants nor keeps.
std::set<std::string> surplus_values(const TagKey& observed, const TagKey& wanted);

/// `wanted` with those of its kept values that are there: what a tag has once it is as wanted.
EntryValue with_kept(TagKey wanted, const TagKey& observed);

/// The claims of several resources on one entry as one value: permissions and tag values unite, settings merge
/// field by field, all else must be equal. nullopt: they contradict each other.
std::optional<EntryValue> merged(const EntryValue& a, const EntryValue& b);

}  // namespace datamesh::catalog
