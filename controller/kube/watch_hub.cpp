#include "controller/kube/watch_hub.h"

#include <algorithm>
#include <charconv>

#include "controller/kube/base64.h"
#include "controller/kube/storage_form.h"
#include "controller/kube/writes.h"

namespace datamesh::kube {
namespace {

constexpr std::size_t kPage = 500;
/// A watch of no stated length lasts between that and twice that, so that they do not end all at once.
constexpr std::chrono::seconds kShortestWatch{1800};
constexpr std::chrono::seconds kLongestWatch{24 * 3600};

Fault watch_options_fault(const std::string& why) {
  return invalid_options("ListOptions", forbidden_field("resourceVersionMatch", why));
}

/// All objects of a kind, as they were at one revision.
Result<api::ListPage> read_all(api::ResourceStore& store, const std::string& kind, const std::string& ns) {
  api::ListRequest request;
  request.kind = kind;
  if (!ns.empty()) request.ns = ns;
  request.limit = kPage;
  return api::list_all(store, std::move(request));
}

std::string initial_end(const ServedType& type, api::Revision revision) {
  const Json blueprint = {{"apiVersion", api_version(type)}, {"items", Json::array()}, {"kind", type.list_kind}};
  const Json annotations = {{"k8s.io/initial-events-end", "true"},
                            {"kubernetes.io/initial-events-list-blueprint", base64_encode(blueprint.dump() + "\n")}};
  const Json object = {{"apiVersion", api_version(type)}, {"kind", type.kind},
                       {"metadata", {{"annotations", annotations}, {"resourceVersion", std::to_string(revision)}}}};
  return event_line("BOOKMARK", object.dump());
}

std::shared_ptr<http::BodySource> error_stream(const Fault& fault) {
  return single_line(event_line("ERROR", to_status(fault).dump()));
}

}  // namespace

struct WatchHub::Options {
  Selector selector;
  api::Revision since = 0;
  std::string since_text;
  bool initial = false;         ///< the objects that are there come first
  bool initial_named = false;   ///< because sendInitialEvents says so
  bool bookmarks = false;
  std::chrono::seconds timeout{0};
};

WatchHub::WatchHub(const Backend& backend, Executor& executor, StoreFeed& store_feed)
    : backend_(backend), executor_(executor), store_feed_(store_feed) {}

Outcome<WatchHub::Options> WatchHub::parse(const Backend&, const http::Request& request, const ServedType& type) {
  Options options;
  TRY_VALUE(options.selector, parse_selector(request.query, type));
  options.since_text = query_text(request, "resourceVersion");
  const auto since = parse_revision(options.since_text);
  if (!since) {
    return fail(Fault{500, "", "resourceVersion: Invalid value: " + go_quoted(options.since_text) +
                                   ": strconv.ParseUint: parsing " + go_quoted(options.since_text) + ": invalid syntax"});
  }
  options.since = *since;
  const std::string match = query_text(request, "resourceVersionMatch");
  const bool named = request.query.contains("sendInitialEvents");
  options.initial_named = query_flag(request, "sendInitialEvents");
  if (named && match != "NotOlderThan") {
    return fail(watch_options_fault("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  }
  if (!named && !match.empty()) {
    return fail(watch_options_fault("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  }
  options.initial = named ? options.initial_named : options.since == 0;
  options.bookmarks = query_flag(request, "allowWatchBookmarks");
  if (const std::string text = query_text(request, "timeoutSeconds"); !text.empty()) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) {
      return fail(bad_request("strconv.ParseInt: parsing " + go_quoted(text) + ": invalid syntax"));
    }
    options.timeout = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLongestWatch.count()));
  }
  return options;
}

void WatchHub::changed(const std::vector<api::WatchEvent>& events) {
  for (const api::WatchEvent& event : events) {
    const auto feed = feeds_.find(string_at(event.object, "kind"));
    if (feed != feeds_.end()) feed->second->append(event);
  }
  // All move along, so that their watches' bookmarks do, too.
  for (const auto& [kind, feed] : feeds_) feed->advance(events.back().revision);
}

void WatchHub::lost() {
  for (const auto& [kind, feed] : std::exchange(feeds_, {})) feed->breach();
}

Outcome<std::shared_ptr<WatchFeed>> WatchHub::feed_of(const ServedType& type) {
  const auto found = feeds_.find(type.kind);
  if (found != feeds_.end()) return found->second;
  const auto all = read_all(backend_.store, type.kind, "");
  if (!all) return fail(fault_of(all.error(), type, ""));
  auto feed = std::make_shared<WatchFeed>(*backend_.types.stored_as(type.kind), backend_.clock);
  feed->begin(all->items, all->revision);
  feeds_.emplace(type.kind, feed);
  return feed;
}

/// Makes the feed begin at `since`, when the store still knows what was then.
Outcome<void> WatchHub::reach_back(WatchFeed& feed, const ServedType& type, api::Revision since) {
  const api::Revision first = feed.first();
  if (since >= first) return {};
  auto watch = backend_.store.watch({type.kind, std::nullopt, since}, [] {});
  if (!watch) return fail(fault_of(watch.error(), type, ""));
  std::vector<api::WatchEvent> events;
  for (;;) {
    auto batch = (*watch)->poll();
    if (!batch) return fail(fault_of(batch.error(), type, ""));
    if (batch->empty() || batch->front().revision > first) break;
    for (api::WatchEvent& event : *batch) events.push_back(std::move(event));
  }
  feed.prepend(events, since);
  return {};
}

void WatchHub::open(const Target& target, const http::Request& request, const Accept& accept, http::Respond respond) {
  const ServedType& type = *target.type;
  auto options = parse(backend_, request, type);
  if (!options) return respond(render(options.error(), accept));
  auto feed = feed_of(type);
  if (!feed) return respond(render(feed.error(), accept));
  store_feed_.poll();

  WatchPlan plan;
  plan.feed = *feed;
  plan.filter = {target.ns, options->selector,
                 {&type, accept.shape, accept.shape_version, parse_row_object(query_text(request, "includeObject"))}};
  plan.bookmarks = options->bookmarks;
  const std::chrono::seconds spread(opened_++ * 7 % kShortestWatch.count());
  const std::chrono::seconds length = options->timeout.count() > 0 ? options->timeout : kShortestWatch + spread;
  plan.end = backend_.clock.now() + length;
  plan.since = options->since;
  if (options->initial) return answer_with_objects(std::move(plan), target, *options, std::move(respond));
  if (options->since == 0) plan.since = plan.feed->revision();
  if (const auto reached = reach_back(*plan.feed, type, plan.since); !reached) {
    return respond(stream_response(error_stream(reached.error())));
  }
  answer(std::move(plan), respond);
}

void WatchHub::answer(WatchPlan plan, const http::Respond& respond) {
  const auto stream = std::make_shared<WatchStream>(std::move(plan), executor_, backend_.clock);
  stream->start();
  respond(stream_response(stream));
}

/// Reads the objects on a worker: they may be many.
void WatchHub::answer_with_objects(WatchPlan plan, const Target& target, const Options& options, http::Respond respond) {
  const auto work = [self = shared_from_this(), shared = std::make_shared<WatchPlan>(std::move(plan)), target, options,
                     respond = std::move(respond)]() -> Executor::Task {
    const ServedType& type = *target.type;
    auto all = read_all(self->backend_.store, type.kind, target.ns);
    if (!all) {
      return [respond, fault = fault_of(all.error(), type, "")] { respond(stream_response(error_stream(fault))); };
    }
    if (options.since > all->revision) {
      const Fault fault = revision_too_large(options.since_text, std::to_string(all->revision));
      return [respond, fault] { respond(stream_response(error_stream(fault))); };
    }
    for (Json& stored : all->items) {
      const Json object = from_storage(type, std::move(stored));
      if (!options.selector.matches(object)) continue;
      const bool first = shared->first_lines.empty();
      shared->first_lines.push_back(
          event_line("ADDED", encoded(object, shared->filter.form, first, self->backend_.clock.now())));
    }
    shared->since = all->revision;
    if (options.initial_named && options.bookmarks) shared->initial_end = initial_end(type, all->revision);
    return [self, shared, respond] { self->answer(std::move(*shared), respond); };
  };
  executor_.offload(work);
}

http::Response stream_response(std::shared_ptr<http::BodySource> source) {
  http::Response response;
  response.stream = std::move(source);
  return response;
}

}  // namespace datamesh::kube
