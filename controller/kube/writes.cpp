#include "controller/kube/writes.h"

#include <charconv>
#include <cstdio>
#include <random>

#include "controller/api/schema_node.h"
#include "controller/kube/body.h"
#include "controller/kube/builtin_rules.h"
#include "controller/kube/storage_form.h"
#include "controller/kube/validation.h"

namespace datamesh::kube {
namespace {

constexpr int kMostAttempts = 10;

/// Metadata that a client's write never changes.
constexpr std::array kServersMetadata = {"uid", "creationTimestamp", "generation", "deletionTimestamp",
                                         "deletionGracePeriodSeconds", "selfLink"};

/// A version 4 UUID for an object that is not stored: nobody will refer to it.
std::string passing_uid() {
  std::random_device random;
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%08x%04x", random(), random() & 0xffffU, random() & 0xfffU,
                (random() & 0x3fffU) | 0x8000U, random(), random() & 0xffffU);
  return text.data();
}

void drop_empty_metadata(Json& object) {
  Json& metadata = object["metadata"];
  for (auto field = metadata.begin(); field != metadata.end();) {
    const bool nothing = field->is_null() || ((field->is_structured() || field->is_string()) && field->empty()) ||
                         (field->is_string() && field->get_ref<const std::string&>().empty());
    field = nothing ? metadata.erase(field) : std::next(field);
  }
}

/// "2026-08-01 10:00:00 +0000 UTC", as Go prints a time.
std::string go_time(Time time) {
  std::string text = to_rfc3339(time);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text.substr(0, text.find_first_of(".Z")) + " +0000 UTC";
}

/// Whether the two differ in anything that counts as a new generation.
bool same_declaration(const ServedType& type, Json before, Json after) {
  for (Json* side : {&before, &after}) {
    side->erase("metadata");
    if (type.has_status) side->erase("status");
  }
  return before == after;
}

Json dry_run_of_new(const Intent& intent, Json object) {
  Json& metadata = object["metadata"];
  metadata["uid"] = passing_uid();
  metadata["creationTimestamp"] = to_rfc3339(intent.backend.clock.now());
  if (string_at(metadata, "name").empty()) metadata["name"] = string_at(metadata, "generateName") + "dryrn";
  if (intent.target.type->origin == Origin::Custom) metadata["generation"] = 1;
  return from_storage(*intent.target.type, to_storage(*intent.target.type, std::move(object)));
}

/// Finalizers of a client's own may not come while the object goes.
Outcome<void> refuse_new_finalizers(const ServedType& type, const Json& live, const Json& wanted) {
  if (!at_path(live, {"metadata", "deletionTimestamp"}).is_string()) return {};
  const Json& before = at_path(live, {"metadata", "finalizers"});
  std::string added;
  for (const Json& finalizer : at_path(wanted, {"metadata", "finalizers"})) {
    if (std::find(before.begin(), before.end(), finalizer) != before.end()) continue;
    added += (added.empty() ? "" : ", ") + go_quoted(finalizer.get<std::string>());
  }
  if (added.empty()) return {};
  return fail(invalid(type, string_at(live["metadata"], "name"),
                      {forbidden_field("metadata.finalizers", "no new finalizers can be added if the object is being "
                                                              "deleted, found new finalizers []string{" + added + "}")}));
}

/// True when a client sent managedFields that replace the present ones.
bool replaces_managers(const Json& live, const Json& wanted) {
  const Json& given = at_path(wanted, {"metadata", "managedFields"});
  return given.is_array() && !given.empty() && given != at_path(live, {"metadata", "managedFields"});
}

/// Sets the managedFields of `wanted`, which follows `live`.
void record_managers(const Intent& intent, const Json& live, Json& wanted) {
  ManagedFields fields = ManagedFields::parse(replaces_managers(live, wanted) ? wanted : live);
  fields.update(*intent.target.type, live, wanted, intent.writer(ManagerOperation::Update), intent.backend.clock.now());
  Json list = fields.to_json();
  if (list.empty()) {
    wanted["metadata"].erase("managedFields");
  } else {
    wanted["metadata"]["managedFields"] = std::move(list);
  }
}

/// Nobody marks an object as being deleted but by deleting it. What else is the server's is overlooked.
/// Source: kube-apiserver 1.32.5, asked
Outcome<void> refuse_deletion_marks(const Intent& intent, const Json& old, const Json& metadata) {
  if (intent.target.subresource != Subresource::None || old.contains("deletionTimestamp")) return {};
  Causes causes;
  if (const std::string given = string_at(metadata, "deletionTimestamp"); !given.empty()) {
    const auto time = parse_rfc3339(given);
    causes.push_back(invalid_value("metadata.deletionTimestamp", time ? go_time(*time) : go_quoted(given), "field is immutable"));
  }
  if (const Json& given = member(metadata, "deletionGracePeriodSeconds"); given.is_number()) {
    causes.push_back(invalid_value("metadata.deletionGracePeriodSeconds", given.dump(), "field is immutable"));
  }
  if (causes.empty()) return {};
  return fail(invalid(*intent.target.type, intent.target.name, causes));
}

/// `wanted` with the server's part of `live`, as an object of the same identity.
Outcome<Json> with_servers_part(const Intent& intent, const Json& live, Json wanted) {
  const ServedType& type = *intent.target.type;
  Json& metadata = wanted["metadata"];
  const Json& old = live.at("metadata");
  const std::string uid = string_at(metadata, "uid");
  if (!uid.empty() && uid != string_at(old, "uid")) {
    return fail(conflict(type, intent.target.name, "Precondition failed: UID in precondition: " + uid +
                                                       ", UID in object meta: " + string_at(old, "uid")));
  }
  TRY_VALUE(const api::Revision revision, parse_revision(string_at(metadata, "resourceVersion")));
  if (revision != 0 && std::to_string(revision) != string_at(old, "resourceVersion")) {
    return fail(modified(type, intent.target.name));
  }
  TRY(refuse_deletion_marks(intent, old, metadata));
  for (const char* field : kServersMetadata) {
    metadata.erase(field);
    if (old.contains(field)) metadata[field] = old.at(field);
  }
  metadata["resourceVersion"] = old.at("resourceVersion");
  if (intent.target.subresource == Subresource::None) {
    if (type.kind == "Namespace") wanted["spec"] = live.at("spec");  // only /finalize changes it
    if (!type.has_status) return wanted;
    wanted.erase("status");
    if (live.contains("status")) wanted["status"] = live.at("status");
    return wanted;
  }
  Json result = live;
  const char* const part = intent.target.subresource == Subresource::Status ? "status" : "spec";
  result.erase(part);
  if (wanted.contains(part)) result[part] = std::move(wanted[part]);
  if (metadata.contains("managedFields")) result["metadata"]["managedFields"] = std::move(metadata["managedFields"]);
  return result;
}

Causes problems_of(const Intent& intent, const Json& object, const Json& stored) {
  const ServedType& type = *intent.target.type;
  Causes causes = validate(type, intent.backend.types.schema(), object);
  for (Cause& cause : check_builtin(type, object, stored)) causes.push_back(std::move(cause));
  return causes;
}

/// Writes `wanted` over `live`, both complete.
Outcome<Json> write_over(const Intent& intent, const Json& live, const Json& wanted) {
  const ServedType& type = *intent.target.type;
  api::ResourceStore& store = intent.backend.store;
  const Json stored = to_storage(type, wanted);
  if (intent.target.subresource != Subresource::Status) {
    auto object = store.update(stored);
    if (!object) return fail(fault_of(object.error(), type, intent.target.name));
    return from_storage(type, std::move(*object));
  }
  TRY_VALUE(const api::Revision revision, parse_revision(string_at(live.at("metadata"), "resourceVersion")));
  api::StatusWrite write{key_in_store(type, intent.target.ns, intent.target.name), string_at(live.at("metadata"), "uid"),
                         member(stored, "status"), revision, revision, at_path(stored, {"metadata", "managedFields"})};
  auto outcomes = store.write_statuses({write});
  if (!outcomes[0]) return fail(fault_of(outcomes[0].error(), type, intent.target.name));
  return from_storage(type, std::move(*outcomes[0]));
}

/// A removal of finalizers is let through even where the schema has become stricter since.
bool only_finalizers_go(const Json& live, const Json& wanted) {
  Json before = live, after = wanted;
  for (Json* side : {&before, &after}) {
    (*side)["metadata"].erase("finalizers");
    (*side)["metadata"].erase("managedFields");
  }
  return before == after;
}

Outcome<Json> attempt_change(const Intent& intent, const Json& live, Wanted made) {
  const ServedType& type = *intent.target.type;
  TRY_VALUE(Json wanted, with_servers_part(intent, live, std::move(made.object)));
  if (intent.target.subresource == Subresource::None) {
    complete(type, wanted);
    api::fill_defaults(*type.schema, wanted);
  }
  drop_empty_metadata(wanted);
  TRY(refuse_new_finalizers(type, live, wanted));
  const Causes causes = problems_of(intent, wanted, live);
  if (!causes.empty() && !only_finalizers_go(live, wanted)) return fail(invalid(type, intent.target.name, causes));
  if (!made.managers_known) record_managers(intent, live, wanted);
  if (wanted == live) return live;
  if (intent.options.dry_run) {
    Json& metadata = wanted["metadata"];
    if (metadata.contains("generation") && !same_declaration(type, live, wanted)) {
      metadata["generation"] = metadata["generation"].get<std::int64_t>() + 1;
    }
    return wanted;
  }
  return write_over(intent, live, wanted);
}

}  // namespace

Writer Intent::writer(ManagerOperation operation) const {
  const char* const part = target.subresource == Subresource::Status ? "status" : "";
  return {options.manager, api_version(*target.type), part, operation};
}

Outcome<api::Revision> parse_revision(const std::string& text) {
  if (text.empty()) return 0;
  api::Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error == std::errc() && end == text.data() + text.size() && revision >= 0) return revision;
  return fail(Fault{500, "", "strconv.ParseUint: parsing " + go_quoted(text) + ": invalid syntax"});
}

Outcome<Written> store_new(const Intent& intent, Wanted wanted) {
  const ServedType& type = *intent.target.type;
  Json object = std::move(wanted.object);
  if (type.has_status) object.erase("status");
  for (const char* field : kServersMetadata) object["metadata"].erase(field);
  if (type.kind == "Namespace") object["spec"]["finalizers"] = {kNamespaceFinalizer};
  complete(type, object);
  api::fill_defaults(*type.schema, object);
  drop_empty_metadata(object);
  const std::string name = string_at(object["metadata"], "name");
  TRY(check_namespace(intent.backend, type, intent.target.ns, name));
  if (type.kind == "CustomResourceDefinition") {
    Target existing = intent.target;
    existing.name = name;
    if (const auto found = read_one(intent.backend, existing)) return fail(already_exists(type, name, *found));
    return fail(forbidden(type, name, "this server serves the kinds that it was built with, and takes no others"));
  }
  const Causes causes = problems_of(intent, object, nullptr);
  if (!causes.empty()) return fail(invalid(type, name, causes));
  if (!wanted.managers_known) record_managers(intent, Json{{"metadata", Json::object()}}, object);
  Written written{201, {}, intent.warnings};
  if (intent.options.dry_run) {
    Target existing = intent.target;
    existing.name = name;
    if (const auto found = read_one(intent.backend, existing)) return fail(already_exists(type, name, *found));
    written.object = dry_run_of_new(intent, std::move(object));
    return written;
  }
  auto created = intent.backend.store.create(to_storage(type, std::move(object)));
  if (!created) return fail(fault_of(created.error(), type, name));
  written.object = from_storage(type, std::move(*created));
  return written;
}

Outcome<Written> store_change(const Intent& intent, const std::function<Outcome<Wanted>(const Json& live)>& make) {
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Json live, read_one(intent.backend, intent.target));
    TRY_VALUE(Wanted wanted, make(live));
    const std::string revision = string_at(member(wanted.object, "metadata"), "resourceVersion");
    const bool own_revision = !revision.empty() && revision != string_at(live["metadata"], "resourceVersion");
    auto changed = attempt_change(intent, live, std::move(wanted));
    if (changed) return Written{200, std::move(*changed), intent.warnings};
    const bool lost_race = changed.error().code == 409 && !own_revision && attempt < kMostAttempts;
    if (!lost_race) return fail(changed.error());
  }
}

Outcome<Written> create_object(const Backend& backend, const Target& target, const http::Request& request) {
  TRY_VALUE(const WriteOptions options, parse_write_options(request, "CreateOptions"));
  TRY_VALUE(Body body, read_object(request, target, options.validation));
  if (!string_at(body.object["metadata"], "resourceVersion").empty()) {
    return fail(Fault{500, "", "resourceVersion should not be set on objects to be created"});
  }
  Intent intent{backend, target, options, std::move(body.problems)};
  for (std::string& warning : finalizer_warnings(body.object)) intent.warnings.push_back(std::move(warning));
  body.object["metadata"].erase("managedFields");
  return store_new(intent, {std::move(body.object)});
}

Outcome<Written> replace_object(const Backend& backend, const Target& target, const http::Request& request) {
  const ServedType& type = *target.type;
  TRY_VALUE(const WriteOptions options, parse_write_options(request, "UpdateOptions"));
  TRY_VALUE(Body body, read_object(request, target, options.validation));
  const std::string revision = string_at(body.object["metadata"], "resourceVersion");
  TRY_VALUE(const api::Revision number, parse_revision(revision));
  const Intent intent{backend, target, options, std::move(body.problems)};
  if (type.create_on_update && number == 0) {
    const auto present = read_one(backend, target);
    if (!present && present.error().code == 404) return store_new(intent, {std::move(body.object)});
  }
  return store_change(intent, [&](const Json& live) -> Outcome<Wanted> {
    if (number == 0 && !type.unconditional_update) {
      Fault fault = invalid(type.group, type.plural, target.name,
                            {{"FieldValueInvalid", "Invalid value: 0x0: must be specified for an update", "metadata.resourceVersion"}});
      return fail(fault);
    }
    Json wanted = body.object;
    // An update that says nothing of its managers leaves them alone.
    if (at_path(wanted, {"metadata", "managedFields"}).empty() && live["metadata"].contains("managedFields")) {
      wanted["metadata"]["managedFields"] = live["metadata"]["managedFields"];
    }
    return Wanted{std::move(wanted)};
  });
}

}  // namespace datamesh::kube
