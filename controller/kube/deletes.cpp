#include "controller/kube/deletes.h"

#include "controller/kube/body.h"
#include "controller/kube/builtin_rules.h"
#include "controller/kube/selector.h"
#include "controller/kube/storage_form.h"
#include "controller/kube/writes.h"

namespace datamesh::kube {
namespace {

constexpr int kMostAttempts = 10;
constexpr std::size_t kPage = 500;

enum class Propagation { Background, Foreground, Orphan };

struct DeleteOptions {
  Propagation propagation = Propagation::Background;
  bool dry_run = false;
  api::Preconditions preconditions;
};

Outcome<Propagation> parse_propagation(const Json& options) {
  const Json& orphan = member(options, "orphanDependents");
  const std::string policy = string_at(options, "propagationPolicy");
  if (orphan.is_boolean() && !policy.empty()) {
    return fail(invalid_options("DeleteOptions",
                                invalid_value("propagationPolicy", go_quoted(policy),
                                              "orphanDependents and deletionPropagation cannot be both set")));
  }
  if (policy == "Foreground") return Propagation::Foreground;
  if (policy == "Orphan" || orphan == Json(true)) return Propagation::Orphan;
  if (policy.empty() || policy == "Background") return Propagation::Background;
  return fail(invalid_options("DeleteOptions", not_supported("propagationPolicy", go_quoted(policy),
                                                             {"Foreground", "Background", "Orphan", "nil"})));
}

/// The options of the body, or those of the query where it has none.
Outcome<DeleteOptions> parse_options(const http::Request& request) {
  Json given = Json::object();
  if (!request.body.empty()) {
    TRY_VALUE(Body body, read_body(request, nullptr));
    given = std::move(body.object);
  }
  for (const char* name : {"propagationPolicy", "orphanDependents"}) {
    const std::string text = query_text(request, name);
    if (!text.empty() && !given.contains(name)) given[name] = text == "true" || text == "false" ? Json(text == "true") : Json(text);
  }
  DeleteOptions options;
  TRY_VALUE(options.propagation, parse_propagation(given));
  const Json& dry_run = member(given, "dryRun");
  const std::string in_query = query_text(request, "dryRun");
  const std::string wanted = dry_run.is_array() && !dry_run.empty() && dry_run[0].is_string() ? dry_run[0].get<std::string>() : in_query;
  if (!wanted.empty() && wanted != "All") {
    return fail(invalid_options("DeleteOptions", not_supported("dryRun", "[]string{" + go_quoted(wanted) + "}", {"All"})));
  }
  options.dry_run = wanted == "All";
  const Json& preconditions = member(given, "preconditions");
  if (member(preconditions, "uid").is_string()) options.preconditions.uid = string_at(preconditions, "uid");
  if (member(preconditions, "resourceVersion").is_string()) {
    TRY_VALUE(options.preconditions.revision, parse_revision(string_at(preconditions, "resourceVersion")));
  }
  return options;
}

Json success(const ServedType& type, const Json& object) {
  Json details = {{"name", at_path(object, {"metadata", "name"})}, {"kind", type.plural}, {"uid", at_path(object, {"metadata", "uid"})}};
  if (!type.group.empty()) details["group"] = type.group;
  return {{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", Json::object()}, {"status", "Success"}, {"details", std::move(details)}};
}

/// Holds what is stored to the preconditions, in the store's own words.
Outcome<void> check(const Target& target, const api::Preconditions& wanted, const Json& live) {
  const ServedType& type = *target.type;
  const std::string start = "Operation cannot be fulfilled on " + type.kind + (type.group.empty() ? "" : "." + type.group) +
                            " " + go_quoted(target.name) + ": the ";
  const auto refuse = [&](const std::string& why) {
    return fail(fault_of({ErrorKind::Conflict, "", start + why, "", {}}, type, target.name));
  };
  const std::string uid = string_at(live["metadata"], "uid");
  if (wanted.uid && *wanted.uid != uid) {
    return refuse("UID in the precondition (" + *wanted.uid + ") does not match the UID in record (" + uid +
                  "). The object might have been deleted and then recreated");
  }
  const std::string revision = string_at(live["metadata"], "resourceVersion");
  if (wanted.revision && std::to_string(*wanted.revision) != revision) {
    return refuse("ResourceVersion in the precondition (" + std::to_string(*wanted.revision) +
                  ") does not match the ResourceVersion in record (" + revision + "). The object might have been modified");
  }
  return {};
}

/// The stored object with the finalizer that `propagation` needs, and without the one that it does not.
Result<Json> with_finalizer(const Backend& backend, Json stored, Propagation propagation) {
  Json finalizers = Json::array();
  for (const Json& finalizer : at_path(stored, {"metadata", "finalizers"})) {
    if (finalizer != kForegroundFinalizer && finalizer != kOrphanFinalizer) finalizers.push_back(finalizer);
  }
  if (propagation == Propagation::Foreground) finalizers.push_back(kForegroundFinalizer);
  if (propagation == Propagation::Orphan) finalizers.push_back(kOrphanFinalizer);
  if (finalizers == at_path(stored, {"metadata", "finalizers"}) ||
      (finalizers.empty() && !stored["metadata"].contains("finalizers"))) {
    return stored;
  }
  stored["metadata"]["finalizers"] = std::move(finalizers);
  return backend.store.update(stored);
}

/// One try to delete what was read as `stored`.
Result<Json> delete_read(const Backend& backend, const Target& target, const DeleteOptions& options, Json stored) {
  const bool going = at_path(stored, {"metadata", "deletionTimestamp"}).is_string();
  if (!going) {
    TRY_VALUE(stored, with_finalizer(backend, std::move(stored), options.propagation));
  }
  api::Preconditions exact;
  exact.uid = string_at(stored["metadata"], "uid");
  return backend.store.remove(key_in_store(*target.type, target.ns, target.name), exact);
}

Outcome<Json> delete_one(const Backend& backend, const Target& target, const DeleteOptions& options) {
  const ServedType& type = *target.type;
  if (is_immortal(type, target.name)) return fail(forbidden(type, target.name, "this namespace may not be deleted"));
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Json live, read_one(backend, target));
    TRY(check(target, options.preconditions, live));
    if (type.kind == "CustomResourceDefinition") {
      return fail(forbidden(type, target.name, "this server serves the kinds that it was built with; they cannot be deleted"));
    }
    if (options.dry_run) return success(type, live);
    auto removed = delete_read(backend, target, options, to_storage(type, live));
    if (!removed && removed.error().kind == ErrorKind::Conflict && attempt < kMostAttempts) continue;
    if (!removed) return fail(fault_of(removed.error(), type, target.name));
    Json object = from_storage(type, std::move(*removed));
    const bool waits = !at_path(object, {"metadata", "finalizers"}).empty() || type.kind == "Namespace";
    return waits ? object : success(type, object);
  }
}

}  // namespace

Outcome<Json> delete_object(const Backend& backend, const Target& target, const http::Request& request) {
  TRY_VALUE(const DeleteOptions options, parse_options(request));
  return delete_one(backend, target, options);
}

Outcome<Json> delete_collection(const Backend& backend, const Target& target, const http::Request& request) {
  const ServedType& type = *target.type;
  TRY_VALUE(const DeleteOptions options, parse_options(request));
  TRY_VALUE(const Selector selector, parse_selector(request.query, type));
  Json items = Json::array();
  api::ListRequest wanted;
  wanted.kind = type.kind;
  if (!target.ns.empty()) wanted.ns = target.ns;
  wanted.limit = kPage;
  api::Revision revision = 0;
  do {
    auto page = backend.store.list(wanted);
    if (!page) return fail(fault_of(page.error(), type, ""));
    revision = page->revision;
    wanted.continue_token = page->continue_token;
    for (Json& stored : page->items) {
      Json object = from_storage(type, std::move(stored));
      if (!selector.matches(object)) continue;
      Target one = target;
      one.ns = string_at(object["metadata"], "namespace");
      one.name = string_at(object["metadata"], "name");
      const auto deleted = delete_one(backend, one, options);
      if (!deleted && deleted.error().code != 404) return fail(deleted.error());
      items.push_back(std::move(object));
    }
  } while (!wanted.continue_token.empty());
  return Json{{"kind", type.list_kind}, {"apiVersion", api_version(type)}, {"items", std::move(items)},
              {"metadata", {{"continue", ""}, {"resourceVersion", std::to_string(revision)}}}};
}

}  // namespace datamesh::kube
