#include "controller/kube/facade.h"

#include <atomic>
#include <cstdio>
#include <random>

#include "controller/kube/accept.h"
#include "controller/kube/bootstrap.h"
#include "controller/kube/collector.h"
#include "controller/kube/deletes.h"
#include "controller/kube/documents.h"
#include "controller/kube/reads.h"
#include "controller/kube/reviews.h"
#include "controller/kube/watch_hub.h"
#include "controller/kube/writes.h"

namespace datamesh::kube {
namespace {

/// The limits of the Warning headers of one answer. Source: apiserver, warning headers
constexpr std::size_t kMostWarningBytes = 4096;
constexpr std::size_t kLongestWarning = 256;

void add_warnings(http::Response& response, const std::vector<std::string>& warnings) {
  std::size_t bytes = 0;
  for (const std::string& warning : warnings) {
    std::string text = warning.substr(0, kLongestWarning);
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    }
    bytes += text.size();
    if (bytes > kMostWarningBytes) return;
    response.headers.add("Warning", "299 - " + go_quoted(text));
  }
}

http::Response answer(const Outcome<Json>& outcome, const Accept& accept) {
  return outcome ? render(200, *outcome, accept) : render(outcome.error(), accept);
}

bool is_collection(const Target& target) { return target.name.empty(); }

/// A namespaced kind may be read across namespaces, and nothing else.
bool lacks_namespace(const Target& target) { return is_namespaced(*target.type) && target.ns.empty(); }

Outcome<Written> write(const Backend& backend, Target target, const http::Request& request) {
  if (request.method == "POST") {
    if (target.subresource != Subresource::None) return fail(method_not_allowed());
    target.name.clear();
    return create_object(backend, target, request);
  }
  if (request.method == "PATCH") return patch_object(backend, target, request);
  if (is_collection(target)) return fail(method_not_allowed());
  return replace_object(backend, target, request);
}

http::Response serve_write(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept) {
  const auto written = write(backend, target, request);
  if (!written) return render(written.error(), accept);
  const Json body = shaped(*target.type, written->object, accept, table_options(request, accept, backend.clock));
  http::Response response = render(written->status, body, accept);
  add_warnings(response, written->warnings);
  return response;
}

http::Response serve_delete(const Backend& backend, const Target& target, const http::Request& request, const Accept& accept) {
  const bool all_namespaces = is_collection(target) && target.type->kind == "Namespace";
  if (target.subresource != Subresource::None || all_namespaces) return render(method_not_allowed(), accept);
  return answer(is_collection(target) ? delete_collection(backend, target, request) : delete_object(backend, target, request), accept);
}

http::Response serve_objects(const Backend& backend, const Target& target, const http::Request& request) {
  const auto accept = choose(request);
  if (!accept) return to_response(accept.error());
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD") {
    if (target.subresource == Subresource::Finalize) return render(method_not_allowed(), *accept);
    return answer(is_collection(target) ? list_objects(backend, target, request, *accept)
                                        : get_object(backend, target, request, *accept), *accept);
  }
  if (lacks_namespace(target)) return to_response(page_not_found());
  if (target.type->read_only) return render(method_not_allowed(), *accept);
  if (method == "DELETE") return serve_delete(backend, target, request, *accept);
  if (method == "POST" || method == "PUT" || method == "PATCH") return serve_write(backend, target, request, *accept);
  return render(method_not_allowed(), *accept);
}

/// Identifies answers: random where the process begins, then counted.
class AuditIds {
 public:
  std::string next() {
    std::array<char, 37> text{};
    const std::uint64_t number = ++count_;
    std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-8%03x-%012llx", high_, low_ & 0xffffU, low_ >> 16 & 0xfffU,
                  low_ >> 20 & 0xfffU, static_cast<unsigned long long>(number & 0xffffffffffffULL));
    return text.data();
  }

 private:
  unsigned high_ = std::random_device()();
  unsigned low_ = std::random_device()();
  std::atomic<std::uint64_t> count_ = 0;
};

}  // namespace

struct Facade::Shared {
  explicit Shared(const FacadeParts& parts)
      : types(*parts.schema, parts.definitions), backend{*parts.store, types, *parts.clock}, executor(*parts.executor),
        documents(types, *parts.clock, parts.version), feed(*parts.store, *parts.executor),
        hub(std::make_shared<WatchHub>(backend, executor, feed)), collector(std::make_shared<Collector>(backend, executor)) {}

  Result<void> start() {
    TRY_VALUE(const api::ListPage present, bootstrap(backend));
    feed.follow({[hub = hub](const std::vector<api::WatchEvent>& events) { hub->changed(events); }, [hub = hub] { hub->lost(); }});
    feed.follow({[collector = collector](const std::vector<api::WatchEvent>& events) { collector->changed(events); },
                 [collector = collector] { collector->lost(); }});
    TRY(collector->start(present.items));
    return feed.start(present.revision);
  }

  /// `respond` with what every answer carries.
  http::Respond finished(http::Respond respond) {
    return [this, respond = std::move(respond)](http::Response response) {
      if (!response.headers.find("Cache-Control")) response.headers.add("Cache-Control", "no-cache, private");
      response.headers.add("Audit-Id", audit_ids.next());
      respond(std::move(response));
    };
  }

  const TypeRegistry types;
  const Backend backend;
  Executor& executor;
  const Documents documents;
  StoreFeed feed;
  std::shared_ptr<WatchHub> hub;
  std::shared_ptr<Collector> collector;
  AuditIds audit_ids;
};

Facade::Facade(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Facade::~Facade() = default;

Result<std::unique_ptr<Facade>> Facade::open(const FacadeParts& parts) {
  auto shared = std::make_shared<Shared>(parts);
  TRY(shared->start());
  return std::unique_ptr<Facade>(new Facade(std::move(shared)));
}

namespace {

bool is_read(const http::Request& request) { return request.method == "GET" || request.method == "HEAD"; }

bool is_watch(const Target& target, const http::Request& request) {
  return is_read(request) && is_collection(target) && (target.watch || query_flag(request, "watch"));
}

}  // namespace

void Facade::handle(http::Request request, http::Respond respond_plain) {
  // What is under way keeps alive what it works on.
  http::Respond respond = [shared = shared_, inner = shared_->finished(std::move(respond_plain))](http::Response response) {
    inner(std::move(response));
  };
  if (auto response = answer_review(request)) return respond(std::move(*response));
  if (is_read(request)) {
    if (auto response = shared_->documents.find(request)) return respond(std::move(*response));
  }
  const auto target = parse_target(request, shared_->types);
  if (!target) return respond(to_response(target.error()));
  Executor* const executor = &shared_->executor;
  if (is_watch(*target, request)) {
    const auto accept = choose(request);
    if (!accept) return respond(to_response(accept.error()));
    return executor->post([shared = shared_, target = *target, request = std::move(request), accept = *accept, respond] {
      shared->hub->open(target, request, accept, respond);
    });
  }
  executor->post([executor, shared = shared_, target = *target, request = std::move(request), respond] {
    executor->offload([shared, target, request, respond]() -> Executor::Task {
      respond(serve_objects(shared->backend, target, request));
      return [] {};
    });
  });
}

}  // namespace datamesh::kube
