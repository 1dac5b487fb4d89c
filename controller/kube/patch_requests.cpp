// PATCH: what the body says becomes an object, by the way that its content type names.
#include "controller/base/yaml.h"
#include "controller/kube/accept.h"
#include "controller/kube/body.h"
#include "controller/kube/json_text.h"
#include "controller/kube/patches.h"
#include "controller/kube/strict.h"
#include "controller/kube/typed.h"
#include "controller/kube/writes.h"

namespace datamesh::kube {
namespace {

const char* const kApply = "application/apply-patch+yaml";
const char* const kMerge = "application/merge-patch+json";
const char* const kJson = "application/json-patch+json";
const char* const kStrategic = "application/strategic-merge-patch+json";

std::vector<std::string> accepted_types(const ServedType& type) {
  if (type.origin == Origin::Custom) return {kJson, kMerge, kApply};
  return {kJson, kMerge, kStrategic, kApply};
}

Outcome<JsonText> read_patch(const http::Request& request) {
  auto text = read_json(request.body);
  if (text) return text;
  return fail(bad_request("error decoding patch: " + text.error().message));
}

Outcome<Json> patched(const Intent& intent, const std::string& media, const Json& live, const Json& patch) {
  if (media == kJson) return json_patched(live, patch);
  if (media == kStrategic) return strategic_patched(*intent.target.type, live, patch);
  if (!patch.is_object()) {
    return fail(bad_request("error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"));
  }
  Json object = live;
  merge_patch(object, patch);
  return object;
}

/// What a patch may not change: what names the object.
Outcome<void> check_unchanged(const ServedType& type, const Json& live, const Json& wanted) {
  const std::string uid = string_at(member(wanted, "metadata"), "uid");
  const std::string name = string_at(live["metadata"], "name");
  if (!uid.empty() && uid != string_at(live["metadata"], "uid")) {
    return fail(invalid(type, name, {invalid_value("metadata.uid", go_quoted(uid), "field is immutable")}));
  }
  return {};
}

/// The object that a patch makes, without what the schema does not know.
Outcome<Wanted> after_patch(Intent& intent, const std::string& media, const Json& live, const JsonText& patch) {
  const ServedType& type = *intent.target.type;
  TRY_VALUE(Json object, patched(intent, media, live, patch.value));
  TRY(check_identity(type, object, ""));
  if (!member(object, "metadata").is_object()) object["metadata"] = Json::object();
  TRY(check_metadata_types(type, object));
  if (intent.target.subresource == Subresource::None) TRY(check_unchanged(type, live, object));
  TRY(check_place(intent.target, object));
  std::vector<std::string> problems;
  for (const std::string& path : patch.duplicates) problems.push_back("duplicate field " + go_quoted(path));
  const std::string text = object.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::string& problem : unknown_fields(prune(type, object))) problems.push_back(std::move(problem));
  if (intent.options.validation == FieldValidation::Strict && !problems.empty()) {
    return fail(invalid("", "", "", {invalid_value("patch", go_quoted(text), strict_error(problems))}));
  }
  if (intent.options.validation == FieldValidation::Warn) intent.warnings = std::move(problems);
  return Wanted{std::move(object)};
}

// ---- apply --------------------------------------------------------------------------------------------------------

Outcome<Json> read_config(const http::Request& request, const Target& target) {
  const ServedType& type = *target.type;
  auto parsed = parse_yaml(request.body);
  if (!parsed) return fail(bad_request("error decoding YAML: error converting YAML to JSON: yaml: " + parsed.error().message));
  Json config = std::move(*parsed);
  if (!config.is_object()) return fail(bad_request("error decoding YAML: the body must be an object"));
  const std::string kind = string_at(config, "kind");
  if (kind != type.kind || string_at(config, "apiVersion") != api_version(type)) {
    const std::string version = string_at(config, "apiVersion");
    const std::string slash = version.find('/') == std::string::npos ? "/" : "";
    return fail(bad_request("invalid object type: " + slash + version + ", Kind=" + kind));
  }
  if (!at_path(config, {"metadata", "managedFields"}).is_null()) return fail(bad_request("metadata.managedFields must be nil"));
  const Json& metadata = member(config, "metadata");
  const std::string place = string_at(metadata, "namespace") + "/" + string_at(metadata, "name");
  if (const std::string problem = type_problem(*type.schema, config); !problem.empty()) {
    const std::string gvk = api_version(type) + ", Kind=" + type.kind;
    return fail(Fault{500, "", "failed to create typed patch object (" + place + "; " + gvk + "): " + problem});
  }
  TRY(check_place(target, config));
  return config;
}

/// The part of `config` that the endpoint takes.
Json part_for(const Target& target, Json config) {
  if (target.subresource == Subresource::None) {
    if (target.type->has_status) config.erase("status");
    return config;
  }
  Json part = {{"apiVersion", config["apiVersion"]}, {"kind", config["kind"]}, {"metadata", Json::object()}};
  if (config.contains("status")) part["status"] = config["status"];
  return part;
}

/// `applied` with the identity and the server's part of `base`.
Wanted as_wanted(Json applied, const Json& base, const ManagedFields& fields, const ManagedFields& before) {
  applied["apiVersion"] = base["apiVersion"];
  applied["kind"] = base["kind"];
  Json& metadata = applied["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  for (const char* field : {"name", "namespace", "uid", "resourceVersion", "generateName"}) {
    if (base["metadata"].contains(field)) metadata[field] = base["metadata"][field];
  }
  const Json& present = at_path(base, {"metadata", "managedFields"});
  metadata["managedFields"] = fields.same_fields(before) && present.is_array() ? present : fields.to_json();
  return {std::move(applied), true};
}

Outcome<Wanted> after_apply(const Intent& intent, const Json& live, const Json& config) {
  const Writer writer = intent.writer(ManagerOperation::Apply);
  const Json part = part_for(intent.target, config);
  ManagedFields fields = ManagedFields::parse(live);
  const ManagedFields before = fields;
  using Force = ManagedFields::Application::Force;
  TRY_VALUE(Json applied, fields.apply({*intent.target.type, live, part, writer,
                                        intent.options.force ? Force::Yes : Force::No, intent.backend.clock.now()}));
  Wanted wanted = as_wanted(std::move(applied), live.is_null() ? config : live, fields, before);
  const Json& revision = at_path(config, {"metadata", "resourceVersion"});
  if (!live.is_null() && !revision.is_null()) wanted.object["metadata"]["resourceVersion"] = revision;
  const Json& uid = at_path(config, {"metadata", "uid"});
  // With a status a real server overlooks it.
  const bool is_whole = intent.target.subresource == Subresource::None;
  if (!live.is_null() && !uid.is_null() && is_whole) wanted.object["metadata"]["uid"] = uid;
  return wanted;
}

Outcome<Written> apply_object(const Intent& intent, const http::Request& request) {
  const Target& target = intent.target;
  if (!intent.options.named_manager) {
    return fail(invalid_options("PatchOptions", {"FieldValueRequired", "Required value: is required for apply patch", "fieldManager"}));
  }
  TRY_VALUE(const Json config, read_config(request, target));
  const auto present = read_one(intent.backend, target);
  if (!present && present.error().code == 404 && target.subresource == Subresource::None) {
    const std::string uid = string_at(member(config, "metadata"), "uid");
    if (!uid.empty()) {
      return fail(conflict(*target.type, target.name, "uid mismatch: the provided object specified uid " + uid +
                                                          ", and no existing object was found"));
    }
    TRY_VALUE(Wanted wanted, after_apply(intent, nullptr, config));
    wanted.object["metadata"].erase("resourceVersion");
    auto created = store_new(intent, std::move(wanted));
    const bool lost_race = !created && created.error().reason == "AlreadyExists";
    if (!lost_race) return created;
  }
  return store_change(intent, [&](const Json& live) { return after_apply(intent, live, config); });
}

}  // namespace

Outcome<Written> patch_object(const Backend& backend, const Target& target, const http::Request& request) {
  const std::string media = media_type(request.headers.find("Content-Type").value_or(""));
  const std::vector<std::string> accepted = accepted_types(*target.type);
  if (std::find(accepted.begin(), accepted.end(), media) == accepted.end()) return fail(unknown_format(accepted));
  if (target.name.empty()) return fail(bad_request("name must be provided"));
  if (target.subresource == Subresource::Finalize) return fail(method_not_allowed());
  TRY_VALUE(const WriteOptions options, parse_write_options(request, "PatchOptions"));
  Intent intent{backend, target, options, {}};
  if (media == kApply) return apply_object(intent, request);
  if (request.query.contains("force")) {
    return fail(invalid_options("PatchOptions", forbidden_field("force", "may not be specified for non-apply patch")));
  }
  TRY_VALUE(const JsonText patch, read_patch(request));
  // The warnings are known only once the patch has been tried, so they are added behind it.
  auto written = store_change(intent, [&](const Json& live) { return after_patch(intent, media, live, patch); });
  if (written) written->warnings = intent.warnings;
  return written;
}

}  // namespace datamesh::kube
