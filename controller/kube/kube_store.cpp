#include "controller/kube/kube_store.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "controller/kube/object_path.h"

namespace datamesh::kube {
namespace {

constexpr const char* kOrigin = "kubernetes";
constexpr int kUpdateAttempts = 5;
constexpr std::size_t kListsRemembered = 8;

/// The revision of an object or list.
/// Errors: Transient for what is no number: such a server's order cannot be known.
Result<api::Revision> revision_of(const Json& object) {
  if (const auto revision = api::revision_in(object)) return *revision;
  return fail(ErrorKind::Transient,
              "the resourceVersion \"" + string_at(member(object, "metadata"), "resourceVersion") + "\" is no number", kOrigin);
}

Json without_managed_fields(Json object) {
  if (object.contains("metadata") && object["metadata"].is_object()) object["metadata"].erase("managedFields");
  return object;
}

http::Request request_of(std::string method, std::string path) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers.add("Accept", "application/json");
  return request;
}

http::Request with_body(http::Request request, const Json& body, const std::string& type = "application/json") {
  request.headers.add("Content-Type", type);
  request.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return request;
}

std::string selector_of(const std::map<std::string, std::string>& labels) {
  std::string out;
  for (const auto& [name, value] : labels) out += (out.empty() ? "" : ",") + name + "=" + value;
  return out;
}

/// Where a list of several pages, and maybe several kinds, goes on.
struct Cursor {
  std::size_t kind = 0;
  std::string token;                                ///< the server's, within that kind
  std::map<std::string, api::Revision> revisions;  ///< of the kinds seen so far
};

std::string encode(const Cursor& cursor) {
  return Json{{"kind", cursor.kind}, {"token", cursor.token}, {"revisions", cursor.revisions}}.dump();
}

Result<Cursor> decode_cursor(const std::string& text, std::size_t kinds) {
  Cursor out;
  if (text.empty()) return out;
  const auto json = parse_json(text);
  if (!json || !member(*json, "kind").is_number_unsigned() || !member(*json, "revisions").is_object()) {
    return fail(ErrorKind::Invalid, "this is no continue token", kOrigin);
  }
  out.kind = json->at("kind").get<std::size_t>();
  out.token = string_at(*json, "token");
  for (const auto& [kind, revision] : json->at("revisions").items()) {
    if (!revision.is_number_integer()) return fail(ErrorKind::Invalid, "this is no continue token", kOrigin);
    out.revisions[kind] = revision.get<api::Revision>();
  }
  if (out.kind >= kinds) return fail(ErrorKind::Invalid, "this is no continue token", kOrigin);
  return out;
}

api::Revision smallest(const std::map<std::string, api::Revision>& revisions) {
  const auto by_revision = [](const auto& a, const auto& b) { return a.second < b.second; };
  return std::min_element(revisions.begin(), revisions.end(), by_revision)->second;
}

/// One page of one kind as the server gives it.
struct RemotePage {
  const api::KindFacts& kind;
  std::size_t limit = 0;
  std::string token;
};

Result<Json> fetch_page(Transport& transport, const RemotePage& page, const api::ListRequest& wanted) {
  http::Request request = request_of("GET", collection_path(page.kind, wanted.ns));
  request.query["limit"] = std::to_string(page.limit);
  if (!page.token.empty()) request.query["continue"] = page.token;
  if (wanted.at != 0 && page.token.empty()) {
    request.query["resourceVersion"] = std::to_string(wanted.at);
    request.query["resourceVersionMatch"] = "Exact";
  }
  if (!wanted.labels.empty()) request.query["labelSelector"] = selector_of(wanted.labels);
  return body_of(transport.send(request), kOrigin);
}

/// Adds the items of `list` to `out`, as the objects that they are: items of a list carry no kind of their own.
void take_items(Json list, const api::KindFacts& kind, api::ListPage& out) {
  for (Json& item : list["items"]) {
    item["kind"] = kind.kind;
    item["apiVersion"] = kind.group.empty() ? kind.version : kind.group + "/" + kind.version;
    out.items.push_back(without_managed_fields(std::move(item)));
  }
}

/// What the path of an object cannot say, and a server answers with a riddle: a kind in a scope that is not its own, a
/// revision where none may be, or one that is no number.
Result<void> check(const Json& object, const api::KindFacts& kind, bool is_new) {
  const Json& metadata = member(object, "metadata");
  if (string_at(metadata, "namespace").empty() != (kind.scope == api::Scope::Cluster)) {
    const char* rule = kind.scope == api::Scope::Cluster ? " lives in no namespace" : " needs a namespace";
    return fail(ErrorKind::Invalid, "metadata.namespace: a " + kind.kind + rule, kOrigin);
  }
  const std::string revision = string_at(metadata, "resourceVersion");
  if (is_new && !revision.empty()) {
    return fail(ErrorKind::Invalid, "metadata.resourceVersion: must not be set on a new object", kOrigin);
  }
  if (revision.find_first_not_of("0123456789") != std::string::npos) {
    return fail(ErrorKind::Invalid, "metadata.resourceVersion: \"" + revision + "\" is no number", kOrigin);
  }
  return {};
}

}  // namespace

Result<const api::KindFacts*> KubeStore::facts(const std::string& kind) const {
  const api::KindFacts* found = options_.schema->find(kind);
  if (found == nullptr) return fail(ErrorKind::Invalid, "the kind \"" + kind + "\" is not served", kOrigin);
  return found;
}

std::vector<const api::KindFacts*> KubeStore::kinds_of(const std::string& kind) const {
  if (kind.empty()) return options_.schema->kinds();
  const api::KindFacts* found = options_.schema->find(kind);
  return found == nullptr ? std::vector<const api::KindFacts*>{} : std::vector{found};
}

Result<api::ListPage> KubeStore::list(const api::ListRequest& request) {
  const auto kinds = kinds_of(request.kind);
  api::ListPage out;
  if (kinds.empty()) return out;
  TRY_VALUE(Cursor cursor, decode_cursor(request.continue_token, kinds.size()));
  while (cursor.kind < kinds.size()) {
    const api::KindFacts& kind = *kinds[cursor.kind];
    const std::size_t limit = request.limit == 0 ? options_.page : request.limit - out.items.size();
    TRY_VALUE(Json list, fetch_page(transport_, {kind, limit, cursor.token}, request));
    TRY_VALUE(cursor.revisions[kind.kind], revision_of(list));
    const Json& metadata = member(list, "metadata");
    cursor.token = string_at(metadata, "continue");
    const Json& remaining = member(metadata, "remainingItemCount");
    out.remaining = remaining.is_number_unsigned() ? remaining.get<std::size_t>() : 0;
    take_items(std::move(list), kind, out);
    if (cursor.token.empty()) ++cursor.kind;
    const bool more = cursor.kind < kinds.size();
    if (more && request.limit != 0 && out.items.size() >= request.limit) {
      out.continue_token = encode(cursor);
      break;
    }
  }
  out.revision = smallest(cursor.revisions);
  if (out.continue_token.empty() && kinds.size() > 1) {
    for (const auto& [kind, revision] : cursor.revisions) remember(out.revision, kind, revision);
  }
  return out;
}

void KubeStore::remember(api::Revision revision, const std::string& kind, api::Revision of_kind) {
  const std::lock_guard lock(mutex_);
  if (listed_.empty() || listed_.back().first != revision) {
    listed_.emplace_back(revision, Revisions{});
    if (listed_.size() > kListsRemembered) listed_.pop_front();
  }
  listed_.back().second[kind] = of_kind;
}

/// Where the watch of one kind begins that is to follow a list at `revision`: what the list of all kinds showed of a
/// kind may be younger than the list's own revision, and is not told twice.
api::Revision KubeStore::since(const std::string& kind, api::Revision revision) {
  const std::lock_guard lock(mutex_);
  for (const auto& [listed, revisions] : listed_) {
    const auto found = revisions.find(kind);
    if (listed == revision && found != revisions.end()) return found->second;
  }
  return revision;
}

Result<Json> KubeStore::get(const api::ObjectKey& key) {
  TRY_VALUE(const api::KindFacts* kind, facts(key.kind));
  TRY_VALUE(Json object, body_of(transport_.send(request_of("GET", object_path(*kind, key.ns, key.name))), kOrigin));
  return without_managed_fields(std::move(object));
}

Result<Json> KubeStore::create(const Json& object) {
  const api::ObjectKey key = api::key_of(object);
  TRY_VALUE(const api::KindFacts* kind, facts(key.kind));
  TRY(check(object, *kind, true));
  http::Request request = with_body(request_of("POST", collection_path(*kind, key.ns)), object);
  request.query["fieldManager"] = options_.field_manager;
  TRY_VALUE(Json created, body_of(transport_.send(request), kOrigin));
  return without_managed_fields(std::move(created));
}

Result<Json> KubeStore::put(const Json& object) {
  const api::ObjectKey key = api::key_of(object);
  TRY_VALUE(const api::KindFacts* kind, facts(key.kind));
  TRY(check(object, *kind, false));
  http::Request request = with_body(request_of("PUT", object_path(*kind, key.ns, key.name)), object);
  request.query["fieldManager"] = options_.field_manager;
  TRY_VALUE(Json updated, body_of(transport_.send(request), kOrigin));
  return without_managed_fields(std::move(updated));
}

Result<Json> KubeStore::update(const Json& object) {
  if (!string_at(member(object, "metadata"), "resourceVersion").empty()) return put(object);
  Json wanted = object;
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Json present, get(api::key_of(object)));
    wanted["metadata"]["resourceVersion"] = present.at("metadata").at("resourceVersion");
    auto done = put(wanted);
    if (done || done.error().kind != ErrorKind::Conflict || attempt == kUpdateAttempts) return done;
  }
}

Result<Json> KubeStore::patch(const api::ObjectKey& key, api::PatchType type, const Json& patch) {
  TRY_VALUE(const api::KindFacts* kind, facts(key.kind));
  const char* content = type == api::PatchType::Merge ? "application/merge-patch+json" : "application/json-patch+json";
  http::Request request = with_body(request_of("PATCH", object_path(*kind, key.ns, key.name)), patch, content);
  request.query["fieldManager"] = options_.field_manager;
  TRY_VALUE(Json patched, body_of(transport_.send(request), kOrigin));
  return without_managed_fields(std::move(patched));
}

/// By server-side apply: what an earlier status of ours had and this one has not goes, what others wrote there stays,
/// and a status that is the same is no write.
Result<Json> KubeStore::apply_status(const api::StatusWrite& write, const std::string& revision) {
  TRY_VALUE(const api::KindFacts* kind, facts(write.key.kind));
  Json metadata = {{"name", write.key.name}};
  if (!revision.empty()) metadata["resourceVersion"] = revision;
  if (!write.key.ns.empty()) metadata["namespace"] = write.key.ns;
  const Json body = {{"apiVersion", kind->group + "/" + kind->version},
                     {"kind", kind->kind},
                     {"metadata", metadata},
                     {"status", write.status}};
  http::Request request = with_body(request_of("PATCH", object_path(*kind, write.key.ns, write.key.name) + "/status"),
                                    body, "application/apply-patch+yaml");
  request.query["fieldManager"] = options_.field_manager + "-status";
  request.query["force"] = "true";
  TRY_VALUE(Json written, body_of(transport_.send(request), kOrigin));
  return without_managed_fields(std::move(written));
}

/// A server overlooks the uid that a status is applied with (seen with kube-apiserver 1.32), so a revision holds the
/// object still: the one at which it was last seen, else that of a look at it.
Result<Json> KubeStore::write_status(const api::StatusWrite& write) {
  if (write.revision) return apply_status(write, std::to_string(*write.revision));
  if (write.uid.empty()) return apply_status(write, "");
  if (write.seen != 0) {
    auto done = apply_status(write, std::to_string(write.seen));
    if (done || done.error().kind != ErrorKind::Conflict) return done;
  }
  for (int attempt = 1;; ++attempt) {
    TRY_VALUE(const Json present, get(write.key));
    const Json& metadata = present.at("metadata");
    if (string_at(metadata, "uid") != write.uid) {
      return fail(ErrorKind::NotFound, to_string(write.key) + " was deleted and made again", kOrigin);
    }
    auto done = apply_status(write, string_at(metadata, "resourceVersion"));
    if (done || done.error().kind != ErrorKind::Conflict || attempt == kUpdateAttempts) return done;
  }
}

std::vector<Result<Json>> KubeStore::write_statuses(const std::vector<api::StatusWrite>& writes) {
  std::vector<Result<Json>> out(writes.size(), fail(ErrorKind::Internal, "not written", kOrigin));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < writes.size(); i = next++) out[i] = write_status(writes[i]);
  };
  std::vector<std::jthread> others;
  for (std::size_t n = 1; n < std::min(options_.writers, writes.size()); ++n) others.emplace_back(work);
  work();
  others.clear();  // waits for them
  return out;
}

Result<Json> KubeStore::remove(const api::ObjectKey& key, const api::Preconditions& preconditions) {
  TRY_VALUE(const api::KindFacts* kind, facts(key.kind));
  TRY_VALUE(Json last, get(key));  // a server answers a deletion that is complete with a Status
  Json wanted = {{"uid", preconditions.uid.value_or(string_at(last.at("metadata"), "uid"))}};
  if (preconditions.revision) wanted["resourceVersion"] = std::to_string(*preconditions.revision);
  const Json body = {{"kind", "DeleteOptions"},
                     {"apiVersion", "v1"},
                     {"preconditions", wanted},
                     {"propagationPolicy", "Background"}};
  const http::Request request = with_body(request_of("DELETE", object_path(*kind, key.ns, key.name)), body);
  TRY_VALUE(Json answer, body_of(transport_.send(request), kOrigin));
  return string_at(answer, "kind") == "Status" ? last : without_managed_fields(std::move(answer));
}

Result<std::unique_ptr<api::Watch>> KubeStore::watch(const api::WatchRequest& request, std::function<void()> wake) {
  std::vector<WatchTarget> targets;
  for (const api::KindFacts* kind : kinds_of(request.kind)) {
    targets.push_back({collection_path(*kind, request.ns), since(kind->kind, request.since)});
  }
  const WatchPace pace{options_.first_backoff, options_.last_backoff, options_.queue};
  return std::make_unique<KubeWatch>(transport_, std::move(targets), pace, std::move(wake), options_.watch_trouble);
}

}  // namespace datamesh::kube
