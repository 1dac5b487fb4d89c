#include "controller/embedded/sqlite_store_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "controller/base/text.h"

namespace datamesh::embedded {
namespace {

/// As parse_json: what a client may send is no deeper.
constexpr int kMaxDepth = 100;

/// Metadata that a client's write never changes.
constexpr std::array kServersMetadata = {"uid", "creationTimestamp", "generation", "deletionTimestamp",
                                         "deletionGracePeriodSeconds"};

bool deeper_than(const Json& value, int levels) {
  if (!value.is_structured()) return false;
  if (levels == 0) return true;
  return std::any_of(value.begin(), value.end(), [&](const Json& child) { return deeper_than(child, levels - 1); });
}

/// Source: apimachinery, meta.UnsafeGuessKindToResource
std::string guess_plural(const std::string& kind) {
  const std::string singular = lower(kind);
  if (singular.empty()) return singular;
  if (singular.back() == 's') return singular + "es";
  if (singular.back() == 'y') return singular.substr(0, singular.size() - 1) + "ies";
  return singular + "s";
}

std::string with_group(const std::string& name, const KindTraits& traits) {
  return traits.group.empty() ? name : name + "." + traits.group;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// `widgets.example.com "a"`
std::string resource_and_name(const KindTraits& traits, const api::ObjectKey& key) {
  const std::string plural = traits.plural.empty() ? guess_plural(key.kind) : traits.plural;
  return with_group(plural, traits) + " " + quoted(key.name);
}

Error store_error(ErrorKind kind, std::string message) {
  return Error{kind, {}, std::move(message), "store", std::nullopt};
}

class Problems {
 public:
  void add(const std::string& path, const std::string& what) { lines_.push_back(path + ": " + what); }
  Result<void> result() const {
    if (lines_.empty()) return {};
    return fail(invalid(lines_));
  }

 private:
  std::vector<std::string> lines_;
};

void check_string(const Json& object, const char* key, const std::string& path, Problems& problems) {
  const Json& value = member(object, key);
  if (!value.is_null() && !value.is_string()) problems.add(path, "Invalid value: must be a string");
}

void check_string_map(const Json& metadata, const char* key, Problems& problems) {
  const Json& map = member(metadata, key);
  const std::string path = std::string("metadata.") + key;
  if (map.is_null()) return;
  if (!map.is_object()) return problems.add(path, "Invalid value: must be an object of strings");
  for (const auto& [name, value] : map.items()) {
    if (!value.is_string()) problems.add(path + "[" + name + "]", "Invalid value: must be a string");
  }
}

void check_finalizers(const Json& metadata, Problems& problems) {
  const Json& finalizers = member(metadata, "finalizers");
  if (finalizers.is_null()) return;
  const bool strings = finalizers.is_array() && std::all_of(finalizers.begin(), finalizers.end(),
                                                            [](const Json& f) { return f.is_string(); });
  if (!strings) problems.add("metadata.finalizers", "Invalid value: must be a list of strings");
}

void check_namespace(const Json& metadata, Scope scope, Problems& problems) {
  const std::string ns = string_at(metadata, "namespace");
  if (scope == Scope::Namespaced && ns.empty()) problems.add("metadata.namespace", "Required value");
  if (scope == Scope::Cluster && !ns.empty()) {
    problems.add("metadata.namespace", "Forbidden: not allowed on this type");
  }
}

void check_metadata(const Json& metadata, Scope scope, Problems& problems) {
  if (!metadata.is_object()) return problems.add("metadata", "Required value");
  for (const char* key : {"name", "generateName", "namespace", "uid", "resourceVersion"}) {
    check_string(metadata, key, std::string("metadata.") + key, problems);
  }
  if (string_at(metadata, "name").empty() && string_at(metadata, "generateName").empty()) {
    problems.add("metadata.name", "Required value: name or generateName is required");
  }
  check_namespace(metadata, scope, problems);
  check_string_map(metadata, "labels", problems);
  check_string_map(metadata, "annotations", problems);
  check_finalizers(metadata, problems);
}

std::vector<std::string> finalizers_of(const Json& object) {
  const Json& finalizers = at_path(object, {"metadata", "finalizers"});
  return finalizers.is_array() ? finalizers.get<std::vector<std::string>>() : std::vector<std::string>();
}

/// Source: apimachinery, validation.ValidateNoNewFinalizers
Result<void> refuse_new_finalizers(const Json& stored, const Json& wanted) {
  if (!is_terminating(stored)) return {};
  std::vector<std::string> before = finalizers_of(stored);
  std::vector<std::string> after = finalizers_of(wanted);
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  std::vector<std::string> added;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(added));
  if (added.empty()) return {};
  std::string list;
  for (const std::string& finalizer : added) list += (list.empty() ? "" : ", ") + quoted(finalizer);
  return fail(invalid({"metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
                       "deleted, found new finalizers []string{" + list + "}"}));
}

/// Whether two objects agree in every member but the `ignored` ones.
bool same_but(std::initializer_list<std::string_view> ignored, const Json& left, const Json& right) {
  const auto counts = [&](const std::string& key) {
    return std::find(ignored.begin(), ignored.end(), key) == ignored.end();
  };
  const auto held_by = [&](const Json& one, const Json& other) {
    for (auto field = one.begin(); field != one.end(); ++field) {
      if (!counts(field.key())) continue;
      const auto same = other.find(field.key());
      if (same == other.end() || *same != *field) return false;
    }
    return true;
  };
  return held_by(left, right) && held_by(right, left);
}

}  // namespace

KindTraits traits_of(const KindTable& kinds, const std::string& kind) {
  const auto found = kinds.find(kind);
  return found == kinds.end() ? KindTraits{} : found->second;
}

// ---- errors -------------------------------------------------------------------------------------------------------

Error not_found(const KindTraits& traits, const api::ObjectKey& key) {
  return store_error(ErrorKind::NotFound, resource_and_name(traits, key) + " not found");
}

Error already_exists(const KindTraits& traits, const api::ObjectKey& key, const Json& existing) {
  const std::string prefix = is_terminating(existing) ? "object is being deleted: " : "";
  return store_error(ErrorKind::AlreadyExists, prefix + resource_and_name(traits, key) + " already exists");
}

Error modified(const KindTraits& traits, const api::ObjectKey& key) {
  return store_error(ErrorKind::Conflict,
                     "Operation cannot be fulfilled on " + resource_and_name(traits, key) +
                         ": the object has been modified; please apply your changes to the latest version and try again");
}

Error invalid(const std::vector<std::string>& problems) {
  std::string lines;
  for (const std::string& problem : problems) lines += (lines.empty() ? "" : "\n") + problem;
  return store_error(ErrorKind::Invalid, lines);
}

// ---- the way of an object -----------------------------------------------------------------------------------------

Result<void> check_shape(const Json& object, Scope scope) {
  Problems problems;
  if (!object.is_object()) return fail(invalid({"<object>: Invalid value: must be a JSON object"}));
  if (deeper_than(object, kMaxDepth)) {
    return fail(invalid({"<object>: Invalid value: nested deeper than " + std::to_string(kMaxDepth)}));
  }
  if (string_at(object, "apiVersion").empty()) problems.add("apiVersion", "Required value");
  if (string_at(object, "kind").empty()) problems.add("kind", "Required value");
  check_metadata(member(object, "metadata"), scope, problems);
  return problems.result();
}

Json tidied(Json object, ManagedFields managed_fields) {
  Json& metadata = object["metadata"];
  if (managed_fields == ManagedFields::Drop) metadata.erase("managedFields");
  metadata.erase("selfLink");
  for (auto field = metadata.begin(); field != metadata.end();) {
    const bool nothing = field->is_null() || (field->is_structured() && field->empty()) ||
                         (field->is_string() && field->get_ref<const std::string&>().empty());
    field = nothing ? metadata.erase(field) : std::next(field);
  }
  return object;
}

Json as_created(Json object, const std::string& uid, Time now) {
  object.erase("status");
  Json& metadata = object["metadata"];
  for (const char* field : kServersMetadata) metadata.erase(field);
  metadata["uid"] = uid;
  metadata["creationTimestamp"] = to_rfc3339(now);
  metadata["generation"] = 1;
  return object;
}

Result<Json> as_updated(const KindTraits& traits, const Json& stored, Json wanted) {
  const api::ObjectKey key = api::key_of(stored);
  const std::string uid = at_path(stored, {"metadata", "uid"}).get<std::string>();
  const std::string wanted_uid = string_at(member(wanted, "metadata"), "uid");
  if (!wanted_uid.empty() && wanted_uid != uid) {
    return fail(store_error(ErrorKind::Conflict, "Operation cannot be fulfilled on " + resource_and_name(traits, key) +
                                                     ": Precondition failed: UID in precondition: " + wanted_uid +
                                                     ", UID in object meta: " + uid));
  }
  TRY_VALUE(const api::Revision revision, revision_of(wanted));
  TRY_VALUE(const api::Revision present, revision_of(stored));
  if (revision != 0 && revision != present) return fail(modified(traits, key));
  TRY(refuse_new_finalizers(stored, wanted));

  const Json& old = stored.at("metadata");
  Json& metadata = wanted["metadata"];
  for (const char* field : kServersMetadata) {
    metadata.erase(field);
    if (old.contains(field)) metadata[field] = old.at(field);
  }
  metadata["resourceVersion"] = old.at("resourceVersion");
  if (!metadata.contains("managedFields") && old.contains("managedFields")) {
    metadata["managedFields"] = old.at("managedFields");
  }
  wanted.erase("status");
  if (stored.contains("status")) wanted["status"] = stored.at("status");
  return wanted;
}

Json with_generation(const Json& stored, Json wanted) {
  if (same_but({"metadata", "status"}, stored, wanted)) return wanted;
  Json& generation = wanted["metadata"]["generation"];
  generation = generation.get<std::int64_t>() + 1;
  return wanted;
}

Json as_terminating(Json stored, Time now) {
  Json& metadata = stored["metadata"];
  metadata["deletionTimestamp"] = to_rfc3339(now);
  metadata["deletionGracePeriodSeconds"] = 0;
  metadata["generation"] = metadata.at("generation").get<std::int64_t>() + 1;
  return stored;
}

bool is_terminating(const Json& object) { return at_path(object, {"metadata", "deletionTimestamp"}).is_string(); }

bool has_finalizers(const Json& object) {
  const Json& finalizers = at_path(object, {"metadata", "finalizers"});
  return finalizers.is_array() && !finalizers.empty();
}

bool only_finalizers_differ(const Json& stored, const Json& wanted) {
  return same_but({"metadata"}, stored, wanted) &&
         same_but({"finalizers"}, stored.at("metadata"), wanted.at("metadata"));
}

Result<void> check_preconditions(const KindTraits& traits, const Json& stored,
                                 const api::Preconditions& preconditions) {
  const api::ObjectKey key = api::key_of(stored);
  const std::string start =
      "Operation cannot be fulfilled on " + with_group(key.kind, traits) + " " + quoted(key.name) + ": the ";
  const std::string uid = at_path(stored, {"metadata", "uid"}).get<std::string>();
  if (preconditions.uid && *preconditions.uid != uid) {
    return fail(store_error(ErrorKind::Conflict,
                            start + "UID in the precondition (" + *preconditions.uid +
                                ") does not match the UID in record (" + uid +
                                "). The object might have been deleted and then recreated"));
  }
  TRY_VALUE(const api::Revision present, revision_of(stored));
  if (preconditions.revision && *preconditions.revision != present) {
    return fail(store_error(ErrorKind::Conflict,
                            start + "ResourceVersion in the precondition (" + std::to_string(*preconditions.revision) +
                                ") does not match the ResourceVersion in record (" + std::to_string(present) +
                                "). The object might have been modified"));
  }
  return {};
}

Result<api::Revision> revision_of(const Json& object) {
  const std::string text = string_at(member(object, "metadata"), "resourceVersion");
  if (text.empty()) return 0;
  api::Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size() || revision < 0) {
    return fail(invalid({"metadata.resourceVersion: Invalid value: " + quoted(text) + ": must be a decimal number"}));
  }
  return revision;
}

std::string name_suffix(std::uint64_t random) {
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix(5, ' ');
  for (char& letter : suffix) {
    letter = kLetters[random % kLetters.size()];
    random /= kLetters.size();
  }
  return suffix;
}

std::string uuid_v4(std::uint64_t high, std::uint64_t low) {
  high = (high & 0xffffffffffff0fffULL) | 0x4000ULL;
  low = (low & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffffffffffffULL));
  return text.data();
}

}  // namespace datamesh::embedded
