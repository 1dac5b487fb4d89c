// What an API server does to an object between the request and the disk. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controller/api/resource_store.h"
#include "controller/base/clock.h"
#include "controller/base/json.h"

namespace datamesh::embedded {

enum class Scope { Namespaced, Cluster };

/// How a kind is spelt in messages and where its objects live.
struct KindTraits {
  std::string group;   ///< "datamesh.dev"; empty for the core group
  std::string plural;  ///< "meshes"; empty: guessed from the kind
  Scope scope = Scope::Namespaced;
};

using KindTable = std::map<std::string, KindTraits>;

/// The traits of `kind`; a kind that `kinds` does not name is namespaced and in the core group.
KindTraits traits_of(const KindTable& kinds, const std::string& kind);

/// Objects larger than this are refused. Units: bytes of JSON text.
/// Source: Kubernetes API server, limit of a request body
inline constexpr std::size_t kMaxObjectBytes = 3'145'728;

// ---- errors in Kubernetes' words --------------------------------------------------------------------------------

/// `widgets.example.com "a" not found`
Error not_found(const KindTraits& traits, const api::ObjectKey& key);
/// `widgets.example.com "a" already exists`, preceded by `object is being deleted: ` when `existing` is.
Error already_exists(const KindTraits& traits, const api::ObjectKey& key, const Json& existing);
/// `Operation cannot be fulfilled on widgets.example.com "a": the object has been modified; …`
Error modified(const KindTraits& traits, const api::ObjectKey& key);
/// All `problems` as one Invalid, one a line.
Error invalid(const std::vector<std::string>& problems);

// ---- the way of an object -----------------------------------------------------------------------------------------

/// Holds the object to the shape that every kind shares: apiVersion, kind, a name or generateName, a namespace where
/// the kind has one, the types of the common metadata, nesting.
/// Errors: Invalid with every problem.
Result<void> check_shape(const Json& object, Scope scope);

/// What happens to the record of who set which field. Kept, it is the client's to write, and stays where a write says
/// nothing of it.
enum class ManagedFields { Drop, Keep };

/// `object` without what this store does not keep (selfLink, managedFields) and without empty or null metadata.
Json tidied(Json object, ManagedFields managed_fields);

/// `object` as a new one: the server's metadata replaced, the status dropped. The name must be set already.
Json as_created(Json object, const std::string& uid, Time now);

/// The new state of `stored` when a client wants `wanted`: the server's metadata and the status are the stored ones.
/// Errors: Conflict when `wanted` names another uid or revision; Invalid for new finalizers on an object that is
/// being deleted.
/// Source: Kubernetes API conventions (metadata); update_delete_1.32.txt for the words
Result<Json> as_updated(const KindTraits& traits, const Json& stored, Json wanted);

/// `wanted` with the generation that follows from `stored`: one more when anything but metadata and status differs.
Json with_generation(const Json& stored, Json wanted);

/// `stored` with a deletion timestamp, one generation further.
Json as_terminating(Json stored, Time now);

bool is_terminating(const Json& object);
bool has_finalizers(const Json& object);

/// Whether the two differ in nothing but finalizers.
bool only_finalizers_differ(const Json& stored, const Json& wanted);

/// Errors: Conflict in the words for a deletion whose preconditions do not hold.
Result<void> check_preconditions(const KindTraits& traits, const Json& stored,
                                 const api::Preconditions& preconditions);

/// `stored` with `patch` applied. The work and the result are bounded, whatever the patch says.
/// Errors: Invalid when it does not apply, or changes what names the object (kind, name, namespace, uid).
Result<Json> patched(const Json& stored, api::PatchType type, const Json& patch);

/// The revision in the object's metadata; 0 when there is none or it is "".
/// Errors: Invalid when it is no number.
Result<api::Revision> revision_of(const Json& object);

/// Five characters after a generateName, drawn from `random`. Free of vowels, so that they spell nothing.
std::string name_suffix(std::uint64_t random);
/// A version 4 UUID made of two random numbers.
std::string uuid_v4(std::uint64_t high, std::uint64_t low);

}  // namespace datamesh::embedded
