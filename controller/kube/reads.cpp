#include "controller/kube/reads.h"

#include <charconv>

#include "controller/kube/storage_form.h"
#include "controller/kube/writes.h"

namespace datamesh::kube {
namespace {

enum class Match { Unset, Exact, NotOlderThan };

struct ListOptions {
  Selector selector;
  std::size_t limit = 0;
  std::string continuation;
  api::Revision revision = 0;
  std::string revision_text;
  Match match = Match::Unset;
};

Fault bad_revision(const std::string& text) {
  return {500, "", "resourceVersion: Invalid value: " + go_quoted(text) + ": strconv.ParseUint: parsing " + go_quoted(text) +
                       ": invalid syntax"};
}

Outcome<Match> parse_match(const std::string& text, const ListOptions& options) {
  const auto refuse = [](const std::string& why) {
    return fail(invalid_options("ListOptions", forbidden_field("resourceVersionMatch", why)));
  };
  if (text.empty()) return Match::Unset;
  if (options.revision_text.empty()) return refuse("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!options.continuation.empty()) return refuse("resourceVersionMatch is forbidden when continue is provided");
  if (text == "NotOlderThan") return Match::NotOlderThan;
  if (text != "Exact") {
    return fail(invalid_options("ListOptions", not_supported("resourceVersionMatch", go_quoted(text), {"Exact", "NotOlderThan", ""})));
  }
  if (options.revision == 0) return refuse("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  return Match::Exact;
}

Outcome<ListOptions> parse_list_options(const http::Request& request, const ServedType& type) {
  ListOptions options;
  TRY_VALUE(options.selector, parse_selector(request.query, type));
  if (const std::string limit = query_text(request, "limit"); !limit.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), number);
    if (error != std::errc() || end != limit.data() + limit.size()) {
      return fail(bad_request("strconv.ParseInt: parsing " + go_quoted(limit) + ": invalid syntax"));
    }
    options.limit = number > 0 ? static_cast<std::size_t>(number) : 0;
  }
  options.continuation = query_text(request, "continue");
  options.revision_text = query_text(request, "resourceVersion");
  const auto revision = parse_revision(options.revision_text);
  if (!revision) return fail(bad_revision(options.revision_text));
  options.revision = *revision;
  if (!options.continuation.empty() && options.revision != 0) {
    return fail(bad_request("specifying resource version is not allowed when using continue"));
  }
  TRY_VALUE(options.match, parse_match(query_text(request, "resourceVersionMatch"), options));
  return options;
}

Fault list_fault(const Error& error, const ServedType& type) {
  const bool token = error.kind == ErrorKind::Invalid && error.message.starts_with("continue: ");
  if (token) return bad_request("invalid continue token: continue key is not valid");
  return fault_of(error, type, "");
}

/// What the store is asked for. Labels that are equalities are its work, and then it cuts the pages, too; what it
/// cannot select comes whole.
api::ListRequest store_request(const Target& target, const ListOptions& options) {
  api::ListRequest wanted;
  wanted.kind = target.type->kind;
  if (!target.ns.empty()) wanted.ns = target.ns;
  if (const auto ns = required_value(options.selector, "metadata.namespace"); ns && !wanted.ns) wanted.ns = *ns;
  const auto labels = as_equalities(options.selector.labels);
  if (labels) wanted.labels = *labels;
  if (labels && options.selector.fields.empty()) wanted.limit = options.limit;
  wanted.continue_token = options.continuation;
  if (options.match == Match::Exact) wanted.at = options.revision;
  return wanted;
}

struct Listed {
  std::vector<Json> items;
  Json metadata;
};

/// Lists an object by its name, as clients do that wait for one.
Outcome<std::optional<Json>> by_name(const Backend& backend, const Target& target, const Selector& selector) {
  const auto name = required_value(selector, "metadata.name");
  const bool single = name && (!target.ns.empty() || !is_namespaced(*target.type));
  if (!single) return std::nullopt;
  Target one = target;
  one.name = *name;
  auto found = read_one(backend, one);
  if (found) return std::move(*found);
  if (found.error().code == 404) return Json();
  return fail(found.error());
}

Outcome<Listed> read_list(const Backend& backend, const Target& target, const ListOptions& options) {
  const ServedType& type = *target.type;
  api::ListRequest wanted = store_request(target, options);
  // The page is read first: what is read behind it is no older than its revision.
  const auto name = required_value(options.selector, "metadata.name");
  const bool single = name && options.match != Match::Exact && (!target.ns.empty() || !is_namespaced(type));
  if (single) wanted.limit = 1;
  auto page = backend.store.list(wanted);
  if (!page) return fail(list_fault(page.error(), type));
  if (options.revision > page->revision) {
    return fail(revision_too_large(options.revision_text, std::to_string(page->revision)));
  }
  Listed listed;
  listed.metadata = {{"resourceVersion", std::to_string(page->revision)}, {"continue", ""}};
  if (single) {
    TRY_VALUE(std::optional<Json> found, by_name(backend, target, options.selector));
    if (found && !found->is_null() && options.selector.matches(*found)) {
      // It may have been written meanwhile; the list is as new as what it holds.
      TRY_VALUE(const api::Revision its, parse_revision(string_at((*found)["metadata"], "resourceVersion")));
      listed.metadata["resourceVersion"] = std::to_string(std::max(its, page->revision));
      listed.items.push_back(std::move(*found));
    }
    return listed;
  }
  for (Json& stored : page->items) {
    Json object = from_storage(type, std::move(stored));
    if (options.selector.matches(object)) listed.items.push_back(std::move(object));
  }
  if (!page->continue_token.empty()) {
    listed.metadata["continue"] = page->continue_token;
    if (options.selector.empty()) listed.metadata["remainingItemCount"] = page->remaining;
  }
  return listed;
}

}  // namespace

TableOptions table_options(const http::Request& request, const Accept& accept, const Clock& clock) {
  return {parse_row_object(query_text(request, "includeObject")), accept.shape_version, clock.now()};
}

Json shaped(const ServedType& type, const Json& object, const Accept& accept, const TableOptions& options) {
  switch (accept.shape) {
    case Shape::Object: return object;
    case Shape::PartialMetadata: return partial_metadata(object, accept.shape_version);
    case Shape::Table:
      return table(type, {object}, {{"resourceVersion", at_path(object, {"metadata", "resourceVersion"})}}, options);
  }
  return object;
}

Outcome<Json> get_object(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept) {
  const std::string text = query_text(request, "resourceVersion");
  const auto wanted = parse_revision(text);
  if (!wanted) return fail(bad_revision(text));
  if (*wanted > 0) {
    api::ListRequest probe;
    probe.kind = target.type->kind;
    probe.limit = 1;
    const auto page = backend.store.list(probe);
    if (page && *wanted > page->revision) return fail(revision_too_large(text, std::to_string(page->revision)));
  }
  TRY_VALUE(const Json object, read_one(backend, target));
  return shaped(*target.type, object, accept, table_options(request, accept, backend.clock));
}

Outcome<Json> list_objects(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept) {
  const ServedType& type = *target.type;
  TRY_VALUE(const ListOptions options, parse_list_options(request, type));
  TRY_VALUE(Listed listed, read_list(backend, target, options));
  if (accept.shape == Shape::Table) {
    if (listed.metadata["continue"] == "") listed.metadata.erase("continue");
    return table(type, listed.items, std::move(listed.metadata), table_options(request, accept, backend.clock));
  }
  Json items = Json::array();
  for (Json& object : listed.items) {
    if (accept.shape == Shape::PartialMetadata) {
      items.push_back(partial_metadata(object, accept.shape_version));
      continue;
    }
    if (type.origin == Origin::Builtin) {
      object.erase("kind");
      object.erase("apiVersion");
    }
    items.push_back(std::move(object));
  }
  const bool partial = accept.shape == Shape::PartialMetadata;
  return Json{{"kind", partial ? "PartialObjectMetadataList" : type.list_kind},
              {"apiVersion", partial ? "meta.k8s.io/" + accept.shape_version : api_version(type)},
              {"metadata", std::move(listed.metadata)},
              {"items", std::move(items)}};
}

}  // namespace datamesh::kube
